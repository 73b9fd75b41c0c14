//! A backend's check while its lines are read, and the model's check that it becomes.

use std::sync::Arc;

use super::steps::{Request, Saying, Step, Steps, plain_connect};
use crate::config::finding::Findings;
use crate::model::{
    CheckAction, CheckFamily, CheckKind, CheckRequest, CheckScript, CheckStep, CheckText, Expect, ExpectWhat,
};

/// Which check the backend's options ask for.
#[derive(Clone, Debug, Default)]
pub(super) enum Protocol {
    /// None: connect only.
    #[default]
    Connect,
    /// `option httpchk`.
    Http,
    /// `option tcp-check`.
    Tcp,
    /// An option that brings its steps with it.
    Fixed(Arc<CheckScript>),
}

/// The check of a proxy, as its lines give it.
#[derive(Clone, Debug, Default)]
pub struct CheckDraft {
    pub(super) protocol: Protocol,
    /// What `option httpchk` says about the request.
    pub(super) request: Request,
    pub(super) http: Steps,
    pub(super) tcp: Steps,
    pub(super) disable_on_404: bool,
    pub(super) send_state: bool,
}

impl CheckDraft {
    /// The draft that a proxy starts with whose `defaults` section has this one.
    pub fn inherit(&self) -> CheckDraft {
        let mut draft = self.clone();
        draft.http.inherited = true;
        draft.tcp.inherited = true;
        draft
    }

    /// Whether an answer of 404 asks for no new traffic.
    pub(in crate::config) fn disables_on_404(&self) -> bool {
        self.disable_on_404
    }

    /// The model's check. Warns about steps that no option asks for: `subject` is the proxy, such as
    /// `backend 'web'`.
    pub fn build(&self, subject: &str, findings: &mut Findings) -> CheckKind {
        let mut warn = |steps: &Steps, wanted: bool, family: &str, option: &str| {
            if !wanted && !steps.list.is_empty() && !steps.inherited {
                let message = format!(
                    "{subject} uses {family} rules without 'option {option}', so the rules are ignored."
                );
                findings.warning(0, message, format!("add `option {option}`, or remove the rules"));
            }
        };
        warn(&self.http, matches!(self.protocol, Protocol::Http), "http-check", "httpchk");
        warn(&self.tcp, matches!(self.protocol, Protocol::Tcp), "tcp-check", "tcp-check");
        match &self.protocol {
            Protocol::Connect => CheckKind::Connect,
            Protocol::Tcp => CheckKind::Script(Arc::new(self.script(CheckFamily::Tcp))),
            Protocol::Http => CheckKind::Script(Arc::new(self.script(CheckFamily::Http))),
            Protocol::Fixed(script) => CheckKind::Script(script.clone()),
        }
    }

    /// All steps of one family, with those that go without saying.
    pub(super) fn script(&self, family: CheckFamily) -> CheckScript {
        match family {
            CheckFamily::Http => CheckScript {
                family,
                steps: self.http_steps(),
                disable_on_404: self.disable_on_404,
                send_state: self.send_state,
            },
            CheckFamily::Protocol | CheckFamily::Tcp => {
                CheckScript { family, steps: self.tcp_steps(), disable_on_404: false, send_state: false }
            }
        }
    }

    /// All steps of the TCP check, with the connection that goes without saying.
    fn tcp_steps(&self) -> Vec<CheckStep> {
        let mut steps = Numbered::default();
        if !self.tcp.list.iter().any(Step::is_connect) {
            steps.imply(plain_connect());
        }
        self.tcp.list.iter().for_each(|step| steps.add(step, complete));
        steps.list
    }

    /// All steps of the HTTP check, with those that go without saying.
    fn http_steps(&self) -> Vec<CheckStep> {
        let list = &self.http.list;
        let mut steps = Numbered::default();
        let connect = list.iter().position(Step::is_connect);
        if connect.is_none() {
            steps.imply(plain_connect());
        }
        let mut short_form = Some(&self.request);
        let mut request = |request: &Request| match short_form.take() {
            // What the first request leaves open, `option httpchk` says.
            Some(short_form) => complete(&overlay(request, short_form)),
            None => complete(request),
        };
        let implied = Step::plain(Saying::Request(Box::default()));
        let (before, after) = list.split_at(connect.map_or(0, |at| at + 1));
        before.iter().for_each(|step| steps.add(step, &mut request));
        if !list.iter().any(Step::is_request) {
            steps.add(&implied, &mut request);
        }
        after.iter().for_each(|step| steps.add(step, &mut request));
        let last = steps
            .list
            .iter()
            .rev()
            .find(|step| matches!(step.action, CheckAction::Expect(_) | CheckAction::Request(_)));
        if !last.is_some_and(|step| matches!(step.action, CheckAction::Expect(_))) {
            let expect = Expect::new(ExpectWhat::Status(vec![(200, 399)]));
            steps.add(&Step::action(CheckAction::Expect(Box::new(expect)), None), &mut request);
        }
        steps.list
    }
}

/// Steps that get their numbers, and the comments of lines before them.
#[derive(Default)]
struct Numbered {
    list: Vec<CheckStep>,
    number: usize,
    comment: Option<String>,
}

impl Numbered {
    /// A step that no line shows and no number counts.
    fn imply(&mut self, action: CheckAction) {
        self.list.push(CheckStep { number: 0, comment: None, action });
    }

    fn add(&mut self, step: &Step, mut complete: impl FnMut(&Request) -> CheckRequest) {
        self.number += 1;
        let before = self.comment.take();
        let action = match &step.saying {
            Saying::Action(action) => action.clone(),
            Saying::Comment(text) => {
                self.comment = Some(text.clone());
                return;
            }
            Saying::Request(request) => CheckAction::Request(Box::new(complete(request))),
        };
        self.list.push(CheckStep { number: self.number, comment: step.comment.clone().or(before), action });
    }
}

/// `request` with what it leaves open taken from `below`.
fn overlay(request: &Request, below: &Request) -> Request {
    let headers = if request.headers.is_empty() { &below.headers } else { &request.headers };
    Request {
        method: request.method.clone().or_else(|| below.method.clone()),
        uri: request.uri.clone().or_else(|| below.uri.clone()),
        version: request.version.clone().or_else(|| below.version.clone()),
        headers: headers.clone(),
        body: request.body.clone().or_else(|| below.body.clone()),
    }
}

/// `request` with HAProxy's defaults: `OPTIONS / HTTP/1.0`.
fn complete(request: &Request) -> CheckRequest {
    let plain = |text: &Option<CheckText>, default: &str| {
        text.clone().unwrap_or_else(|| CheckText::Plain(default.to_owned()))
    };
    let version = match request.version.as_deref() {
        None => "HTTP/1.0",
        // HAProxy sends HTTP/1.1 on an HTTP/1 connection, whatever newer version is asked for.
        Some(version) if version.strip_prefix("HTTP/").is_some_and(is_newer) => "HTTP/1.1",
        Some(version) => version,
    };
    CheckRequest {
        method: request.method.clone().unwrap_or_else(|| "OPTIONS".to_owned()),
        uri: plain(&request.uri, "/"),
        version: version.to_owned(),
        headers: request.headers.clone(),
        body: plain(&request.body, ""),
    }
}

fn is_newer(digits: &str) -> bool {
    digits > "1.1"
}
