//! The worker behind a glass: whatever crosses the boundary is shown to the oracles.

use std::cell::RefCell;
use std::rc::Rc;

use evenkeel_core::base::address::Address;
use evenkeel_core::base::ids::{ConnId, WorkerId};
use evenkeel_core::base::map::Map;
use evenkeel_core::base::time::{Now, Time};
use evenkeel_core::proxy::{Input, Output, Wakeup, Worker};
use evenkeel_io::driver::Machine;

use super::World;
use crate::network::{Peer, WireId};
use crate::oracle::Sight;
use crate::settings::{STATE_LOG, client_address, server_of};

pub(super) struct Witness {
    worker: Worker,
    id: WorkerId,
    world: Rc<World>,
    counts: Rc<RefCell<Vec<(usize, usize)>>>,
    /// Connects that are on their way: to which server, and how they are called.
    connecting: Map<ConnId, (usize, WireId)>,
}

impl Witness {
    pub(super) fn new(
        worker: Worker,
        id: WorkerId,
        world: Rc<World>,
        counts: Rc<RefCell<Vec<(usize, usize)>>>,
    ) -> Witness {
        Witness { worker, id, world, counts, connecting: Map::new() }
    }

    /// Keeps the names of connections to servers: servers know the proxy's port, the oracles a number.
    fn note_input(&mut self, input: &Input) {
        match input {
            Input::Connected { conn, local: Some(Address::Ip(local)) } => {
                if let Some((server, wire)) = self.connecting.remove(conn) {
                    self.world.wires.borrow_mut().insert((server, local.port()), wire);
                }
            }
            Input::ConnectFailed { conn, .. } => {
                self.connecting.remove(conn);
            }
            _ => {}
        }
    }

    fn note_connect(&mut self, conn: ConnId, to: &Address) {
        let Some((server, health)) = server_of(to) else { return };
        let wire = WireId(self.id.0 << 24 | self.world.next_wire());
        if !health {
            self.connecting.insert(conn, (server, wire));
        }
        self.world.see(&Sight::Connecting { worker: self.id, conn, wire, server, health });
    }
}

impl Machine for Witness {
    fn handle(&mut self, now: Now, input: Input) {
        // All clients have one address in this world; each has a listener of its own, which tells them apart.
        let input = match input {
            Input::Accepted { conn, listener, local, .. } => {
                let peer = Address::Ip(client_address(Peer::Client(listener.index()), WireId(0)));
                Input::Accepted { conn, listener, peer, local }
            }
            other => other,
        };
        self.note_input(&input);
        self.world.see(&Sight::Input { worker: self.id, input: &input });
        self.worker.handle(now, input);
    }

    fn poll_output(&mut self) -> Option<Output> {
        let output = self.worker.poll_output();
        match &output {
            Some(output) => {
                self.world.see(&Sight::Output { worker: self.id, output });
                match output {
                    Output::Connect { conn, to, .. } => self.note_connect(*conn, to),
                    Output::Log { target: STATE_LOG, .. } => self.world.turns.set(self.world.turns.get() + 1),
                    _ => {}
                }
            }
            None => {
                let (clients, streams, _) = self.worker.counts();
                self.counts.borrow_mut()[self.id.index()] = (clients, streams);
            }
        }
        output
    }

    fn poll_timeout(&mut self) -> Option<(Time, Wakeup)> {
        self.worker.poll_timeout()
    }

    fn check_invariants(&self) {
        self.worker.check_invariants();
    }
}
