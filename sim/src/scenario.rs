//! A whole run as plain data: settings of the proxy, the network, what clients ask for, what servers answer,
//! and what goes wrong. It is stored as a text file and replayed for ever; what is as usual is left out there.

use serde::{Deserialize, Serialize};

use crate::fault::{Fault, PlannedFault};

/// How long a packet may be under way.
const STRAGGLING_MS: u64 = 30;

/// Everything that a run depends on, together with the code under test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Drives all that is left to chance: delays, segments, short reads, the order of events of one instant.
    pub seed: u64,
    /// The proxy's settings.
    pub proxy: ProxyPlan,
    /// The network.
    #[serde(default, skip_serializing_if = "is_default")]
    pub network: NetworkPlan,
    /// The proxy is told to stop in the middle of it all.
    #[serde(default, skip_serializing_if = "is_default")]
    pub stop: Option<StopPlan>,
    /// The servers.
    pub servers: Vec<ServerPlan>,
    /// What goes wrong.
    #[serde(default)]
    pub faults: Vec<PlannedFault>,
    /// What the operator does meanwhile.
    #[serde(default, skip_serializing_if = "is_default")]
    pub orders: Vec<OrderPlan>,
    /// One per client connection.
    #[serde(default)]
    pub clients: Vec<ClientPlan>,
}

impl Scenario {
    /// When the last fault has healed, in milliseconds, with nothing of it on its way any more.
    pub fn healed_ms(&self) -> u64 {
        let faults = self.faults.iter().map(|planned| planned.at_ms + planned.for_ms);
        let orders = self.orders.iter().map(|planned| planned.at_ms + planned.for_ms);
        let healed = faults.chain(orders).max();
        let late = self.faults.iter().map(|planned| match planned.fault {
            Fault::Delay { by_ms, .. } | Fault::LateMessages { by_ms } => by_ms,
            _ => 0,
        });
        healed.map_or(0, |healed| healed + STRAGGLING_MS + late.max().unwrap_or(0))
    }

    /// How long after the last request a connection that a power loss left half open may wait in a pool, to
    /// be found out by its next use.
    pub fn half_open_ms(&self) -> u64 {
        let power_lost = self.faults.iter().any(|planned| matches!(planned.fault, Fault::PowerLoss { .. }));
        let purged = self.servers.iter().map(|server| server.purge_ms).max();
        purged.filter(|_| power_lost).map_or(0, |purged| purged + STRAGGLING_MS)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

macro_rules! plain_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$inner])* $variant),+ }
    };
}

plain_enum!(
    /// How the proxy understands its traffic.
    Mode {
        /// Request by request.
        #[default]
        Http,
        /// Connection by connection.
        Tcp,
    }
);
plain_enum!(
    /// `balance`.
    Balance {
        /// `roundrobin`.
        #[default]
        RoundRobin,
        /// `static-rr`.
        StaticRr,
        /// `leastconn`.
        LeastConn,
        /// `first`.
        First,
        /// `source`: each client has one server, and waits for it.
        Source,
    }
);
plain_enum!(
    /// `http-reuse`.
    Reuse {
        /// `never`.
        Never,
        /// `safe`.
        #[default]
        Safe,
        /// `aggressive`.
        Aggressive,
        /// `always`.
        Always,
    }
);
plain_enum!(
    /// The connection mode.
    Keeping {
        /// `option http-keep-alive`.
        #[default]
        KeepAlive,
        /// `option http-server-close`.
        ServerClose,
        /// `option httpclose`.
        Close,
    }
);

/// The proxy's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProxyPlan {
    /// HTTP or TCP.
    pub mode: Mode,
    /// Worker threads.
    pub workers: u32,
    /// The process's `maxconn`.
    #[serde(skip_serializing_if = "is_default")]
    pub process_maxconn: Option<u32>,
    /// The frontend's `maxconn`.
    #[serde(skip_serializing_if = "is_default")]
    pub frontend_maxconn: Option<u32>,
    /// `balance`.
    #[serde(skip_serializing_if = "is_default")]
    pub balance: Balance,
    /// `http-reuse`.
    #[serde(skip_serializing_if = "is_default")]
    pub reuse: Reuse,
    /// The frontend's connection mode.
    #[serde(skip_serializing_if = "is_default")]
    pub front: Keeping,
    /// The backend's connection mode.
    #[serde(skip_serializing_if = "is_default")]
    pub back: Keeping,
    /// `retries`.
    pub retries: u32,
    /// The words of `retry-on`; none is the usual.
    #[serde(skip_serializing_if = "is_default")]
    pub retry_on: Vec<String>,
    /// `fullconn`.
    #[serde(skip_serializing_if = "is_default")]
    pub fullconn: Option<u32>,
    /// Classes of priority, given to connections in turn; fewer than two are none.
    #[serde(skip_serializing_if = "is_default")]
    pub classes: u32,
    /// `option redispatch`: 0 for never, N for every Nth retry, -N for the Nth before the last.
    #[serde(skip_serializing_if = "is_default")]
    pub redispatch: i32,
    /// `option abortonclose`.
    #[serde(skip_serializing_if = "is_default")]
    pub abort_on_close: bool,
    /// `option allbackups`.
    #[serde(skip_serializing_if = "is_default")]
    pub all_backups: bool,
    /// `tune.bufsize`, zero for the usual one.
    #[serde(skip_serializing_if = "is_default")]
    pub bufsize: usize,
    /// All timeouts, in milliseconds.
    pub timeouts: TimeoutsPlan,
    /// Health checks.
    pub check: CheckPlan,
}

/// Timeouts in milliseconds; zero where one may be left unset means unset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimeoutsPlan {
    /// `timeout client`.
    pub client: u64,
    /// `timeout client-fin`.
    #[serde(skip_serializing_if = "is_default")]
    pub client_fin: u64,
    /// `timeout http-request`.
    #[serde(skip_serializing_if = "is_default")]
    pub http_request: u64,
    /// `timeout http-keep-alive`.
    #[serde(skip_serializing_if = "is_default")]
    pub keep_alive: u64,
    /// `timeout connect`.
    pub connect: u64,
    /// `timeout server`.
    pub server: u64,
    /// `timeout server-fin`.
    #[serde(skip_serializing_if = "is_default")]
    pub server_fin: u64,
    /// `timeout queue`.
    #[serde(skip_serializing_if = "is_default")]
    pub queue: u64,
    /// `timeout tunnel`.
    #[serde(skip_serializing_if = "is_default")]
    pub tunnel: u64,
    /// `timeout check`.
    #[serde(skip_serializing_if = "is_default")]
    pub check: u64,
}

/// Health checks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CheckPlan {
    /// HTTP, or connect only.
    pub http: bool,
    /// By a program, whatever `http` says.
    #[serde(skip_serializing_if = "is_default")]
    pub program: bool,
    /// `inter`, in milliseconds.
    pub inter: u64,
    /// `fastinter`, zero for unset.
    #[serde(skip_serializing_if = "is_default")]
    pub fastinter: u64,
    /// `downinter`, zero for unset.
    #[serde(skip_serializing_if = "is_default")]
    pub downinter: u64,
    /// `rise`.
    pub rise: u32,
    /// `fall`.
    pub fall: u32,
}

/// One `server`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerPlan {
    /// `weight`.
    pub weight: u32,
    /// `maxconn`.
    #[serde(skip_serializing_if = "is_default")]
    pub maxconn: Option<u32>,
    /// `minconn`.
    #[serde(skip_serializing_if = "is_default")]
    pub minconn: Option<u32>,
    /// `maxqueue`.
    #[serde(skip_serializing_if = "is_default")]
    pub maxqueue: Option<u32>,
    /// `backup`.
    #[serde(skip_serializing_if = "is_default")]
    pub backup: bool,
    /// `pool-max-conn`.
    #[serde(skip_serializing_if = "is_default")]
    pub pool_max: Option<u32>,
    /// `pool-purge-delay` in milliseconds.
    pub purge_ms: u64,
    /// It tracks the first server. The first one itself does not.
    #[serde(skip_serializing_if = "is_default")]
    pub tracks: bool,
    /// `observe`.
    #[serde(skip_serializing_if = "is_default")]
    pub observe: Option<ObservePlan>,
    /// `slowstart` in milliseconds; zero for none.
    #[serde(skip_serializing_if = "is_default")]
    pub slow_ms: u64,
    /// `on-marked-down shutdown-sessions`.
    #[serde(skip_serializing_if = "is_default")]
    pub shut_when_down: bool,
    /// `on-marked-up shutdown-backup-sessions`.
    #[serde(skip_serializing_if = "is_default")]
    pub shut_backups_when_up: bool,
}

plain_enum!(
    /// What `observe` does after too many errors.
    OnError {
        /// A failed check.
        #[default]
        FailCheck,
        /// A check soon.
        FastInter,
        /// Down.
        MarkDown,
        /// Nearly down.
        SuddenDeath,
    }
);

/// `observe`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ObservePlan {
    /// Answers as well as connections.
    pub layer7: bool,
    /// `error-limit`.
    pub limit: u32,
    /// `on-error`.
    pub on_error: OnError,
}

plain_enum!(
    /// What an operator wants of a server.
    Wanted {
        /// No new traffic; then all again.
        #[default]
        Drain,
        /// It is ill; then well again.
        Down,
        /// No traffic; then all again.
        Maint,
        /// No weight; then its own again.
        NoWeight,
    }
);

/// Something that an operator wants, and takes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderPlan {
    /// When.
    pub at_ms: u64,
    /// For how long.
    pub for_ms: u64,
    /// Of which server.
    pub server: usize,
    /// What.
    pub wanted: Wanted,
}

/// What the network is like when nothing is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkPlan {
    /// One way, in microseconds.
    pub latency_us: u64,
    /// At most so much more.
    pub jitter_us: u64,
    /// Times are whole milliseconds, so that many things happen in one instant.
    pub whole_ms: bool,
    /// Bytes that one direction of a connection holds before its writer has to wait.
    pub buffer: usize,
    /// Per cent of reads and writes that are cut short.
    pub short_percent: u64,
    /// Per cent of writes that travel in several segments.
    pub split_percent: u64,
    /// How late a message between workers is, at most, in microseconds.
    pub message_us: u64,
}

impl Default for NetworkPlan {
    fn default() -> Self {
        NetworkPlan {
            latency_us: 100,
            jitter_us: 100,
            whole_ms: false,
            buffer: 65_536,
            short_percent: 0,
            split_percent: 0,
            message_us: 10,
        }
    }
}

/// An early stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopPlan {
    /// When.
    pub at_ms: u64,
    /// At once, without waiting for what is running.
    pub hard: bool,
}

/// One client connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClientPlan {
    /// When it connects.
    pub start_ms: u64,
    /// Requests are sent without waiting for answers.
    #[serde(skip_serializing_if = "is_default")]
    pub pipelined: bool,
    /// What it does after the last answer.
    #[serde(skip_serializing_if = "is_default")]
    pub leaving: Leaving,
    /// Reads at most so many bytes each 5 ms; zero for no limit.
    #[serde(skip_serializing_if = "is_default")]
    pub read_slowly: usize,
    /// Goes away so long after it was connected, whatever happens.
    #[serde(skip_serializing_if = "is_default")]
    pub abort: Option<Abort>,
    /// Sends this sort of garbage behind its requests.
    #[serde(skip_serializing_if = "is_default")]
    pub garbage: Option<u8>,
    /// What it asks for, in order.
    pub requests: Vec<RequestPlan>,
}

plain_enum!(
    /// How a client leaves after its last answer.
    Leaving {
        /// It closes.
        #[default]
        Close,
        /// It sends FIN right behind the last request, and reads on.
        HalfClose,
        /// It stays until the proxy closes.
        Stay,
        /// It resets the connection.
        Reset,
    }
);

/// An early departure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Abort {
    /// So long after it was connected.
    pub after_ms: u64,
    /// By RST.
    pub reset: bool,
}

plain_enum!(
    /// The method, as far as it matters to framing.
    Method {
        /// `GET`.
        #[default]
        Get,
        /// `HEAD`: the answer has no body.
        Head,
        /// `POST`.
        Post,
    }
);
plain_enum!(
    /// How a body is delimited.
    Framing {
        /// `content-length`.
        #[default]
        Length,
        /// `transfer-encoding: chunked`.
        Chunked,
        /// The end of the connection (answers only).
        Close,
    }
);

/// One request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestPlan {
    /// Its method.
    #[serde(skip_serializing_if = "is_default")]
    pub method: Method,
    /// HTTP/1.0.
    #[serde(skip_serializing_if = "is_default")]
    pub old: bool,
    /// `connection: close`.
    #[serde(skip_serializing_if = "is_default")]
    pub close: bool,
    /// `expect: 100-continue`; the body waits for an answer, but not longer than 50 ms.
    #[serde(skip_serializing_if = "is_default")]
    pub expect: bool,
    /// `connection: upgrade`: after the answer, bodies pass both ways until both ends have said all.
    #[serde(skip_serializing_if = "is_default")]
    pub upgrade: bool,
    /// How its body is delimited.
    #[serde(skip_serializing_if = "is_default")]
    pub framing: Framing,
    /// Bytes of its body.
    #[serde(skip_serializing_if = "is_default")]
    pub body: u64,
    /// Bytes of each chunk.
    #[serde(skip_serializing_if = "is_default")]
    pub chunk: u64,
    /// How long the client thinks before it sends it.
    #[serde(skip_serializing_if = "is_default")]
    pub think_ms: u64,
    /// A pause in the middle of the body.
    #[serde(skip_serializing_if = "is_default")]
    pub pause_ms: u64,
    /// What the server says.
    pub answer: AnswerPlan,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnswerPlan {
    /// Its status.
    #[serde(skip_serializing_if = "is_ok")]
    pub status: u16,
    /// How many interim answers go before it.
    #[serde(skip_serializing_if = "is_default")]
    pub interim: u8,
    /// How its body is delimited.
    #[serde(skip_serializing_if = "is_default")]
    pub framing: Framing,
    /// Bytes of its body.
    #[serde(skip_serializing_if = "is_default")]
    pub body: u64,
    /// Bytes of each chunk.
    #[serde(skip_serializing_if = "is_default")]
    pub chunk: u64,
    /// How long the server works on it.
    #[serde(skip_serializing_if = "is_default")]
    pub delay_ms: u64,
    /// A pause in the middle of the body.
    #[serde(skip_serializing_if = "is_default")]
    pub pause_ms: u64,
    /// Does not wait for the whole request.
    #[serde(skip_serializing_if = "is_default")]
    pub early: bool,
    /// Says `connection: close`, and closes.
    #[serde(skip_serializing_if = "is_default")]
    pub close: bool,
}

fn is_ok(status: &u16) -> bool {
    *status == 200
}

impl Default for AnswerPlan {
    fn default() -> Self {
        AnswerPlan {
            status: 200,
            interim: 0,
            framing: Framing::Length,
            body: 0,
            chunk: 0,
            delay_ms: 0,
            pause_ms: 0,
            early: false,
            close: false,
        }
    }
}
