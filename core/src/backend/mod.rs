//! Servers, slots, queue and health of one backend, shared by all workers.

#[expect(clippy::module_inception, reason = "the machine bears the name of its layer")]
mod backend;
mod diagram;
mod event;
mod grant;
mod life;
mod notice;
mod queue;
mod ramp;
mod server;
mod shared;
mod states;

pub use backend::{Assigned, Backend, Cancelled, NewWeight, Observed, Order, WeightIsFixed, Wish};
pub use diagram::renewed as renew_page;
pub use event::{Event, ShutCause};
pub use grant::{Grant, Waiter};
pub use life::{Admin, Forced, Reading, Status};
pub use notice::{Because, Census, Change, CheckReport, Notice, StateChange, Subject};
pub use server::ServerState;
pub use shared::Shared;
pub use states::{Cause, State, TRANSITIONS, Transition};
