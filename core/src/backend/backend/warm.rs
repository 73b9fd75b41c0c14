//! `slowstart`: a server that comes back takes on its weight and its `maxconn` step by step.

use std::time::Duration;

use super::Backend;
use crate::backend::event::Event;
use crate::backend::life::{Standing, Status};
use crate::backend::notice::{Because, Change};
use crate::backend::server::ServerState;
use crate::base::ids::ServerId;
use crate::base::limits::WEIGHT_PARTS;
use crate::base::time::{Now, Time};

/// Steps are at least this long, as in haproxy.
const STEP_MIN: Duration = Duration::from_secs(1);

/// A server on its way to full strength.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend) struct Warm {
    since: Time,
    due: Time,
    /// Parts of its weight, from 1 on.
    part: u32,
}

impl ServerState {
    /// Its weight in units of the balancer, of which a whole weight has `scale`.
    pub(in crate::backend) fn units(&self, scale: u32) -> u32 {
        match self.warm {
            Some(warm) if scale > 1 => self.weight * warm.part,
            _ => self.weight * scale,
        }
    }
}

impl Backend {
    /// A server that comes back from down, NOLB or maintenance starts slowly, and one that goes stops that.
    pub(super) fn warm_up_or_not(&mut self, now: Now, server: ServerId, before: Standing, after: Standing) {
        let state = &self.servers[server.index()];
        let comes = before.status() != Status::Up && after.status() == Status::Up;
        let goes = before.status() == Status::Up && after.status() != Status::Up;
        match state.settings.slow_start {
            Some(span) if comes => {
                self.set_warmth(server, now.time, now.time, span);
                self.wake();
            }
            Some(_) if goes => self.be_warm(server),
            _ => {}
        }
    }

    /// Sets how far the server has come.
    fn set_warmth(&mut self, server: ServerId, since: Time, now: Time, span: Duration) {
        let (gone, whole) = (now.since(since).as_millis(), span.as_millis().max(1));
        let due = (now + STEP_MIN.max(span / 20)).min(since + span);
        let state = &mut self.servers[server.index()];
        let part = (u128::from(WEIGHT_PARTS) * gone / whole) as u32 + 1;
        let room = state.settings.maxconn.map(|most| (u128::from(most) * gone / whole) as u32);
        state.cap = room.map_or(u32::MAX, |room| room.max(1));
        state.warm = Some(Warm { since, due, part: part.min(WEIGHT_PARTS) });
        self.warming.insert((due, server));
        self.tell_balancer(server);
    }

    /// The server has its full strength, or none.
    fn be_warm(&mut self, server: ServerId) {
        let state = &mut self.servers[server.index()];
        if let Some(warm) = state.warm.take() {
            state.cap = u32::MAX;
            self.warming.remove(&(warm.due, server));
            self.tell_balancer(server);
        }
    }

    /// Time has come: servers that start slowly take their next step.
    pub fn on_time(&mut self, now: Now) {
        while let Some(&(_, server)) = self.warming.first().filter(|(due, _)| *due <= now.time) {
            let state = &self.servers[server.index()];
            let Some((warm, span)) = state.warm.zip(state.settings.slow_start) else { return };
            self.be_warm(server);
            if now.time < warm.since + span {
                self.set_warmth(server, warm.since, now.time, span);
            }
            self.refresh(server);
            let queued = self.queue.total();
            self.fill(server);
            // As in haproxy the end of it looks like another start.
            if self.servers[server.index()].warm.is_none() {
                let served = queued - self.queue.total();
                let standing = self.servers[server.index()].life.standing();
                let tracked = self.servers[server.index()].settings.track.is_some();
                let in_use = standing.takes_new();
                self.tell(server, (Change::Up, tracked), in_use, &Because::Unsaid, served);
            }
        }
        self.wake();
    }

    /// Says when [`Backend::on_time`] is wanted.
    fn wake(&mut self) {
        if let Some((at, _)) = self.warming.first() {
            self.events.push_back(Event::WakeAt { at: *at });
        }
    }
}
