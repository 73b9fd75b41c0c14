//! What the faults that are active at one moment mean for each part of the world. Made anew whenever a fault
//! begins or ends, so that overlapping faults need no bookkeeping.

use evenkeel_core::base::time::Time;

use crate::fault::{Fault, PlannedFault};

/// What befalls one server and the way to it.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServerConditions {
    /// Packets wait until then.
    pub held_until: Time,
    /// The machine is off until then.
    pub off_until: Time,
    /// Connects are lost until then.
    pub black_hole_until: Time,
    /// Nobody listens.
    pub refuses: bool,
    /// Packets are late by so many nanoseconds.
    pub late_by: u64,
    /// Answers end early by FIN.
    pub cuts: bool,
    /// Answers end early by RST.
    pub resets: bool,
    /// Answers are garbage of this sort.
    pub garbage: Option<u8>,
    /// Requests are never answered.
    pub silent: bool,
    /// Answers take so much longer.
    pub slow_ms: u64,
    /// Nothing is read.
    pub stalled: bool,
    /// Health checks fail.
    pub unhealthy: bool,
    /// Idle connections are closed.
    pub closes_idle: bool,
}

/// What befalls the rest of the world.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// By server.
    pub servers: Vec<ServerConditions>,
    /// Packets of clients wait until then.
    pub clients_held_until: Time,
    /// Clients read nothing.
    pub deaf_clients: bool,
    /// Messages between workers are late by up to so many milliseconds.
    pub late_messages_ms: u64,
}

impl Conditions {
    /// What these faults do together.
    pub fn of<'a>(servers: usize, active: impl Iterator<Item = &'a PlannedFault>) -> Conditions {
        let mut all =
            Conditions { servers: vec![ServerConditions::default(); servers], ..Conditions::default() };
        for planned in active {
            all.add(planned);
        }
        all
    }

    fn add(&mut self, planned: &PlannedFault) {
        let until = Time::from_millis(planned.at_ms + planned.for_ms);
        let position = planned.fault.server().unwrap_or(0) % self.servers.len().max(1);
        let Some(server) = self.servers.get_mut(position) else { return };
        match planned.fault {
            Fault::BlackHole { .. } => server.black_hole_until = server.black_hole_until.max(until),
            Fault::ClientsPartitioned => self.clients_held_until = self.clients_held_until.max(until),
            Fault::Crash { .. } | Fault::Refuse { .. } => server.refuses = true,
            Fault::CutMidBody { .. } => server.cuts = true,
            Fault::DeafClients => self.deaf_clients = true,
            Fault::Delay { by_ms, .. } => server.late_by = server.late_by.max(by_ms * 1_000_000),
            Fault::Garbage { sort, .. } => server.garbage = Some(sort),
            Fault::IdleClose { .. } => server.closes_idle = true,
            Fault::LateMessages { by_ms } => self.late_messages_ms = self.late_messages_ms.max(by_ms),
            Fault::Partition { .. } => server.held_until = server.held_until.max(until),
            Fault::PowerLoss { .. } => server.off_until = server.off_until.max(until),
            Fault::ResetMidBody { .. } => server.resets = true,
            Fault::Silence { .. } => server.silent = true,
            Fault::SlowAnswers { by_ms, .. } => server.slow_ms = server.slow_ms.max(by_ms),
            Fault::StalledReading { .. } => server.stalled = true,
            Fault::Unhealthy { .. } => server.unhealthy = true,
        }
    }
}
