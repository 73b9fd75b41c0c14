//! A checker against scripted servers. Requests, words and codes are those recorded from haproxy 2.8.25 and
//! 2.6.12 over loopback; the few places where the two differ are named.

mod checks;

use proptest::strategy::Strategy as _;

use super::*;
use crate::config::environment::Tables;
use crate::config::{Source, load};

const INTER: u64 = 300;

/// The recorded results of checks: lines, what a server did, haproxy's result, and ours where it differs.
const RECORDED: &str = include_str!("../../../../tests/differential/check_results.txt");

fn at(millis: u64) -> Now {
    Now { time: Time::from_millis(millis), ..Now::default() }
}

/// A backend with these lines, which ` ; ` separates, and one server.
fn backend(lines: &str) -> model::Backend {
    let lines = lines.replace(" ; ", "\n  ");
    let text = format!(
        "backend b0\n  mode http\n  {lines}\n  \
         server s1 127.0.0.1:80 check inter {INTER}ms fastinter 100ms downinter 1s\n"
    );
    let source = Source { name: "check.cfg".to_owned(), bytes: text.into_bytes() };
    let loaded = load(&[source], &Tables::default());
    let config = loaded.config.unwrap_or_else(|| panic!("{lines}: {:?}", loaded.problems));
    model::Backend::clone(&config.backends[0])
}

fn checker_of(backend: &model::Backend) -> Checker {
    Checker::new(backend, ServerId(0), Time::ZERO).expect("a server that is checked")
}

fn checker(lines: &str) -> Checker {
    checker_of(&backend(lines))
}

/// Our end of every connection.
const OURS: std::net::SocketAddr =
    std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4_000);

/// What a server does, and when.
enum Server {
    Connects,
    Fails(ConnectError),
    Says(&'static str),
    Sends(Vec<u8>),
    Closes,
    Resets,
    Takes,
    Waits(u64),
}

use Server::{Closes, Connects, Fails, Resets, Says, Sends, Takes, Waits};

/// Runs one check; tells all that left it, a line each.
fn run_with(checker: &mut Checker, script: Vec<Server>) -> String {
    let mut now = checker.poll_timeout().as_millis();
    let mut lines = Vec::new();
    checker.handle(at(now), CheckInput::Timeout);
    drain(checker, &mut lines);
    for act in script {
        let input = match act {
            Connects => CheckInput::Connected(Some(Address::from(OURS))),
            Fails(why) => CheckInput::ConnectFailed(why),
            Says(text) => CheckInput::Received(Bytes::from_static(text.as_bytes())),
            Sends(bytes) => CheckInput::Received(Bytes::from(bytes)),
            Takes => CheckInput::Sent,
            Closes => CheckInput::ReadClosed,
            Resets => CheckInput::Lost(LostReason::Reset),
            Waits(millis) => {
                now += millis;
                CheckInput::Timeout
            }
        };
        checker.handle(at(now), input);
        drain(checker, &mut lines);
    }
    lines.join("\n")
}

fn drain(checker: &mut Checker, lines: &mut Vec<String>) {
    while let Some(output) = checker.poll_output() {
        lines.push(match output {
            CheckOutput::Connect(to, _) => format!("connect {to}"),
            CheckOutput::Send(bytes) => format!("send {}", bytes.escape_ascii()),
            CheckOutput::Close(how) => format!("close {how:?}"),
            CheckOutput::Done(outcome) => {
                let Outcome { passed, status, code, info, duration } = outcome;
                let verdict = if passed { "passed" } else { "failed" };
                let millis = duration.as_millis();
                format!("{verdict} {} {code} {} {millis}ms", status.code(), info.unwrap_or_default())
            }
        });
    }
}

fn run(lines: &str, script: Vec<Server>) -> String {
    run_with(&mut checker(lines), script)
}

/// The last line of a check: its outcome.
fn outcome(lines: &str, script: Vec<Server>) -> String {
    run(lines, script).lines().last().unwrap_or_default().to_owned()
}

/// A request and an expectation over HTTP.
fn http(send: &str, expect: &str) -> String {
    format!("option httpchk ; http-check send {send} ; http-check expect {expect}")
}

const HTTPCHK: &str = "option httpchk";

#[test]
fn a_plain_check_connects_and_resets() {
    assert_eq!(run("", vec![Connects]), "connect 127.0.0.1:80\nclose Reset\npassed L4OK 0  0ms");
}

#[test]
fn a_server_that_does_not_speak_first_is_not_woken_for_nothing() {
    let first_word = |lines: &str| {
        let mut checker = checker(lines);
        checker.handle(at(0), CheckInput::Timeout);
        match checker.poll_output() {
            Some(CheckOutput::Connect(_, first_word)) => first_word,
            other => panic!("{other:?}"),
        }
    };

    assert_eq!(first_word(""), FirstWord::Ours);
    assert_eq!(first_word("option httpchk"), FirstWord::Ours);
    assert_eq!(first_word("option redis-check"), FirstWord::Ours);
    assert_eq!(first_word("option smtpchk"), FirstWord::Either);
    assert_eq!(
        first_word("option tcp-check ; tcp-check connect send-proxy ; tcp-check expect string a"),
        FirstWord::Ours
    );
}

#[test]
fn a_connection_that_fails_is_told_without_closing_it() {
    assert_eq!(
        run("", vec![Fails(ConnectError::Refused)]),
        "connect 127.0.0.1:80\nfailed L4CON 0 Connection refused 0ms"
    );
}

#[test]
fn requests_are_the_bytes_that_haproxy_sends() {
    let sent = |send: &str| {
        let lines = run(&http(send, "status 200-399"), vec![Connects]);
        lines.lines().last().unwrap().trim_start_matches("send ").to_owned()
    };

    for (send, expected) in [
        ("", r"OPTIONS / HTTP/1.0\r\n\r\n"),
        (
            "meth GET uri /h ver HTTP/1.1 hdr Host x hdr X-B a\\ b",
            r"GET /h HTTP/1.1\r\nhost: x\r\nx-b: a b\r\nconnection: close\r\n\r\n",
        ),
        (
            "meth POST uri /h ver HTTP/1.1 hdr Host x body hello",
            r"POST /h HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello",
        ),
        (
            "meth POST uri /h hdr Content-Length 9 hdr Connection keep-alive body hello",
            r"POST /h HTTP/1.0\r\ncontent-length: 5\r\nconnection: keep-alive\r\n\r\nhello",
        ),
        ("ver HTTP/2.0", r"OPTIONS / HTTP/1.1\r\nconnection: close\r\n\r\n"),
        ("meth PUT", r"PUT / HTTP/1.0\r\ncontent-length: 0\r\n\r\n"),
        ("uri-lf %[str()]", r"OPTIONS / HTTP/1.0\r\n\r\n"),
        ("uri-lf /%[srv_name]?%[be_name]", r"OPTIONS /s1?b0 HTTP/1.0\r\n\r\n"),
        (
            "hdr A %[srv_name] hdr B %[str()] body-lf %s",
            r"OPTIONS / HTTP/1.0\r\na: s1\r\ncontent-length: 2\r\n\r\ns1",
        ),
        (
            "ver HTTP/1.1 hdr A b hdr Connection close,\\ foo hdr B c",
            r"OPTIONS / HTTP/1.1\r\na: b\r\nconnection: foo\r\nb: c\r\nconnection: close\r\n\r\n",
        ),
        ("ver HTTP/1.1 hdr Connection upgrade", r"OPTIONS / HTTP/1.1\r\nconnection: upgrade\r\n\r\n"),
        ("uri http://a.b/c hdr Host d", r"OPTIONS http://d/c HTTP/1.0\r\nhost: d\r\n\r\n"),
    ] {
        assert_eq!(sent(send), expected, "{send}");
    }
}

#[test]
fn a_server_is_told_how_it_is_seen() {
    let seen = |up, stopping, progress| Seen {
        up,
        stopping,
        progress,
        weight: (5, 6),
        connections: (13, 22),
        queued: 1,
    };
    let told = |seen: Seen| {
        let mut checker = checker("option httpchk ; http-check send-state").in_process(7, "lb1".into());
        assert!(checker.asks_state());
        checker.tell(seen);
        let lines = run_with(&mut checker, vec![Connects]);
        lines.lines().last().unwrap().split("state: ").nth(1).unwrap_or_default().to_owned()
    };
    let rest = r"; address=127.0.0.1; port=80; name=b0/s1; node=lb1; weight=5/6; scur=13/22; qcur=1\r\n\r\n";

    assert_eq!(told(seen(true, false, (3, 3))), format!("UP{rest}"));
    assert_eq!(told(seen(true, false, (1, 3))), format!("UP 1/3{rest}"));
    assert_eq!(told(seen(true, true, (3, 3))), format!("NOLB{rest}"));
    assert_eq!(told(seen(false, false, (0, 2))), format!("DOWN{rest}"));
    assert_eq!(told(seen(false, false, (1, 2))), format!("DOWN 1/2{rest}"));
}

#[test]
fn a_404_stops_a_server_that_is_up_and_only_that() {
    let answer = |up| {
        let mut checker = checker("option httpchk ; http-check disable-on-404");
        checker.tell(Seen {
            up,
            stopping: false,
            progress: (1, 1),
            weight: (1, 1),
            connections: (0, 0),
            queued: 0,
        });
        let lines = run_with(&mut checker, vec![Connects, Says("HTTP/1.0 404 Not Found\r\n\r\n")]);
        lines.lines().last().unwrap().to_owned()
    };

    assert_eq!(answer(true), "passed L7OKC 404  0ms");
    assert_eq!(answer(false), "failed L7STS 404 Not Found 0ms");
}

#[test]
fn a_proxy_line_names_both_ends() {
    let lines =
        run("option tcp-check ; tcp-check connect send-proxy ; tcp-check send X", vec![Connects, Takes]);

    assert_eq!(
        lines,
        "connect 127.0.0.1:80\nsend PROXY TCP4 127.0.0.1 127.0.0.1 4000 80\\r\\n\nsend X\nclose Reset\n\
         passed L7OK 0 (tcp-check) 0ms"
    );
}

#[test]
fn what_is_sent_last_leaves_before_the_connection_is_closed() {
    let lines = |script| run("option tcp-check ; tcp-check send QUIT", script);

    assert_eq!(lines(vec![Connects]), "connect 127.0.0.1:80\nsend QUIT");
    assert!(lines(vec![Connects, Takes]).ends_with("close Reset\npassed L7OK 0 (tcp-check) 0ms"));
    assert!(lines(vec![Connects, Closes, Waits(INTER)]).ends_with("failed L7TOUT 0  300ms"));
    assert!(lines(vec![Connects, Resets]).ends_with("failed SOCKERR 0 Connection reset by peer 0ms"));
}

#[test]
fn variables_last_for_one_check() {
    let mut checker = checker(
        "option tcp-check ; tcp-check set-var-fmt(check.old) <%[var(check.a)]> ; tcp-check set-var(check.a) int(7) ; \
         tcp-check connect port int(8),add(73) ; tcp-check send-lf %[var(check.old)]%[var(check.a)] ; \
         tcp-check unset-var(check.a) ; tcp-check send-lf <%[var(check.a)]>",
    );
    let expected = "connect 127.0.0.1:81\nsend <>7\nsend <>\nclose Reset\npassed L7OK 0 (tcp-check) 0ms";

    for _ in 0..2 {
        assert_eq!(run_with(&mut checker, vec![Connects, Takes]), expected);
        checker.schedule(at(0), View::Up);
    }
}

/// The bytes that a recorded server sent.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let (byte, len) = match rest.as_bytes()[at + 1] {
            b'r' => (b'\r', 2),
            b'n' => (b'\n', 2),
            b's' => (b' ', 2),
            _ => (u8::from_str_radix(&rest[at + 2..at + 4], 16).unwrap(), 4),
        };
        bytes.push(byte);
        rest = &rest[at + len..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

/// What a recorded server did.
fn script_of(acts: &str) -> Vec<Server> {
    let mut script = vec![Connects, Takes];
    for act in acts.split(' ') {
        match act.split_once(':').unwrap_or((act, "")) {
            ("close", _) => script.push(Closes),
            ("refuse", _) => script = vec![Fails(ConnectError::Refused)],
            ("reset", _) => script.push(Resets),
            ("send", text) => script.push(Sends(unescaped(text))),
            ("fill", count) => script.push(Sends(vec![b'a'; count.parse().unwrap()])),
            ("flood", text) => script.extend((0..5_000).map(|_| Sends(unescaped(text)))),
            ("wait", millis) => script.push(Waits(millis.parse().unwrap())),
            ("read" | "nothing", _) => script.push(Takes),
            (other, _) => panic!("{other} is no act"),
        }
    }
    script
}

#[test]
fn results_are_those_that_haproxy_told() {
    let mut different = Vec::new();
    for record in RECORDED.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let columns: Vec<&str> = record.trim_start_matches('*').split('\t').collect();
        let expected = columns.get(3).unwrap_or(&columns[2]);
        let lines = columns[0].trim_start_matches("connect-only");
        let mut backend = backend(lines);
        backend.timeouts.check = Some(Duration::from_millis(400));
        backend.timeouts.connect = Some(Duration::from_millis(500));
        let mut checker = checker_of(&backend);
        let mut script = script_of(columns[1]);
        script.extend([Takes, Waits(1_000)]);
        let told = run_with(&mut checker, script);
        let last = told.lines().last().unwrap_or_default();
        let (words, _) = last.rsplit_once(' ').unwrap_or_default();
        if told_short(words) != **expected {
            different.push(format!("{record}\n    {words}"));
        }
    }

    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}

/// A result in the words of the records: the code of the status, the code received, and the words in quotes.
fn told_short(outcome: &str) -> String {
    let mut parts = outcome.splitn(4, ' ').skip(1);
    let (status, code) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let info = parts.next().unwrap_or_default();
    let code = if matches!(status, "L7OK" | "L7OKC" | "L7STS") { format!(" {code}") } else { String::new() };
    let info = if info.is_empty() { String::new() } else { format!(" \"{info}\"") };
    format!("{status}{code}{info}")
}

#[test]
fn a_status_is_judged_as_soon_as_the_head_is_whole() {
    let head = |text| outcome(HTTPCHK, vec![Connects, Says(text)]);

    assert_eq!(head("HTTP/1.0 200 OK\r\n\r\n"), "passed L7OK 200  0ms");
    assert_eq!(head("HTTP/1.1 200\r\n\r\n"), "passed L7OK 200  0ms");
    assert_eq!(head("HTTP/1.0 200 OK\n\nhello"), "passed L7OK 200  0ms");
    assert_eq!(head("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello"), "passed L7OK 200  0ms");
    assert_eq!(head("HTTP/1.0 404 Not Found\r\n\r\n"), "failed L7STS 404 Not Found 0ms");
    assert_eq!(head("HTTP/1.0 500 An \"x\"\r\n\r\n"), "failed L7STS 500 An <22>x<22> 0ms");
    assert_eq!(head("HTTP/1.1 100 Continue\r\n\r\n"), "failed L7STS 100 Continue 0ms");
    // 2.6 says nothing in the place of a missing reason.
    assert_eq!(
        head("HTTP/1.1 404\r\n\r\n"),
        "failed L7STS 404 TCPCHK did not match content(status codes) at step 2 0ms"
    );
}

#[test]
fn a_string_is_looked_for_in_the_body_however_it_is_framed() {
    let hello = http("", "string hello");
    let split = ["HTTP/1.1 200 OK\r\ntransfer-", "encoding: chunked\r\n\r\n2\r\nhe\r\n", "3\r\nllo\r\n"];

    let script = std::iter::once(Connects).chain(split.map(Says)).collect();

    assert_eq!(outcome(&hello, script), "passed L7OK 200  0ms");
}

#[test]
fn answers_that_are_none_have_an_outcome_each() {
    let answer = |script| outcome(HTTPCHK, script);

    assert_eq!(answer(vec![Connects, Waits(INTER)]), "failed L7TOUT 0  300ms");
    assert_eq!(answer(vec![Connects, Says("HTTP/1.1 200 OK\r\nx"), Waits(INTER)]), "failed L7TOUT 0  300ms");
    assert_eq!(answer(vec![Waits(INTER)]), "failed L4TOUT 0  300ms");
    // 2.6: invalid response.
    assert_eq!(answer(vec![Connects, Closes]), "failed SOCKERR 0  0ms");
    assert_eq!(answer(vec![Connects, Says("HTTP/1.1 200 OK\r\nx"), Closes]), "failed SOCKERR 0  0ms");
    assert_eq!(answer(vec![Connects, Resets]), "failed SOCKERR 0 Connection reset by peer 0ms");
    // 2.8: only once the time is over.
    assert_eq!(answer(vec![Connects, Says("SSH-2.0-OpenSSH_9.2\r\n")]), "failed L7RSP 0  0ms");
}

#[test]
fn an_endless_head_or_body_is_cut_off() {
    let filler: &'static str =
        "x: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".repeat(400).leak();

    let head = outcome(HTTPCHK, vec![Connects, Says("HTTP/1.1 200 OK\r\n"), Says(filler)]);
    let hello = http("", "string hello");
    let body = outcome(&hello, vec![Connects, Says("HTTP/1.1 200 OK\r\n\r\n"), Says(filler)]);

    assert_eq!(head, "failed L7RSP 0  0ms");
    assert_eq!(body, "failed L7RSP 200 HTTP content check did not match 0ms");
}

#[test]
fn a_conversation_may_take_several_connections() {
    let steps = "option tcp-check ; tcp-check connect linger ; tcp-check send A ; tcp-check expect string B ; \
                 tcp-check connect port 81 ; tcp-check send C ; tcp-check expect string D";

    let lines = run(steps, vec![Connects, Takes, Says("B"), Connects, Takes, Says("D")]);

    assert_eq!(
        lines,
        "connect 127.0.0.1:80\nsend A\nclose Graceful\nconnect 127.0.0.1:81\nsend C\nclose Reset\n\
         passed L7OK 0 (tcp-check) 0ms"
    );
}

#[test]
fn connecting_and_answering_have_a_time_each_with_timeout_check() {
    let millis = |millis| Some(Duration::from_millis(millis));
    let timeouts = |connect| model::ServerTimeouts { connect, check: millis(100), ..Default::default() };
    let last = |connect, script| {
        let mut backend = backend(HTTPCHK);
        backend.timeouts = timeouts(connect);
        let lines = run_with(&mut checker_of(&backend), script);
        lines.lines().last().unwrap().to_owned()
    };

    assert_eq!(last(millis(150), vec![Waits(150)]), "failed L4TOUT 0  150ms");
    assert_eq!(last(millis(5_000), vec![Waits(INTER)]), "failed L4TOUT 0  300ms");
    assert_eq!(last(millis(150), vec![Waits(120), Connects, Waits(99), Waits(1)]), "failed L7TOUT 0  220ms");
}

#[test]
fn the_next_check_starts_an_interval_after_the_end_of_the_last() {
    // Starts are put off to a beat of at most a hundredth of the interval.
    for (view, expected) in [(View::Up, 351), (View::Between, 150), (View::Down, 1_050)] {
        let mut checker = checker(HTTPCHK);
        run_with(&mut checker, vec![Connects]);
        checker.handle(at(50), CheckInput::Received(Bytes::from_static(b"HTTP/1.0 200 OK\r\n\r\n")));
        assert_eq!(checker.poll_timeout(), Time::NEVER);

        checker.schedule(at(50), view);

        assert_eq!(checker.poll_timeout(), Time::from_millis(expected), "{view:?}");
    }
}

#[test]
fn an_interval_of_nothing_still_lies_ahead() {
    let mut backend = backend("");
    let mut server = model::Server::clone(&backend.servers[0]);
    server.check = server.check.map(|check| model::Check { inter: Duration::ZERO, ..check });
    backend.servers = vec![server.into()];
    let mut checker = checker_of(&backend);

    run_with(&mut checker, vec![Connects]);
    checker.schedule(at(0), View::Up);

    assert!(checker.poll_timeout() > Time::ZERO);
}

#[test]
fn spread_intervals_stay_within_their_share_and_differ() {
    let rng = crate::base::random::Seed(1).stream("checks");
    let mut checker = checker("").spread_by(20, rng);
    let mut spans = std::collections::BTreeSet::new();

    for _ in 0..100 {
        let start = checker.poll_timeout().as_millis();
        run_with(&mut checker, vec![Connects]);
        checker.schedule(at(start), View::Up);
        spans.insert(checker.poll_timeout().since(Time::from_millis(start)).as_millis());
    }

    assert!(spans.iter().all(|span| (240..=364).contains(span)), "{spans:?}");
    assert!(spans.len() > 30, "{spans:?}");
}

#[test]
fn news_of_a_check_that_is_over_changes_nothing() {
    let mut checker = checker(HTTPCHK);
    run_with(&mut checker, vec![Connects, Waits(INTER)]);
    checker.schedule(at(INTER), View::Up);
    let next = checker.poll_timeout();

    checker.handle(at(INTER), CheckInput::Received(Bytes::from_static(b"HTTP/1.0 200 OK\r\n\r\n")));
    checker.handle(at(INTER), CheckInput::Lost(LostReason::Reset));
    checker.handle(at(INTER), CheckInput::Timeout);

    assert_eq!(checker.poll_output(), None);
    assert_eq!(checker.poll_timeout(), next);
}

#[test]
fn first_checks_spread_over_the_interval() {
    let starts: Vec<u128> = (0..5).map(|n| first_start(n, 5, Duration::from_secs(1)).as_millis()).collect();

    assert_eq!(starts, [0, 200, 400, 600, 800]);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    /// Whatever the server sends, in whatever pieces: no panic, one outcome, and by the deadline at the latest.
    #[test]
    fn any_bytes_have_one_outcome(
        pieces in proptest::collection::vec(proptest::prop_oneof![
            proptest::collection::vec(proptest::prelude::any::<u8>(), 1..40),
            proptest::sample::select(vec![
                &b"HTTP/1.1 200 OK\r\n"[..], b"\r\n", b"content-length: 5\r\n", b"hello", b"HTTP/1.0 503",
                b"transfer-encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n", b" ", b"+PONG",
                b"220 a\r\n", b"250-", b"\x05\0\0\0\x0a5.5\0", b"\x03\0\0\x02\xff\x01\x02",
                b"R\0\0\0\x08\0\0\0\0", b"0\x0c\x02\x01\x01a\x07\x0a\x01\0\x04\0\x04\0", b"0\x84\0\0",
                b"\x16\x03\0\0\x4a",
            ]).prop_map(<[u8]>::to_vec),
        ], 0..12),
        first in proptest::prelude::any::<[u8; 3]>(),
    ) {
        checks::check_answer(&[&first[..], &pieces.concat()].concat());
    }
}

#[test]
fn every_corpus_file_holds() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus/check_answer");
    let mut count = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        checks::check_answer(&bytes_of(&entry.unwrap().path()));
        count += 1;
    }
    assert!(count >= checks::KINDS.len());
}

#[allow(clippy::disallowed_methods, reason = "a test reads its own data")]
fn bytes_of(path: &std::path::Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}
