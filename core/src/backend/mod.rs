//! Servers, slots, queue and health of one backend, shared by all workers.

#[expect(clippy::module_inception, reason = "the machine bears the name of its layer")]
mod backend;
mod event;
mod grant;
mod health;
mod notice;
mod queue;
mod ramp;
mod server;
mod shared;

pub use backend::{Assigned, Backend, Cancelled, Wish};
pub use event::Event;
pub use grant::{Grant, Waiter};
pub use health::{Score, Status, TRANSITIONS, Turn};
pub use notice::{CheckReport, Notice, StateChange, Subject};
pub use server::ServerState;
pub use shared::Shared;
