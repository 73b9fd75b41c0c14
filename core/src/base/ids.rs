//! Newtype ids. An id of one kind never stands in for another.

use std::fmt;

use super::slots::Key;

macro_rules! index_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// The position in the configuration's list.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index_id!(
    /// A frontend (or the front half of a `listen`), by position in the model.
    FrontendId
);
index_id!(
    /// A backend (or the back half of a `listen`), by position in the model.
    BackendId
);
index_id!(
    /// A server, by position within its backend.
    ServerId
);
index_id!(
    /// A stick table, by position in the model.
    TableId
);
index_id!(
    /// A listening socket, by position in the model.
    ListenerId
);
index_id!(
    /// A log destination, by position in the model.
    LogTargetId
);
index_id!(
    /// A worker: one machine and one thread.
    WorkerId
);

/// Which side opened a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Accepted from a listener; the shell gives the id.
    Client,
    /// Opened by the core, for traffic or for a health check; the core gives the id.
    Server,
}

/// One socket of one worker. Client connections are odd and server connections even, as HTTP/2 numbers
/// its streams, so that shell and core both give ids without colliding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(u64);

impl ConnId {
    /// The id of the client connection that the shell holds in slot `key`.
    pub const fn client(key: Key) -> ConnId {
        ConnId((key.generation as u64) << 32 | (key.index as u64) << 1 | 1)
    }

    /// The id of the server connection that the core holds in slot `key`.
    pub const fn server(key: Key) -> ConnId {
        ConnId((key.generation as u64) << 32 | (key.index as u64) << 1)
    }

    /// Who opened it.
    pub const fn side(self) -> Side {
        if self.0 & 1 == 1 { Side::Client } else { Side::Server }
    }

    /// The slot, within its side.
    pub const fn key(self) -> Key {
        Key { index: (self.0 as u32) >> 1, generation: (self.0 >> 32) as u32 }
    }
}

impl fmt::Debug for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side() {
            Side::Client => 'c',
            Side::Server => 's',
        };
        write!(f, "{side}{}.{}", self.key().index, self.key().generation)
    }
}

/// One exchange (HAProxy's stream) of one worker.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub Key);

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "x{}.{}", self.0.index, self.0.generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_ids_round_trip_and_never_collide() {
        let key = Key { index: 7, generation: 3 };
        let client = ConnId::client(key);
        let server = ConnId::server(key);

        assert_ne!(client, server);
        assert_eq!((client.key(), client.side()), (key, Side::Client));
        assert_eq!((server.key(), server.side()), (key, Side::Server));
    }
}
