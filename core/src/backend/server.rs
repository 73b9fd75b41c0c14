//! What a backend knows of one server.

use std::sync::Arc;

use super::health::{Score, Status};
use crate::health::View;
use crate::model;

/// One server: its state and its counts.
#[derive(Clone, Debug)]
pub struct ServerState {
    pub(super) settings: Arc<model::Server>,
    pub(super) status: Status,
    pub(super) score: Option<Score>,
    /// Slots in use, granted ones included.
    pub(super) connections: u32,
    /// Whether it takes no more at the moment.
    pub(super) full: bool,
    /// Whether the balancer may pick it: it is up, has a weight, and is no idle backup.
    pub(super) member: bool,
}

impl ServerState {
    pub(super) fn new(settings: &Arc<model::Server>) -> ServerState {
        let status = if settings.disabled { Status::Maintenance } else { Status::Up };
        let score = settings.check.as_ref().map(|check| Score::new(check.rise, check.fall));
        ServerState {
            settings: Arc::clone(settings),
            status,
            score,
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

    /// Where its checks stand; a server without checks is up.
    pub fn view(&self) -> View {
        self.score.map_or(View::Up, Score::view)
    }

    /// Whether checks are to run: it has some and is not in maintenance.
    pub fn is_checked(&self) -> bool {
        self.score.is_some() && self.status != Status::Maintenance
    }

    /// Whether it could take new traffic if the backend had no other: up and with a weight.
    pub(super) fn is_usable(&self) -> bool {
        self.status == Status::Up && self.settings.weight > 0
    }

    /// Whether a slot is free.
    pub(super) fn has_room(&self) -> bool {
        !self.full
    }
}
