//! Conversations of the machine with agents good and odd.

use std::net::SocketAddr;

use super::*;
use crate::base::random::Seed;
use crate::base::socket::{ConnectError, LostReason};

fn machine(send: &'static [u8], check: Option<u64>) -> AgentChecker {
    let address: SocketAddr = "127.0.0.1:9".parse().unwrap();
    let settings = model::Agent {
        address: address.into(),
        inter: Duration::from_millis(500),
        send: Bytes::from_static(send),
    };
    let timeouts = ServerTimeouts { check: check.map(Duration::from_millis), ..ServerTimeouts::default() };
    AgentChecker::new(&settings, timeouts, Time::ZERO, 0, Seed(1).stream("test"))
}

/// Says all this to a machine, at these milliseconds, and tells what it did.
fn talk(machine: &mut AgentChecker, inputs: Vec<(u64, CheckInput)>) -> Vec<String> {
    let mut said = Vec::new();
    for (at, input) in inputs {
        machine.handle(Time::from_millis(at), input);
        while let Some(output) = machine.poll_output() {
            said.push(match output {
                AgentOutput::Connect(_) => "connect".to_owned(),
                AgentOutput::Send(bytes) => format!("send {}", bytes.escape_ascii()),
                AgentOutput::Close => "close".to_owned(),
                AgentOutput::Done(AgentReport { answer, outcome, cut }) => {
                    let outcome = outcome.map(|outcome| {
                        let info = outcome.info.unwrap_or_default();
                        format!("{} {info:?} {}", outcome.status.code(), outcome.duration.as_millis())
                    });
                    let cut = if cut { " cut" } else { "" };
                    format!("{:?} {}{cut}", answer.weight, outcome.unwrap_or_default())
                }
            });
        }
    }
    said
}

fn received(bytes: &'static [u8]) -> CheckInput {
    CheckInput::Received(Bytes::from_static(bytes))
}

#[test]
fn an_agent_is_heard_as_soon_as_its_line_is_whole() {
    let mut machine = machine(b"web\n", None);
    let said = talk(
        &mut machine,
        vec![
            (0, CheckInput::Timeout),
            (1, CheckInput::Connected(None)),
            (2, received(b"50% u")),
            (3, received(b"p\r\nignored")),
            (4, received(b"late")),
        ],
    );

    assert_eq!(said, ["connect", "send web\\n", "close", "Some(50) L7OK \"via agent : up\" 3"]);
    assert_eq!(machine.poll_timeout(), Time::from_millis(503));
}

#[test]
fn an_agent_that_says_nothing_of_health_ends_without_an_outcome() {
    for line in [&b"\n"[..], b"garbage\n"] {
        let inputs = vec![(0, CheckInput::Timeout), (1, CheckInput::Connected(None)), (2, received(line))];
        assert_eq!(talk(&mut machine(b"", None), inputs), ["connect", "close", "None "]);
    }
}

#[test]
fn an_agent_that_is_not_heard_is_told_of_once_its_time_is_over() {
    let silent = || vec![(0, CheckInput::Timeout), (9, CheckInput::Connected(None))];
    let with = |more: Vec<(u64, CheckInput)>| [silent(), more].concat();

    let late = with(vec![(499, CheckInput::Timeout), (500, CheckInput::Timeout), (501, received(b"down\n"))]);
    let late = talk(&mut machine(b"", None), late);
    assert_eq!(late, ["connect", "close", "None L7TOUT \"\" 500"]);
    let quick = with(vec![(100, CheckInput::Timeout), (109, CheckInput::Timeout)]);
    assert_eq!(talk(&mut machine(b"", Some(100)), quick)[2], "None L7TOUT \"\" 109");
    let half = with(vec![(10, received(b"up")), (11, CheckInput::ReadClosed), (500, CheckInput::Timeout)]);
    assert_eq!(talk(&mut machine(b"", None), half)[2], "None L7TOUT \"\" 500 cut");
    let empty = with(vec![(10, CheckInput::ReadClosed)]);
    let words = "TCPCHK got an empty response at step 2";
    assert_eq!(talk(&mut machine(b"", None), empty)[2], format!("None L7RSP {words:?} 10"));
    let reset = with(vec![(10, CheckInput::Lost(LostReason::Reset))]);
    assert_eq!(talk(&mut machine(b"", None), reset)[1], "None SOCKERR \"Connection reset by peer\" 10");
}

#[test]
fn an_agent_that_cannot_be_reached_is_told_of() {
    let refused = vec![(0, CheckInput::Timeout), (2, CheckInput::ConnectFailed(ConnectError::Refused))];
    let said = talk(&mut machine(b"", None), refused);
    assert_eq!(said, ["connect", "None L4CON \"Connection refused\" 2"]);
    let lost = vec![(0, CheckInput::Timeout), (500, CheckInput::Timeout)];
    assert_eq!(talk(&mut machine(b"", None), lost), ["connect", "close", "None L4TOUT \"\" 500"]);
}

#[test]
fn an_answer_without_an_end_takes_no_more_than_its_room() {
    let mut machine = machine(b"", None);
    let flood = Bytes::from(vec![b'x'; 20_000]);
    let mut inputs = vec![(0, CheckInput::Timeout), (1, CheckInput::Connected(None))];
    inputs.extend((2..40).map(|at| (at, CheckInput::Received(flood.clone()))));
    inputs.push((41, received(b" up\n")));

    assert_eq!(talk(&mut machine, inputs), ["connect"]);
    assert_eq!(machine.received.len(), CHECK_ANSWER_MAX);
}

#[test]
fn first_times_are_spread_as_haproxy_spreads_them() {
    let seconds = |count| Duration::from_secs(count);
    let quick = Duration::from_millis(200);

    // A check every 4 s and an agent every 200 ms of one server: the agent is second of two.
    assert_eq!(first_time(1, 2, quick, Some(seconds(4)), None), seconds(2));
    assert_eq!(first_time(3, 4, seconds(1), Some(seconds(1)), None), Duration::from_millis(750));
    assert_eq!(first_time(0, 1, quick, None, None), Duration::ZERO);
    let most = Some(Duration::from_millis(300));
    assert_eq!(first_time(3, 4, seconds(4), Some(seconds(4)), most), Duration::from_millis(225));
}
