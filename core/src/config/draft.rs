//! Sections while they are read.

use std::sync::Arc;
use std::time::Duration;

use super::bind_option::BindDraft;
use super::check::CheckDraft;
use super::environment::Variables;
use super::logging::LogLine;
use super::problem::Place;
use super::server_option::{LinePlace, ServerDraft, ServerNames};
use crate::acl::{self, Acls};
use crate::base::map::Set;
use crate::log::Format;
use crate::model::{
    Balance, ClientTimeouts, ConnectionMode, Cookie, CookieCapture, ErrorPages, ForwardFor, Global, Hashing,
    LogTarget, Mapping, Mode, Persistence, Redispatch, RetryOn, Reuse, Ruling, ServerTimeouts, StickAction,
    StickTable,
};
use crate::rules::{self, CaptureSlots};
use crate::sample::Sample;

/// Section `global`, all its parts together.
#[derive(Debug, Default)]
pub(super) struct GlobalDraft {
    pub(super) model: Global,
    /// `log` lines, in order.
    pub(super) log: Vec<LogTarget>,
    /// Environment variables, as far as lines changed them.
    pub(super) variables: Variables,
    /// Keywords that may be set once and were.
    pub(super) seen: Set<&'static str>,
    /// `zero-warning`: any warning is fatal.
    pub(super) zero_warning: bool,
    /// A keyword of the admin socket was there, and the one warning about it.
    pub(super) warned_of_socket: bool,
}

/// What a proxy section is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProxyKind {
    Backend,
    Defaults,
    Frontend,
    Listen,
}

impl ProxyKind {
    /// The section's keyword.
    pub(super) const fn keyword(self) -> &'static str {
        match self {
            ProxyKind::Backend => "backend",
            ProxyKind::Defaults => "defaults",
            ProxyKind::Frontend => "frontend",
            ProxyKind::Listen => "listen",
        }
    }

    /// What HAProxy's messages call it.
    const fn title(self) -> &'static str {
        match self {
            ProxyKind::Backend => "backend",
            ProxyKind::Defaults => "defaults",
            ProxyKind::Frontend => "frontend",
            ProxyKind::Listen => "proxy",
        }
    }

    /// It accepts connections.
    pub(super) const fn has_front(self) -> bool {
        matches!(self, ProxyKind::Frontend | ProxyKind::Listen)
    }

    /// It has servers.
    pub(super) const fn has_back(self) -> bool {
        matches!(self, ProxyKind::Backend | ProxyKind::Listen)
    }
}

/// Which log format a proxy asks for.
#[derive(Clone, Debug, Default)]
pub(super) enum LogStyle {
    /// None: HAProxy's short line.
    #[default]
    Short,
    /// `option httplog`.
    Http,
    /// `option httplog clf`.
    HttpClf,
    /// `option tcplog`.
    Tcp,
    /// `log-format`.
    Custom(Format),
}

/// What proxies take from the `defaults` section before them, and their own lines change.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) mode: Mode,
    pub(super) disabled: bool,
    pub(super) maxconn: Option<u32>,
    pub(super) fullconn: Option<u32>,
    pub(super) backlog: Option<u32>,
    pub(super) retries: u32,
    pub(super) retry_on: RetryOn,
    pub(super) client: ClientTimeouts,
    pub(super) server: ServerTimeouts,
    pub(super) connection_mode: ConnectionMode,
    pub(super) forward_for: Option<ForwardFor>,
    pub(super) log: Vec<LogLine>,
    pub(super) log_style: LogStyle,
    pub(super) log_tag: Option<String>,
    pub(super) error_pages: ErrorPages,
    pub(super) default_backend: Option<(String, Place)>,
    /// The mapping of a hash is in `mapping`.
    pub(super) balance: Balance,
    pub(super) hashing: Hashing,
    pub(super) mapping: Mapping,
    pub(super) reuse: Reuse,
    pub(super) redispatch: Redispatch,
    pub(super) check: CheckDraft,
    pub(super) default_server: ServerDraft,
    pub(super) external_check: ExternalDraft,
    pub(super) monitor_uri: Option<String>,
    pub(super) abort_on_close: bool,
    pub(super) accept_invalid: bool,
    pub(super) all_backups: bool,
    pub(super) cookie: Option<Cookie>,
    pub(super) dynamic_cookie_key: Option<String>,
    pub(super) persist: bool,
    pub(super) rdp_persistence: Option<String>,
    pub(super) dont_log_normal: bool,
    pub(super) dont_log_null: bool,
    pub(super) ignore_probes: bool,
    pub(super) log_health_checks: bool,
    pub(super) log_separate_errors: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            mode: Mode::Tcp,
            disabled: false,
            maxconn: None,
            fullconn: None,
            backlog: None,
            retries: 3,
            retry_on: RetryOn::default(),
            client: ClientTimeouts::default(),
            server: ServerTimeouts::default(),
            connection_mode: ConnectionMode::KeepAlive,
            forward_for: None,
            log: Vec::new(),
            log_style: LogStyle::Short,
            log_tag: None,
            error_pages: ErrorPages::new(),
            default_backend: None,
            balance: Balance::RoundRobin,
            hashing: Hashing::default(),
            mapping: Mapping::Map,
            reuse: Reuse::Safe,
            redispatch: Redispatch::Never,
            check: CheckDraft::default(),
            default_server: ServerDraft::default(),
            external_check: ExternalDraft::default(),
            monitor_uri: None,
            abort_on_close: false,
            accept_invalid: false,
            all_backups: false,
            cookie: None,
            dynamic_cookie_key: None,
            persist: false,
            rdp_persistence: None,
            dont_log_normal: false,
            dont_log_null: false,
            ignore_probes: false,
            log_health_checks: false,
            log_separate_errors: false,
        }
    }
}

/// Checks by a program, and where each line is.
#[derive(Clone, Debug, Default)]
pub(super) struct ExternalDraft {
    pub(super) wanted: Option<Place>,
    pub(super) command: Option<(String, Place)>,
    pub(super) path: Option<(String, Place)>,
}

/// A `stick` rule whose table is yet to be found.
#[derive(Clone, Debug)]
pub(super) struct StickDraft {
    pub(super) action: StickAction,
    pub(super) key: Sample,
    pub(super) table: String,
    pub(super) condition: Option<acl::Draft>,
    pub(super) place: Place,
}

/// A `use_backend` rule whose backend is yet to be found, unless the name is a format.
#[derive(Clone, Debug)]
pub(super) struct SwitchDraft {
    pub(super) name: String,
    pub(super) format: Option<Format>,
    pub(super) condition: Option<acl::Draft>,
    pub(super) place: Place,
}

/// A `use-server` rule whose server is yet to be found, unless the name is a format.
#[derive(Clone, Debug)]
pub(super) struct ServerRuleDraft {
    pub(super) name: String,
    pub(super) format: Option<Format>,
    pub(super) condition: acl::Draft,
    pub(super) place: Place,
}

/// `force-persist` or `ignore-persist`.
#[derive(Clone, Debug)]
pub(super) struct PersistDraft {
    pub(super) persistence: Persistence,
    pub(super) condition: acl::Draft,
}

/// A `tcp-request content` rule.
#[derive(Clone, Debug)]
pub(super) struct ContentDraft {
    pub(super) ruling: Ruling,
    pub(super) condition: Option<acl::Draft>,
    pub(super) place: Place,
}

/// One proxy section.
#[derive(Debug)]
pub(super) struct ProxyDraft {
    pub(super) kind: ProxyKind,
    /// Its name; `defaults` may have none.
    pub(super) name: Arc<str>,
    /// The section's line.
    pub(super) place: Place,
    pub(super) settings: Settings,
    /// `id`, and where it was given.
    pub(super) id: Option<(u32, Place)>,
    /// `bind` lines, and where they are.
    pub(super) binds: Vec<(BindDraft, LinePlace)>,
    pub(super) servers: Vec<ServerDraft>,
    pub(super) server_names: ServerNames,
    pub(super) captures: CaptureSlots,
    pub(super) cookie_capture: Option<CookieCapture>,
    pub(super) stick_table: Option<StickTable>,
    pub(super) stick_rules: Vec<StickDraft>,
    pub(super) acls: Acls,
    pub(super) inspect_delay: Option<Duration>,
    pub(super) content_rules: Vec<ContentDraft>,
    pub(super) monitor_rules: Vec<acl::Draft>,
    pub(super) persist_rules: Vec<PersistDraft>,
    pub(super) server_rules: Vec<ServerRuleDraft>,
    pub(super) switch_rules: Vec<SwitchDraft>,
    pub(super) request_rules: Vec<rules::Draft>,
    pub(super) response_rules: Vec<rules::Draft>,
    /// The first rule that needs `mode http`.
    pub(super) http_rules_at: Option<Place>,
    /// The first line about the statistics page.
    pub(super) stats_at: Option<Place>,
    /// The first `log-format` or log option of its own.
    pub(super) log_style_at: Option<Place>,
}

impl ProxyDraft {
    pub(super) fn new(kind: ProxyKind, name: &str, place: Place, settings: Settings) -> ProxyDraft {
        ProxyDraft {
            kind,
            name: Arc::from(name),
            place,
            settings,
            id: None,
            binds: Vec::new(),
            servers: Vec::new(),
            server_names: ServerNames::default(),
            captures: CaptureSlots { in_backend: kind == ProxyKind::Backend, ..CaptureSlots::default() },
            cookie_capture: None,
            stick_table: None,
            stick_rules: Vec::new(),
            acls: Acls::default(),
            inspect_delay: None,
            content_rules: Vec::new(),
            monitor_rules: Vec::new(),
            persist_rules: Vec::new(),
            server_rules: Vec::new(),
            switch_rules: Vec::new(),
            request_rules: Vec::new(),
            response_rules: Vec::new(),
            http_rules_at: None,
            stats_at: None,
            log_style_at: None,
        }
    }

    /// The section as HAProxy's messages name it: `frontend 'web'`, and `proxy 'web'` for a `listen`.
    pub(super) fn title(&self) -> String {
        format!("{} '{}'", self.kind.title(), self.name)
    }
}
