//! Plain bytes against `tcp-check expect`.

use super::protocol::{ldap_bind, mysql_answer, mysql_greeting};
use super::{Answer, Failure, Passed, Texts, Verdict, hex, pattern, unhex};
use crate::log::Format;
use crate::model::{CheckFamily, CheckStatus, CheckStep, Expect, ExpectWhat};

/// Judges plain bytes.
pub(in super::super) fn judge_bytes(
    family: CheckFamily,
    step: &CheckStep,
    expect: &Expect,
    answer: Answer<'_>,
    texts: &mut Texts<'_>,
) -> Verdict {
    match &expect.what {
        ExpectWhat::LdapBind => return ldap_bind(step, answer),
        ExpectWhat::MysqlAnswer => return mysql_answer(step, answer),
        ExpectWhat::MysqlGreeting => return mysql_greeting(step, answer),
        _ => {}
    }
    if answer.bytes.is_empty() && answer.over {
        // Since 2.8, what must not come and does not come is well.
        return if expect.negate { Verdict::Pass(Passed::default()) } else { empty_response(step) };
    }
    if !answer.over && answer.bytes.len() < least(expect).max(1) {
        return Verdict::Wait;
    }
    let found = match find(&expect.what, answer.bytes, texts) {
        Ok(found) => found,
        Err(failure) => return Verdict::Fail(failure),
    };
    let decided = found || answer.over || expect.min_recv.is_some();
    match (found != expect.negate, decided) {
        (_, false) => Verdict::Wait,
        (true, true) => Verdict::Pass(Passed::default()),
        // Nobody wrote the steps of a protocol down: to speak of them would help nobody.
        (false, true) if family == CheckFamily::Protocol => {
            Failure::of_answer(CheckStatus::Layer7Response, 0, "")
        }
        (false, true) => {
            let verb = if found { "matched unwanted content" } else { "did not match content" };
            let info = format!("TCPCHK {verb} {} at step {}", content(&expect.what), step.number);
            Failure::of_answer(CheckStatus::Layer7Response, 0, info)
        }
    }
}

/// How many bytes are needed: `min-recv`, and as many as the pattern has, if it is one that is known before.
pub(super) fn least(expect: &Expect) -> usize {
    let known = match &expect.what {
        ExpectWhat::Contains(wanted) | ExpectWhat::Binary(wanted) => wanted.len(),
        _ => 0,
    };
    expect.min_recv.map_or(0, |least| least.max(known))
}

/// The server closed without a word.
pub(super) fn empty_response(step: &CheckStep) -> Verdict {
    let info = format!("TCPCHK got an empty response at step {}", step.number);
    Failure::of_answer(CheckStatus::Layer7Response, 0, info)
}

/// Whether the pattern is there.
pub(super) fn find(what: &ExpectWhat, bytes: &[u8], texts: &mut Texts<'_>) -> Result<bool, Failure> {
    let holds = |wanted: &[u8]| memchr::memmem::find(bytes, wanted).is_some();
    Ok(match what {
        ExpectWhat::Contains(wanted) | ExpectWhat::Binary(wanted) => holds(wanted),
        ExpectWhat::ContainsFormat(format) => holds(&pattern(format, texts)?),
        ExpectWhat::BinaryFormat(format) => holds(&binary_pattern(format, texts)?),
        ExpectWhat::Regex(regex) => regex.is_match(bytes),
        ExpectWhat::BinaryRegex(regex) => regex.is_match(hex(bytes).as_bytes()),
        // The reader refuses the first three where there are bytes alone; the others were judged before.
        ExpectWhat::Header(_)
        | ExpectWhat::Status(_)
        | ExpectWhat::StatusRegex(_)
        | ExpectWhat::LdapBind
        | ExpectWhat::MysqlAnswer
        | ExpectWhat::MysqlGreeting => false,
    })
}

fn binary_pattern(format: &Format, texts: &mut Texts<'_>) -> Result<Vec<u8>, Failure> {
    let unreadable = "Failed to parse hexastring resulting of eval of a log-format string";
    unhex(&pattern(format, texts)?).ok_or_else(|| Failure::of_pattern(unreadable))
}

/// The pattern, in the words of a failure.
fn content(what: &ExpectWhat) -> String {
    match what {
        ExpectWhat::Contains(wanted) => format!("'{}'", String::from_utf8_lossy(wanted)),
        ExpectWhat::Binary(_) => "(binary)".to_owned(),
        ExpectWhat::BinaryFormat(_) => "(log-format binary)".to_owned(),
        ExpectWhat::BinaryRegex(_) => "(binary regex)".to_owned(),
        ExpectWhat::ContainsFormat(_) => "(log-format string)".to_owned(),
        ExpectWhat::Regex(_) => "(regex)".to_owned(),
        ExpectWhat::Header(_)
        | ExpectWhat::Status(_)
        | ExpectWhat::StatusRegex(_)
        | ExpectWhat::LdapBind
        | ExpectWhat::MysqlAnswer
        | ExpectWhat::MysqlGreeting => String::new(),
    }
}
