//! A server: it reads requests, answers them as the plan says or as its faults make it, and answers checks.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use evenkeel_core::base::random::Rng;
use evenkeel_core::base::time::Time;
use evenkeel_core::proxy::CloseHow;

use super::client::{put_body, put_range};
use super::http::{Delimited, Head, Kind, Part, Reader};
use super::outbox::{Flush, Outbox};
use super::{Actor, RequestId, Stage, misbehave};
use crate::conditions::ServerConditions;
use crate::network::{End, Network, Read, WireId};
use crate::oracle::Sight;
use crate::scenario::{AnswerPlan, Framing, Method, Mode, RequestPlan};

/// What becomes of the connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Close,
    Keep,
    Reset,
}

/// A request that is being worked on.
#[derive(Debug)]
struct Work {
    id: RequestId,
    offset: u64,
    /// The whole request has come.
    whole: bool,
    closes: bool,
    answer_at: Option<Time>,
    /// The answer is in the outbox.
    answering: bool,
    /// The answer is as long as it says.
    complete: bool,
    sent: bool,
    then: Then,
}

#[derive(Debug)]
struct Conn {
    health: bool,
    reader: Reader,
    outbox: Outbox,
    work: Option<Work>,
    peer_ended: bool,
    closes_when_sent: bool,
}

/// A server with its connections.
#[derive(Debug)]
pub struct Server {
    index: usize,
    rng: Rng,
    conns: BTreeMap<WireId, Conn>,
}

impl Server {
    /// A server that runs.
    pub fn new(index: usize, rng: Rng) -> Server {
        Server { index, rng, conns: BTreeMap::new() }
    }

    /// All its connections.
    pub fn wires(&self) -> Vec<WireId> {
        self.conns.keys().copied().collect()
    }

    /// Takes a connection.
    pub fn accept(&mut self, wire: WireId, health: bool) {
        let conn = Conn {
            health,
            reader: Reader::new(Kind::Requests),
            outbox: Outbox::default(),
            work: None,
            peer_ended: false,
            closes_when_sent: false,
        };
        self.conns.insert(wire, conn);
    }

    /// The process dies: the system closes what it had open.
    pub fn crash(&mut self, network: &mut Network) {
        for wire in std::mem::take(&mut self.conns).into_keys() {
            let how = if self.rng.chance(1, 2) { CloseHow::Reset } else { CloseHow::Graceful };
            network.close(wire, End::Peer, how);
        }
    }

    /// The machine is off from one moment to the next.
    pub fn lose_power(&mut self, network: &mut Network) {
        for wire in std::mem::take(&mut self.conns).into_keys() {
            network.vanish(wire, End::Peer);
        }
    }

    /// Does what there is to do on one connection.
    pub fn step(&mut self, wire: WireId, stage: &mut Stage<'_>) {
        let Some(mut conn) = self.conns.remove(&wire) else { return };
        let conditions = stage.network.conditions.servers[self.index];
        let place = Place { server: self.index, wire, conditions };
        match conn.step(place, stage) {
            None => {
                self.conns.insert(wire, conn);
            }
            Some(how) => stage.network.close(wire, End::Peer, how),
        }
    }
}

/// Where a connection is, and what befalls it.
#[derive(Clone, Copy, Debug)]
struct Place {
    server: usize,
    wire: WireId,
    conditions: ServerConditions,
}

impl Conn {
    /// Gives how to close the connection, if it is over.
    fn step(&mut self, place: Place, stage: &mut Stage<'_>) -> Option<CloseHow> {
        if (!place.conditions.stalled || self.health)
            && let Some(how) = self.read(place, stage)
        {
            return Some(how);
        }
        loop {
            if let Some(how) = self.parse(place, stage) {
                return Some(how);
            }
            self.answer_if_due(place, stage);
            match self.outbox.flush(stage.now, stage.network, place.wire) {
                Flush::Full => return None,
                Flush::Broken => return Some(CloseHow::Graceful),
                Flush::Until(at) => {
                    stage.timers.push((at, Actor::Server(place.server, place.wire)));
                    return None;
                }
                Flush::Done => {}
            }
            if self.closes_when_sent {
                return Some(CloseHow::Graceful);
            }
            let done = self.after_answer(place, stage);
            match done {
                Some(Then::Close) => return Some(CloseHow::Graceful),
                Some(Then::Reset) => return Some(CloseHow::Reset),
                Some(Then::Keep) => {}
                None => break,
            }
        }
        let idle = self.work.is_none() && !self.reader.is_amid();
        let forsaken = self.peer_ended && self.work.as_ref().is_none_or(|work| !work.whole);
        (forsaken || (idle && place.conditions.closes_idle && !self.health)).then_some(CloseHow::Graceful)
    }

    fn read(&mut self, place: Place, stage: &mut Stage<'_>) -> Option<CloseHow> {
        loop {
            match stage.network.read(place.wire, End::Peer, usize::MAX) {
                Read::Pending => return None,
                Read::Reset => return Some(CloseHow::Graceful),
                Read::End => {
                    self.peer_ended = true;
                    return None;
                }
                Read::Bytes(bytes) => self.reader.feed(&bytes),
            }
        }
    }

    fn parse(&mut self, place: Place, stage: &mut Stage<'_>) -> Option<CloseHow> {
        while self.work.as_ref().is_none_or(|work| !work.whole) {
            let part = match self.reader.next(false) {
                Ok(Some(part)) => part,
                Ok(None) => return None,
                Err(error) => {
                    if stage.scenario.proxy.mode == Mode::Http {
                        let what = format!("server {} got what is no HTTP: {error}", place.server);
                        stage.record.violation("bytes", stage.now, what);
                    }
                    return Some(CloseHow::Reset);
                }
            };
            match part {
                Part::Head(_) if self.health => self.check(place.conditions),
                Part::Head(head) => {
                    if !self.begin(&head, place, stage) {
                        return Some(CloseHow::Reset);
                    }
                }
                Part::Body(place) => {
                    if let Some(work) = &mut self.work {
                        let bytes = self.reader.bytes(place);
                        let sight = Sight::RequestBody { id: work.id, offset: work.offset, bytes };
                        stage.record.see(stage.now, &sight);
                        work.offset += bytes.len() as u64;
                    }
                }
                Part::End if self.health => return None,
                Part::End => {
                    if let Some(work) = &mut self.work {
                        work.whole = true;
                        let sight = Sight::Whole { id: work.id, length: work.offset };
                        stage.record.see(stage.now, &sight);
                    }
                    self.plan_answer(place, stage);
                }
            }
        }
        None
    }

    fn check(&mut self, conditions: ServerConditions) {
        if conditions.silent {
            return;
        }
        // Late answers may come when the check is over already.
        self.outbox.pause(conditions.slow_ms);
        if let Some(sort) = conditions.garbage {
            self.outbox.push(Bytes::from(misbehave::check_answer(sort)));
            self.closes_when_sent = sort.is_multiple_of(2);
            return;
        }
        let status = if conditions.unhealthy { "500 Ill" } else { "200 Well" };
        self.outbox.push(Bytes::from(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n")));
        self.closes_when_sent = true;
    }

    /// A request has come. False when it makes no sense.
    fn begin(&mut self, head: &Head, place: Place, stage: &mut Stage<'_>) -> bool {
        let request = RequestId::parse(&head.target);
        let Some((id, plan)) = request.and_then(|id| Some((id, plan_of(stage, id)?))) else {
            if stage.scenario.proxy.mode == Mode::Http {
                let what = format!("server {} got a request that nobody sent: {head:?}", place.server);
                stage.record.violation("conservation", stage.now, what);
            }
            return false;
        };
        let (early, expects) = (plan.answer.early || plan.upgrade, plan.expect && head.expects);
        if plan.upgrade {
            self.reader.upgrade();
        }
        stage.record.see(stage.now, &Sight::Arrived { id, server: place.server, wire: place.wire });
        self.work = Some(Work {
            id,
            offset: 0,
            whole: false,
            closes: head.closes,
            answer_at: None,
            answering: false,
            complete: true,
            sent: false,
            then: Then::Keep,
        });
        if early {
            self.plan_answer(place, stage);
        } else if expects {
            self.outbox.push(Bytes::from_static(b"HTTP/1.1 100 Continue\r\n\r\n"));
        }
        true
    }

    fn plan_answer(&mut self, place: Place, stage: &mut Stage<'_>) {
        let Some(work) = self.work.as_mut().filter(|work| work.answer_at.is_none()) else { return };
        let Some(plan) = plan_of(stage, work.id) else { return };
        let at = stage.now + Duration::from_millis(plan.answer.delay_ms + place.conditions.slow_ms);
        work.answer_at = Some(if place.conditions.silent { Time::NEVER } else { at });
        if at > stage.now && !place.conditions.silent {
            stage.timers.push((at, Actor::Server(place.server, place.wire)));
        }
    }

    fn answer_if_due(&mut self, place: Place, stage: &Stage<'_>) {
        let Some(work) = &mut self.work else { return };
        if work.answering || work.answer_at.is_none_or(|at| at > stage.now) {
            return;
        }
        let Some(plan) = plan_of(stage, work.id) else { return };
        work.answering = true;
        put_answer(&mut self.outbox, work, plan, place.conditions);
    }

    /// The outbox is empty. Gives what follows an answer that is wholly sent.
    fn after_answer(&mut self, place: Place, stage: &mut Stage<'_>) -> Option<Then> {
        let work = self.work.as_mut().filter(|work| work.answering)?;
        if !std::mem::replace(&mut work.sent, true) {
            let Work { id, complete, .. } = *work;
            stage.record.see(stage.now, &Sight::AnswerSent { id, wire: place.wire, complete });
        }
        let then = work.then;
        if then == Then::Keep && !work.whole {
            return None;
        }
        if then == Then::Keep && self.peer_ended {
            return Some(Then::Close);
        }
        self.work = None;
        Some(then)
    }
}

fn plan_of<'a>(stage: &Stage<'a>, id: RequestId) -> Option<&'a RequestPlan> {
    stage.scenario.clients.get(id.client)?.requests.get(id.index)
}

fn put_answer(outbox: &mut Outbox, work: &mut Work, request: &RequestPlan, conditions: ServerConditions) {
    let plan = &request.answer;
    if let Some(sort) = conditions.garbage {
        outbox.push(Bytes::from(misbehave::answer(sort, work.id, plan.status)));
        work.complete = false;
        work.then = Then::Close;
        return;
    }
    for _ in 0..plan.interim {
        outbox.push(Bytes::from_static(b"HTTP/1.1 103 Early Hints\r\nlink: </style>\r\n\r\n"));
    }
    let bodyless = request.method == Method::Head || matches!(plan.status, 204 | 304);
    let delimited = delimited(request, plan);
    let closes = plan.close || work.closes || request.old || delimited == Delimited::Close;
    let head = head_of(work.id, plan, delimited, closes);
    work.then = if closes { Then::Close } else { Then::Keep };
    let cut = conditions.cuts || conditions.resets;
    if cut {
        work.complete = false;
        work.then = if conditions.resets { Then::Reset } else { Then::Close };
    }
    if cut && (bodyless || plan.body < 2) {
        outbox.push(Bytes::from(head).slice(..20));
        return;
    }
    outbox.push(Bytes::from(head));
    if bodyless {
        return;
    }
    let chunk = (delimited == Delimited::Chunked).then_some(plan.chunk);
    if cut {
        put_range(outbox, work.id.answer_body(), 0, plan.body / 2, chunk);
    } else {
        put_body(outbox, work.id.answer_body(), plan.body, chunk, plan.pause_ms);
    }
}

fn delimited(request: &RequestPlan, plan: &AnswerPlan) -> Delimited {
    match plan.framing {
        Framing::Length | Framing::Chunked if request.upgrade => Delimited::Length(plan.body),
        Framing::Length => Delimited::Length(plan.body),
        // HTTP/1.0 knows no chunks.
        Framing::Chunked if !request.old => Delimited::Chunked,
        Framing::Chunked | Framing::Close => Delimited::Close,
    }
}

fn head_of(id: RequestId, plan: &AnswerPlan, delimited: Delimited, closes: bool) -> String {
    let status = plan.status;
    let mut head = format!("HTTP/1.1 {status} Fine\r\nServer: sim\r\nX-Id: {id}\r\n");
    match delimited {
        _ if status == 204 => {}
        _ if status == 101 => head.push_str("Connection: Upgrade\r\nUpgrade: sim\r\n"),
        Delimited::Length(length) => head.push_str(&format!("Content-Length: {length}\r\n")),
        Delimited::Chunked => head.push_str("Transfer-Encoding: chunked\r\n"),
        Delimited::Close => {}
    }
    if closes && status != 101 {
        head.push_str("Connection: close\r\n");
    }
    head.push_str("\r\n");
    head
}
