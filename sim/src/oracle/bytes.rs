//! Bodies arrive unchanged, in both directions: what came is the beginning of what was sent, and what came
//! as a whole is all of it.

use super::Sight;
use crate::pattern;
use crate::scenario::{ClientPlan, Method, Scenario};

/// How long each body is.
#[derive(Debug)]
pub(super) struct Bodies {
    clients: Vec<ClientPlan>,
}

impl Bodies {
    pub(super) fn new(scenario: &Scenario) -> Bodies {
        Bodies { clients: scenario.clients.clone() }
    }

    pub(super) fn see(&mut self, sight: &Sight<'_>) -> Result<(), String> {
        match sight {
            Sight::RequestBody { id, offset, bytes } if !pattern::matches(id.body(), *offset, bytes) => {
                Err(format!("the body of request {id} is changed at {offset} or behind"))
            }
            Sight::AnswerBody { id, offset, bytes }
                if !pattern::matches(id.answer_body(), *offset, bytes) =>
            {
                Err(format!("the body of the answer to {id} is changed at {offset} or behind"))
            }
            Sight::Whole { id, length } => {
                let plan = &self.clients[id.client].requests[id.index];
                let sent = if plan.method == Method::Post { plan.body } else { 0 };
                if sent == *length {
                    return Ok(());
                }
                Err(format!("request {id} came as a whole with {length} bytes of {sent}"))
            }
            Sight::Answered { id: Some(id), length, by_close, status, .. } => {
                let plan = self.clients.get(id.client).and_then(|client| client.requests.get(id.index));
                let Some(plan) = plan else { return Err(format!("an answer to {id}, which nobody asked")) };
                let bodyless = plan.method == Method::Head || matches!(status, 204 | 304);
                let sent = if bodyless { 0 } else { plan.answer.body };
                let fits = if *by_close { *length <= sent } else { *length == sent };
                if fits && *status == plan.answer.status {
                    return Ok(());
                }
                Err(format!("the answer to {id} is {status} with {length} bytes of {sent}"))
            }
            _ => Ok(()),
        }
    }
}
