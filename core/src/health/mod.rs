//! Health checks: a machine per checked server that connects, asks, reads and judges.

mod agent;
mod checker;
mod external;
mod judge;
mod outcome;
mod pace;
mod request;
mod scene;
mod script;

pub use agent::{
    AgentChecker, AgentOutput, AgentReport, Answer as AgentAnswer, Mode as AgentMode, first_time,
};
pub use checker::{CheckInput, CheckOutput, Checker, first_start};
pub use external::{External, ExternalInput, ExternalOutput};
pub use outcome::{CheckStatus, Outcome, Seen, View};
