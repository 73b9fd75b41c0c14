//! Each oracle with planted violations: one that has gone blind fails here.

use ::bytes::Bytes;
use evenkeel_core::base::ids::LogTargetId;
use evenkeel_core::base::slots::Key;
use evenkeel_core::proxy::CloseHow;

use super::*;
use crate::pattern;
use crate::scenario::{AnswerPlan, ClientPlan, RequestPlan, ServerPlan};

const WORKER: WorkerId = WorkerId(0);
const FIRST: RequestId = RequestId { client: 0, index: 0 };
const UPSTREAM: ConnId = ConnId::server(Key { index: 0, generation: 0 });
const SECOND_UPSTREAM: ConnId = ConnId::server(Key { index: 1, generation: 0 });

#[test]
fn a_changed_byte_is_seen() {
    let good = pattern::slice(FIRST.answer_body(), 0, 10);
    let mut bad = good.to_vec();
    bad[9] ^= 1;

    assert_eq!(verdict(&[Sight::AnswerBody { id: FIRST, offset: 0, bytes: &good }]), "");
    assert_eq!(verdict(&[Sight::AnswerBody { id: FIRST, offset: 0, bytes: &Bytes::from(bad) }]), "bytes");
    assert_eq!(verdict(&[Sight::AnswerBody { id: FIRST, offset: 1, bytes: &good }]), "bytes");
}

#[test]
fn a_short_answer_that_passes_as_whole_is_seen() {
    let answered =
        |length| Sight::Answered { client: 0, id: Some(FIRST), status: 200, length, by_close: false };

    assert_eq!(verdict(&[answered(10)]), "");
    assert_eq!(verdict(&[answered(9)]), "bytes");
}

#[test]
fn a_request_that_comes_twice_is_seen() {
    let arrived = |server| Sight::Arrived { id: FIRST, server, wire: WireId(0) };

    assert_eq!(verdict(&[arrived(0), arrived(1)]), "conservation");
}

#[test]
fn an_answer_to_somebody_else_is_seen() {
    let other = RequestId { client: 1, index: 0 };
    let arrived = Sight::Arrived { id: other, server: 0, wire: WireId(0) };
    let answer = Sight::Answer { client: 0, position: 0, status: 200, id: Some(other) };

    assert_eq!(verdict(&[arrived, answer]), "conservation");
}

#[test]
fn a_second_log_line_is_seen() {
    let line = "10.2.0.0:1030 [01/Jan/2026:00:00:01.042] front back/s1 0/0/1/2/3 200 137 - - ---- \
                1/1/1/1/0 0/0 \"GET /0/0 HTTP/1.1\"";
    let log = Output::Log { target: LogTargetId(0), line: Bytes::from_static(line.as_bytes()) };
    let sight = Sight::Output { worker: WORKER, output: &log };

    assert_eq!(verdict(std::slice::from_ref(&sight)), "");
    assert_eq!(verdict(&[sight.clone(), sight]), "conservation");
}

#[test]
fn a_termination_state_that_nobody_knows_is_seen() {
    let line = "10.2.0.0:1030 [01/Jan/2026:00:00:01.042] front back/s1 0/0/1/2/3 200 137 - - XX-- \
                1/1/1/1/0 0/0 \"GET /0/0 HTTP/1.1\"";
    let log = Output::Log { target: LogTargetId(0), line: Bytes::from_static(line.as_bytes()) };

    assert_eq!(verdict(&[Sight::Output { worker: WORKER, output: &log }]), "logs");
}

#[test]
fn an_order_for_a_closed_connection_is_seen() {
    let close = Output::Close { conn: UPSTREAM, how: CloseHow::Reset };

    assert_eq!(verdict(&[Sight::Output { worker: WORKER, output: &close }]), "contract");
}

#[test]
fn a_timeout_that_is_due_already_is_seen() {
    assert_eq!(verdict(&[Sight::Drained { worker: WORKER, next: Time::from_millis(1) }]), "");
    assert_eq!(verdict(&[Sight::Drained { worker: WORKER, next: Time::ZERO }]), "contract");
}

#[test]
fn one_exchange_too_many_is_seen() {
    let connecting = |conn, wire| Sight::Connecting { worker: WORKER, conn, wire, server: 0, health: false };
    let first = connecting(UPSTREAM, WireId(0));
    let said = Sight::AnswerSent { id: FIRST, wire: WireId(0), complete: true };
    let second = connecting(SECOND_UPSTREAM, WireId(1));

    assert_eq!(verdict(&[first.clone(), said, second.clone()]), "");
    assert_eq!(verdict(&[first, second]), "limits");
}

/// The oracle that objects, if one does.
fn verdict(sights: &[Sight<'_>]) -> &'static str {
    let answer = AnswerPlan { body: 10, ..AnswerPlan::default() };
    let request = RequestPlan { answer, ..RequestPlan::default() };
    let client = ClientPlan { requests: vec![request], ..ClientPlan::default() };
    let server = ServerPlan { weight: 1, maxconn: Some(1), ..ServerPlan::default() };
    let mut scenario = crate::generate::scenario(0);
    scenario.proxy.mode = crate::scenario::Mode::Http;
    // Whatever was drawn: what a request may do again is for each test to say.
    scenario.proxy.retry_on.clear();
    scenario.clients = vec![client.clone(), client];
    scenario.servers = vec![server.clone(), server];
    let mut oracles = Oracles::new(&scenario);
    let objection = sights.iter().find_map(|sight| oracles.see(Time::ZERO, sight).err());
    objection.map_or("", |violation| violation.oracle)
}
