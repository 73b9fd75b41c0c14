//! Dynamic limits (configuration manual 5.2, `minconn`): how many connections a server takes follows how many
//! streams its backend has, up to `fullconn` of them.

use crate::base::ids::ServerId;
use crate::base::map::Set;
use crate::model;

/// The number of streams at which a server with `minconn` gets room for one more. Servers whose limit is fixed
/// do not appear here.
#[derive(Clone, Debug)]
pub(super) struct Ramp {
    /// Streams at which all limits have reached `maxconn`.
    fullconn: u32,
    /// By how many streams it takes, then by server.
    turning: Set<(u32, ServerId)>,
}

impl Ramp {
    pub(super) fn new(fullconn: u32) -> Ramp {
        Ramp { fullconn: fullconn.max(1), turning: Set::new() }
    }

    /// Most connections of a server while its backend has `streams`.
    pub(super) fn limit(&self, settings: &model::Server, streams: u32) -> Option<u32> {
        match (settings.minconn, settings.maxconn) {
            (Some(least), Some(most)) if streams < self.fullconn => {
                let share = u64::from(streams) * u64::from(most) / u64::from(self.fullconn);
                Some(least.max(share as u32))
            }
            (_, most) => most,
        }
    }

    /// The fewest streams at which a server with so many connections has room for another; `None` when the
    /// number of streams decides nothing.
    fn enough(&self, settings: &model::Server, connections: u32) -> Option<u32> {
        let (least, most) = (settings.minconn?, settings.maxconn?);
        let wanted = u64::from(connections) + 1;
        let on_the_ramp = wanted > u64::from(least) && wanted <= u64::from(most);
        on_the_ramp.then(|| (wanted * u64::from(self.fullconn)).div_ceil(u64::from(most)) as u32)
    }

    /// Notes that a server's connections changed.
    pub(super) fn moved(&mut self, server: ServerId, settings: &model::Server, from: u32, to: u32) {
        if let Some(streams) = self.enough(settings, from) {
            self.turning.remove(&(streams, server));
        }
        if let Some(streams) = self.enough(settings, to) {
            self.turning.insert((streams, server));
        }
    }

    /// Notes that the limits of a server with so many connections changed.
    pub(super) fn set_limits(
        &mut self,
        server: ServerId,
        before: &model::Server,
        after: &model::Server,
        connections: u32,
    ) {
        if let Some(streams) = self.enough(before, connections) {
            self.turning.remove(&(streams, server));
        }
        if let Some(streams) = self.enough(after, connections) {
            self.turning.insert((streams, server));
        }
    }

    /// A server that gets room when there are this many streams, and is full with one less; the first one
    /// behind `after`.
    pub(super) fn turns_at(&self, streams: u32, after: Option<ServerId>) -> Option<ServerId> {
        let from = after.map_or(0, |server| server.0 + 1);
        let mut turning = self.turning.range((streams, ServerId(from))..=(streams, ServerId(u32::MAX)));
        turning.next().map(|(_, server)| *server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::backend::tests::server;

    #[test]
    fn a_server_turns_exactly_where_its_limit_passes_its_connections() {
        for (least, most, fullconn) in [(1, 5, 10), (2, 5, 7), (3, 8, 4), (1, 2, 1), (2, 1_000, 10_000)] {
            let settings = model::Server { minconn: Some(least), maxconn: Some(most), ..server("s1") };
            let ramp = Ramp::new(fullconn);
            let has_room = |streams, connections| ramp.limit(&settings, streams).unwrap() > connections;

            for connections in 0..=most {
                let first = (0..=fullconn).find(|streams| has_room(*streams, connections));
                let expected = if connections < least { None } else { first };
                assert_eq!(ramp.enough(&settings, connections), expected, "{least}-{most}/{fullconn}");
            }
        }
    }

    #[test]
    fn servers_that_turn_together_are_all_found() {
        let settings = model::Server { minconn: Some(1), maxconn: Some(2), ..server("s1") };
        let mut ramp = Ramp::new(10);

        for index in [0, 1, 3] {
            ramp.moved(ServerId(index), &settings, 0, 1);
        }
        ramp.moved(ServerId(1), &settings, 1, 0);

        assert_eq!(ramp.turns_at(10, None), Some(ServerId(0)));
        assert_eq!(ramp.turns_at(10, Some(ServerId(0))), Some(ServerId(3)));
        assert_eq!(ramp.turns_at(10, Some(ServerId(3))), None);
        assert_eq!(ramp.turns_at(9, None), None);
    }
}
