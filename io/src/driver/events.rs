//! What becomes of connections, for whoever listens through `tracing` (`-d`). Costs one comparison otherwise.

use evenkeel_core::base::ids::WorkerId;
use evenkeel_core::proxy::{Input, Output};
use tracing::{Level, debug, enabled, trace};

/// News for the machine.
pub(super) fn news(worker: WorkerId, input: &Input) {
    if !enabled!(Level::DEBUG) {
        return;
    }
    let worker = worker.0;
    match input {
        Input::Accepted { conn, listener, peer, local } => {
            debug!(worker, ?conn, listener = listener.0, %peer, %local, "accepted");
        }
        Input::Connected { conn, .. } => debug!(worker, ?conn, "connected"),
        Input::ConnectFailed { conn, why } => debug!(worker, ?conn, ?why, "connect failed"),
        Input::Lost { conn, why } => debug!(worker, ?conn, ?why, "lost"),
        Input::ReadClosed { conn } => debug!(worker, ?conn, "its peer has ended"),
        Input::Signal(signal) => debug!(worker, ?signal, "signal"),
        Input::Received { conn, bytes } => trace!(worker, ?conn, bytes = bytes.len(), "received"),
        Input::Sent { conn, count } => trace!(worker, ?conn, bytes = count, "sent"),
        Input::Relayed { from, count, .. } => trace!(worker, ?from, bytes = count, "relayed"),
        Input::Exited { run, exit } => debug!(worker, run = run.0, ?exit, "program ended"),
        Input::Message(_) | Input::Timeout => {}
    }
}

/// Orders of the machine.
pub(super) fn order(worker: WorkerId, output: &Output) {
    if !enabled!(Level::DEBUG) {
        return;
    }
    let worker = worker.0;
    match output {
        Output::Connect { conn, to, .. } => debug!(worker, ?conn, %to, "connecting"),
        Output::Close { conn, how } => debug!(worker, ?conn, ?how, "closed"),
        Output::Run { run, program } => {
            debug!(worker, run = run.0, command = program.command, "program started");
        }
        Output::PauseAccepting { listener } => debug!(worker, listener = listener.0, "no room"),
        Output::ResumeAccepting { listener } => debug!(worker, listener = listener.0, "room again"),
        _ => {}
    }
}
