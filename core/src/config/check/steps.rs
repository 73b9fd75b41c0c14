//! A backend's steps while its lines are read: what is said, in which order it may be said.

use super::words::Words;
use crate::model::{CheckAction, CheckConnect, CheckText};

/// A request as far as one line says it.
#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    pub(super) method: Option<String>,
    pub(super) uri: Option<CheckText>,
    pub(super) version: Option<String>,
    pub(super) headers: Vec<(String, CheckText)>,
    pub(super) body: Option<CheckText>,
}

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) comment: Option<String>,
    pub(super) saying: Saying,
}

/// What a line says.
#[derive(Clone, Debug)]
pub(super) enum Saying {
    /// What the model has too.
    Action(CheckAction),
    /// Words about the next step.
    Comment(String),
    /// A request, of which other lines may say the rest.
    Request(Box<Request>),
}

impl Step {
    pub(super) fn plain(saying: Saying) -> Step {
        Step { comment: None, saying }
    }

    pub(super) fn action(action: CheckAction, comment: Option<String>) -> Step {
        Step { comment, saying: Saying::Action(action) }
    }

    pub(super) fn is_connect(&self) -> bool {
        matches!(self.saying, Saying::Action(CheckAction::Connect(_)))
    }

    pub(super) fn is_expect(&self) -> bool {
        matches!(self.saying, Saying::Action(CheckAction::Expect(_)))
    }

    pub(super) fn is_request(&self) -> bool {
        matches!(self.saying, Saying::Request(_))
    }

    /// Whether the order of steps has to do with it.
    fn counts(&self) -> bool {
        match self.saying {
            Saying::Comment(_) => false,
            Saying::Action(CheckAction::SetVariable(..) | CheckAction::UnsetVariable(_)) => false,
            Saying::Action(_) | Saying::Request(_) => true,
        }
    }
}

/// The lines of one family, `http-check` or `tcp-check`.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps {
    pub(super) list: Vec<Step>,
    /// They come from `defaults`; the first own one takes their place.
    pub(super) inherited: bool,
}

impl Steps {
    /// Adds a step of `http-check` unless it is out of order.
    pub(super) fn add_http(&mut self, step: Step, words: &mut Words<'_, '_>) {
        self.begin();
        if let Err(message) = self.order_of_http(&step) {
            return words.alert(&message, "each connection is one connect, one send, then what to expect");
        }
        self.list.push(step);
    }

    /// Adds a step of `tcp-check` unless it is out of order.
    pub(super) fn add_tcp(&mut self, step: Step, words: &mut Words<'_, '_>) {
        self.begin();
        let late = self.list.iter().find(|step| step.counts()).is_some_and(|first| !first.is_connect());
        if late && step.is_connect() {
            return words.alert(CONNECT_FIRST, "begin with `tcp-check connect`");
        }
        self.list.push(step);
    }

    fn begin(&mut self) {
        if std::mem::take(&mut self.inherited) {
            self.list.clear();
        }
    }

    /// What must come before `step` and did not.
    fn order_of_http(&self, step: &Step) -> Result<(), String> {
        let counted = || self.list.iter().filter(|step| step.counts());
        let (Some(first), Some(last)) = (counted().next(), counted().next_back()) else {
            return Ok(());
        };
        if step.is_connect() && !first.is_connect() {
            return Err(CONNECT_FIRST.to_owned());
        }
        let (name, missing) = if step.is_connect() && !last.is_expect() {
            ("connect", "expect")
        } else if step.is_request() && !last.is_connect() {
            ("send", "connect")
        } else if step.is_expect() && last.is_connect() {
            ("expect", "send")
        } else {
            return Ok(());
        };
        let at = self.list.len() + 1;
        Err(format!("unable to add http-check {name} rule at step {at} (missing {missing} rule)."))
    }
}

const CONNECT_FIRST: &str = "first step MUST also be a 'connect', optionally preceded by a 'set-var', an \
                             'unset-var' or a 'comment', when there is a 'connect' step in the tcp-check ruleset.";

/// A connection to where checks go.
pub(super) fn plain_connect() -> CheckAction {
    CheckAction::Connect(CheckConnect::default())
}
