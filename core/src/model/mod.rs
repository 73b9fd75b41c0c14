//! A validated configuration as plain data. The configuration reader makes it, the machines read it.
//!
//! Names are resolved to ids and text to values; nothing here knows about files, lines or spans.

mod agent;
mod backend;
mod balance;
mod check;
mod check_status;
mod content;
mod external;
mod frontend;
mod global;
mod logging;
mod persistence;
mod retry;
mod switching;
mod table;

pub use agent::Agent;
pub use backend::{
    Backend, Check, InitState, Layer, Observe, OnError, Redispatch, Reuse, Server, ServerTimeouts, Track,
};
pub use balance::{Balance, HashFunction, HashKey, Hashing, Mapping, RingKey, UriPart};
pub use check::{
    CheckAction, CheckConnect, CheckFamily, CheckKind, CheckPort, CheckRequest, CheckScript, CheckSend,
    CheckStep, CheckText, CheckValue, Expect, ExpectHeader, ExpectWhat, TextMatch,
};
pub use check_status::CheckStatus;
pub use content::{ContentRule, Inspection, Ruling};
pub use external::ExternalCheck;
pub use frontend::{BindAddress, ClientTimeouts, Frontend, Listener, SocketOptions};
pub use global::{ExternalChecks, Global, Identity, TlsDefaults, TlsSide, Tune};
pub use logging::{Facility, Level, LogAddress, LogTarget, LogWire};
pub use persistence::{Cookie, CookieCapture, CookieMode, dynamic_cookie};
pub use retry::RetryOn;
pub use switching::{Choice, PersistRule, Persistence, ServerRule, SwitchRule};
pub use table::{KeyType, ServerKey, StickAction, StickRule, StickTable};

use std::sync::Arc;

use bytes::Bytes;

use crate::base::ids::{BackendId, ServerId};
use crate::base::map::Map;

/// How a proxy understands its traffic (configuration manual 4.2, `mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// HTTP/1.x, request by request.
    Http,
    /// Bytes, connection by connection.
    Tcp,
}

/// How long connections live (configuration manual 4, the four HTTP modes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ConnectionMode {
    /// `option http-keep-alive`: both sides stay open.
    #[default]
    KeepAlive,
    /// `option http-server-close`: the client side stays open, the server side closes after each answer.
    ServerClose,
    /// `option httpclose`: both sides close after each answer.
    Close,
}

/// `option forwardfor [except NET] [header NAME] [if-none]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardFor {
    /// The header's name, as it is to be sent.
    pub header: String,
    /// Clients within this network (address, prefix length) get no header.
    pub except: Option<(std::net::IpAddr, u8)>,
    /// Only add the header when the request has none.
    pub if_none: bool,
}

/// Answers by status, each the whole raw message of an `errorfile` (head and body). An empty message
/// means that the connection closes silently.
pub type ErrorPages = Map<u16, Bytes>;

/// The whole configuration. Ids are positions in these lists.
#[derive(Clone, Debug)]
pub struct Config {
    /// Section `global`.
    pub global: Global,
    /// Sections `frontend` and the front halves of `listen`.
    pub frontends: Vec<Arc<Frontend>>,
    /// Sections `backend` and the back halves of `listen`.
    pub backends: Vec<Arc<Backend>>,
    /// All listening sockets of all frontends, port ranges spread out.
    pub listeners: Vec<Listener>,
    /// All distinct log destinations.
    pub log_targets: Vec<LogTarget>,
    /// Stick tables.
    pub tables: Vec<StickTable>,
    /// Some condition asks about backends or servers.
    pub asks_about_servers: bool,
}

/// Servers, by the server that they track.
pub type Trackers = Map<(BackendId, ServerId), Vec<(BackendId, ServerId)>>;

impl Config {
    /// `fullconn` of a backend. Without a line that says so it is a tenth of all the connections that the
    /// frontends leading to it may have (configuration manual 4.2).
    pub fn fullconn(&self, id: BackendId) -> u32 {
        let leads_here =
            |frontend: &&Arc<Frontend>| !frontend.disabled && frontend.default_backend == Some(id);
        let most = |frontend: &Arc<Frontend>| frontend.maxconn.or(self.global.maxconn).unwrap_or(u32::MAX);
        let sum: u64 = self.frontends.iter().filter(leads_here).map(|one| u64::from(most(one))).sum();
        let tenth = u32::try_from(sum.div_ceil(10)).unwrap_or(u32::MAX).max(1);
        self.backends[id.index()].fullconn.unwrap_or(tenth)
    }

    /// By server that is tracked: the servers that track it.
    pub fn trackers(&self) -> Trackers {
        let mut trackers = Trackers::new();
        for (index, backend) in self.backends.iter().enumerate() {
            for (position, server) in backend.servers.iter().enumerate() {
                let Some(track) = &server.track else { continue };
                let tracker = (BackendId(index as u32), ServerId(position as u32));
                trackers.entry((track.backend, track.server)).or_default().push(tracker);
            }
        }
        trackers
    }

    /// Whether any socket would be listened on.
    pub fn listens(&self) -> bool {
        self.listeners.iter().any(|listener| !self.frontends[listener.frontend.index()].disabled)
    }
}
