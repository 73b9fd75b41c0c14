//! What a backend knows of one server.

use std::sync::Arc;

use super::backend::Warm;
use super::life::{Life, Reading, Status};
use crate::health::View;
use crate::model;

/// One server: its state and its counts.
#[derive(Clone, Debug)]
pub struct ServerState {
    pub(super) settings: Arc<model::Server>,
    pub(super) life: Life,
    /// How the last agent check ended, if there was one; within, `None` when the agent said nothing of health.
    pub(super) agent_status: Option<Option<model::CheckStatus>>,
    /// What `life` means for traffic, at hand for each request.
    pub(super) status: Status,
    /// Whether it takes traffic that is not tied to it, as far as its life goes.
    pub(super) takes_new: bool,
    /// `weight`, or what it was set to since.
    pub(super) weight: u32,
    /// Whether it counts among the usable.
    pub(super) usable: bool,
    /// Its limits were set while it had connections, so that it may have more than they allow.
    pub(super) limit_was_set: bool,
    /// How far it has come under `slowstart`; `None` at full strength.
    pub(super) warm: Option<Warm>,
    /// Most connections that `slowstart` lets it have.
    pub(super) cap: u32,
    /// Errors that traffic saw in a row (`observe`).
    pub(super) errors: u32,
    /// Slots in use, granted ones included.
    pub(super) connections: u32,
    /// Whether it takes no more at the moment.
    pub(super) full: bool,
    /// Whether the balancer may pick it: it is up, has a weight, and is no idle backup.
    pub(super) member: bool,
}

impl ServerState {
    pub(super) fn new(settings: &Arc<model::Server>) -> ServerState {
        let (rise, fall) = settings.check.as_ref().map_or((2, 3), |check| (check.rise, check.fall));
        let life = Life::new(settings.disabled, settings.init_state, rise, fall);
        ServerState {
            settings: Arc::clone(settings),
            status: life.standing().status(),
            takes_new: life.standing().takes_new(),
            weight: settings.weight,
            life,
            agent_status: None,
            usable: false,
            warm: None,
            cap: u32::MAX,
            errors: 0,
            limit_was_set: false,
            connections: 0,
            full: false,
            member: false,
        }
    }

    /// Its settings.
    pub fn settings(&self) -> &model::Server {
        &self.settings
    }

    /// Whether traffic may go to it.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Slots in use (`srv_conn`).
    pub fn connections(&self) -> u32 {
        self.connections
    }

    /// Where its checks stand, for the timing of the next one.
    pub fn view(&self) -> View {
        self.life.view()
    }

    /// What servers that track it see.
    pub fn reading(&self) -> Reading {
        self.life.reading()
    }

    /// Its weight at the moment.
    pub fn weight(&self) -> u32 {
        self.weight
    }

    /// Whether it takes traffic that is tied to it.
    pub fn is_reachable(&self) -> bool {
        matches!(self.status, Status::Up | Status::Stopping)
    }

    /// Whether checks are to run: it has some and is not in maintenance.
    pub fn is_checked(&self) -> bool {
        self.settings.check.is_some() && self.status != Status::Maintenance
    }

    /// Whether it takes traffic that is not tied to it, if its backend has no better.
    pub fn takes_new(&self) -> bool {
        self.is_usable()
    }

    /// Whether it could take new traffic if the backend had no other.
    pub(super) fn is_usable(&self) -> bool {
        self.takes_new && self.weight > 0
    }

    /// Whether a slot is free.
    pub(super) fn has_room(&self) -> bool {
        !self.full
    }
}
