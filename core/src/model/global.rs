//! Section `global` (configuration manual, chapter 3).

use std::time::Duration;

use crate::base::ids::LogTargetId;

/// Process-wide settings.
#[derive(Clone, Debug)]
pub struct Global {
    /// Connections accepted by the whole process at one time; beyond it they wait in the listen backlog.
    /// `None` when not set: the shell derives it from the descriptor limit, as HAProxy does.
    pub maxconn: Option<u32>,
    /// Worker threads; `None` means one.
    pub nbthread: Option<u16>,
    /// `daemon`: leave the terminal.
    pub daemon: bool,
    /// `quiet`: no start-up messages.
    pub quiet: bool,
    /// `chroot` directory.
    pub chroot: Option<String>,
    /// `user`/`uid` and `group`/`gid`, names unresolved.
    pub user: Option<Identity>,
    /// Group to change to.
    pub group: Option<Identity>,
    /// File that gets the process id.
    pub pidfile: Option<String>,
    /// `ulimit-n`: descriptors wanted, in place of the computed number.
    pub ulimit_n: Option<u32>,
    /// `strict-limits` (on by default): start-up fails when limits cannot be raised.
    pub strict_limits: bool,
    /// `hard-stop-after`: how long a soft stop may take.
    pub hard_stop_after: Option<Duration>,
    /// `grace`-like delay before a soft stop closes idle connections (`close-spread-time`).
    pub close_spread_time: Option<Duration>,
    /// Log destinations that `log global` refers to.
    pub log: Vec<LogTargetId>,
    /// `log-tag`; `haproxy`'s default is its program name.
    pub log_tag: Option<String>,
    /// `log-send-hostname`: put this host name into the syslog header; empty means the system's name.
    pub log_send_hostname: Option<String>,
    /// `node` and `description`.
    pub node: Option<String>,
    /// Free text for the statistics page.
    pub description: Option<String>,
    /// `spread-checks`, in per cent of the interval.
    pub spread_checks: u8,
    /// `external-check`.
    pub external_check: ExternalChecks,
    /// `insecure-fork-wanted`.
    pub fork_wanted: bool,
    /// `max-spread-checks`.
    pub max_spread_checks: Option<Duration>,
    /// What TLS lines take when they say nothing else.
    pub tls: TlsDefaults,
    /// Buffer sizes.
    pub tune: Tune,
}

/// Whether programs may check servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ExternalChecks {
    /// They may.
    pub allowed: bool,
    /// `preserve-env`: they get the process's environment.
    pub preserve_env: bool,
}

/// Defaults of TLS listeners and servers. Nothing uses them yet: `ssl` on a line is refused.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TlsDefaults {
    /// `ca-base`.
    pub ca_base: Option<String>,
    /// `crt-base`.
    pub crt_base: Option<String>,
    /// `key-base`.
    pub key_base: Option<String>,
    /// `ssl-default-bind-…`.
    pub bind: TlsSide,
    /// `ssl-default-server-…`.
    pub server: TlsSide,
}

/// One side's defaults, as they were written; names and versions are known ones.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TlsSide {
    /// `…-ciphers`, in OpenSSL's form.
    pub ciphers: Option<String>,
    /// `…-ciphersuites` of TLS 1.3.
    pub ciphersuites: Option<String>,
    /// `…-curves`.
    pub curves: Option<String>,
    /// `…-options`, one by one.
    pub options: Vec<String>,
}

/// A user or group: by name or by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// `user NAME`, `group NAME`.
    Name(String),
    /// `uid N`, `gid N`.
    Number(u32),
}

/// `tune.*` settings that the machines read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tune {
    /// `tune.bufsize`: most bytes of one message head (less `maxrewrite`).
    pub bufsize: usize,
    /// `tune.maxrewrite`: room kept for added headers.
    pub maxrewrite: usize,
    /// `tune.http.maxhdr`: most header fields of one message.
    pub http_maxhdr: usize,
    /// `tune.http.logurilen`: most bytes of a request line in a log.
    pub http_logurilen: usize,
    /// `tune.idle-pool.shared` and `tune.pool-*` are accepted; pools are per worker.
    pub pool_high_fd_ratio: u8,
}

impl Default for Tune {
    fn default() -> Self {
        Tune {
            bufsize: 16_384,
            maxrewrite: 1_024,
            http_maxhdr: 101,
            http_logurilen: 1_024,
            pool_high_fd_ratio: 25,
        }
    }
}

impl Default for Global {
    fn default() -> Self {
        Global {
            maxconn: None,
            nbthread: None,
            daemon: false,
            quiet: false,
            chroot: None,
            user: None,
            group: None,
            pidfile: None,
            ulimit_n: None,
            strict_limits: true,
            hard_stop_after: None,
            close_spread_time: None,
            log: Vec::new(),
            log_tag: None,
            log_send_hostname: None,
            node: None,
            description: None,
            spread_checks: 0,
            external_check: ExternalChecks::default(),
            fork_wanted: false,
            max_spread_checks: None,
            tls: TlsDefaults::default(),
            tune: Tune::default(),
        }
    }
}
