//! `observe`: what traffic tells of a server's health.

use std::time::Duration;

use super::Backend;
use crate::backend::event::Event;
use crate::base::ids::ServerId;
use crate::base::time::Now;
use crate::health::{CheckStatus, Outcome};
use crate::model::{Layer, OnError};

/// What traffic saw of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// A connection is there.
    Connected,
    /// No connection is to be had.
    NotConnected,
    /// An answer with a status that speaks for the server.
    Answer,
    /// An answer with a status that speaks against it.
    BadStatus,
    /// No answer that HTTP knows.
    BadAnswer,
    /// The connection ended before an answer.
    NoAnswer,
    /// No answer in time.
    LateAnswer,
}

impl Observed {
    /// What the status of an answer says.
    pub fn status(status: u16) -> Observed {
        match status {
            501 | 505 => Observed::Answer,
            // HAProxy takes 599 and what is beyond for good.
            500..=598 => Observed::BadStatus,
            _ => Observed::Answer,
        }
    }

    /// Whether it speaks against the server, on this layer; `None` if it is none of its business.
    fn is_error(self, layer: Layer) -> Option<bool> {
        match (layer, self) {
            (_, Observed::NotConnected) => Some(true),
            (Layer::Four, Observed::Connected) => Some(false),
            (Layer::Seven, Observed::Answer) => Some(false),
            (
                Layer::Seven,
                Observed::BadStatus | Observed::BadAnswer | Observed::NoAnswer | Observed::LateAnswer,
            ) => Some(true),
            (Layer::Four, _) | (Layer::Seven, Observed::Connected) => None,
        }
    }

    /// What logs call it.
    fn text(self) -> &'static str {
        match self {
            Observed::Connected => "L4 successful connection",
            Observed::NotConnected => "L4 unsuccessful connection",
            Observed::Answer => "Correct http response",
            Observed::BadStatus => "Wrong http response",
            Observed::BadAnswer => "Invalid http response (headers)",
            Observed::NoAnswer => "Read error (http)",
            Observed::LateAnswer => "Read timeout (http)",
        }
    }
}

impl Backend {
    /// Traffic saw something of a server: enough errors in a row count for its health.
    pub fn on_traffic(&mut self, now: Now, server: ServerId, observed: Observed) {
        let state = &mut self.servers[server.index()];
        let Some(observe) =
            state.settings.observe.filter(|_| state.is_checked() && state.life.passes_checks())
        else {
            return;
        };
        match observed.is_error(observe.layer) {
            None => return,
            Some(false) => {
                state.errors = 0;
                return;
            }
            Some(true) => state.errors += 1,
        }
        if state.errors < observe.limit {
            return;
        }
        state.errors = 0;
        let (limit, last) = (observe.limit, observed.text());
        let outcome = Outcome {
            passed: false,
            status: CheckStatus::HealthAnalyzed,
            code: 0,
            info: Some(format!("Detected {limit} consecutive errors, last one was: {last}")),
            duration: Duration::ZERO,
        };
        match observe.on_error {
            OnError::FastInter => {}
            OnError::FailCheck => self.judge(now, server, &outcome, |life| life.count(false)),
            OnError::SuddenDeath => self.judge(now, server, &outcome, super::Life::condemn),
            OnError::MarkDown => self.judge(now, server, &outcome, super::Life::mark_down),
        }
        self.events.push_back(Event::CheckSoon { server });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_speak_for_or_against_a_server_as_in_haproxy() {
        let bad: Vec<u16> =
            (100..=600).filter(|status| Observed::status(*status) == Observed::BadStatus).collect();
        let expected: Vec<u16> = (500..=598).filter(|status| ![501, 505].contains(status)).collect();

        assert_eq!(bad, expected);
    }

    #[test]
    fn connections_matter_to_layer4_and_answers_to_layer7() {
        let all = [
            Observed::Connected,
            Observed::NotConnected,
            Observed::Answer,
            Observed::BadStatus,
            Observed::BadAnswer,
            Observed::NoAnswer,
            Observed::LateAnswer,
        ];
        let verdicts = |layer| all.map(|observed| observed.is_error(layer));
        let (no, yes) = (Some(false), Some(true));

        assert_eq!(verdicts(Layer::Four), [no, yes, None, None, None, None, None]);
        assert_eq!(verdicts(Layer::Seven), [None, yes, no, yes, yes, yes, yes]);
    }
}
