//! The boundary and the worker machine: inputs in, outputs out.

mod input;
mod output;

pub use input::{ConnectError, Input, LostReason, Message, Signal};
pub use output::{CloseHow, Output, Wakeup};
