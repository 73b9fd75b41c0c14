//! A server while its line is read, and the model's server that it becomes.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::base::address::Address;
use crate::config::problem::Place;
use crate::model::{Agent, Check, InitState, Layer, Observe, OnError, RingKey, Server};

/// Where a server's checks go, as far as `addr` says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// An IP address, with its own port if it has one.
    Ip(IpAddr, Option<u16>),
    /// A Unix socket.
    Unix(Arc<str>),
}

/// What to do when a server's name cannot be looked up (`init-addr`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitAddress {
    /// Ask the system.
    Libc,
    /// Read the state file; there is none, so this never finds anything.
    Last,
    /// Start without an address, in maintenance.
    None,
    /// Take this address.
    Ip(IpAddr),
}

/// Settings of a server, as its line and the `default-server` lines before it give them.
#[derive(Clone, Debug)]
pub struct ServerDraft {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub address: Option<Address>,
    /// `stick` and `non-stick`.
    pub stick: bool,
    /// `cookie`.
    pub cookie: Option<Arc<str>>,
    /// `weight`.
    pub weight: u32,
    /// `maxconn`.
    pub maxconn: Option<u32>,
    /// `minconn`.
    pub minconn: Option<u32>,
    /// `maxqueue`.
    pub maxqueue: Option<u32>,
    /// `backup`.
    pub backup: bool,
    /// `disabled`.
    pub disabled: bool,
    /// `id`.
    pub id: Option<u32>,
    /// `hash-key`.
    pub ring_key: RingKey,
    /// `init-state`.
    pub init_state: InitState,
    /// `track`, as it is written.
    pub track: Option<String>,
    /// `observe`.
    pub observe: Option<Layer>,
    /// `error-limit`.
    pub error_limit: u32,
    /// `on-error`.
    pub on_error: OnError,
    /// `on-marked-down shutdown-sessions`.
    pub shut_when_down: bool,
    /// `on-marked-up shutdown-backup-sessions`.
    pub shut_backups_when_up: bool,
    /// `slowstart`.
    pub slow_start: Option<Duration>,
    /// Where its line is.
    pub place: Option<Place>,
    /// `source`.
    pub source: Option<SocketAddr>,
    /// `pool-max-conn`.
    pub pool_max_conn: Option<u32>,
    /// `pool-purge-delay`.
    pub pool_purge_delay: Duration,
    /// `init-addr`, in order.
    pub init_address: Vec<InitAddress>,
    /// `agent-check`.
    pub agent: bool,
    /// `agent-addr`.
    pub agent_address: Option<IpAddr>,
    /// `agent-port`.
    pub agent_port: Option<u16>,
    /// `agent-inter`.
    pub agent_inter: Duration,
    /// `agent-send`.
    pub agent_send: String,
    /// `check`.
    pub check: bool,
    /// `addr`.
    pub check_address: Option<Reach>,
    /// `port`.
    pub check_port: Option<u16>,
    /// `inter`.
    pub inter: Duration,
    /// `fastinter`.
    pub fastinter: Option<Duration>,
    /// `downinter`.
    pub downinter: Option<Duration>,
    /// `rise`.
    pub rise: u32,
    /// `fall`.
    pub fall: u32,
}

impl Default for ServerDraft {
    fn default() -> Self {
        ServerDraft {
            name: String::new(),
            address: None,
            stick: true,
            cookie: None,
            weight: 1,
            maxconn: None,
            minconn: None,
            maxqueue: None,
            backup: false,
            disabled: false,
            id: None,
            ring_key: RingKey::default(),
            init_state: InitState::default(),
            track: None,
            observe: None,
            error_limit: 10,
            on_error: OnError::default(),
            shut_when_down: false,
            shut_backups_when_up: false,
            slow_start: None,
            place: None,
            source: None,
            pool_max_conn: None,
            pool_purge_delay: Duration::from_secs(5),
            init_address: vec![InitAddress::Last, InitAddress::Libc],
            agent: false,
            agent_address: None,
            agent_port: None,
            agent_inter: Duration::from_secs(2),
            agent_send: String::new(),
            check: false,
            check_address: None,
            check_port: None,
            inter: Duration::from_secs(2),
            fastinter: None,
            downinter: None,
            rise: 2,
            fall: 3,
        }
    }
}

impl ServerDraft {
    /// The server of the model, without a number if no `id` gives it one; `None` while its address is unknown.
    pub fn build(&self) -> Option<Server> {
        let address = self.address.clone()?;
        Some(Server {
            name: Arc::from(self.name.as_str()),
            id: self.id.unwrap_or_default(),
            ring_key: self.ring_key,
            stick: self.stick,
            cookie: self.cookie.clone(),
            weight: self.weight,
            maxconn: self.most(),
            minconn: self.minconn.filter(|least| self.most().is_some_and(|most| *least < most)),
            maxqueue: self.maxqueue,
            backup: self.backup,
            disabled: self.disabled,
            init_state: self.init_state,
            track: None,
            observe: self.observe.filter(|_| self.check).map(|layer| Observe {
                layer,
                limit: self.error_limit,
                on_error: self.on_error,
            }),
            shut_when_down: self.shut_when_down,
            shut_backups_when_up: self.shut_backups_when_up,
            slow_start: self.slow_start,
            source: self.source,
            pool_max_conn: self.pool_max_conn,
            pool_purge_delay: self.pool_purge_delay,
            agent: self.build_agent(&address),
            check: self.check.then(|| self.build_check(&address)),
            address,
        })
    }

    /// `maxconn`. A `minconn` without one, or beyond it, is the limit itself.
    fn most(&self) -> Option<u32> {
        self.minconn.max(self.maxconn)
    }

    fn build_agent(&self, address: &Address) -> Option<Agent> {
        let ip = self.agent_address.or(address.ip().map(|address| address.ip()))?;
        let port = self.agent_port.filter(|_| self.agent)?;
        Some(Agent {
            address: SocketAddr::new(ip, port).into(),
            inter: self.agent_inter,
            send: Bytes::from(self.agent_send.clone()),
        })
    }

    fn build_check(&self, address: &Address) -> Check {
        Check {
            address: self.checked_address(address),
            inter: self.inter,
            fastinter: self.fastinter,
            downinter: self.downinter,
            rise: self.rise,
            fall: self.fall,
        }
    }

    /// Where checks go: `addr` replaces the server's address, and `port` its port and that of `addr`.
    fn checked_address(&self, server: &Address) -> Address {
        let own_port = server.ip().map_or(0, |address| address.port());
        match (&self.check_address, server) {
            (Some(Reach::Unix(path)), _) => Address::Unix(Arc::clone(path)),
            (Some(Reach::Ip(ip, port)), _) => {
                let port = self.check_port.or(*port).unwrap_or(own_port);
                SocketAddr::new(*ip, port).into()
            }
            (None, Address::Ip(address)) => {
                SocketAddr::new(address.ip(), self.check_port.unwrap_or(own_port)).into()
            }
            (None, Address::Unix(path)) => Address::Unix(Arc::clone(path)),
        }
    }
}
