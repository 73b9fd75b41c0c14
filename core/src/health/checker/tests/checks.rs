//! What holds for a check whatever its server sends: for the unit tests and for the fuzz target alike. The first byte
//! chooses the check, the second whether the server closes at the end; the rest is what it sends, in pieces of the
//! length that the third byte says.

use super::{
    Address, Bytes, CheckInput, CheckOutput, Checker, Duration, Now, Outcome, ServerId, Source, Tables, Time,
    load,
};

/// Every way to read an answer.
pub(super) const KINDS: &[&str] = &[
    "option httpchk",
    "option httpchk ; http-check expect string hello",
    "option httpchk ; http-check expect ! rstring hello",
    "option httpchk ; http-check expect hdr name -m beg content value -m reg 5",
    "option httpchk ; http-check expect min-recv 3 on-error %[res.body] rstatus ^5",
    "option httpchk ; http-check disable-on-404 ; http-check expect fhdr name-lf %[str(a)] value -m sub b",
    "option tcp-check ; tcp-check expect string +PONG",
    "option tcp-check ; tcp-check expect on-success %[res.payload_lv(0,1)] rbinary 0D0A",
    "option tcp-check ; tcp-check connect ; tcp-check expect rstring . ; \
     tcp-check set-var(check.a) res.payload(0,4) ; tcp-check send-binary-lf %[var(check.a),hex] ; \
     tcp-check expect string-lf %[var(check.a)] status-code res.payload(1,3)",
    "option smtpchk",
    "option mysql-check",
    "option mysql-check user a",
    "option pgsql-check user a",
    "option redis-check",
    "option ldap-check",
    "option ssl-hello-chk",
];

/// A checker of one server by these lines, which ` ; ` separates.
fn checker_of(lines: &str) -> Checker {
    let lines = lines.replace(" ; ", "\n  ");
    let text = format!("backend b0\n  mode http\n  {lines}\n  server s1 127.0.0.1:80 check inter 300ms\n");
    let source = Source { name: "check.cfg".to_owned(), bytes: text.into_bytes() };
    let config = load(&[source], &Tables::default()).config.expect("the lines are correct");
    Checker::new(&config.backends[0], ServerId(0), Time::ZERO).expect("the server is checked")
}

/// Runs one check; panics if what must hold does not.
pub(super) fn check_answer(input: &[u8]) {
    let [kind, closes, size, answer @ ..] = input else { return };
    let mut checker = checker_of(KINDS[usize::from(*kind) % KINDS.len()]);
    let mut outcomes = Vec::new();
    let (mut opened, mut closed) = (0, 0);
    let at = |millis| Now { time: Time::from_millis(millis), ..Now::default() };
    let local = Address::from(std::net::SocketAddr::from(([127, 0, 0, 1], 4_000)));

    let mut give = |checker: &mut Checker, millis, news| {
        checker.handle(at(millis), news);
        while let Some(output) = checker.poll_output() {
            match output {
                CheckOutput::Close(_) => closed += 1,
                CheckOutput::Connect(..) => opened += 1,
                CheckOutput::Done(outcome) => outcomes.push(outcome),
                CheckOutput::Send(_) => {}
            }
        }
    };
    give(&mut checker, 0, CheckInput::Timeout);
    give(&mut checker, 0, CheckInput::Connected(Some(local)));
    for piece in answer.chunks(usize::from(*size).max(1)) {
        give(&mut checker, 1, CheckInput::Sent);
        give(&mut checker, 1, CheckInput::Received(Bytes::copy_from_slice(piece)));
    }
    give(&mut checker, 2, CheckInput::Sent);
    if closes % 2 == 1 {
        give(&mut checker, 2, CheckInput::ReadClosed);
    }
    give(&mut checker, 1_000, CheckInput::Timeout);

    let [outcome] = &outcomes[..] else { panic!("a check has one outcome, not {outcomes:?}") };
    check_outcome(outcome);
    assert_eq!(opened, closed, "what is opened is closed");
}

fn check_outcome(outcome: &Outcome) {
    assert_eq!(outcome.passed, outcome.status.passes());
    assert!(outcome.duration <= Duration::from_secs(1));
    let safe = |byte: u8| byte == b' ' || (byte.is_ascii_graphic() && byte != b'"');
    let info = outcome.info.as_deref().unwrap_or_default();
    assert!(info.bytes().all(safe), "{info:?} is safe within quotes");
    assert!(info.len() < 1_000, "{info:?} is short");
}
