//! What is wrong with a configuration, and how a person sees it.

use std::fmt::Write as _;
use std::sync::Arc;

use super::finding::Weight;

/// A piece of a source line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as it was named.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Byte column of the piece, from 1.
    pub column: u32,
    /// Bytes of the piece; at least one is underlined.
    pub length: u32,
    /// The whole line.
    pub text: Arc<str>,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad.
    pub weight: Weight,
    /// Where, unless it concerns the whole.
    pub place: Option<Place>,
    /// What is wrong, in HAProxy's words where it has any.
    pub message: String,
    /// How to mend it; empty when there is nothing to say.
    pub help: String,
}

impl Problem {
    /// The problem as it is told: HAProxy's own line first, then the source line with the piece underlined.
    pub fn render(&self, pid: u32) -> String {
        let label = match self.weight {
            Weight::Alert => "[ALERT]    ",
            Weight::Notice => "[NOTICE]   ",
            Weight::Warning => "[WARNING]  ",
        };
        let mut out = format!("{label}({pid}) : config : ");
        if let Some(Place { file, line, .. }) = &self.place {
            let _ = write!(out, "parsing [{file}:{line}] : ");
        }
        out.push_str(&self.message);
        out.push('\n');
        if let Some(place) = &self.place {
            underline(&mut out, place);
        }
        if !self.help.is_empty() {
            let _ = writeln!(out, "   | help: {}", self.help);
        }
        out
    }
}

/// Most characters of a line that are shown.
const SHOWN_MAX: usize = 120;

/// Shows the line and underlines the piece. Tabs stay, so that both lines agree on any terminal. Of a long
/// line only the part around the piece is shown.
fn underline(out: &mut String, place: &Place) {
    let number = place.line.to_string();
    let start = (place.column as usize).saturating_sub(1).min(place.text.len());
    let before: Vec<char> = place.text.get(..start).unwrap_or_default().chars().collect();
    let rest: Vec<char> = place.text.get(start..).unwrap_or_default().chars().collect();
    let piece = place.text.get(start..start + place.length as usize).unwrap_or_default().chars().count();
    let skipped = (before.len() + piece).saturating_sub(SHOWN_MAX).min(before.len());
    let shown = |characters: &[char]| -> String {
        characters.iter().map(|c| if c.is_control() && *c != '\t' { '\u{b7}' } else { *c }).collect()
    };
    let left = shown(&before[skipped..]);
    let room = SHOWN_MAX.saturating_sub(left.chars().count());
    let right = shown(&rest[..rest.len().min(room)]);
    let (head, tail) = (if skipped > 0 { "…" } else { "" }, if rest.len() > room { "…" } else { "" });
    let pad: String = head.chars().chain(left.chars()).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let marks = "~".repeat(piece.min(room).saturating_sub(1));
    let _ = writeln!(out, "   {number} | {head}{left}{right}{tail}");
    let _ = writeln!(out, "   {:width$} | {pad}^{marks} column {}", "", place.column, width = number.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_line_the_part_around_the_piece_is_shown() {
        let text = format!("{}wrong {}", "a ".repeat(400), "b ".repeat(400));
        let place =
            Place { file: Arc::from("a.cfg"), line: 1, column: 801, length: 5, text: Arc::from(text) };
        let problem = Problem {
            weight: Weight::Alert,
            place: Some(place),
            message: "no.".to_owned(),
            help: String::new(),
        };

        let text = problem.render(7);

        let lines: Vec<&str> = text.lines().collect();
        let at = lines[1].chars().position(|c| c == 'w').expect("the piece is shown");
        assert!(lines[1].chars().count() < 140 && lines[1].contains("…"));
        assert_eq!(lines[2].chars().position(|c| c == '^'), Some(at));
    }

    #[test]
    fn the_first_line_is_haproxys_and_the_piece_is_underlined() {
        let place = Place {
            file: Arc::from("a.cfg"),
            line: 12,
            column: 6,
            length: 4,
            text: Arc::from("\tbind nope"),
        };
        let problem = Problem {
            weight: Weight::Alert,
            place: Some(Place { column: 7, ..place }),
            message: "'bind' : missing port.".to_owned(),
            help: "for example: bind :80".to_owned(),
        };

        let text = problem.render(7);

        assert_eq!(
            text,
            "[ALERT]    (7) : config : parsing [a.cfg:12] : 'bind' : missing port.\n   \
             12 | \tbind nope\n      | \t     ^~~~ column 7\n   | help: for example: bind :80\n"
        );
    }
}
