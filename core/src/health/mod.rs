//! Health checks: a machine per checked server that connects, asks, reads and judges.

mod checker;
mod judge;
mod outcome;
mod request;
mod scene;
mod script;

pub use checker::{CheckInput, CheckOutput, Checker, first_start};
pub use outcome::{CheckStatus, Outcome, Seen, View};
