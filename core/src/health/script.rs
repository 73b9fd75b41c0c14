//! The steps of one server's check, done one after the other: what to send, and what to make of what comes.
//! Connections and time are the checker's.

mod result;

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

pub(super) use self::result::Ended;
use self::result::unsendable;
use super::judge::{Answer, Passed, Reading, Verdict, judge_bytes, judge_http, read_head};
use super::outcome::Seen;
use super::request::{proxy_line, request_bytes, sent_bytes};
use super::scene::{Moment, Scene};
use crate::base::address::Address;
use crate::base::limits::{CHECK_ANSWER_MAX, CHECK_MEMORY_MAX};
use crate::base::socket::FirstWord;
use crate::base::time::Now;
use crate::http::ResponseHead;
use crate::log::Format;
use crate::model::{
    CheckAction, CheckConnect, CheckFamily, CheckKind, CheckPort, CheckRequest, CheckScript, CheckStep,
    CheckValue, Expect,
};
use crate::sample::{Sample, Scope, Type, Value, VariableCondition, VariableName, Variables};

/// A check's steps and how far they are.
#[derive(Debug)]
pub(super) struct Script {
    script: Arc<CheckScript>,
    pub(super) scene: Scene,
    /// Where checks go unless a step says otherwise.
    address: Address,
    /// Where traffic goes.
    server_address: Address,
    /// How the server is seen, where somebody asks.
    pub(super) state: Option<Seen>,
    /// The step to do, or the one that waits.
    at: usize,
    /// What is to be sent before that step.
    pending: Option<Bytes>,
    /// Both ends of the connection.
    to: Option<Address>,
    from: Option<Address>,
    /// What came since the last question.
    received: BytesMut,
    /// The head of the response, and where its body begins, once it is whole.
    head: ResponseHead,
    body_at: Option<usize>,
    /// Of the last answer that was as expected.
    passed: Passed,
    variables: Variables,
}

/// What to do next.
#[derive(Debug)]
pub(super) enum Next {
    Connect { to: Address, linger: bool, first_word: FirstWord },
    Send(Bytes),
    Wait,
    Done(Ended),
}

impl Script {
    pub(super) fn new(kind: &CheckKind, address: &Address, server_address: &Address, scene: Scene) -> Script {
        let script = match kind {
            CheckKind::Connect => Arc::new(CheckScript::connect_only()),
            CheckKind::Script(script) => script.clone(),
        };
        Script {
            script,
            scene,
            address: address.clone(),
            server_address: server_address.clone(),
            state: None,
            at: 0,
            pending: None,
            to: None,
            from: None,
            received: BytesMut::new(),
            head: ResponseHead::default(),
            body_at: None,
            passed: Passed::default(),
            variables: Variables::default(),
        }
    }

    pub(super) fn asks_state(&self) -> bool {
        self.script.send_state || self.script.disable_on_404
    }

    /// A check begins.
    pub(super) fn start(&mut self) {
        self.at = 0;
        self.forget();
    }

    /// Drops what is known of the last check, and the memory of a long answer.
    pub(super) fn forget(&mut self) {
        self.forget_answer();
        self.variables.clear();
        self.passed = Passed::default();
        (self.to, self.from, self.pending) = (None, None, None);
    }

    fn forget_answer(&mut self) {
        self.received.clear();
        if self.received.capacity() > CHECK_MEMORY_MAX {
            self.received = BytesMut::new();
        }
        self.body_at = None;
    }

    /// Bytes came; more than an answer may have are dropped.
    pub(super) fn receive(&mut self, bytes: &[u8]) {
        let room = CHECK_ANSWER_MAX - self.received.len().min(CHECK_ANSWER_MAX);
        self.received.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Does the next step. `over` says that the server has sent everything.
    pub(super) fn step(&mut self, now: Now, over: bool) -> Next {
        if let Some(bytes) = self.pending.take() {
            return Next::Send(bytes);
        }
        let script = self.script.clone();
        while let Some(step) = script.steps.get(self.at) {
            let next = match &step.action {
                CheckAction::Connect(connect) => Some(self.connect(now, connect)),
                CheckAction::Expect(expect) => self.expect(now, step, expect, over),
                CheckAction::Request(request) => Some(self.ask(now, request)),
                CheckAction::Send(send) => {
                    match sent_bytes(send, now, &mut |format| self.render(now, format)) {
                        Some(bytes) => Some(self.send(bytes)),
                        None => Some(Next::Done(unsendable(step))),
                    }
                }
                CheckAction::SetVariable(name, conditions, value) => {
                    self.set(now, name, conditions, value);
                    None
                }
                CheckAction::UnsetVariable(name) => {
                    self.variables.unset(name);
                    None
                }
            };
            match next {
                Some(next) => return next,
                None => self.at += 1,
            }
        }
        Next::Done(self.succeeded(now))
    }

    /// Whether the next step needs the connection no more.
    pub(super) fn leaves(&self) -> bool {
        let next = self.script.steps.get(self.at).map(|step| &step.action);
        self.pending.is_none() && matches!(next, None | Some(CheckAction::Connect(_)))
    }

    /// Asks for a connection. The step is done once [`Script::connected`] tells of it.
    fn connect(&mut self, now: Now, connect: &CheckConnect) -> Next {
        self.forget_answer();
        let mut to = connect.address.as_ref().unwrap_or(&self.address).clone();
        let own_port = self.address.ip().map(|address| address.port());
        let port = match &connect.port {
            Some(CheckPort::Number(port)) => Some(*port),
            Some(CheckPort::Sample(sample)) => self.port(now, sample).or(own_port),
            None => own_port,
        };
        if let (Address::Ip(socket), Some(port)) = (&mut to, port)
            && (connect.port.is_some() || socket.port() == 0)
        {
            socket.set_port(port);
        }
        (self.to, self.from) = (Some(to.clone()), None);
        Next::Connect { to, linger: connect.linger, first_word: self.first_word(connect) }
    }

    /// Who speaks first. Where the server does not, it need not even learn that the connection is there before
    /// it hears of us; of one that is only opened it then never learns, as with haproxy.
    fn first_word(&self, connect: &CheckConnect) -> FirstWord {
        let mut later = self.script.steps.iter().skip(self.at + 1).map(|step| &step.action);
        let next = later
            .find(|action| !matches!(action, CheckAction::SetVariable(..) | CheckAction::UnsetVariable(_)));
        match next {
            Some(CheckAction::Expect(_)) if !connect.send_proxy => FirstWord::Either,
            _ => FirstWord::Ours,
        }
    }

    /// The port that an expression gives; none if that is no port.
    fn port(&self, now: Now, sample: &Sample) -> Option<u16> {
        match self.look(now, |scope| sample.eval_typed(Type::Integer, scope, &mut Vec::new())) {
            Some(Value::Integer(number)) => u16::try_from(number).ok().filter(|port| *port > 0),
            _ => None,
        }
    }

    /// Whether bytes came that plain bytes are judged by, even if the connection breaks behind them.
    pub(super) fn has_answer(&self) -> bool {
        self.script.family != CheckFamily::Http && !self.received.is_empty()
    }

    /// The connection is there.
    pub(super) fn connected(&mut self, local: Option<Address>) {
        self.from = local;
        if let Some(CheckStep { action: CheckAction::Connect(connect), .. }) = self.script.steps.get(self.at)
        {
            let to = self.to.as_ref().filter(|_| connect.send_proxy);
            self.pending = to.map(|to| proxy_line(self.from.as_ref(), to));
            self.at += 1;
        }
    }

    fn send(&mut self, bytes: Bytes) -> Next {
        self.forget_answer();
        self.at += 1;
        Next::Send(bytes)
    }

    fn ask(&mut self, now: Now, request: &CheckRequest) -> Next {
        let state = self.state.filter(|_| self.script.send_state).map(|state| self.told_state(state));
        let bytes = request_bytes(request, state.as_deref(), &mut |format| self.render(now, format));
        self.send(bytes)
    }

    /// The value of `X-Haproxy-Server-State`.
    fn told_state(&self, state: Seen) -> String {
        let (address, port) = match self.server_address.ip() {
            Some(address) => (address.ip().to_string(), address.port().to_string()),
            None => ("unix".to_owned(), "unix".to_owned()),
        };
        let Seen { weight: (own, all), connections: (here, total), queued, .. } = state;
        let (name, node) = (self.scene.full_name(), self.scene.node());
        format!(
            "{state}; address={address}; port={port}; name={name}; node={node}; weight={own}/{all}; \
             scur={here}/{total}; qcur={queued}"
        )
    }

    fn set(&mut self, now: Now, name: &VariableName, conditions: &[VariableCondition], value: &CheckValue) {
        let mut text = Vec::new();
        let value = match value {
            CheckValue::Format(format) => {
                text = self.render(now, format);
                Some(Value::Text)
            }
            CheckValue::Sample(sample) => self.look(now, |scope| sample.eval_untyped(scope, &mut text)),
        };
        // An expression that gives nothing changes nothing.
        if let Some(value) = value {
            self.variables.set(name, conditions, value, &text);
        }
    }

    /// Judges what came; `None` if it is as expected.
    fn expect(&mut self, now: Now, step: &CheckStep, expect: &Expect, over: bool) -> Option<Next> {
        let over = over || self.received.len() >= CHECK_ANSWER_MAX;
        let verdict = match self.script.family {
            CheckFamily::Http => match read_head(Answer { bytes: &self.received, over }, &mut self.head) {
                Reading::Partial => Verdict::Wait,
                Reading::Broken(failure) => Verdict::Fail(failure),
                Reading::Head(end) => {
                    self.body_at = Some(end);
                    if let Some(ended) = self.softly_stopped() {
                        return Some(Next::Done(ended));
                    }
                    let body = Answer { bytes: &self.received[end..], over };
                    judge_http(step, expect, &self.head, body, &mut |format| self.render(now, format))
                }
            },
            family @ (CheckFamily::Protocol | CheckFamily::Tcp) => {
                let answer = Answer { bytes: &self.received, over };
                judge_bytes(family, step, expect, answer, &mut |format| self.render(now, format))
            }
        };
        match verdict {
            Verdict::Wait => Some(Next::Wait),
            Verdict::Pass(passed) => {
                self.passed = Passed { info: passed.info.or_else(|| self.passed.info.take()), ..passed };
                None
            }
            Verdict::Fail(failure) => Some(Next::Done(self.failed(now, step, expect, failure))),
        }
    }

    fn render(&self, now: Now, format: &Format) -> Vec<u8> {
        let mut text = Vec::new();
        self.look(now, |scope| format.render(scope, &mut text));
        text
    }

    /// Shows expressions this moment.
    fn look<R>(&self, now: Now, look: impl FnOnce(&Scope<'_>) -> R) -> R {
        let moment = Moment {
            now,
            to: self.to.as_ref(),
            from: self.from.as_ref(),
            received: &self.received,
            http: self.script.family == CheckFamily::Http,
            response: self.body_at.map(|at| (&self.head, at)),
            variables: &self.variables,
        };
        self.scene.show(moment, look)
    }
}
