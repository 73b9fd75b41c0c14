//! A client connection: it asks what its plan says, reads the answers, and leaves in its own way.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use evenkeel_core::base::time::Time;
use evenkeel_core::proxy::CloseHow;

use super::http::{Kind, Part, Reader};
use super::outbox::{Flush, Outbox};
use super::{Actor, RequestId, Stage, misbehave};
use crate::network::{End, Opening, Peer, Read, WireId};
use crate::oracle::{Gone, Sight};
use crate::pattern;
use crate::scenario::{ClientPlan, Framing, Leaving, Method, Mode, RequestPlan};

/// How often a slow reader reads.
const SLOW_READ_EVERY: Duration = Duration::from_millis(5);
/// How long a body waits for `100 Continue`.
const EXPECT_MAX_MS: u64 = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Connecting,
    Open,
    Over,
}

/// The answer that is being read.
#[derive(Debug)]
struct Answer {
    id: Option<RequestId>,
    status: u16,
    offset: u64,
}

/// A client.
#[derive(Debug)]
pub struct Client {
    index: usize,
    worker: u32,
    plan: ClientPlan,
    state: State,
    start: Time,
    wire: WireId,
    abort_at: Time,
    reader: Reader,
    outbox: Outbox,
    /// Requests put into the outbox, and those wholly handed to the network.
    loaded: usize,
    handed: usize,
    answered: usize,
    /// Every answer so far was the planned one.
    satisfied: bool,
    /// The proxy refused, in answer to nothing it may be; what follows has no meaning.
    dismissed: bool,
    think_until: Time,
    garbage_sent: bool,
    shut: bool,
    answer: Option<Answer>,
    next_read: Time,
}

impl Client {
    /// A client that will connect to `worker`.
    pub fn new(index: usize, plan: ClientPlan, worker: u32) -> Client {
        Client {
            index,
            worker,
            state: State::Waiting,
            start: Time::from_millis(plan.start_ms),
            plan,
            wire: WireId(u32::MAX),
            abort_at: Time::NEVER,
            reader: Reader::new(Kind::Answers),
            outbox: Outbox::default(),
            loaded: 0,
            handed: 0,
            answered: 0,
            satisfied: true,
            dismissed: false,
            think_until: Time::ZERO,
            garbage_sent: false,
            shut: false,
            answer: None,
            next_read: Time::ZERO,
        }
    }

    /// When it wants to begin.
    pub fn start(&self) -> Time {
        self.start
    }

    /// Begins at `time` instead.
    pub fn start_at(&mut self, time: Time) {
        self.start = time;
    }

    /// Whether it has left.
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// Whether it got every answer.
    pub fn is_content(&self) -> bool {
        self.answered == self.plan.requests.len()
    }

    /// Whether every answer that it got was the one that its server was to give.
    pub fn is_satisfied(&self) -> bool {
        self.satisfied
    }

    /// What it waits for, for reports.
    pub fn describe(&self) -> String {
        format!(
            "client {} is {:?}: {} of {} requests sent, {} answered",
            self.index,
            self.state,
            self.handed,
            self.plan.requests.len(),
            self.answered
        )
    }

    /// Does what there is to do.
    pub fn step(&mut self, stage: &mut Stage<'_>) {
        match self.state {
            State::Over => {}
            State::Waiting if stage.now < self.start => {}
            State::Waiting => {
                self.wire = stage.network.open(self.worker, Peer::Client(self.index));
                self.state = State::Connecting;
                if let Some(abort) = self.plan.abort {
                    self.abort_at = stage.now + Duration::from_millis(abort.after_ms);
                    stage.timers.push((self.abort_at, Actor::Client(self.index)));
                }
            }
            State::Connecting => match stage.network.opening(self.wire) {
                Opening::Waiting => self.abort_if_due(stage),
                Opening::Refused => self.leave(None, Gone::Refused, stage),
                Opening::Open => {
                    self.state = State::Open;
                    self.think(stage);
                    self.act(stage);
                }
            },
            State::Open => self.act(stage),
        }
    }

    fn act(&mut self, stage: &mut Stage<'_>) {
        self.abort_if_due(stage);
        if self.state == State::Open {
            self.read(stage);
        }
        if self.state == State::Open {
            self.write(stage);
        }
        if self.state == State::Open {
            self.leave_if_content(stage);
        }
    }

    fn abort_if_due(&mut self, stage: &mut Stage<'_>) {
        if stage.now >= self.abort_at {
            let reset = self.plan.abort.is_some_and(|abort| abort.reset);
            let how = if reset { CloseHow::Reset } else { CloseHow::Graceful };
            self.leave(Some(how), Gone::Aborted, stage);
        }
    }

    fn leave(&mut self, how: Option<CloseHow>, gone: Gone, stage: &mut Stage<'_>) {
        if let Some(how) = how {
            stage.network.close(self.wire, End::Peer, how);
        }
        self.state = State::Over;
        stage.record.see(stage.now, &Sight::Gone { client: self.index, gone });
    }

    fn read(&mut self, stage: &mut Stage<'_>) {
        if stage.network.conditions.deaf_clients {
            return;
        }
        while self.state == State::Open {
            let slow = self.plan.read_slowly;
            if slow > 0 && stage.now < self.next_read {
                return;
            }
            let most = if slow > 0 { slow } else { usize::MAX };
            match stage.network.read(self.wire, End::Peer, most) {
                Read::Pending => return,
                Read::Reset => return self.leave(Some(CloseHow::Graceful), Gone::Reset, stage),
                Read::End => return self.on_end(stage),
                Read::Bytes(bytes) => {
                    if !self.dismissed {
                        self.reader.feed(&bytes);
                        self.parse(stage);
                    }
                    if slow > 0 {
                        self.next_read = stage.now + SLOW_READ_EVERY;
                        stage.timers.push((self.next_read, Actor::Client(self.index)));
                    }
                }
            }
        }
    }

    fn on_end(&mut self, stage: &mut Stage<'_>) {
        let amid = !self.dismissed && self.reader.is_amid() && !self.reader.ends_with_connection();
        if self.reader.ends_with_connection() {
            self.finish_answer(true, stage);
        }
        let gone = if amid { Gone::CutShort } else { Gone::Closed };
        self.leave(Some(CloseHow::Graceful), gone, stage);
    }

    fn parse(&mut self, stage: &mut Stage<'_>) {
        while self.state == State::Open && !self.dismissed {
            let asked = self.plan.requests.get(self.answered);
            let bodyless = asked.is_some_and(|request| request.method == Method::Head);
            let part = match self.reader.next(bodyless) {
                Ok(Some(part)) => part,
                Ok(None) => return,
                Err(error) => {
                    // Without HTTP in the proxy, a server's garbage reaches the client.
                    if stage.scenario.proxy.mode == Mode::Http {
                        let what = format!("client {} got what is no HTTP: {error}", self.index);
                        stage.record.violation("bytes", stage.now, what);
                    }
                    return self.leave(Some(CloseHow::Reset), Gone::Aborted, stage);
                }
            };
            match part {
                Part::Head(head) if (100..200).contains(&head.status) && head.status != 101 => {
                    stage.record.see(stage.now, &Sight::Interim { client: self.index, status: head.status });
                    self.outbox.hurry();
                }
                Part::Head(head) => {
                    let id = head.id.as_deref().and_then(RequestId::parse);
                    let (client, position, status) = (self.index, self.answered, head.status);
                    stage.record.see(stage.now, &Sight::Answer { client, position, status, id });
                    self.answer = Some(Answer { id, status, offset: 0 });
                    if let Some((id, plan)) = id.zip(asked).filter(|(_, plan)| plan.upgrade) {
                        put_body(&mut self.outbox, id.body(), plan.body, None, plan.pause_ms);
                    }
                }
                Part::Body(place) => self.body(place, stage),
                Part::End => self.finish_answer(false, stage),
            }
        }
    }

    fn body(&mut self, place: Range<usize>, stage: &mut Stage<'_>) {
        let Some(answer) = &mut self.answer else { return };
        let bytes = self.reader.bytes(place);
        if let Some(id) = answer.id {
            stage.record.see(stage.now, &Sight::AnswerBody { id, offset: answer.offset, bytes });
        }
        answer.offset += bytes.len() as u64;
    }

    fn finish_answer(&mut self, by_close: bool, stage: &mut Stage<'_>) {
        let Some(answer) = self.answer.take() else { return };
        let Answer { id, status, offset } = answer;
        let (client, length) = (self.index, offset);
        stage.record.see(stage.now, &Sight::Answered { client, id, status, length, by_close });
        self.answered += 1;
        self.satisfied &= id.is_some();
        self.dismissed |= id.is_none() && matches!(status, 400 | 408);
        self.think(stage);
    }

    /// Sets the time of the next request.
    fn think(&mut self, stage: &mut Stage<'_>) {
        let Some(next) = self.plan.requests.get(self.loaded) else { return };
        if next.think_ms > 0 {
            self.think_until = stage.now + Duration::from_millis(next.think_ms);
            stage.timers.push((self.think_until, Actor::Client(self.index)));
        }
    }

    fn write(&mut self, stage: &mut Stage<'_>) {
        loop {
            match self.outbox.flush(stage.now, stage.network, self.wire) {
                Flush::Full | Flush::Broken => return,
                Flush::Until(at) => return stage.timers.push((at, Actor::Client(self.index))),
                Flush::Done => {}
            }
            if self.handed < self.loaded {
                self.handed = self.loaded;
                let id = RequestId { client: self.index, index: self.handed - 1 };
                stage.record.see(stage.now, &Sight::Asked { id });
            }
            if !self.load(stage) {
                return;
            }
        }
    }

    /// Puts the next thing to say into the outbox. False if there is nothing to say now.
    fn load(&mut self, stage: &mut Stage<'_>) -> bool {
        let turn = self.plan.pipelined || self.answered == self.loaded;
        if let Some(plan) = self.plan.requests.get(self.loaded) {
            if !turn || stage.now < self.think_until {
                return false;
            }
            let id = RequestId { client: self.index, index: self.loaded };
            put_request(&mut self.outbox, id, plan);
            self.loaded += 1;
            return true;
        }
        if let Some(sort) = self.plan.garbage
            && !std::mem::replace(&mut self.garbage_sent, true)
        {
            self.outbox.push(Bytes::from_static(misbehave::request(sort)));
            return true;
        }
        let upgrading = self.plan.requests.last().is_some_and(|last| last.upgrade);
        if upgrading && self.answer.is_none() {
            return false;
        }
        let shuts = self.plan.leaving == Leaving::HalfClose || upgrading;
        if shuts && !std::mem::replace(&mut self.shut, true) {
            stage.network.shut(self.wire, End::Peer);
        }
        false
    }

    fn leave_if_content(&mut self, stage: &mut Stage<'_>) {
        if !self.is_content() || !self.outbox.is_empty() || self.plan.garbage.is_some() {
            return;
        }
        match self.plan.leaving {
            Leaving::Close => self.leave(Some(CloseHow::Graceful), Gone::Content, stage),
            Leaving::Reset => self.leave(Some(CloseHow::Reset), Gone::Content, stage),
            Leaving::HalfClose | Leaving::Stay => {}
        }
    }
}

fn put_request(outbox: &mut Outbox, id: RequestId, plan: &RequestPlan) {
    let method = match plan.method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
    };
    let version = if plan.old { "1.0" } else { "1.1" };
    let mut head = format!("{method} /{id} HTTP/{version}\r\nHost: sim\r\n");
    if plan.close {
        head.push_str("Connection: close\r\n");
    }
    if plan.upgrade {
        head.push_str("Connection: Upgrade\r\nUpgrade: sim\r\n");
    }
    if plan.expect {
        head.push_str("Expect: 100-continue\r\n");
    }
    let chunked = plan.framing == Framing::Chunked && plan.method == Method::Post && !plan.old;
    if chunked {
        head.push_str("Transfer-Encoding: chunked\r\n");
    } else if plan.method == Method::Post {
        head.push_str(&format!("Content-Length: {}\r\n", plan.body));
    }
    head.push_str("\r\n");
    outbox.push(Bytes::from(head));
    if plan.method != Method::Post {
        return;
    }
    if plan.expect {
        outbox.pause(EXPECT_MAX_MS);
    }
    let chunk = chunked.then_some(plan.chunk);
    put_body(outbox, id.body(), plan.body, chunk, plan.pause_ms);
}

/// Puts a body into the outbox, with a pause in its middle.
pub(super) fn put_body(outbox: &mut Outbox, body: u32, length: u64, chunk: Option<u64>, pause_ms: u64) {
    let half = length / 2;
    for (from, to) in [(0, half), (half, length)] {
        if from > 0 {
            outbox.pause(pause_ms);
        }
        put_range(outbox, body, from, to, chunk);
    }
    if chunk.is_some() {
        let trailer = if body.is_multiple_of(3) { "X-Checked: yes\r\n" } else { "" };
        outbox.push(Bytes::from(format!("0\r\n{trailer}\r\n")));
    }
}

/// Puts a part of a body into the outbox.
pub(super) fn put_range(outbox: &mut Outbox, body: u32, from: u64, to: u64, chunk: Option<u64>) {
    let Some(chunk) = chunk else {
        return pattern::range(body, from, to - from)
            .for_each(|piece| outbox.push(Bytes::from_static(piece)));
    };
    let chunk = chunk.max(1);
    let size_line = |count: u64| format!("{count:x}\r\n");
    let usual = size_line(chunk);
    let mut encoded = Vec::new();
    let mut at = from;
    while at < to {
        let count = chunk.min(to - at);
        let last = if count < chunk { size_line(count) } else { String::new() };
        encoded.extend_from_slice(if count < chunk { last.as_bytes() } else { usual.as_bytes() });
        pattern::range(body, at, count).for_each(|piece| encoded.extend_from_slice(piece));
        encoded.extend_from_slice(b"\r\n");
        at += count;
    }
    outbox.push(Bytes::from(encoded));
}
