//! Options that check one protocol, each with the `tcp-check` lines that it stands for. They were found by
//! experiment: answers are judged and results are told as haproxy 2.8 does it.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};

use super::build::{CheckDraft, Protocol};
use super::read_check_step;
use super::steps::Step;
use crate::config::finding::Findings;
use crate::model::{CheckAction, CheckFamily, CheckSend, Expect, ExpectWhat};

/// The words of the line that are left out of messages: `option` and its name.
const NAMED: usize = 2;

/// Reads `option smtpchk [HELLO DOMAIN]`.
pub fn read_option_smtpchk(words: &[&str], draft: &mut CheckDraft, findings: &mut Findings) {
    if !ends(words, NAMED + 2, findings) {
        return;
    }
    let hello = match words.get(NAMED..) {
        Some(&[hello @ ("HELO" | "EHLO"), domain]) => format!("{hello} {domain}\r\n"),
        // All else is turned into the default, as the manual says.
        _ => "HELO localhost\r\n".to_owned(),
    };
    let told = "%[res.payload(4,0),ltrim(' '),cut_crlf]";
    let failed = ["error-status", "L7STS", "on-error", told, "status-code", "res.payload(0,3)", "rstring"];
    let with = |before: &[&'static str], pattern: &'static str| [before, &failed, &[pattern]].concat();
    let mut script = Script::default();
    script.line(&["connect"]);
    let first = ["expect", "min-recv", "4", "on-error", "%[res.payload(0,0),cut_crlf]", "rstring"];
    script.line(&[&first[..], &["^[0-9]{3}[ \r]"]].concat());
    script.line(&with(&["expect", "min-recv", "4"], "^2[0-9]{2}[ \r]"));
    script.line(&["send", &hello]);
    // An answer of several lines is over with the one that has no dash.
    script.line(&with(&["expect"], "^(2[0-9]{2}-[^\r]*\r\n)*2[0-9]{2}[ \r]"));
    script.line(&["send", "QUIT\r\n"]);
    script.line(&with(&["expect", "min-recv", "4", "on-success", told], "^2[0-9]{2}[- \r]"));
    script.finish(draft);
}

/// Reads `option mysql-check [user NAME [pre-41 | post-41]]`.
pub fn read_option_mysql_check(words: &[&str], draft: &mut CheckDraft, findings: &mut Findings) {
    if !ends(words, NAMED + 3, findings) {
        return;
    }
    let login = match words.get(NAMED..).unwrap_or_default() {
        [] => None,
        ["user", name] | ["user", name, "post-41"] => Some(mysql_login(name, false)),
        ["user", name, "pre-41"] => Some(mysql_login(name, true)),
        ["user"] => {
            let message = "'option mysql-check user' expects <username> as argument.";
            return findings.alert(NAMED + 1, message, "for example: option mysql-check user haproxy");
        }
        ["user", _, other, ..] => {
            let message = format!("keyword 'user' only supports 'post-41' and 'pre-41' (got '{other}').");
            return findings.alert(NAMED + 2, message, "leave it out, or write post-41");
        }
        [other, ..] => {
            let message =
                format!("'option mysql-check' only supports optional values: 'user' (got '{other}').");
            return findings.alert(NAMED, message, "for example: option mysql-check user haproxy");
        }
    };
    let mut script = Script::default();
    script.line(&["connect"]);
    let has_login = login.is_some();
    if let Some(login) = login {
        script.action(CheckAction::Send(CheckSend::Bytes(login)));
    }
    script.expect(ExpectWhat::MysqlGreeting);
    if has_login {
        script.expect(ExpectWhat::MysqlAnswer);
    }
    script.finish(draft);
}

/// A login without password, and a packet that ends the session: both are sent before the greeting is read.
fn mysql_login(user: &str, old: bool) -> Bytes {
    const QUIT: &[u8] = &[1, 0, 0, 0, 1];
    let mut login = BytesMut::new();
    if old {
        // What the client can do (long passwords are none of it), and the longest packet that it takes.
        login.put_slice(&[0, 0x80, 0, 0, 1]);
    } else {
        // The same in four bytes each, the character set, and room for later.
        login.put_slice(&[0, 0x82, 0, 0, 0, 0x80, 0, 1, 0x21]);
        login.put_bytes(0, 23);
    }
    login.put_slice(user.as_bytes());
    login.put_slice(&[0, 0]);
    let mut bytes = BytesMut::new();
    bytes.put_uint_le(login.len() as u64, 3);
    bytes.put_u8(1);
    bytes.put_slice(&login);
    bytes.put_slice(QUIT);
    bytes.freeze()
}

/// Reads `option pgsql-check user NAME`.
pub fn read_option_pgsql_check(words: &[&str], draft: &mut CheckDraft, findings: &mut Findings) {
    let (Some(&"user"), Some(user)) = (words.get(NAMED), words.get(NAMED + 1)) else {
        let message = "'option pgsql-check' expects 'user <username>' as argument.";
        return findings.alert(NAMED, message, "for example: option pgsql-check user haproxy");
    };
    if !ends(words, NAMED + 2, findings) {
        return;
    }
    // A start-up message of protocol 3.0.
    let mut hello = BytesMut::new();
    hello.put_u32(15 + user.len() as u32);
    hello.put_slice(&[0, 3, 0, 0]);
    hello.put_slice(b"user\0");
    hello.put_slice(user.as_bytes());
    hello.put_slice(&[0, 0]);
    let mut script = Script::default();
    script.line(&["connect"]);
    script.action(CheckAction::Send(CheckSend::Bytes(hello.freeze())));
    script.line(&["expect", "min-recv", "5", "on-error", "%[res.payload(6,0)]", "!", "rstring", "^E"]);
    // Any request for authentication.
    let known = "^52000000..000000(00|02|03|04|05|06|07|09|0A)";
    let told = ["on-success", "PostgreSQL server is ok", "on-error", "PostgreSQL unknown error"];
    let expect = ["expect", "min-recv", "9", "error-status", "L7STS"];
    script.line(&[&expect[..], &told[..], &["rbinary", known]].concat());
    script.finish(draft);
}

/// Reads `option redis-check`.
pub fn read_option_redis_check(words: &[&str], draft: &mut CheckDraft, findings: &mut Findings) {
    if !ends(words, NAMED, findings) {
        return;
    }
    let mut script = Script::default();
    script.line(&["send", "*1\r\n$4\r\nPING\r\n"]);
    let expect = ["expect", "error-status", "L7STS", "on-error", "%[res.payload(0,0),cut_crlf]"];
    script.line(&[&expect[..], &["on-success", "Redis server is ok", "string", "+PONG\r\n"]].concat());
    script.finish(draft);
}

/// Reads `option ldap-check`.
pub fn read_option_ldap_check(words: &[&str], draft: &mut CheckDraft, findings: &mut Findings) {
    if !ends(words, NAMED, findings) {
        return;
    }
    let mut script = Script::default();
    // An anonymous bind of version 3.
    script.line(&["send-binary", "300c020101600702010304008000"]);
    script.line(&["expect", "min-recv", "14", "on-error", "Not LDAPv3 protocol", "rbinary", "^30"]);
    script.expect(ExpectWhat::LdapBind);
    script.finish(draft);
}

/// Reads `option ssl-hello-chk`.
pub fn read_option_ssl_hello_chk(words: &[&str], draft: &mut CheckDraft, findings: &mut Findings) {
    if !ends(words, NAMED, findings) {
        return;
    }
    let mut script = Script::default();
    script.action(CheckAction::Send(CheckSend::SslHello));
    let statuses = ["ok-status", "L6OK", "error-status", "L6RSP", "tout-status", "L6TOUT"];
    // A handshake or an alert: both are a server's that speaks TLS.
    script.line(&[&["expect", "min-recv", "5"][..], &statuses, &["rbinary", "^1[56]"]].concat());
    script.finish(draft);
}

/// Reports a word too many.
fn ends(words: &[&str], most: usize, findings: &mut Findings) -> bool {
    let Some(word) = words.get(most) else { return true };
    let name = words.get(1).copied().unwrap_or_default();
    let message = format!("'option {name}' cannot handle unexpected argument '{word}'.");
    findings.alert(most, message, "remove it");
    false
}

/// The steps of one protocol, read as if a configuration said them.
#[derive(Default)]
struct Script {
    draft: CheckDraft,
    findings: Findings,
}

impl Script {
    /// Reads a line without its first word, `tcp-check`.
    fn line(&mut self, words: &[&str]) {
        let words = [&["tcp-check"], words].concat();
        read_check_step(&words, &mut self.draft, &|_| Vec::new(), &mut self.findings);
    }

    fn action(&mut self, action: CheckAction) {
        self.draft.tcp.list.push(Step::action(action, None));
    }

    fn expect(&mut self, what: ExpectWhat) {
        self.action(CheckAction::Expect(Box::new(Expect::new(what))));
    }

    fn finish(self, draft: &mut CheckDraft) {
        debug_assert!(self.findings.list.is_empty(), "the lines are correct: {:?}", self.findings.list);
        draft.protocol = Protocol::Fixed(Arc::new(self.draft.script(CheckFamily::Protocol)));
    }
}
