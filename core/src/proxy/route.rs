//! From a request to a connection: slots, pools, connecting.

use super::conn::{Upstream, Use};
use super::end::{By, End, Phase, Why};
use super::input::ConnectError;
use super::output::{CloseHow, FirstWord, Output};
use super::stream::{Stream, Waiting};
use super::worker::Worker;
use crate::backend::{Assigned, Cancelled, Grant, Observed, Wish};
use crate::base::address::Address;
use crate::base::ids::{ConnId, ServerId};
use crate::base::slots::Key;
use crate::base::time::Time;
use crate::health::CheckInput;
use crate::model::{Mode, Redispatch, Reuse};

impl Worker {
    /// Asks the backend for a server.
    pub(super) fn route(&mut self, stream: &mut Stream) {
        let Some(id) = stream.backend else {
            return self.fail(stream, 503, End::early(By::Server, Phase::Connect, Why::Failed));
        };
        if !stream.counted {
            stream.counted = true;
            self.with_backend(id, |backend, _| backend.begin());
        }
        self.assign_by_affinity(stream);
    }

    pub(super) fn assign(&mut self, stream: &mut Stream, wish: Wish) {
        let Some(id) = stream.backend else { return };
        let key = self.balance_key(stream, id);
        let wish = Wish { key, priority: stream.remarks.priority, ..wish };
        let waiter = self.waiter(stream.id);
        match self.with_backend(id, |backend, now| backend.assign(now, waiter, wish)) {
            Assigned::Server(server) => self.connect(stream, server),
            Assigned::Queued { server } => {
                stream.bound = server.is_some();
                stream.waiting = Waiting::Slot;
                let timeouts = self.config.backends[id.index()].timeouts;
                let deadline = self.now.time.after(timeouts.queue.or(timeouts.connect));
                self.arm_stream(stream, deadline);
            }
            // The server that it is tied to has gone.
            Assigned::NoServer if wish.only.is_some() => {
                stream.affinity.lose();
                self.assign(stream, Wish::default());
            }
            Assigned::NoServer => {
                self.fail(stream, 503, End::early(By::Server, Phase::Connect, Why::Failed));
            }
            Assigned::QueueFull(server) => self.turn_away(stream, server, wish),
        }
    }

    /// The queue of `server` is full. `option redispatch` lets that break persistence (configuration manual 5.2,
    /// `maxqueue`); otherwise the request ends here.
    fn turn_away(&mut self, stream: &mut Stream, server: ServerId, wish: Wish) {
        let leaves = stream.backend.is_some_and(|id| {
            wish.only.is_some() && self.config.backends[id.index()].redispatch != Redispatch::Never
        });
        if leaves {
            stream.redispatched = true;
            stream.affinity.lose();
            return self.assign(stream, Wish::default());
        }
        stream.server = Some(server);
        self.fail(stream, 503, End::early(By::Server, Phase::Queue, Why::Failed));
    }

    /// A slot of `server` is ours: uses an idle connection, or opens one.
    pub(super) fn connect(&mut self, stream: &mut Stream, server: ServerId) {
        let Some(id) = stream.backend else { return };
        stream.slot_held = true;
        stream.server = Some(server);
        // Tries again count into the time to connect.
        if stream.times.dequeued == Time::NEVER {
            stream.times.dequeued = self.now.time;
        }
        let backend = self.config.backends[id.index()].clone();
        if stream.http
            && let Some(key) = self.take_idle(stream, server, backend.reuse)
        {
            stream.reused = true;
            stream.upstream = Some(key);
            stream.times.connected = self.now.time;
            return self.send_request(stream);
        }
        let settings = &backend.servers[server.index()];
        let key = self.upstreams.insert(Upstream::new(id, server, Use::Stream(stream.id)));
        self.pools[id.index()][server.index()].opened();
        stream.upstream = Some(key);
        stream.reused = false;
        stream.waiting = Waiting::Connection;
        let conn = ConnId::server(key);
        let first_word = if stream.http { FirstWord::Ours } else { FirstWord::Either };
        let (to, from) = (settings.address.clone(), settings.source);
        self.put(Output::Connect { conn, to, from, first_word });
        self.arm_stream(stream, self.now.time.after(backend.timeouts.connect));
    }

    /// The idle connection to use, by the rules of `http-reuse`.
    fn take_idle(&mut self, stream: &Stream, server: ServerId, reuse: Reuse) -> Option<Key> {
        let backend = stream.backend?;
        let client = self.clients.get_mut(stream.client)?;
        if reuse == Reuse::Never {
            let key = client.own?;
            let same = self.upstreams.get(key).is_some_and(|u| u.backend == backend && u.server == server);
            if !same {
                self.drop_upstream(key);
                return None;
            }
            client.own = None;
            self.upstreams.get_mut(key)?.usage = Use::Stream(stream.id);
            return Some(key);
        }
        let first = client.requests == 0;
        let pool = &mut self.pools[backend.index()][server.index()];
        let key = match reuse {
            Reuse::Never => None,
            Reuse::Safe if first => None,
            Reuse::Aggressive if first => {
                pool.take(|key| self.upstreams.get(key).is_some_and(|upstream| upstream.reuses > 1))
            }
            Reuse::Safe | Reuse::Aggressive | Reuse::Always => pool.take(|_| true),
        }?;
        let upstream = self.upstreams.get_mut(key)?;
        upstream.usage = Use::Stream(stream.id);
        upstream.deadline = Time::NEVER;
        Some(key)
    }

    pub(super) fn on_granted(&mut self, grant: Grant) {
        let stream = self.streams.get_mut(grant.waiter.stream.0).and_then(Option::take);
        match stream {
            Some(mut stream) if stream.waiting == Waiting::Slot && stream.backend == Some(grant.backend) => {
                stream.deadline = Time::NEVER;
                stream.note_position(grant.position);
                self.connect(&mut stream, grant.server);
                self.put_back(stream);
            }
            other => {
                if let Some(stream) = other {
                    self.put_back(stream);
                }
                self.messages_due = self.messages_due.saturating_sub(1);
                self.with_backend(grant.backend, |backend, now| backend.release(now, grant.server));
            }
        }
    }

    pub(super) fn on_redistributed(&mut self, grant: Grant) {
        let stream = self.streams.get_mut(grant.waiter.stream.0).and_then(Option::take);
        let Some(mut stream) = stream else {
            self.messages_due = self.messages_due.saturating_sub(1);
            return;
        };
        if stream.waiting == Waiting::Slot && stream.backend == Some(grant.backend) {
            stream.waiting = Waiting::Connection;
            stream.note_position(grant.position);
            stream.redispatched |= stream.bound;
            stream.affinity.lose();
            self.assign(&mut stream, Wish::default());
        } else {
            self.messages_due = self.messages_due.saturating_sub(1);
        }
        self.put_back(stream);
    }

    pub(super) fn queue_timed_out(&mut self, stream: &mut Stream) {
        self.leave_queue(stream);
        // The wait in the queue shows in the log, although it led nowhere.
        stream.times.dequeued = self.now.time;
        self.fail(stream, 503, End::early(By::Server, Phase::Queue, Why::TimedOut));
    }

    /// Waits for a slot no longer, if it did. What is on its way already is waited for even by a worker that
    /// stops, for a grant must be given back.
    fn leave_queue(&mut self, stream: &mut Stream) {
        let Some(id) = stream.backend.filter(|_| stream.waiting == Waiting::Slot) else { return };
        stream.waiting = Waiting::Connection;
        let waiter = self.waiter(stream.id);
        match self.with_backend(id, |backend, _| backend.cancel(waiter)) {
            Cancelled::Queued { position } => stream.note_position(position),
            Cancelled::NotQueued => self.messages_due += 1,
        }
    }

    pub(super) fn on_connected(&mut self, key: Key, local: Option<Address>) {
        let Some(upstream) = self.upstreams.get_mut(key) else {
            self.lost_races += 1;
            return;
        };
        upstream.open = true;
        upstream.local = local.clone();
        match upstream.usage {
            Use::Agent(index) => self.agent_news(index, CheckInput::Connected(local)),
            Use::Check(index) => self.check_news(index, CheckInput::Connected(local)),
            Use::Idle | Use::Kept(_) => {}
            Use::Stream(id) => {
                let Some(mut stream) = self.take(id) else { return };
                stream.deadline = Time::NEVER;
                stream.times.connected = self.now.time;
                self.observe(&stream, Observed::Connected);
                if stream.http {
                    self.send_request(&mut stream);
                } else {
                    self.open_tunnel(&mut stream);
                }
                self.put_back(stream);
            }
        }
    }

    pub(super) fn on_connect_failed(&mut self, key: Key, why: ConnectError) {
        let Some(upstream) = self.forget_upstream(key) else {
            self.lost_races += 1;
            return;
        };
        match upstream.usage {
            Use::Agent(index) => self.agent_lost(index, CheckInput::ConnectFailed(why)),
            Use::Check(index) => self.check_lost(index, CheckInput::ConnectFailed(why)),
            Use::Idle | Use::Kept(_) => {}
            Use::Stream(id) => {
                let Some(mut stream) = self.take(id) else { return };
                stream.upstream = None;
                self.observe(&stream, Observed::NotConnected);
                self.retry_connection(&mut stream, Why::Failed);
                self.put_back(stream);
            }
        }
    }

    pub(super) fn connect_timed_out(&mut self, stream: &mut Stream) {
        if let Some(key) = stream.upstream.take() {
            self.close_upstream(key, CloseHow::Reset);
        }
        self.observe(stream, Observed::NotConnected);
        self.retry_connection(stream, Why::TimedOut);
    }

    pub(super) fn release_slot(&mut self, stream: &mut Stream) {
        if let (true, Some(id), Some(server)) = (stream.slot_held, stream.backend, stream.server) {
            stream.slot_held = false;
            self.with_backend(id, |backend, now| backend.release(now, server));
        }
    }

    /// Gives back all that the exchange holds of its backend. The connection goes to the pool if it may.
    pub(super) fn leave_backend(&mut self, stream: &mut Stream) {
        self.leave_queue(stream);
        match stream.upstream.take() {
            Some(key) if stream.waiting == Waiting::Tunnel && !stream.client_reset => {
                self.close_upstream(key, CloseHow::Graceful);
            }
            Some(key) => self.drop_upstream(key),
            None => {}
        }
        self.release_slot(stream);
    }

    /// The exchange went well: keeps the connection for the next one if both sides allow.
    pub(super) fn keep_upstream(&mut self, stream: &mut Stream) {
        let Some(key) = stream.upstream.take() else { return };
        let Some(id) = stream.backend else { return };
        let backend = self.config.backends[id.index()].clone();
        let keep = stream.server_persistent && stream.http && !self.stopping;
        let Some(upstream) = self.upstreams.get_mut(key) else { return };
        let server = upstream.server;
        let settings = &backend.servers[server.index()];
        let pool = &mut self.pools[id.index()][server.index()];
        let room = settings.pool_max_conn.is_none_or(|max| pool.len() < max as usize);
        if upstream.unsent > 0 {
            // The end of a request that was answered early.
            return self.close_upstream(key, CloseHow::Graceful);
        }
        if !keep || !room || upstream.read_closed || backend.mode != Mode::Http {
            return self.drop_upstream(key);
        }
        upstream.reuses += 1;
        if backend.reuse == Reuse::Never {
            upstream.usage = Use::Kept(stream.client);
            match self.clients.get_mut(stream.client) {
                Some(client) => client.own = Some(key),
                None => self.drop_upstream(key),
            }
        } else {
            upstream.usage = Use::Idle;
            pool.push(key);
            if pool.is_ample() {
                let spare = pool.spare(self.now.time, settings.pool_purge_delay);
                if let Some(spare) = spare {
                    self.drop_upstream(spare);
                }
            }
        }
        self.pause_upstream(key, false);
        self.arm_upstream(key, self.now.time + settings.pool_purge_delay);
    }
}
