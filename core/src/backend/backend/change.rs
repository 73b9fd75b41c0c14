//! What follows when a server's state changes: who takes traffic, who must ask again, and what the operator
//! reads.

use std::sync::Arc;

use super::Backend;
use crate::backend::event::{Event, ShutCause};
use crate::backend::life::{Life, Standing, Status};
use crate::backend::notice::{Because, Census, Change, Notice, StateChange};
use crate::base::ids::ServerId;
use crate::base::time::Now;

impl Backend {
    /// Changes the life of a server and does all that follows.
    pub(super) fn alter(
        &mut self,
        now: Now,
        server: ServerId,
        because: &Because,
        edit: impl FnOnce(&mut Life),
    ) {
        let state = &mut self.servers[server.index()];
        let before = state.life.standing();
        edit(&mut state.life);
        let after = state.life.standing();
        if before == after {
            return;
        }
        state.status = after.status();
        state.takes_new = after.takes_new();
        let usable = self.usable;
        self.warm_up_or_not(now, server, before, after);
        self.refresh(server);
        let requeued = self.requeue(server, before, after);
        self.shut_backups_if_asked(server, before, after);
        self.report_change(server, before, after, because, requeued);
        self.report_if_last(usable);
        self.events.push_back(Event::Changed { server });
    }

    /// Lets the balancer know of a server's new weight, or of who takes part now.
    pub(super) fn refresh(&mut self, server: ServerId) {
        let state = &self.servers[server.index()];
        if state.usable != state.is_usable() {
            self.choose_members();
        } else if state.member {
            self.balancer.set_weight(server, state.units(self.scale));
        }
    }

    /// Gives streams that wait to those who may serve them now. How many moved from or to the server?
    fn requeue(&mut self, server: ServerId, before: Standing, after: Standing) -> u32 {
        let reachable = |standing: Standing| matches!(standing.status(), Status::Up | Status::Stopping);
        let mut moved = 0;
        if reachable(before) && !reachable(after) {
            self.events.push_back(Event::ServerDown { server });
            self.shut_if_asked(server);
            while let Some(left) = self.queue.dismiss(Some(server)) {
                moved += 1;
                self.events.push_back(Event::Redistribute(self.grant(server, left)));
            }
        }
        moved += self.dismiss_if_last(server);
        if reachable(after) && !after.takes_new() {
            // The end of a slow start may leave room for those who are tied to it.
            self.fill(server);
        }
        let waiting = self.queue.total();
        // One that was starting slowly, and stops, has room for those that are tied to it.
        self.fill(server);
        self.fill_all();
        let served = waiting - self.queue.total();
        if after.takes_new() && !before.takes_new() { served } else { moved }
    }

    /// `on-marked-down shutdown-sessions`.
    fn shut_if_asked(&mut self, server: ServerId) {
        if self.servers[server.index()].settings.shut_when_down {
            self.events.push_back(Event::ShutSessions { server, cause: ShutCause::ServerDown });
        }
    }

    /// `on-marked-up shutdown-backup-sessions`: only a server that takes traffic and is no backup ends that of
    /// others.
    fn shut_backups_if_asked(&mut self, server: ServerId, before: Standing, after: Standing) {
        let state = &self.servers[server.index()];
        let came_up = before.status() != Status::Up && after.status() == Status::Up;
        if !came_up || !state.settings.shut_backups_when_up || state.settings.backup || !state.is_usable() {
            return;
        }
        for (index, other) in self.servers.iter().enumerate().filter(|(_, other)| other.settings.backup) {
            if other.connections > 0 {
                let server = ServerId(index as u32);
                self.events.push_back(Event::ShutSessions { server, cause: ShutCause::ServerUp });
            }
        }
    }

    /// When no server is left, nobody waits for one.
    pub(super) fn dismiss_if_last(&mut self, server: ServerId) -> u32 {
        let mut moved = 0;
        // 2.6 lets those that wait for any server run into `timeout queue`; 2.8 ends them now.
        while !self.has_member()
            && let Some(left) = self.queue.dismiss(None)
        {
            moved += 1;
            self.events.push_back(Event::Redistribute(self.grant(server, left)));
        }
        moved
    }

    fn report_change(
        &mut self,
        server: ServerId,
        before: Standing,
        after: Standing,
        because: &Because,
        requeued: u32,
    ) {
        let tracked = self.servers[server.index()].settings.track.is_some();
        for change in changes(before, after, tracked) {
            self.tell(server, change, before.takes_new(), because, requeued);
        }
    }

    /// Tells of one change, and with `inherited` of the server that it comes from.
    pub(super) fn tell(
        &mut self,
        server: ServerId,
        (change, inherited): (Change, bool),
        was_in_use: bool,
        because: &Because,
        requeued: u32,
    ) {
        let (active, backup) = self.usable;
        let state = &self.servers[server.index()];
        let census = Census {
            active,
            backup,
            on_backup: active == 0 && backup > 0,
            sessions: state.connections,
            requeued,
            queued: self.queue.total(),
        };
        let track = state.settings.track.as_ref();
        let change = StateChange {
            subject: self.subject(server),
            change,
            via: track.filter(|_| inherited).map(|track| Arc::clone(&track.name)),
            because: because.clone(),
            was_in_use,
            census,
        };
        self.events.push_back(Event::Notice(Notice::StateChanged(change)));
    }

    /// Tells if a backend that had usable servers has none any more.
    pub(super) fn report_if_last(&mut self, before: (u32, u32)) {
        if before != (0, 0) && self.usable == (0, 0) {
            let listen = self.settings.listen;
            let backend = Arc::clone(&self.settings.name);
            self.events.push_back(Event::Notice(Notice::NoServer { listen, backend }));
        }
    }
}

/// What the operator is told of a change, in order, each with whether it comes from a server that is `tracked`.
fn changes(before: Standing, after: Standing, tracked: bool) -> Vec<(Change, bool)> {
    let mut list = Vec::new();
    let up = after.health != Status::Down;
    let stays_in_drain = (Change::StaysInDrain, !after.drain.own);
    match (before.maintenance.holds(), after.maintenance.holds()) {
        (false, true) => {
            let was_down = before.health == Status::Down;
            let change = if was_down { Change::DownEntersMaintenance } else { Change::EntersMaintenance };
            list.push((change, !after.maintenance.own));
        }
        (true, true) if before.maintenance.own && !after.maintenance.own => {
            list.push((Change::StaysInInheritedMaintenance, true));
        }
        (true, true) if before.maintenance.inherited && !after.maintenance.inherited => {
            list.push((Change::StaysInForcedMaintenance, false));
        }
        // What happens under maintenance shows when it ends.
        (true, true) => {}
        (true, false) => {
            let (drain, forced) = (after.drain.holds(), before.maintenance.own);
            list.push((Change::LeavesMaintenance { up, drain, forced }, false));
            if drain {
                list.push(stays_in_drain);
            }
        }
        (false, false) => {
            match after.health {
                health if health == before.health => {}
                Status::Up => list.push((Change::Up, tracked)),
                Status::Stopping => list.push((Change::Stopping, tracked)),
                Status::Down | Status::Maintenance => list.push((Change::Down, tracked)),
            }
            match (before.drain.holds(), after.drain.holds()) {
                (false, true) => list.push((Change::EntersDrain { up }, !after.drain.own)),
                (true, true) if before.drain != after.drain => list.push(stays_in_drain),
                (true, false) => {
                    let forced = before.drain.own;
                    list.push((Change::LeavesDrain { up, forced }, !forced));
                }
                (true, true) | (false, false) => {}
            }
        }
    }
    list
}
