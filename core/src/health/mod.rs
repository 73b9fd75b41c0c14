//! Health checks: a machine per checked server that connects, asks, reads and judges.

mod outcome;

pub use outcome::{CheckStatus, Outcome};
