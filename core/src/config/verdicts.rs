//! Lines with the verdict of `haproxy -c`, kept as data in `tests/differential/`: what both accept, what
//! both refuse, and where evenkeel differs on purpose. For tests.

use std::fmt::Write;

use super::finding::{Finding, Weight};

/// Holds `findings_of` against every verdict of `data`, and snapshots the findings as a person sees them.
pub(super) fn check(name: &str, data: &str, findings_of: impl Fn(&str) -> Vec<Finding>) {
    let mut different = Vec::new();
    let mut faults = String::new();
    for (verdict, line) in data.lines().filter_map(|line| line.split_once('\t')) {
        let findings = findings_of(line);
        let accepted = findings.iter().all(|finding| finding.weight < Weight::Alert);
        let expected = match verdict {
            "accept" | "laxer" => true,
            "refuse" | "stricter" => false,
            _ => panic!("{verdict} is no verdict"),
        };
        if accepted != expected {
            different.push(format!("{verdict}: {line}: {findings:?}"));
        }
        describe(line, &findings, &mut faults);
    }
    assert!(different.is_empty(), "{different:#?}");
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/problems"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(name, faults) });
}

/// The line and what is wrong on it; nothing for a line without findings.
fn describe(line: &str, findings: &[Finding], text: &mut String) {
    if findings.is_empty() {
        return;
    }
    writeln!(text, "{line}").unwrap();
    for Finding { weight, word, message, help } in findings {
        writeln!(text, "  {weight:?}, word {word}: {message}\n    {help}").unwrap();
    }
}
