//! What a backend's checks do (configuration manual 4.2: `option httpchk`, `http-check`, `option tcp-check`,
//! `tcp-check` and the options that check one protocol): one list of steps for all of them.

use std::sync::Arc;

use bytes::Bytes;
use regex::bytes::Regex;

use super::CheckStatus;
use crate::base::address::Address;
use crate::log::Format;
use crate::sample::{Sample, VariableCondition, VariableName};

/// What a check does, for the whole backend.
#[derive(Clone, Debug, Default)]
pub enum CheckKind {
    /// Connect only (layer 4).
    #[default]
    Connect,
    /// Do steps.
    Script(Arc<CheckScript>),
}

/// The steps of a check.
#[derive(Clone, Debug)]
pub struct CheckScript {
    /// In which language answers are read and results are told.
    pub family: CheckFamily,
    /// The steps, in order. An HTTP check has a connect, a request and an expectation at least.
    pub steps: Vec<CheckStep>,
    /// `http-check disable-on-404`.
    pub disable_on_404: bool,
    /// `http-check send-state`.
    pub send_state: bool,
}

impl CheckScript {
    /// A connection, and nothing more.
    pub fn connect_only() -> CheckScript {
        let action = CheckAction::Connect(CheckConnect::default());
        let steps = vec![CheckStep { number: 0, comment: None, action }];
        CheckScript { family: CheckFamily::Protocol, steps, disable_on_404: false, send_state: false }
    }
}

/// Which option asked for the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckFamily {
    /// `option httpchk`.
    Http,
    /// `option smtpchk` and its like: steps that no line shows, so that results do not speak of them.
    Protocol,
    /// `option tcp-check`: results tell the step.
    Tcp,
}

/// One step.
#[derive(Clone, Debug)]
pub struct CheckStep {
    /// As the configuration counts, comments included, from one; zero for a step that goes without saying.
    pub number: usize,
    /// Its `comment`, or the comment step before it.
    pub comment: Option<String>,
    /// What it does.
    pub action: CheckAction,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum CheckAction {
    /// `connect`.
    Connect(CheckConnect),
    /// `expect`.
    Expect(Box<Expect>),
    /// `http-check send`, or the request of `option httpchk`.
    Request(Box<CheckRequest>),
    /// `tcp-check send` in all forms.
    Send(CheckSend),
    /// `set-var` and `set-var-fmt`, and when.
    SetVariable(VariableName, Box<[VariableCondition]>, CheckValue),
    /// `unset-var`.
    UnsetVariable(VariableName),
}

/// Where and how a step connects.
#[derive(Clone, Debug, Default)]
pub struct CheckConnect {
    /// Port other than the check's.
    pub port: Option<CheckPort>,
    /// `addr`; its port is 0 where the line gives none, which means the port of the check.
    pub address: Option<Address>,
    /// `linger`: close by FIN, not RST.
    pub linger: bool,
    /// `send-proxy`: begin with a PROXY protocol line.
    pub send_proxy: bool,
}

/// `port` of a `connect`.
#[derive(Clone, Debug)]
pub enum CheckPort {
    /// As it is.
    Number(u16),
    /// What an expression gives; the check's own port if that is none.
    Sample(Sample),
}

/// Bytes to send.
#[derive(Clone, Debug)]
pub enum CheckSend {
    /// As they are.
    Bytes(Bytes),
    /// Hexadecimal digits that a format gives.
    Hex(Format),
    /// A TLS hello as `option ssl-hello-chk` sends it, with the time of day.
    SslHello,
    /// What a format gives.
    Text(Format),
}

/// What a variable is set to.
#[derive(Clone, Debug)]
pub enum CheckValue {
    /// `set-var-fmt`.
    Format(Format),
    /// `set-var`.
    Sample(Sample),
}

/// A text, or a format that gives it.
#[derive(Clone, Debug)]
pub enum CheckText {
    /// A format; made anew for each check.
    Format(Format),
    /// As it is.
    Plain(String),
}

/// The request of an HTTP check.
#[derive(Clone, Debug)]
pub struct CheckRequest {
    /// Method (default `OPTIONS`).
    pub method: String,
    /// URI (default `/`).
    pub uri: CheckText,
    /// Version text, `HTTP/1.0` by default.
    pub version: String,
    /// Header fields, in order. A field whose format gives nothing is left out.
    pub headers: Vec<(String, CheckText)>,
    /// Body, sent with a content-length.
    pub body: CheckText,
}

/// An `expect` of a check.
#[derive(Clone, Debug)]
pub struct Expect {
    /// Pattern.
    pub what: ExpectWhat,
    /// `!`: the pattern must not match.
    pub negate: bool,
    /// `min-recv`: wait for so many bytes, then decide.
    pub min_recv: Option<usize>,
    /// `ok-status`: the result, if it is the last step.
    pub ok_status: Option<CheckStatus>,
    /// `error-status`: the result where it does not match.
    pub error_status: Option<CheckStatus>,
    /// `tout-status`: the result where nothing matches in time.
    pub timeout_status: Option<CheckStatus>,
    /// `on-success`: what logs say, if it is the last step.
    pub on_success: Option<Format>,
    /// `on-error`: what logs say where it does not match.
    pub on_error: Option<Format>,
    /// `status-code`: the code that logs show.
    pub status_code: Option<Sample>,
}

/// What an `expect` looks for.
#[derive(Clone, Debug)]
pub enum ExpectWhat {
    /// `binary`: bytes, told in hexadecimal digits.
    Binary(Bytes),
    /// `binary-lf`: hexadecimal digits that a format gives.
    BinaryFormat(Format),
    /// `rbinary`: a regular expression over the answer in hexadecimal digits.
    BinaryRegex(Regex),
    /// `string`, in the body for HTTP.
    Contains(Bytes),
    /// `string-lf`.
    ContainsFormat(Format),
    /// `hdr` and `fhdr`.
    Header(ExpectHeader),
    /// A successful answer to an LDAP bind.
    LdapBind,
    /// MySQL's answer to a login, behind its greeting.
    MysqlAnswer,
    /// MySQL's greeting.
    MysqlGreeting,
    /// `rstring`, in the body for HTTP.
    Regex(Regex),
    /// `status`: inclusive ranges.
    Status(Vec<(u16, u16)>),
    /// `rstatus`: a regular expression over the three digits.
    StatusRegex(Regex),
}

/// A header field to look for.
#[derive(Clone, Debug)]
pub struct ExpectHeader {
    /// Its name, without regard to case.
    pub name: TextMatch,
    /// Its value; `None`: it need only be there.
    pub value: Option<TextMatch>,
    /// `fhdr`: commas do not separate values.
    pub full: bool,
}

/// How a text is compared (`-m`).
#[derive(Clone, Debug)]
pub enum TextMatch {
    /// `beg`.
    Begins(CheckText),
    /// `end`.
    Ends(CheckText),
    /// `str`.
    Is(CheckText),
    /// `reg`.
    Regex(Regex),
    /// `sub`.
    Within(CheckText),
}

impl Expect {
    /// An expectation without any option.
    pub fn new(what: ExpectWhat) -> Expect {
        Expect {
            what,
            negate: false,
            min_recv: None,
            ok_status: None,
            error_status: None,
            timeout_status: None,
            on_success: None,
            on_error: None,
            status_code: None,
        }
    }
}
