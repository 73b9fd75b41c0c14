//! Frontends and their listening sockets (configuration manual, chapters 4 and 5.1).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{ConnectionMode, ErrorPages, ForwardFor, Mode, SwitchRule};
use crate::acl::Condition;
use crate::base::ids::{BackendId, FrontendId, LogTargetId};
use crate::base::map::Map;
use crate::log::Format;
use crate::rules::Rule;

/// Timeouts of the client's side. `None` is infinite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ClientTimeouts {
    /// `timeout client`: inactivity.
    pub client: Option<Duration>,
    /// `timeout client-fin`: inactivity once one direction is closed.
    pub client_fin: Option<Duration>,
    /// `timeout http-request`: a whole head.
    pub http_request: Option<Duration>,
    /// `timeout http-keep-alive`: wait for the next request's first byte.
    pub http_keep_alive: Option<Duration>,
}

/// A `frontend`, or the front half of a `listen`.
#[derive(Clone, Debug)]
pub struct Frontend {
    /// Its name.
    pub name: Arc<str>,
    /// HTTP or TCP.
    pub mode: Mode,
    /// `disabled`: no listener starts.
    pub disabled: bool,
    /// `maxconn`; `None` means the process's.
    pub maxconn: Option<u32>,
    /// `default_backend`, or the back half of the same `listen`.
    pub default_backend: Option<BackendId>,
    /// `tcp-request content` and its delay.
    pub inspection: super::Inspection,
    /// `use_backend` rules, in order: the first that applies goes before `default_backend`.
    pub switch_rules: Vec<SwitchRule>,
    /// All backends by name, where a rule chooses one by a name of the moment.
    pub backend_names: Arc<Map<Arc<str>, BackendId>>,
    /// `monitor fail`: the monitor is told 503 if any of these holds.
    pub monitor_rules: Vec<Condition>,
    /// Timeouts.
    pub timeouts: ClientTimeouts,
    /// Keep-alive, server-close or close.
    pub connection_mode: ConnectionMode,
    /// `option forwardfor`.
    pub forward_for: Option<ForwardFor>,
    /// `http-request` rules, in order.
    pub request_rules: Vec<Rule>,
    /// `http-response` rules, in order.
    pub response_rules: Vec<Rule>,
    /// `capture request header NAME len N`: name and length, by slot. Slots of `http-request capture`
    /// come behind and have no name.
    pub request_captures: Vec<(Option<String>, usize)>,
    /// `capture response header NAME len N`.
    pub response_captures: Vec<(Option<String>, usize)>,
    /// `capture cookie`.
    pub cookie_capture: Option<super::CookieCapture>,
    /// `errorfile`s and `errorloc`s, resolved.
    pub error_pages: ErrorPages,
    /// Log destinations.
    pub log: Vec<LogTargetId>,
    /// `log-format`, `option httplog` or `option tcplog`, compiled; HAProxy's short default otherwise.
    pub log_format: Format,
    /// `option dontlognull`.
    pub dont_log_null: bool,
    /// `option dontlog-normal`.
    pub dont_log_normal: bool,
    /// `option logasap`.
    pub log_asap: bool,
    /// `option log-separate-errors`.
    pub log_separate_errors: bool,
    /// `option http-ignore-probes`.
    pub ignore_probes: bool,
    /// `option accept-invalid-http-request` is accepted with a warning; it relaxes nothing that is ambiguous.
    pub accept_invalid: bool,
    /// `monitor-uri`.
    pub monitor_uri: Option<String>,
    /// `log-tag`.
    pub log_tag: Option<String>,
}

/// What to bind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindAddress {
    /// IPv4 or IPv6 with one port.
    Ip(SocketAddr),
    /// A Unix socket path, or an abstract name after NUL.
    Unix(String),
    /// A listening descriptor inherited from the parent (`fd@N`).
    Fd(i32),
}

/// Socket options of one `bind` line.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SocketOptions {
    /// `backlog`; `None` means `maxconn`.
    pub backlog: Option<u32>,
    /// `transparent`.
    pub transparent: bool,
    /// `v6only` or `v4v6`; `None` leaves the system's choice.
    pub v6only: Option<bool>,
    /// `interface`.
    pub interface: Option<String>,
    /// `mss`.
    pub mss: Option<u16>,
    /// `tcp-ut`.
    pub user_timeout: Option<Duration>,
    /// `tfo`.
    pub fast_open: bool,
    /// `defer-accept`.
    pub defer_accept: bool,
    /// What the client sends is acknowledged by an answer rather than by a packet of its own
    /// (`option tcp-smart-accept`, which HTTP always has).
    pub smart_accept: bool,
    /// `user`/`uid` of a Unix socket.
    pub user: Option<super::Identity>,
    /// `group`/`gid` of a Unix socket.
    pub group: Option<super::Identity>,
    /// `mode`: octal permissions of a Unix socket.
    pub mode: Option<u32>,
}

/// One listening socket: a `bind` address with one port of its range.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Whose it is.
    pub frontend: FrontendId,
    /// `name`, if given.
    pub name: Option<Arc<str>>,
    /// What to bind.
    pub address: BindAddress,
    /// `maxconn` of the bind line.
    pub maxconn: Option<u32>,
    /// Socket options.
    pub options: SocketOptions,
    /// `file:line`, for messages about binding.
    pub at: String,
}
