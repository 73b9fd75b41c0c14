//! Simulated worlds: the core alone in virtual time (direct drive), and turmoil's network behind the driver.
//!
//! A direct-drive run is a [`scenario::Scenario`]: plain data, drawn from a seed by [`generate`], or read from
//! a file by [`replay`]. [`run`] runs it in a [`world`], where [`shell`] carries the core's inputs and outputs
//! over the [`network`] between the actors in [`actor`], and the properties in [`oracle`] are checked step
//! by step.

pub mod actor;
pub mod backend_world;
pub mod chaos;
pub mod conditions;
pub mod coverage;
pub mod fault;
pub mod generate;
pub mod histories;
pub mod log_line;
pub mod minimise;
pub mod network;
pub mod oracle;
pub mod pattern;
pub mod probes;
pub mod queue;
pub mod record;
pub mod replay;
pub mod report;
pub mod run;
pub mod scenario;
pub mod settings;
pub mod shell;
pub mod trace;
pub mod turmoil_net;
pub mod turmoil_world;
pub mod world;
