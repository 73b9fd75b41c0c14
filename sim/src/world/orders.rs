//! What the operator does in the middle of it all: each order goes to any of the workers, and is taken back.

use evenkeel_core::backend::{Admin, Forced, NewWeight, Order};
use evenkeel_core::base::ids::{BackendId, ServerId, WorkerId};
use evenkeel_core::base::time::Time;
use evenkeel_core::proxy::Message;

use super::{Event, World};
use crate::scenario::Wanted;

impl World {
    pub(super) fn give_orders(&mut self) {
        let servers = self.scenario.servers.len();
        for (index, planned) in self.scenario.orders.iter().enumerate() {
            let (given, taken_back) = orders(planned.wanted);
            let to = WorkerId((index % self.shells.len()) as u32);
            let server = ServerId((planned.server % servers) as u32);
            for (at, order) in [(planned.at_ms, given), (planned.at_ms + planned.for_ms, taken_back)] {
                let message = Message::Order { backend: BackendId(0), server, order };
                self.queue.push(Time::from_millis(at), Event::Letter(to, message));
            }
        }
    }
}

/// What is said first, and what takes it back.
fn orders(wanted: Wanted) -> (Order, Order) {
    match wanted {
        Wanted::Drain => (Order::State(Admin::Drain), Order::State(Admin::Ready)),
        Wanted::Down => (Order::Health(Forced::Down), Order::Health(Forced::Up)),
        Wanted::Maint => (Order::State(Admin::Maint), Order::State(Admin::Ready)),
        Wanted::NoWeight => (Order::Weight(NewWeight::Percent(0)), Order::Weight(NewWeight::Percent(100))),
    }
}
