//! The life of a server by the words of the manual: `rise`, `fall`, `observe`, `set server` and agents.

use evenkeel_core::backend::{Admin, Forced, Observed, Status};
use evenkeel_core::model::{self, Layer, Observe, OnError};

use super::event::Verdict;

/// Where a server stands.
#[derive(Clone, Debug)]
pub(super) struct Life {
    admin: Admin,
    up: bool,
    /// Asked to get nothing new (NOLB).
    stopping: bool,
    agent_up: bool,
    /// Checks in a row that spoke against what it is.
    against: u32,
    check: Option<(u32, u32)>,
    observe: Option<Observe>,
    /// Errors in a row that traffic saw.
    errors: u32,
}

impl Life {
    /// At the start of the process.
    pub(super) fn new(server: &model::Server) -> Life {
        let check = server.check.as_ref().map(|check| (check.rise, check.fall));
        let admin = if server.disabled { Admin::Maint } else { Admin::Ready };
        let mut life = Life {
            admin,
            up: true,
            stopping: false,
            agent_up: true,
            against: 0,
            check,
            observe: server.observe,
            errors: 0,
        };
        life.start();
        life
    }

    /// Up, and the next failure is one too many. What its agent said still holds.
    fn start(&mut self) {
        (self.up, self.stopping) = (true, false);
        self.against = self.check.map_or(0, |(_, fall)| fall - 1);
    }

    /// A check ended.
    pub(super) fn check(&mut self, verdict: Verdict) {
        self.count(verdict != Verdict::Failed);
        let heard = self.check.is_some() && self.admin != Admin::Maint;
        self.stopping |= heard && verdict == Verdict::Conditional && self.up;
    }

    /// Traffic saw something.
    pub(super) fn see(&mut self, observed: Observed) {
        let Some(observe) = self.observe.filter(|_| self.up && self.admin != Admin::Maint) else { return };
        let good = match observe.layer {
            Layer::Four => observed == Observed::Connected,
            Layer::Seven => observed == Observed::Answer,
        };
        let concerns = match observe.layer {
            Layer::Four => matches!(observed, Observed::Connected | Observed::NotConnected),
            Layer::Seven => observed != Observed::Connected,
        };
        if !concerns {
            return;
        }
        self.errors = if good { 0 } else { self.errors + 1 };
        if self.errors < observe.limit {
            return;
        }
        self.errors = 0;
        let fall = self.check.map_or(1, |(_, fall)| fall);
        match observe.on_error {
            OnError::FastInter => {}
            OnError::FailCheck => self.count(false),
            OnError::SuddenDeath if self.against + 1 < fall => self.against = fall - 1,
            OnError::SuddenDeath => self.count(false),
            OnError::MarkDown => (self.up, self.stopping, self.against) = (false, false, 0),
        }
    }

    fn count(&mut self, passed: bool) {
        let Some((rise, fall)) = self.check else { return };
        if self.admin == Admin::Maint {
            return;
        }
        if passed == self.up {
            self.against = 0;
            self.stopping &= !passed;
            return;
        }
        self.against += 1;
        if self.against >= if self.up { fall } else { rise } {
            (self.up, self.stopping, self.against) = (passed, false, 0);
        }
    }

    /// `set server state`.
    pub(super) fn set_admin(&mut self, admin: Admin) {
        let left = self.admin == Admin::Maint && admin != Admin::Maint;
        self.admin = admin;
        if left {
            self.start();
        }
    }

    /// `set server health`.
    pub(super) fn force(&mut self, health: Forced) {
        (self.up, self.stopping) = (health != Forced::Down, health == Forced::Stopping);
        self.against = 0;
    }

    /// What its agent says.
    pub(super) fn set_agent(&mut self, up: bool) {
        self.agent_up = up;
    }

    /// As statistics show it.
    pub(super) fn status(&self) -> Status {
        match self {
            Life { admin: Admin::Maint, .. } => Status::Maintenance,
            Life { up: true, agent_up: true, stopping: true, .. } => Status::Stopping,
            Life { up: true, agent_up: true, .. } => Status::Up,
            _ => Status::Down,
        }
    }

    /// Whether those that are tied to it may use it.
    pub(super) fn is_reachable(&self) -> bool {
        self.admin != Admin::Maint && self.up && self.agent_up
    }

    /// Whether others may, too.
    pub(super) fn takes_new(&self) -> bool {
        self.is_reachable() && self.admin == Admin::Ready && !self.stopping
    }
}
