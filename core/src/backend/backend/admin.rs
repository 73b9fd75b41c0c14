//! What operators and agents may do to a server while the process runs.

use std::sync::Arc;

use super::Backend;
use crate::backend::life::{Admin, Forced, Reading};
use crate::backend::notice::Because;
use crate::base::ids::ServerId;
use crate::base::limits::WEIGHT_MAX;
use crate::base::time::Now;
use crate::model::{Balance, Mapping};

/// A weight to be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewWeight {
    /// This one, up to 256.
    Absolute(u32),
    /// So many per cent of the configured one, rounded down, up to 256.
    Percent(u32),
}

/// What an operator wants of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `set server health`.
    Health(Forced),
    /// `set server maxconn`; zero is no limit.
    Maxconn(u32),
    /// `set server state`.
    State(Admin),
    /// `set server weight`.
    Weight(NewWeight),
}

/// The algorithm of the backend knows of no weights but all and none (0 % and 100 %).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightIsFixed;

impl Backend {
    /// Does what an operator wants.
    pub fn obey(&mut self, now: Now, server: ServerId, order: Order) -> Result<(), WeightIsFixed> {
        match order {
            Order::Health(health) => self.force_health(now, server, health),
            Order::Maxconn(most) => self.set_maxconn(now, server, most),
            Order::State(admin) => self.set_admin(now, server, admin),
            Order::Weight(weight) => return self.set_weight(now, server, weight),
        }
        Ok(())
    }

    /// `set server state`, or an agent's `ready`, `drain` and `maint`.
    ///
    /// A server that leaves maintenance starts anew: its next check decides. What its agent said still holds.
    pub fn set_admin(&mut self, now: Now, server: ServerId, admin: Admin) {
        self.alter(now, server, &Because::Unsaid, |life| life.set_admin(admin));
    }

    /// `set server health`. Has no effect on a server that tracks another.
    pub fn force_health(&mut self, now: Now, server: ServerId, health: Forced) {
        self.alter(now, server, &Because::Operator, |life| life.force(health));
    }

    /// What an agent says (`up`; or `down`, `stopped`, `fail`), beside what checks say: a server is up when both
    /// are content. `because` is how logs tell it: the agent's answer, or the operator (`set server agent`).
    pub fn on_agent(&mut self, now: Now, server: ServerId, up: bool, because: &Because) {
        self.alter(now, server, because, |life| life.set_agent(up));
    }

    /// The server that this one tracks changed. News that is older than what is known is ignored.
    pub fn follow(&mut self, now: Now, server: ServerId, reading: Reading) {
        self.alter(now, server, &Because::Unsaid, |life| life.follow(reading));
    }

    /// At the start: the state of the server that this one tracks. [`Backend::settle`] is to follow.
    pub fn begin_to_follow(&mut self, server: ServerId, reading: Reading) {
        let state = &mut self.servers[server.index()];
        state.life.follow(reading);
        state.status = state.life.standing().status();
        state.takes_new = state.life.standing().takes_new();
    }

    /// Says who takes part once all servers know how they begin.
    pub fn settle(&mut self) {
        self.choose_members();
    }

    /// `set server weight`, or an agent's per cent. Takes effect with the next stream.
    pub fn set_weight(
        &mut self,
        _now: Now,
        server: ServerId,
        weight: NewWeight,
    ) -> Result<(), WeightIsFixed> {
        let fixed = matches!(self.settings.balance, Balance::StaticRr | Balance::Hash(Mapping::Map));
        if fixed && !matches!(weight, NewWeight::Percent(0 | 100)) {
            return Err(WeightIsFixed);
        }
        let configured = u64::from(self.settings.servers[server.index()].weight);
        let weight = match weight {
            NewWeight::Absolute(weight) => weight.min(WEIGHT_MAX),
            NewWeight::Percent(percent) => {
                (configured * u64::from(percent) / 100).min(u64::from(WEIGHT_MAX)) as u32
            }
        };
        self.servers[server.index()].weight = weight;
        let usable = self.usable;
        self.refresh(server);
        self.dismiss_if_last(server);
        self.fill_all();
        self.report_if_last(usable);
        Ok(())
    }

    /// `set server maxconn`, or an agent's `maxconn`; zero is no limit. Streams that have a slot keep it.
    pub fn set_maxconn(&mut self, _now: Now, server: ServerId, maxconn: u32) {
        let configured = Arc::clone(&self.settings.servers[server.index()]);
        let state = &mut self.servers[server.index()];
        let mut settings = (*state.settings).clone();
        settings.maxconn = (maxconn > 0).then_some(maxconn);
        settings.minconn = configured.minconn.filter(|least| *least < maxconn);
        self.ramp.set_limits(server, &state.settings, &settings, state.connections);
        state.settings = Arc::new(settings);
        state.limit_was_set = true;
        self.tell_balancer(server);
        self.fill(server);
    }
}
