//! The compatibility matrix as a document: `docs/keywords.md` is this text, and a test keeps it so.

use std::fmt::Write;

use super::all;
use crate::keyword::{Entry, Kind, Support};

/// The compatibility matrix in Markdown: every name, its support, and why where that needs saying.
pub fn matrix() -> String {
    let mut text = String::from(INTRODUCTION);
    // Writing to a string cannot fail.
    let _ = summary(&mut text);
    for kind in Kind::ALL {
        let _ = section(&mut text, kind);
    }
    text
}

const INTRODUCTION: &str = "\
# Keywords

Every name of HAProxy's configuration and Runtime API, and how far evenkeel follows it. Generated from the
tables that the program itself reads (`cargo run -p evenkeel-core --example keywords > docs/keywords.md`);
a test fails when it is stale.

- **full**: as HAProxy does.
- **partial**: some of it; the note says what is missing, and using what is missing is an error.
- **ignored**: accepted without effect; the note says why that is harmless.
- **planned**: known, not supported yet. Using it is an error at its line and column, never skipped in silence.

";

/// How many names of each kind have which support.
fn summary(text: &mut String) -> std::fmt::Result {
    writeln!(text, "| Kind | Names | Full | Partial | Ignored | Planned |")?;
    writeln!(text, "|---|--:|--:|--:|--:|--:|")?;
    for kind in Kind::ALL {
        let count = |label: &str| all(kind).iter().filter(|entry| entry.support.label() == label).count();
        let (full, partial, ignored) = (count("full"), count("partial"), count("ignored"));
        let (names, planned) = (all(kind).len(), count("planned"));
        let kind = kind.label();
        writeln!(text, "| {kind} | {names} | {full} | {partial} | {ignored} | {planned} |")?;
    }
    Ok(())
}

/// One kind: a table of what is there, then the names of what is planned.
fn section(text: &mut String, kind: Kind) -> std::fmt::Result {
    let label = kind.label();
    let plural = if label.ends_with("ch") { "es" } else { "s" };
    writeln!(text, "\n## {}{}{plural}", label[..1].to_uppercase(), &label[1..])?;
    let (planned, there): (Vec<&Entry>, Vec<&Entry>) =
        all(kind).iter().partition(|entry| entry.support == Support::Planned);
    if !there.is_empty() {
        writeln!(text, "\n| Name | Support | What | Why |\n|---|---|---|---|")?;
    }
    for entry in there {
        let (name, note) = (entry.name, cell(entry.note));
        let (level, why) = (entry.support.label(), cell(entry.support.why()));
        writeln!(text, "| `{name}` | {level} | {note} | {why} |")?;
    }
    if !planned.is_empty() {
        writeln!(text, "\nPlanned:\n")?;
    }
    for entry in planned {
        writeln!(text, "- `{}`", entry.name)?;
    }
    Ok(())
}

/// Text that does not end a table cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
