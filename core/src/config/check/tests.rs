//! Checks are read as HAProxy reads them: what goes without saying, what overrides what, what is refused.

use std::fmt::Write;
use std::net::IpAddr;

use super::*;
use crate::config::verdicts;
use crate::model::{CheckAction, CheckKind, CheckPort, CheckSend, CheckStep, CheckText, ExpectWhat};

fn resolve(_: &str) -> Vec<IpAddr> {
    Vec::new()
}

/// The words of a line: blanks separate, a backslash escapes, `\r` and `\n` are bytes.
fn split(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let character = match character {
            ' ' => {
                words.push(String::new());
                continue;
            }
            '\\' => match characters.next() {
                Some('r') => '\r',
                Some('n') => '\n',
                Some(other) => other,
                None => '\\',
            },
            other => other,
        };
        words.last_mut().unwrap().push(character);
    }
    words
}

fn read(lines: &[&str]) -> (CheckDraft, Findings) {
    let mut draft = CheckDraft::default();
    let mut findings = Findings::default();
    read_into(&mut draft, lines, &mut findings);
    (draft, findings)
}

fn read_into(draft: &mut CheckDraft, lines: &[&str], findings: &mut Findings) {
    for line in lines {
        let words = split(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match (words[0], words[1]) {
            ("option", "httpchk") => read_option_httpchk(&words, draft, findings),
            ("option", "tcp-check") => read_option_tcp_check(&words, draft, findings),
            ("option", "smtpchk") => read_option_smtpchk(&words, draft, findings),
            ("option", "mysql-check") => read_option_mysql_check(&words, draft, findings),
            ("option", "pgsql-check") => read_option_pgsql_check(&words, draft, findings),
            ("option", "redis-check") => read_option_redis_check(&words, draft, findings),
            ("option", "ldap-check") => read_option_ldap_check(&words, draft, findings),
            ("option", "ssl-hello-chk") => read_option_ssl_hello_chk(&words, draft, findings),
            _ => read_check_step(&words, draft, &resolve, findings),
        }
    }
}

/// The check as a person would tell it.
fn told(lines: &[&str]) -> String {
    let (draft, mut findings) = read(lines);
    let check = draft.build("backend 'web'", &mut findings);
    let mut text = String::new();
    tell(&check, &mut text);
    for finding in findings.list {
        writeln!(text, "{:?}: {}", finding.weight, finding.message).unwrap();
    }
    text
}

fn tell(check: &CheckKind, text: &mut String) {
    match check {
        CheckKind::Connect => writeln!(text, "connect only").unwrap(),
        CheckKind::Script(script) => script.steps.iter().for_each(|step| tell_step(step, text)),
    }
}

fn tell_step(step: &CheckStep, text: &mut String) {
    let plain = |text: &CheckText| match text {
        CheckText::Plain(text) => text.clone(),
        CheckText::Format(format) => format!("{format:?}"),
    };
    if let Some(comment) = &step.comment {
        writeln!(text, "# {comment}").unwrap();
    }
    match &step.action {
        CheckAction::Connect(connect) => {
            let port = match connect.port {
                Some(CheckPort::Number(port)) => format!(" port {port}"),
                Some(CheckPort::Sample(_)) => " port of an expression".to_owned(),
                None => String::new(),
            };
            let address =
                connect.address.as_ref().map_or(String::new(), |address| format!(" addr {address}"));
            writeln!(text, "connect{address}{port}").unwrap();
        }
        CheckAction::Request(request) => {
            writeln!(text, "{} {} {}", request.method, plain(&request.uri), request.version).unwrap();
            for (name, value) in &request.headers {
                writeln!(text, "  {name}: {}", plain(value)).unwrap();
            }
            match plain(&request.body) {
                body if body.is_empty() => {}
                body => writeln!(text, "  body {body:?}").unwrap(),
            }
        }
        CheckAction::Expect(expect) => {
            let negate = if expect.negate { "! " } else { "" };
            writeln!(text, "expect {negate}{:?}", expect.what).unwrap();
        }
        other => writeln!(text, "{other:?}").unwrap(),
    }
}

/// The steps of a check that has some.
fn steps_of(lines: &[&str]) -> Vec<CheckStep> {
    let (draft, mut findings) = read(lines);
    let CheckKind::Script(script) = draft.build("backend 'web'", &mut findings) else { panic!("a script") };
    assert!(findings.list.is_empty(), "{findings:?}");
    script.steps.clone()
}

#[test]
fn every_example_is_a_line_without_fault() {
    for row in TABLES.iter().copied().flatten() {
        assert!(row.example.starts_with(row.name), "{}", row.name);
        assert!(!row.summary.is_empty(), "{}", row.name);
        let option = if row.name.starts_with("http") { "option httpchk" } else { "option tcp-check" };
        let (draft, mut findings) = read(&[option, row.example]);
        draft.build("backend 'web'", &mut findings);
        assert!(findings.list.is_empty(), "{}: {findings:?}", row.example);
    }
}

#[test]
fn all_forms_of_httpchk() {
    let forms: [&[&str]; 10] = [
        &["option httpchk"],
        &["option httpchk /health"],
        &["option httpchk GET /health"],
        &["option httpchk HEAD /health HTTP/1.1"],
        &["option httpchk HEAD /health HTTP/1.1\\r\\nHost:\\ www"],
        &["option httpchk GET /x", "http-check send hdr Host y"],
        &["option httpchk GET /x HTTP/1.1\\r\\nHost:\\ w\\r\\nX:\\ y", "http-check send hdr Host z"],
        &["option httpchk GET /x", "http-check connect", "http-check send uri /y"],
        &["option httpchk", "http-check send meth POST uri /p ver HTTP/1.1 hdr A b body hello"],
        &["option httpchk", "http-check expect status 200-204,301", "http-check expect ! string down"],
    ];
    let mut text = String::new();
    for lines in forms {
        writeln!(text, "== {}\n{}", lines.join(" ; "), told(lines)).unwrap();
    }
    snapshot("httpchk_forms", &text);
}

#[test]
fn several_requests_in_one_check() {
    let text = told(&[
        "option httpchk GET /x HTTP/1.1",
        "http-check connect port 8081",
        "http-check send hdr A b",
        "http-check expect status 200",
        "http-check comment second",
        "http-check connect addr 127.0.0.2",
        "http-check send uri /z",
        "http-check expect string ready",
    ]);

    // Only the first request takes from `option httpchk` what it leaves open.
    assert_eq!(
        text,
        "connect port 8081\nGET /x HTTP/1.1\n  A: b\nexpect Status([(200, 200)])\n# second\n\
         connect addr 127.0.0.2:0\nOPTIONS /z HTTP/1.0\nexpect Contains(b\"ready\")\n"
    );
}

#[test]
fn tcp_checks_send_and_expect_bytes() {
    let steps = steps_of(&[
        "option tcp-check",
        "tcp-check connect port 6379 linger",
        "tcp-check send PING\\r\\n comment ping",
        "tcp-check expect min-recv 5 string +PONG",
        "tcp-check send-binary 00fF",
        "tcp-check expect ! binary 2d455252",
    ]);

    let CheckAction::Connect(connect) = &steps[0].action else { panic!() };
    assert!(matches!(connect.port, Some(CheckPort::Number(6379))));
    assert!(connect.linger);
    assert!(matches!(&steps[1].action, CheckAction::Send(CheckSend::Bytes(bytes)) if bytes == "PING\r\n"));
    assert_eq!(steps[1].comment.as_deref(), Some("ping"));
    assert!(matches!(&steps[2].action, CheckAction::Expect(expect) if expect.min_recv == Some(5)));
    assert!(
        matches!(&steps[3].action, CheckAction::Send(CheckSend::Bytes(bytes)) if bytes == &[0x00, 0xff][..])
    );
    let CheckAction::Expect(expect) = &steps[4].action else { panic!() };
    assert!(expect.negate);
    assert!(matches!(&expect.what, ExpectWhat::Binary(bytes) if bytes == "-ERR"));
}

#[test]
fn a_comment_is_for_the_next_step_unless_that_has_its_own() {
    let steps = steps_of(&[
        "option tcp-check",
        "tcp-check comment first",
        "tcp-check set-var(check.a) int(1)",
        "tcp-check comment second",
        "tcp-check connect",
        "tcp-check comment third",
        "tcp-check send x comment own",
    ]);
    let comments: Vec<_> = steps.iter().map(|step| (step.number, step.comment.as_deref())).collect();

    assert_eq!(comments, [(2, Some("first")), (4, Some("second")), (6, Some("own"))]);
}

#[test]
fn a_request_without_expectation_behind_it_expects_a_good_status() {
    let text = told(&[
        "option httpchk",
        "http-check connect",
        "http-check send uri /a",
        "http-check expect status 404",
        "http-check connect",
        "http-check send uri /b",
    ]);

    assert!(text.ends_with("OPTIONS /b HTTP/1.0\nexpect Status([(200, 399)])\n"), "{text}");
}

/// The bytes that an option of one protocol sends first.
fn first_bytes(option: &str) -> String {
    steps_of(&[option])
        .iter()
        .find_map(|step| match &step.action {
            CheckAction::Send(CheckSend::Bytes(bytes)) => Some(bytes.escape_ascii().to_string()),
            _ => None,
        })
        .unwrap_or_default()
}

#[test]
fn options_of_protocols_send_what_haproxy_sends() {
    let zeros = r"\x00".repeat(23);
    let login =
        format!(r"%\x00\x00\x01\x00\x82\x00\x00\x00\x80\x00\x01!{zeros}bob\x00\x00\x01\x00\x00\x00\x01");

    assert_eq!(first_bytes("option smtpchk"), r"HELO localhost\r\n");
    assert_eq!(first_bytes("option smtpchk EHLO x.org"), r"EHLO x.org\r\n");
    assert_eq!(first_bytes("option smtpchk FOO x.org"), r"HELO localhost\r\n");
    assert_eq!(first_bytes("option mysql-check"), "");
    assert_eq!(first_bytes("option mysql-check user bob"), login);
    assert_eq!(
        first_bytes("option mysql-check user bob pre-41"),
        r"\n\x00\x00\x01\x00\x80\x00\x00\x01bob\x00\x00\x01\x00\x00\x00\x01"
    );
    assert_eq!(
        first_bytes("option pgsql-check user bob"),
        r"\x00\x00\x00\x12\x00\x03\x00\x00user\x00bob\x00\x00"
    );
    assert_eq!(first_bytes("option redis-check"), r"*1\r\n$4\r\nPING\r\n");
    assert_eq!(first_bytes("option ldap-check"), r"0\x0c\x02\x01\x01`\x07\x02\x01\x03\x04\x00\x80\x00");
}

#[test]
fn own_steps_take_the_place_of_those_of_defaults() {
    let (defaults, mut findings) = read(&["option httpchk", "http-check expect status 200"]);
    let inherited = defaults.inherit();
    let mut own = defaults.inherit();
    read_into(&mut own, &["http-check expect status 404"], &mut findings);
    let status = |draft: &CheckDraft| {
        let mut text = String::new();
        tell(&draft.build("backend 'web'", &mut Findings::default()), &mut text);
        text
    };

    assert!(status(&inherited).contains("(200, 200)"));
    assert!(status(&own).contains("(404, 404)"));
    assert!(!status(&own).contains("(200, 200)"));
}

#[test]
fn lines_are_accepted_and_refused_as_haproxy_does() {
    let data = include_str!("../../../../tests/differential/check_lines.txt");
    verdicts::check("check_lines", data, |lines| {
        let (draft, mut findings) = read(&lines.split(" ; ").collect::<Vec<_>>());
        draft.build("backend 'web'", &mut findings);
        findings.list
    });
}

fn snapshot(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/problems"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(name, text) });
}
