//! A checker against scripted servers. Requests, words and codes are those recorded from haproxy 2.8.25 and
//! 2.6.12 over loopback; the few places where the two differ are named.

use proptest::strategy::Strategy as _;

use super::*;
use crate::model::{CheckMethod, Expect, ExpectWhat, HttpCheck, HttpCheckStep, TcpCheckStep};

const INTER: u64 = 300;

fn at(millis: u64) -> Now {
    Now { time: Time::from_millis(millis), ..Now::default() }
}

fn checker(kind: &CheckKind, timeouts: model::ServerTimeouts) -> Checker {
    let address: std::net::SocketAddr = ([127, 0, 0, 1], 80).into();
    let settings = model::Check {
        address: Address::from(address),
        inter: Duration::from_millis(INTER),
        fastinter: Some(Duration::from_millis(100)),
        downinter: Some(Duration::from_millis(1_000)),
        rise: 2,
        fall: 3,
    };
    Checker::with(settings, kind, timeouts, Time::ZERO)
}

/// What a server does, and when.
enum Server {
    Connects,
    Fails(ConnectError),
    Says(&'static str),
    Closes,
    Resets,
    Waits(u64),
}

use Server::{Closes, Connects, Fails, Resets, Says, Waits};

/// Runs one check; tells all that left it, a line each.
fn run_with(checker: &mut Checker, script: Vec<Server>) -> String {
    let mut now = checker.poll_timeout().as_millis();
    let mut lines = Vec::new();
    checker.handle(at(now), CheckInput::Timeout);
    drain(checker, &mut lines);
    for act in script {
        let input = match act {
            Connects => CheckInput::Connected,
            Fails(why) => CheckInput::ConnectFailed(why),
            Says(text) => CheckInput::Received(Bytes::from_static(text.as_bytes())),
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
            CheckOutput::Connect(to) => format!("connect {to}"),
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

fn run(kind: &CheckKind, script: Vec<Server>) -> String {
    run_with(&mut checker(kind, model::ServerTimeouts::default()), script)
}

/// The last line of a check: its outcome.
fn outcome(kind: &CheckKind, script: Vec<Server>) -> String {
    run(kind, script).lines().last().unwrap_or_default().to_owned()
}

fn contains(text: &str, negate: bool, comment: Option<&str>) -> Expect {
    let what = ExpectWhat::Contains(Bytes::copy_from_slice(text.as_bytes()));
    Expect { what, negate, min_recv: None, comment: comment.map(str::to_owned) }
}

fn send(text: &'static str) -> TcpCheckStep {
    TcpCheckStep::Send { bytes: Bytes::from_static(text.as_bytes()), comment: None }
}

fn ping(expect: Expect) -> CheckKind {
    CheckKind::Tcp(vec![send("PING\r\n"), TcpCheckStep::Expect(expect)])
}

fn connect(port: Option<u16>, linger: bool, comment: Option<&str>) -> TcpCheckStep {
    TcpCheckStep::Connect { port, address: None, linger, comment: comment.map(str::to_owned) }
}

fn request(
    method: &str,
    uri: &str,
    version: &str,
    headers: &[(&str, &str)],
    body: &'static str,
) -> CheckMethod {
    CheckMethod {
        method: method.to_owned(),
        uri: uri.to_owned(),
        version: version.to_owned(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: Bytes::from_static(body.as_bytes()),
        comment: None,
    }
}

fn http(request: CheckMethod, expect: Expect) -> CheckKind {
    CheckKind::Http(HttpCheck {
        steps: vec![
            HttpCheckStep::Connect { port: None, address: None, comment: None },
            HttpCheckStep::Send(request),
            HttpCheckStep::Expect(expect),
        ],
    })
}

fn status(ranges: &[(u16, u16)], negate: bool) -> Expect {
    Expect { what: ExpectWhat::Status(ranges.to_vec()), negate, min_recv: None, comment: None }
}

fn options() -> CheckMethod {
    request("OPTIONS", "/", "HTTP/1.0", &[], "")
}

/// `option httpchk` alone.
fn httpchk() -> CheckKind {
    http(options(), status(&[(200, 399)], false))
}

#[test]
fn a_plain_check_connects_and_resets() {
    assert_eq!(
        run(&CheckKind::Connect, vec![Connects]),
        "connect 127.0.0.1:80\nclose Reset\npassed L4OK 0  0ms"
    );
}

#[test]
fn a_connection_that_fails_is_told_without_closing_it() {
    assert_eq!(
        run(&CheckKind::Connect, vec![Fails(ConnectError::Refused)]),
        "connect 127.0.0.1:80\nfailed L4CON 0 Connection refused 0ms"
    );
}

#[test]
fn requests_are_the_bytes_that_haproxy_sends() {
    let sent = |request| {
        let lines = run(&http(request, status(&[(200, 399)], false)), vec![Connects]);
        lines.lines().last().unwrap().trim_start_matches("send ").to_owned()
    };

    assert_eq!(sent(options()), r"OPTIONS / HTTP/1.0\r\n\r\n");
    assert_eq!(
        sent(request("GET", "/h", "HTTP/1.1", &[("Host", "x"), ("X-B", "a b")], "")),
        r"GET /h HTTP/1.1\r\nhost: x\r\nx-b: a b\r\nconnection: close\r\n\r\n"
    );
    assert_eq!(
        sent(request("POST", "/h", "HTTP/1.1", &[("Host", "x")], "hello")),
        r"POST /h HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello"
    );
    let own = [("Content-Length", "9"), ("Connection", "keep-alive")];
    assert_eq!(
        sent(request("POST", "/h", "HTTP/1.0", &own, "hello")),
        r"POST /h HTTP/1.0\r\ncontent-length: 5\r\nconnection: keep-alive\r\n\r\nhello"
    );
}

#[test]
fn a_status_is_judged_as_soon_as_the_head_is_whole() {
    let head = |text| outcome(&httpchk(), vec![Connects, Says(text)]);

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
fn expected_statuses_are_ranges_and_may_be_negated() {
    let answer = |expect| outcome(&http(options(), expect), vec![Connects, Says("HTTP/1.0 204 No\r\n\r\n")]);

    assert_eq!(answer(status(&[(200, 200)], false)), "failed L7STS 204 No 0ms");
    assert_eq!(answer(status(&[(404, 404), (201, 299)], false)), "passed L7OK 204  0ms");
    assert_eq!(answer(status(&[(204, 204)], true)), "failed L7STS 204 No 0ms");
    let commented = Expect { comment: Some("want 200".to_owned()), ..status(&[(200, 200)], false) };
    assert_eq!(answer(commented), "failed L7STS 204 No comment: want 200 0ms");
}

#[test]
fn a_string_is_looked_for_in_the_body_however_it_is_framed() {
    let hello = || http(options(), contains("hello", false, None));
    let answer = |script| outcome(&hello(), script);

    let split = ["HTTP/1.1 200 OK\r\ntransfer-", "encoding: chunked\r\n\r\n2\r\nhe\r\n", "3\r\nllo\r\n"];
    let script = std::iter::once(Connects).chain(split.map(Says)).collect();
    assert_eq!(answer(script), "passed L7OK 200  0ms");
    assert_eq!(answer(vec![Connects, Says("HTTP/1.0 404 NF\r\n\r\nhello"), Closes]), "passed L7OK 404  0ms");
    let did_not = "failed L7RSP 0 HTTP content check did not match 0ms";
    assert_eq!(answer(vec![Connects, Says("HTTP/1.0 200 OK\r\n\r\nfoo"), Closes]), did_not);
    assert_eq!(answer(vec![Connects, Says("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nfoo")]), did_not);
    assert_eq!(
        answer(vec![Connects, Says("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")]),
        "failed L7RSP 0 HTTP content check could not find a response body 0ms"
    );
    assert_eq!(
        answer(vec![Connects, Says("HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\nfoo"), Waits(300)]),
        "failed L7TOUT 0  300ms"
    );
}

#[test]
fn an_unwanted_body_fails_with_the_comment_of_the_step() {
    let answer = |negate, comment| {
        let kind = http(options(), contains("hello", negate, comment));
        outcome(&kind, vec![Connects, Says("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")])
    };

    assert_eq!(answer(true, None), "failed L7RSP 0 HTTP check matched unwanted content 0ms");
    assert_eq!(answer(false, Some("never read")), "passed L7OK 200  0ms");
    assert_eq!(
        answer(true, Some("my words")),
        "failed L7RSP 0 HTTP check matched unwanted content comment: my words 0ms"
    );
}

#[test]
fn answers_that_are_none_have_an_outcome_each() {
    let answer = |script| outcome(&httpchk(), script);

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

    let head = outcome(&httpchk(), vec![Connects, Says("HTTP/1.1 200 OK\r\n"), Says(filler)]);
    let kind = http(options(), contains("hello", false, None));
    let body = outcome(&kind, vec![Connects, Says("HTTP/1.1 200 OK\r\n\r\n"), Says(filler), Waits(INTER)]);

    assert_eq!(head, "failed L7RSP 0  0ms");
    assert!(body.starts_with("failed L7"), "{body}");
}

#[test]
fn bytes_are_awaited_until_they_match_or_no_more_come() {
    let pong = || ping(contains("+PONG", false, None));
    let answer = |script| outcome(&pong(), script);

    assert_eq!(answer(vec![Connects, Says("+PO"), Says("NG\r\n")]), "passed L7OK 0 (tcp-check) 0ms");
    assert_eq!(
        answer(vec![Connects, Says("-ERR\r\n"), Waits(INTER)]),
        "failed L7TOUT 0  at step 2 of tcp-check (expect string '+PONG') 300ms"
    );
    assert_eq!(
        answer(vec![Connects, Says("-ERR\r\n"), Closes]),
        "failed L7RSP 0 TCPCHK did not match content '+PONG' at step 2 0ms"
    );
    assert_eq!(answer(vec![Connects, Closes]), "failed L7RSP 0 TCPCHK got an empty response at step 2 0ms");
    assert_eq!(
        answer(vec![Connects, Resets]),
        "failed SOCKERR 0 Connection reset by peer at step 2 of tcp-check (expect string '+PONG') 0ms"
    );
}

#[test]
fn unwanted_and_binary_bytes_are_told_by_name() {
    let unwanted = ping(contains("PONG", true, None));
    let what = ExpectWhat::Binary(Bytes::from_static(b"+PP"));
    let binary = ping(Expect { what, ..contains("", false, Some("magic")) });

    assert_eq!(
        outcome(&unwanted, vec![Connects, Says("+PONG\r\n")]),
        "failed L7RSP 0 TCPCHK matched unwanted content 'PONG' at step 2 0ms"
    );
    assert_eq!(
        outcome(&binary, vec![Connects, Says("x"), Closes]),
        "failed L7RSP 0 TCPCHK did not match content (binary) at step 2 comment: magic 0ms"
    );
    assert_eq!(
        outcome(&binary, vec![Connects, Says("x"), Waits(INTER)]),
        "failed L7TOUT 0  at step 2 of tcp-check (expect binary '2B5050') comment: 'magic' 300ms"
    );
}

#[test]
fn steps_count_as_the_configuration_counts_them() {
    let refused = |steps| outcome(&CheckKind::Tcp(steps), vec![Fails(ConnectError::Refused)]);

    assert_eq!(
        refused(vec![send("A")]),
        "failed L4CON 0 Connection refused at initial connection step of tcp-check 0ms"
    );
    assert_eq!(
        refused(vec![connect(Some(81), false, Some("the port"))]),
        "failed L4CON 0 Connection refused at step 1 of tcp-check (connect port 81) comment: 'the port' 0ms"
    );
    let commented = vec![
        TcpCheckStep::Comment("whole".to_owned()),
        connect(None, false, None),
        send("PING\r\n"),
        TcpCheckStep::Expect(contains("+PONG", false, Some("redis"))),
    ];
    assert_eq!(
        outcome(&CheckKind::Tcp(commented), vec![Connects, Waits(INTER)]),
        "failed L7TOUT 0  at step 4 of tcp-check (expect string '+PONG') comment: 'redis' 300ms"
    );
}

#[test]
fn a_conversation_may_take_several_connections() {
    let steps = vec![
        connect(None, true, None),
        send("A"),
        TcpCheckStep::Expect(contains("B", false, None)),
        connect(Some(81), false, None),
        send("C"),
        TcpCheckStep::Expect(contains("D", false, None)),
    ];

    let lines = run(&CheckKind::Tcp(steps), vec![Connects, Says("B"), Connects, Says("D")]);

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
        let lines = run_with(&mut checker(&httpchk(), timeouts(connect)), script);
        lines.lines().last().unwrap().to_owned()
    };

    assert_eq!(last(millis(150), vec![Waits(150)]), "failed L4TOUT 0  150ms");
    assert_eq!(last(millis(5_000), vec![Waits(INTER)]), "failed L4TOUT 0  300ms");
    assert_eq!(last(millis(150), vec![Waits(120), Connects, Waits(99), Waits(1)]), "failed L7TOUT 0  220ms");
}

#[test]
fn the_next_check_starts_an_interval_after_the_end_of_the_last() {
    for (view, expected) in [(View::Up, 350), (View::Between, 150), (View::Down, 1_050)] {
        let mut checker = checker(&httpchk(), model::ServerTimeouts::default());
        run_with(&mut checker, vec![Connects]);
        checker.handle(at(50), CheckInput::Received(Bytes::from_static(b"HTTP/1.0 200 OK\r\n\r\n")));
        assert_eq!(checker.poll_timeout(), Time::NEVER);

        checker.schedule(at(50), view);

        assert_eq!(checker.poll_timeout(), Time::from_millis(expected), "{view:?}");
    }
}

#[test]
fn an_interval_of_nothing_still_lies_ahead() {
    let mut checker = checker(&CheckKind::Connect, model::ServerTimeouts::default());
    let settings = model::Check { inter: Duration::ZERO, ..checker.settings().clone() };
    checker = Checker::with(settings, &CheckKind::Connect, model::ServerTimeouts::default(), Time::ZERO);

    run_with(&mut checker, vec![Connects]);
    checker.schedule(at(0), View::Up);

    assert!(checker.poll_timeout() > Time::ZERO);
}

#[test]
fn spread_intervals_stay_within_their_share_and_differ() {
    let rng = crate::base::random::Seed(1).stream("checks");
    let mut checker = checker(&CheckKind::Connect, model::ServerTimeouts::default()).spread_by(20, rng);
    let mut spans = std::collections::BTreeSet::new();

    for _ in 0..100 {
        let start = checker.poll_timeout().as_millis();
        run_with(&mut checker, vec![Connects]);
        checker.schedule(at(start), View::Up);
        spans.insert(checker.poll_timeout().since(Time::from_millis(start)).as_millis());
    }

    assert!(spans.iter().all(|span| (240..=360).contains(span)), "{spans:?}");
    assert!(spans.len() > 30, "{spans:?}");
}

#[test]
fn news_of_a_check_that_is_over_changes_nothing() {
    let mut checker = checker(&httpchk(), model::ServerTimeouts::default());
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
            ]).prop_map(<[u8]>::to_vec),
        ], 0..12),
        closes in proptest::prelude::any::<bool>(),
        kind in 0..4usize,
    ) {
        use proptest::prelude::prop_assert_eq;
        let kinds = [
            httpchk(),
            http(options(), contains("hello", false, None)),
            http(options(), contains("hello", true, None)),
            ping(contains("+PONG", false, None)),
        ];
        let mut checker = checker(&kinds[kind], model::ServerTimeouts::default());
        run_with(&mut checker, vec![]);
        let mut lines = Vec::new();

        checker.handle(at(0), CheckInput::Connected);
        for piece in pieces {
            checker.handle(at(1), CheckInput::Received(Bytes::from(piece)));
        }
        if closes {
            checker.handle(at(2), CheckInput::ReadClosed);
        }
        checker.handle(at(INTER), CheckInput::Timeout);
        drain(&mut checker, &mut lines);

        let outcomes = lines.iter().filter(|line| line.starts_with("passed") || line.starts_with("failed"));
        prop_assert_eq!(outcomes.count(), 1);
        prop_assert_eq!(lines.iter().filter(|line| line.starts_with("close")).count(), 1);
    }
}

#[test]
fn minimal_length_makes_a_verdict_final() {
    let with_minimum =
        |negate, least| ping(Expect { min_recv: Some(least), ..contains("+OK", negate, None) });
    let answer = |kind: CheckKind, script| outcome(&kind, script);

    assert_eq!(
        answer(with_minimum(true, 3), vec![Connects, Says("-ERR\r\n")]),
        "passed L7OK 0 (tcp-check) 0ms"
    );
    assert_eq!(
        answer(with_minimum(false, 3), vec![Connects, Says("-ERR\r\n")]),
        "failed L7RSP 0 TCPCHK did not match content '+OK' at step 2 0ms"
    );
    assert_eq!(
        answer(with_minimum(false, 30), vec![Connects, Says("+OK\r\n"), Waits(INTER)]),
        "failed L7TOUT 0  at step 2 of tcp-check (expect string '+OK') 300ms"
    );
    assert_eq!(
        answer(ping(contains("+OK", true, None)), vec![Connects, Says("-ERR\r\n"), Waits(INTER)]),
        "failed L7TOUT 0  at step 2 of tcp-check (expect string '+OK') 300ms"
    );
}
