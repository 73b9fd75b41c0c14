//! Backends, servers and checks (configuration manual, chapters 4 and 5.2).

use std::sync::Arc;
use std::time::Duration;

use super::{
    Balance, CheckKind, ConnectionMode, Cookie, ErrorPages, ForwardFor, Hashing, Mode, PersistRule, RetryOn,
    RingKey, ServerRule, StickRule,
};
use crate::base::address::Address;
use crate::base::ids::{BackendId, LogTargetId, ServerId};
use crate::rules::Rule;

/// `http-reuse`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Reuse {
    /// Idle connections are not shared between sessions.
    Never,
    /// The first request of a session never goes over an idle connection.
    #[default]
    Safe,
    /// The first request may use a connection that was reused before.
    Aggressive,
    /// Any idle connection.
    Always,
}

/// Timeouts of the server's side. `None` is infinite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ServerTimeouts {
    /// `timeout connect`.
    pub connect: Option<Duration>,
    /// `timeout server`: inactivity.
    pub server: Option<Duration>,
    /// `timeout server-fin`: inactivity once one direction is closed.
    pub server_fin: Option<Duration>,
    /// `timeout queue`; unset means `timeout connect`.
    pub queue: Option<Duration>,
    /// `timeout tunnel`: inactivity on both sides of an upgraded or TCP connection.
    pub tunnel: Option<Duration>,
    /// `timeout check`: reading a check's answer.
    pub check: Option<Duration>,
}

/// `option redispatch [N]`: when a retry may go to another server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redispatch {
    /// Never.
    Never,
    /// Every Nth retry.
    Every(u32),
    /// The Nth retry before the last (`-1` is the last).
    BeforeLast(u32),
}

/// A `backend`, or the back half of a `listen`.
#[derive(Clone, Debug)]
pub struct Backend {
    /// Its name.
    pub name: Arc<str>,
    /// Whether it is the back half of a `listen`: some messages call it a proxy then.
    pub listen: bool,
    /// HTTP or TCP.
    pub mode: Mode,
    /// `disabled`.
    pub disabled: bool,
    /// How to choose a server.
    pub balance: Balance,
    /// What of a request is hashed, where the choice depends on it.
    pub hashing: Hashing,
    /// Servers, in order.
    pub servers: Vec<Arc<Server>>,
    /// Timeouts.
    pub timeouts: ServerTimeouts,
    /// `retries`.
    pub retries: u32,
    /// `retry-on`.
    pub retry_on: RetryOn,
    /// `option redispatch`.
    pub redispatch: Redispatch,
    /// `http-reuse`.
    pub reuse: Reuse,
    /// `fullconn`; `None` is what the frontends give it, see [`super::Config::fullconn`].
    pub fullconn: Option<u32>,
    /// Keep-alive, server-close or close.
    pub connection_mode: ConnectionMode,
    /// `option forwardfor`.
    pub forward_for: Option<ForwardFor>,
    /// `option allbackups`.
    pub all_backups: bool,
    /// `option abortonclose`.
    pub abort_on_close: bool,
    /// `cookie`.
    pub cookie: Option<Cookie>,
    /// `tcp-request content` and its delay; nothing for the back half of a `listen`.
    pub inspection: super::Inspection,
    /// `persist rdp-cookie`: the cookie's name.
    pub rdp_persistence: Option<String>,
    /// `option persist`: a cookie leads to its server even when that is down.
    pub persist: bool,
    /// `force-persist` and `ignore-persist` rules, in order: the first that applies counts.
    pub persist_rules: Vec<PersistRule>,
    /// `use-server` rules, in order.
    pub server_rules: Vec<ServerRule>,
    /// `stick` rules, in order.
    pub stick_rules: Vec<StickRule>,
    /// `http-request` rules, in order.
    pub request_rules: Vec<Rule>,
    /// `http-response` rules, in order.
    pub response_rules: Vec<Rule>,
    /// `errorfile`s, resolved.
    pub error_pages: ErrorPages,
    /// Log destinations (for state changes).
    pub log: Vec<LogTargetId>,
    /// `option external-check`: servers are checked by a program, and `check` is not looked at.
    pub external_check: Option<super::ExternalCheck>,
    /// `option log-health-checks`.
    pub log_health_checks: bool,
    /// How to check servers that say `check`.
    pub check: CheckKind,
}

/// One `server`.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its name.
    pub name: Arc<str>,
    /// `id`: a number of its own within the backend.
    pub id: u32,
    /// `hash-key`: what its points on a ring are made from.
    pub ring_key: RingKey,
    /// Where it is.
    pub address: Address,
    /// `cookie`: the value that leads here.
    pub cookie: Option<Arc<str>>,
    /// Stick tables remember it; not with `non-stick`.
    pub stick: bool,
    /// `weight`, 0 to 256.
    pub weight: u32,
    /// `maxconn`; `None` is unlimited.
    pub maxconn: Option<u32>,
    /// `minconn`, less than `maxconn`: the limit while the backend has few streams.
    pub minconn: Option<u32>,
    /// `maxqueue`; `None` is unlimited.
    pub maxqueue: Option<u32>,
    /// `backup`.
    pub backup: bool,
    /// `disabled`: starts in maintenance.
    pub disabled: bool,
    /// `init-state`: where its health starts.
    pub init_state: InitState,
    /// `track`: the server whose state it has.
    pub track: Option<Track>,
    /// `observe`: errors in traffic that count for its health; only of a server that is checked.
    pub observe: Option<Observe>,
    /// `on-marked-down shutdown-sessions`.
    pub shut_when_down: bool,
    /// `on-marked-up shutdown-backup-sessions`.
    pub shut_backups_when_up: bool,
    /// `slowstart`.
    pub slow_start: Option<Duration>,
    /// `source ADDRESS`: local address of traffic connections.
    pub source: Option<std::net::SocketAddr>,
    /// `pool-max-conn`; `None` is unlimited.
    pub pool_max_conn: Option<u32>,
    /// `pool-purge-delay` (default 5 s): how long an idle connection is kept unused.
    pub pool_purge_delay: Duration,
    /// `agent-check` and its settings.
    pub agent: Option<super::Agent>,
    /// `check` and its settings; `None` when not checked.
    pub check: Option<Check>,
}

/// Where a server's health starts, with the process and after maintenance (`init-state`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum InitState {
    /// Up, until `fall` checks fail.
    FullyUp,
    /// Up, and the first check decides.
    #[default]
    Up,
    /// Down, and the first check decides.
    Down,
    /// Down, until `rise` checks pass.
    FullyDown,
}

/// `observe`, `error-limit` and `on-error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observe {
    /// Which errors count.
    pub layer: Layer,
    /// How many in a row.
    pub limit: u32,
    /// What follows.
    pub on_error: OnError,
}

/// What `observe` looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Connections.
    Four,
    /// Connections and answers.
    Seven,
}

/// What follows when `observe` has seen too many errors (`on-error`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OnError {
    /// It counts as a failed check.
    #[default]
    FailCheck,
    /// The next check comes sooner.
    FastInter,
    /// The server is down.
    MarkDown,
    /// One failed check more, and the server is down.
    SuddenDeath,
}

/// The server that another one tracks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// Its backend.
    pub backend: BackendId,
    /// The server within it.
    pub server: ServerId,
    /// Both names, as logs have them: `backend/server`.
    pub name: Arc<str>,
}

/// Health check settings of one server.
#[derive(Clone, Debug)]
pub struct Check {
    /// Where checks go: the server's address unless `addr` or `port` say otherwise.
    pub address: Address,
    /// `inter` (default 2 s).
    pub inter: Duration,
    /// `fastinter`: while between up and down.
    pub fastinter: Option<Duration>,
    /// `downinter`: while down.
    pub downinter: Option<Duration>,
    /// `rise` (default 2).
    pub rise: u32,
    /// `fall` (default 3).
    pub fall: u32,
}
