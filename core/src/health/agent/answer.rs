//! What an agent says: words in its first line (configuration manual 5.2, `agent-check`), read as haproxy 2.6 and
//! 2.8 read them.

/// What an agent wants of its server. What it does not speak of stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Answer {
    /// `N%`: the weight, in per cent of the configured one.
    pub weight: Option<u32>,
    /// `maxconn:N`; zero is no limit.
    pub maxconn: Option<u32>,
    /// `ready`, `drain` or `maint`.
    pub mode: Option<Mode>,
    /// `up`, or `down`, `stopped` and `fail`; and how logs tell it.
    pub health: Option<(bool, String)>,
}

/// What an agent wants its server to be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Only what is tied to it.
    Drain,
    /// Nothing.
    Maint,
    /// Traffic.
    Ready,
}

/// Bytes of an explanation that logs show.
const INFO_MAX: usize = 127;

/// The first line of what has come, if it is whole. A NUL ends all that is looked at.
pub(super) fn first_line(received: &[u8]) -> Option<&[u8]> {
    let end = received.iter().position(|byte| matches!(byte, b'\r' | b'\n' | 0))?;
    (received[end] != 0).then_some(&received[..end])
}

/// Reads a line: words between spaces, tabs and commas, in any case and order; of words of one kind the last
/// counts. Behind a `#` comes an explanation. Words that say nothing are passed over; the first is taken for
/// an explanation where there is none.
pub(super) fn read(line: &[u8]) -> Answer {
    let mut answer = Answer::default();
    let mut word_of_health: Option<(bool, &[u8])> = None;
    let mut strange: Option<&[u8]> = None;
    let mut fault = None;
    let mut explanation: &[u8] = b"";
    let mut rest = line;
    loop {
        let start = rest.iter().position(|byte| !is_separator(*byte));
        let Some(start) = start else { break };
        rest = &rest[start..];
        if let Some(text) = rest.strip_prefix(b"#") {
            explanation = text.trim_ascii_start();
            break;
        }
        let (word, behind) =
            rest.split_at(rest.iter().position(|byte| is_separator(*byte)).unwrap_or(rest.len()));
        rest = behind;
        match word.to_ascii_lowercase().as_slice() {
            b"up" => word_of_health = Some((true, word)),
            b"down" | b"stopped" | b"fail" => word_of_health = Some((false, word)),
            b"ready" => answer.mode = Some(Mode::Ready),
            b"drain" => answer.mode = Some(Mode::Drain),
            b"maint" => answer.mode = Some(Mode::Maint),
            lower if lower.starts_with(b"maxconn:") => match maxconn(&lower[8..]) {
                Ok(count) => answer.maxconn = Some(count),
                Err(why) => fault = Some(why),
            },
            lower if lower[0].is_ascii_digit() && lower.contains(&b'%') => match percent(lower) {
                Some(percent) => answer.weight = Some(percent),
                None => fault = Some("Trailing garbage in weight string"),
            },
            _ => strange = strange.or(Some(word)),
        }
    }
    if let Some((up, word)) = word_of_health {
        let text = match (explanation, strange, fault) {
            (b"", None, None) => b"",
            (b"", None, Some(fault)) => fault.as_bytes(),
            (b"", Some(strange), _) => strange,
            (explanation, _, _) => explanation,
        };
        answer.health = Some((up, told(word, text)));
    }
    answer
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b',')
}

/// A percentage: digits, and `%` at the end.
fn percent(word: &[u8]) -> Option<u32> {
    let digits = word.strip_suffix(b"%")?;
    digits.iter().try_fold(0u32, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
        Some(number.saturating_mul(10).saturating_add(digit))
    })
}

/// A number of connections. As in haproxy one below zero is a very high one.
fn maxconn(text: &[u8]) -> Result<u32, &'static str> {
    if text.is_empty() {
        return Err("Require <maxconn>.");
    }
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return Err("maxconn string empty or preceded by garbage");
    }
    if count < digits.len() {
        return Err("Trailing garbage in maxconn string");
    }
    let append = |number: i64, byte: &u8| number.saturating_mul(10).saturating_add(i64::from(byte - b'0'));
    let number = digits.iter().fold(0, append);
    Ok(if negative { number.wrapping_neg() } else { number } as u32)
}

/// What logs show: cut to length, with `<hex>` for what is not printable and for quotes.
fn told(word: &[u8], text: &[u8]) -> String {
    let mut bytes = [b"via agent : ", word].concat();
    if !text.is_empty() {
        bytes.extend_from_slice(&[b" (", text, b")"].concat());
    }
    bytes.truncate(INFO_MAX);
    let mut shown = String::new();
    for byte in bytes {
        if (byte == b' ' || byte.is_ascii_graphic()) && byte != b'"' {
            shown.push(char::from(byte));
        } else {
            shown.push_str(&format!("<{byte:02X}>"));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An answer in short.
    fn short(line: &[u8]) -> String {
        let Answer { weight, maxconn, mode, health } = read(line);
        let mut text = String::new();
        text += &weight.map(|percent| format!("weight {percent} ")).unwrap_or_default();
        text += &maxconn.map(|count| format!("maxconn {count} ")).unwrap_or_default();
        text += &mode.map(|mode| format!("{mode:?} ")).unwrap_or_default();
        text += &health.map(|(up, told)| format!("{up} {}", &told[12..])).unwrap_or_default();
        text.trim_end().to_owned()
    }

    /// Lines, and what haproxy 2.6.12 and 2.8 made of them.
    #[test]
    fn words_are_read_as_haproxy_reads_them() {
        for (line, expected) in [
            ("", ""),
            ("up", "true up"),
            ("UP", "true UP"),
            ("Down", "false Down"),
            ("stopped # out of coffee, sorry", "false stopped (out of coffee, sorry)"),
            ("fail #  a  b ", "false fail (a  b )"),
            ("down ## a", "false down (# a)"),
            ("down #", "false down"),
            ("#x down", ""),
            ("down#too hot", ""),
            ("down#x up", "true up (down#x)"),
            ("50% up drain", "weight 50 Drain true up"),
            ("up,50%,maxconn:3", "weight 50 maxconn 3 true up"),
            (" , up\t,", "true up"),
            ("down up", "true up"),
            ("up down", "false down"),
            ("ready drain", "Drain"),
            ("drain READY maint", "Maint"),
            ("g1 g2 down", "false down (g1)"),
            ("garbage down #reason", "false down (reason)"),
            ("50%x up", "true up (Trailing garbage in weight string)"),
            ("50%x foo up", "true up (foo)"),
            ("maxconn:x down foo #d", "false down (d)"),
            ("maxconn: up", "true up (Require <maxconn>.)"),
            ("maxconn:x up", "true up (maxconn string empty or preceded by garbage)"),
            ("maxconn:5x up", "true up (Trailing garbage in maxconn string)"),
            ("MaxConn:5 maxconn:7", "maxconn 7"),
            ("maxconn:+5", "maxconn 5"),
            ("maxconn:-1", "maxconn 4294967295"),
            ("maxconn:0", "maxconn 0"),
            ("maxconn:99999999999", "maxconn 1215752191"),
            ("50% 20%", "weight 20"),
            ("05%", "weight 5"),
            ("99999999999%", "weight 4294967295"),
            ("0.5% -5% +5% x5% % 5 5 %", ""),
            ("up;50%", ""),
        ] {
            assert_eq!(short(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn explanations_are_cut_and_made_printable() {
        let (_, told) = read(b"fail #a\"b\x01c\x7f\xff").health.unwrap();
        assert_eq!(told, "via agent : fail (a<22>b<01>c<7F><FF>)");
        let (_, told) = read(&[&b"fail #"[..], &b"x".repeat(300)].concat()).health.unwrap();
        assert_eq!(told.len(), INFO_MAX);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_odd(line in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Some((_, told)) = read(&line).health {
                prop_assert!(told.is_ascii());
                prop_assert!(told.len() <= 4 * INFO_MAX);
            }
            if let Some(first) = first_line(&line) {
                prop_assert!(first.len() < line.len());
            }
        }

        #[test]
        fn words_count_wherever_they_stand(words in prop::collection::vec(word(), 0..8), separator in "[ \t,]{1,3}") {
            let line = words.join(&separator);

            let answer = read(line.as_bytes());

            let last = |known: &[&str]| words.iter().rev().find(|word| known.contains(&word.as_str())).cloned();
            let mode = last(&["ready", "drain", "maint"]);
            prop_assert_eq!(answer.mode.map(|mode| format!("{mode:?}").to_lowercase()), mode);
            let health = last(&["up", "down", "stopped", "fail"]);
            prop_assert_eq!(answer.health.map(|(up, _)| up), health.map(|word| word == "up"));
            prop_assert_eq!(answer.weight, last(&["50%"]).map(|_| 50));
            prop_assert_eq!(answer.maxconn, last(&["maxconn:7"]).map(|_| 7));
        }
    }

    /// A word that agents say, or another.
    fn word() -> impl Strategy<Value = String> {
        const WORDS: [&str; 9] =
            ["up", "down", "stopped", "fail", "ready", "drain", "maint", "50%", "maxconn:7"];
        prop_oneof![
            4 => prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned),
            1 => "[a-z%:]{1,9}".prop_filter("a word that says something", |word| {
                !WORDS.contains(&word.as_str()) && !word.starts_with("maxconn:")
            }),
        ]
    }

    #[test]
    fn only_the_first_line_counts_and_only_once_it_is_whole() {
        assert_eq!(first_line(b"up"), None);
        assert_eq!(first_line(b"up\r"), Some(&b"up"[..]));
        assert_eq!(first_line(b"50%\nup\n"), Some(&b"50%"[..]));
        assert_eq!(first_line(b"\nup\n"), Some(&b""[..]));
        assert_eq!(first_line(b"up\0 down\n"), None);
    }
}
