//! The boundary and the worker machine: inputs in, outputs out.

mod agents;
mod body;
mod checks;
mod client;
mod conn;
mod content;
mod end;
mod farm;
mod gather;
mod hash_key;
mod input;
mod lifecycle;
mod logs;
mod output;
mod pages;
mod persistence;
mod pool;
mod programs;
mod request;
mod response;
mod retry;
mod route;
mod shared;
mod size;
mod sticking;
mod stream;
mod switching;
mod worker;

pub use end::{By, End, Phase, Why};
pub use hash_key::hash_number;
pub use input::{ConnectError, Input, LostReason, Message, Signal};
pub use output::{CloseHow, FirstWord, Output, Wakeup};
pub use shared::Shared;
pub use worker::{Facts, Worker};

#[cfg(test)]
mod tests;
