//! A backend's check while its lines are read, and the model's check that it becomes.

use bytes::Bytes;

use super::connect::Connect;
use super::words::Words;
use crate::config::finding::Findings;
use crate::model::{CheckKind, CheckMethod, Expect, ExpectWhat, HttpCheck, HttpCheckStep, TcpCheckStep};

/// Which check the backend's options ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Protocol {
    /// None: connect only.
    #[default]
    Connect,
    /// `option httpchk`.
    Http,
    /// `option tcp-check`.
    Tcp,
}

/// A request as far as one line says it.
#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    pub(super) method: Option<String>,
    pub(super) uri: Option<String>,
    pub(super) version: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Bytes>,
    pub(super) comment: Option<String>,
}

/// One step of an HTTP check.
#[derive(Clone, Debug)]
pub(super) enum HttpStep {
    Comment(String),
    Connect(Connect),
    Expect(Expect),
    Send(Request),
}

/// The check of a proxy, as its lines give it.
#[derive(Clone, Debug, Default)]
pub struct CheckDraft {
    pub(super) protocol: Protocol,
    /// What `option httpchk` says about the request.
    pub(super) request: Request,
    http: Vec<HttpStep>,
    tcp: Vec<TcpCheckStep>,
    /// The steps come from `defaults`; the first own one takes their place.
    http_inherited: bool,
    tcp_inherited: bool,
}

impl CheckDraft {
    /// The draft that a proxy starts with whose `defaults` section has this one.
    pub fn inherit(&self) -> CheckDraft {
        CheckDraft { http_inherited: true, tcp_inherited: true, ..self.clone() }
    }

    /// Adds a step of `http-check` unless it is out of order.
    pub(super) fn add_http(&mut self, step: HttpStep, words: &mut Words<'_, '_>) {
        if std::mem::take(&mut self.http_inherited) {
            self.http.clear();
        }
        if let Err(message) = self.check_order(&step) {
            return words.alert(&message, "each connection is one connect, one send, then what to expect");
        }
        self.http.push(step);
    }

    /// What must come before `step` and did not.
    fn check_order(&self, step: &HttpStep) -> Result<(), String> {
        let named = || self.http.iter().filter(|step| !matches!(step, HttpStep::Comment(_)));
        let missing = match (step, named().next_back()) {
            (HttpStep::Connect(_), Some(_)) if !matches!(named().next(), Some(HttpStep::Connect(_))) => {
                return Err(CONNECT_FIRST.to_owned());
            }
            (HttpStep::Connect(_), Some(HttpStep::Connect(_) | HttpStep::Send(_))) => ("connect", "expect"),
            (HttpStep::Send(_), Some(HttpStep::Send(_) | HttpStep::Expect(_))) => ("send", "connect"),
            (HttpStep::Expect(_), Some(HttpStep::Connect(_))) => ("expect", "send"),
            _ => return Ok(()),
        };
        let (name, missing) = missing;
        let at = self.http.len() + 1;
        Err(format!("unable to add http-check {name} rule at step {at} (missing {missing} rule)."))
    }

    /// Adds a step of `tcp-check` unless it is out of order.
    pub(super) fn add_tcp(&mut self, step: TcpCheckStep, words: &mut Words<'_, '_>) {
        if std::mem::take(&mut self.tcp_inherited) {
            self.tcp.clear();
        }
        let first = self.tcp.iter().find(|step| !matches!(step, TcpCheckStep::Comment(_)));
        let late = first.is_some_and(|first| !matches!(first, TcpCheckStep::Connect { .. }));
        if late && matches!(step, TcpCheckStep::Connect { .. }) {
            return words.alert(CONNECT_FIRST, "begin with `tcp-check connect`");
        }
        self.tcp.push(step);
    }

    /// The model's check. Warns about steps that no option asks for: `subject` is the proxy, such as
    /// `backend 'web'`.
    pub fn build(&self, subject: &str, findings: &mut Findings) -> CheckKind {
        let unused = |family: &str, option: &str| {
            format!("{subject} uses {family} rules without 'option {option}', so the rules are ignored.")
        };
        if self.protocol != Protocol::Http && !self.http.is_empty() && !self.http_inherited {
            findings.warning(0, unused("http-check", "httpchk"), "add `option httpchk`, or remove the rules");
        }
        if self.protocol != Protocol::Tcp && !self.tcp.is_empty() && !self.tcp_inherited {
            findings.warning(
                0,
                unused("tcp-check", "tcp-check"),
                "add `option tcp-check`, or remove the rules",
            );
        }
        match self.protocol {
            Protocol::Connect => CheckKind::Connect,
            Protocol::Tcp => CheckKind::Tcp(self.tcp.clone()),
            Protocol::Http => CheckKind::Http(HttpCheck { steps: self.http_steps() }),
        }
    }

    /// All steps of the HTTP check, with those that go without saying.
    fn http_steps(&self) -> Vec<HttpCheckStep> {
        let mut steps = Vec::with_capacity(self.http.len() + 3);
        let has = |wanted: fn(&HttpStep) -> bool| self.http.iter().any(wanted);
        if !has(|step| matches!(step, HttpStep::Connect(_))) {
            steps.push(HttpCheckStep::Connect { port: None, address: None, comment: None });
        }
        if !has(|step| matches!(step, HttpStep::Send(_))) {
            let send = HttpCheckStep::Send(complete(&self.request));
            let connect = self.http.iter().position(|step| matches!(step, HttpStep::Connect(_)));
            let (before, after) = self.http.split_at(connect.map_or(0, |at| at + 1));
            steps.extend(before.iter().map(plain));
            steps.push(send);
            steps.extend(after.iter().map(plain));
        } else {
            let mut short_form = Some(&self.request);
            steps.extend(self.http.iter().map(|step| match step {
                // What the first send leaves open, `option httpchk` says.
                HttpStep::Send(request) => HttpCheckStep::Send(match short_form.take() {
                    Some(short_form) => complete(&overlay(request, short_form)),
                    None => complete(request),
                }),
                HttpStep::Comment(_) | HttpStep::Connect(_) | HttpStep::Expect(_) => plain(step),
            }));
        }
        if !steps.iter().any(|step| matches!(step, HttpCheckStep::Expect(_))) {
            let what = ExpectWhat::Status(vec![(200, 399)]);
            let expect = Expect { what, negate: false, min_recv: None, comment: None };
            steps.push(HttpCheckStep::Expect(expect));
        }
        steps
    }
}

const CONNECT_FIRST: &str = "first step MUST also be a 'connect', optionally preceded by a 'set-var', an \
                             'unset-var' or a 'comment', when there is a 'connect' step in the tcp-check ruleset.";

/// `request` with what it leaves open taken from `below`.
fn overlay(request: &Request, below: &Request) -> Request {
    let headers = if request.headers.is_empty() { &below.headers } else { &request.headers };
    Request {
        method: request.method.clone().or_else(|| below.method.clone()),
        uri: request.uri.clone().or_else(|| below.uri.clone()),
        version: request.version.clone().or_else(|| below.version.clone()),
        headers: headers.clone(),
        body: request.body.clone().or_else(|| below.body.clone()),
        comment: request.comment.clone(),
    }
}

/// `request` with HAProxy's defaults: `OPTIONS / HTTP/1.0`.
fn complete(request: &Request) -> CheckMethod {
    let or = |text: &Option<String>, default: &str| text.clone().unwrap_or_else(|| default.to_owned());
    let version = match request.version.as_deref() {
        None | Some("HTTP/1.0") => "HTTP/1.0",
        // Whatever else is asked for, HAProxy sends HTTP/1.1 on an HTTP/1 connection.
        Some(_) => "HTTP/1.1",
    };
    CheckMethod {
        method: or(&request.method, "OPTIONS"),
        uri: or(&request.uri, "/"),
        version: version.to_owned(),
        headers: request.headers.clone(),
        body: request.body.clone().unwrap_or_default(),
        comment: request.comment.clone(),
    }
}

/// A step of the model that depends on no other.
fn plain(step: &HttpStep) -> HttpCheckStep {
    match step {
        HttpStep::Comment(text) => HttpCheckStep::Comment(text.clone()),
        HttpStep::Connect(connect) => HttpCheckStep::Connect {
            port: connect.port,
            address: connect.address.clone(),
            comment: connect.comment.clone(),
        },
        HttpStep::Expect(expect) => HttpCheckStep::Expect(expect.clone()),
        HttpStep::Send(request) => HttpCheckStep::Send(complete(request)),
    }
}
