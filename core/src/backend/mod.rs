//! Servers, slots, queue and health of one backend, shared by all workers.

mod grant;

pub use grant::{Grant, Waiter};
