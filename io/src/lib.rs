//! The shell around evenkeel's machines: sockets, clocks, signals, threads. It decides nothing.
//!
//! [`driver::Driver`] is the only loop. It is generic over [`net::Net`], so that production
//! ([`tokio_net::TokioNet`]) and a simulated network run the very same code.

pub mod clock;
mod conn;
mod doors;
pub mod driver;
pub mod entropy;
pub mod identity;
pub mod limits;
pub mod log_sink;
pub mod net;
pub mod probe;
pub mod process;
mod programs;
mod ready;
mod relay;
mod service;
pub mod shards;
pub mod signals;
pub mod sockets;
mod spares;
pub mod tokio_net;

pub use ready::Mailbox;
