//! Where exchanges and the health of servers meet: what traffic tells of a server (`observe`), and exchanges
//! that end because a server went down or came up (`on-marked-down`, `on-marked-up`).

use super::end::{By, End, Phase, Why};
use super::stream::{Stream, Waiting};
use super::worker::{Owner, Worker};
use crate::backend::{Observed, Order, ShutCause};
use crate::base::ids::{BackendId, ServerId, StreamId};
use crate::base::time::Time;

impl Worker {
    /// Tells the backend what an exchange saw of its server, if that one is observed.
    pub(super) fn observe(&mut self, stream: &Stream, observed: Observed) {
        self.observe_server(stream.backend.zip(stream.server), observed);
    }

    /// The same for an exchange that has left its server.
    pub(super) fn observe_server(&mut self, server: Option<(BackendId, ServerId)>, observed: Observed) {
        let Some((id, server)) = server else { return };
        if self.config.backends[id.index()].servers[server.index()].observe.is_some() {
            self.with_backend(id, |backend, now| backend.on_traffic(now, server, observed));
        }
    }

    /// An operator wants something of a server. Whoever asks knows that some algorithms know no weights; here
    /// such an order changes nothing.
    pub(super) fn obey(&mut self, backend: BackendId, server: ServerId, order: Order) {
        let _fixed = self.with_backend(backend, |machine, now| machine.obey(now, server, order));
    }

    /// A backend wants the time told.
    pub(super) fn wake_backend(&mut self, backend: BackendId, at: Time) {
        if at <= self.now.time {
            return self.with_backend(backend, |machine, now| machine.on_time(now));
        }
        let timer = self.backend_timers.entry(backend).or_default();
        self.timers.arm(timer, Owner::Backend(backend), at);
    }

    pub(super) fn on_backend_due(&mut self, backend: BackendId, at: Time) {
        if self.backend_timers.get_mut(&backend).is_some_and(|timer| timer.comes_up(at)) {
            self.with_backend(backend, |machine, now| machine.on_time(now));
        }
    }

    /// Ends all exchanges that this worker has on a server.
    pub(super) fn shut_sessions(&mut self, backend: BackendId, server: ServerId, cause: ShutCause) {
        for key in self.streams.keys() {
            let stream = self.streams.get(key).and_then(Option::as_ref);
            let on_it = stream.is_some_and(|stream| {
                stream.backend == Some(backend) && stream.server == Some(server) && stream.slot_held
            });
            if on_it && let Some(mut stream) = self.take(StreamId(key)) {
                self.shut_session(&mut stream, cause);
                self.put_back(stream);
            }
        }
    }

    fn shut_session(&mut self, stream: &mut Stream, cause: ShutCause) {
        let by = match cause {
            ShutCause::ServerDown => By::Down,
            ShutCause::ServerUp => By::Active,
        };
        let status = match stream.waiting {
            Waiting::TurnAround | Waiting::Connection => 503,
            Waiting::Request
            | Waiting::Body
            | Waiting::Content
            | Waiting::Slot
            | Waiting::Response
            | Waiting::Bodies
            | Waiting::Tunnel
            | Waiting::Reply => 502,
        };
        let raw = !stream.http && stream.waiting == Waiting::Tunnel;
        let phase = if raw { Phase::Unsaid } else { stream.phase() };
        self.fail(stream, status, End::early(by, phase, Why::Failed));
    }
}
