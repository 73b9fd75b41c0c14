//! The scenarios: a configuration, what flows through it, and the bars that evenkeel is held to.

use std::path::Path;
use std::rc::Rc;

use crate::wire::{Ask, Traffic};

/// The acceptance configuration.
const GUIDE: &str = include_str!("../corpus/guide.cfg");

/// Ten conditions as sites have them, and rules that ask them. No request of the scenario is denied.
const ACLS: &str = "
    acl of_site hdr(host) -i example.org www.example.org
    acl from_inside src 10.0.0.0/8 127.0.0.0/8 192.168.0.0/16
    acl is_admin path_reg ^/(admin|manager)(/|$)
    acl is_api path_beg /api/ /v1/ /v2/
    acl is_bot hdr_sub(user-agent) -i bot crawler spider
    acl is_long path_len gt 2000
    acl is_script path_end .php .cgi .asp
    acl is_static path_dir static images css
    acl is_write method POST PUT DELETE
    acl has_agent hdr(user-agent) -m found
    http-request deny unless of_site
    http-request deny if is_admin !from_inside
    http-request deny if is_api !has_agent
    http-request deny if is_bot is_write or is_long
    http-request deny if is_script or is_static is_write
";

/// Enough for the most clients that any scenario has.
const MAXCONN: usize = 9500;

/// One row of the table.
#[derive(Clone, Copy)]
pub(crate) struct Scenario {
    /// How it is called.
    pub(crate) name: &'static str,
    /// What it is, for the page.
    pub(crate) about: &'static str,
    /// The highest ratio of CPU time per exchange, evenkeel to haproxy.
    pub(crate) bar: f64,
    /// haproxy set up in another way, with a bar of its own.
    pub(crate) variant: Option<Variant>,
    /// How many origins there are.
    pub(crate) origins: usize,
    /// How many clients there are.
    pub(crate) clients: usize,
    /// The configuration, but for `global` and what all have in common.
    config: Config,
    body: usize,
    http: bool,
    connection_each: bool,
    /// How many exchanges may be under way.
    in_flight: usize,
}

/// haproxy set up in another way.
#[derive(Clone, Copy)]
pub(crate) struct Variant {
    /// How it is called.
    pub(crate) name: &'static str,
    /// Its line in `global`.
    pub(crate) global: &'static str,
    /// The highest ratio of CPU time per exchange, evenkeel to this.
    pub(crate) bar: f64,
}

/// Where a configuration comes from.
#[derive(Clone, Copy)]
enum Config {
    /// The acceptance configuration, with cookies.
    Guide,
    /// This text.
    Text(&'static str),
}

/// What differs from start to start.
pub(crate) struct Places<'p> {
    /// The port of the frontend.
    pub(crate) front: u16,
    /// A port for the statistics.
    pub(crate) stats: u16,
    /// The ports of the origins.
    pub(crate) origins: &'p [u16],
    /// The port of the log server.
    pub(crate) log: u16,
    /// A folder for sockets.
    pub(crate) folder: &'p Path,
}

const REUSED: Config = Config::Text(
    "listen in\n  mode http\n  bind 127.0.0.1:{front}\n  http-reuse always\n  server s1 127.0.0.1:{s1}\n",
);

const CLOSED: Config = Config::Text(
    "listen in\n  mode http\n  option http-server-close\n  bind 127.0.0.1:{front}\n  server s1 127.0.0.1:{s1}\n",
);

const TCP: Config =
    Config::Text("listen in\n  mode tcp\n  bind 127.0.0.1:{front}\n  server s1 127.0.0.1:{s1}\n");

/// The plainest one, which others are made from.
pub(crate) const KEEP_ALIVE: Scenario = Scenario {
    name: "keep-alive",
    about: "64 clients, connections kept on both sides, answers of 100 B.",
    bar: 0.80,
    variant: None,
    origins: 1,
    clients: 64,
    config: REUSED,
    body: 100,
    http: true,
    connection_each: false,
    in_flight: 64,
};

/// All scenarios.
pub(crate) const SCENARIOS: &[Scenario] = &[
    KEEP_ALIVE,
    Scenario {
        name: "http-server-close",
        about: "the same with a connection to the server per request.",
        bar: 0.90,
        config: CLOSED,
        ..KEEP_ALIVE
    },
    Scenario {
        name: "connection-each",
        about: "a client connection per request, connections to the server kept.",
        bar: 0.90,
        connection_each: true,
        ..KEEP_ALIVE
    },
    Scenario {
        name: "100-kB",
        about: "as keep-alive with answers of 100 kB; haproxy-64k is haproxy with `tune.bufsize 65536`.",
        bar: 0.60,
        variant: Some(Variant { name: "haproxy-64k", global: "tune.bufsize 65536", bar: 0.75 }),
        body: 100_000,
        ..KEEP_ALIVE
    },
    Scenario {
        name: "tcp-small",
        about: "TCP mode, 64 clients, messages of 100 B there and back.",
        bar: 1.00,
        config: TCP,
        http: false,
        ..KEEP_ALIVE
    },
    Scenario {
        name: "tcp-1-MB",
        about: "TCP mode, 8 clients, messages of 1 MB there and back.",
        bar: 0.90,
        config: TCP,
        body: 1_000_000,
        http: false,
        clients: 8,
        in_flight: 8,
        ..KEEP_ALIVE
    },
    Scenario {
        name: "typical-site",
        about: "the acceptance configuration on the loopback: three checked servers, forwardfor, a capture, two \
                header rules, httplog to a UDP server that reads it, a connection to the server per request; \
                `cookie insert`, which three of four requests come back with; and ten ACLs behind five rules.",
        bar: 0.80,
        origins: 3,
        config: Config::Guide,
        ..KEEP_ALIVE
    },
];

impl Scenario {
    /// The configuration with the places of this start.
    pub(crate) fn config(&self, places: &Places<'_>, threads: usize, global: &str) -> String {
        let text = match self.config {
            Config::Guide => return guide(places, Some(threads), true, global),
            Config::Text(text) => text,
        };
        let defaults = "defaults\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n";
        let text = fill_in(text, places);
        format!("global\n  nbthread {threads}\n  maxconn {MAXCONN}\n  {global}\n{defaults}{text}")
    }

    /// What flows.
    pub(crate) fn traffic(&self) -> Traffic {
        let body: Vec<u8> = (0..self.body).map(|at| b'a' + u8::try_from(at % 26).unwrap_or(0)).collect();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n", body.len());
        let is_guide = matches!(self.config, Config::Guide);
        let answer = if self.http { [head.as_bytes(), &body].concat() } else { body.clone() };
        let asks: Vec<Ask> = match (self.http, is_guide) {
            (true, true) => ["", "web-01", "web-02", "web-03"].map(|server| self.ask(server)).into(),
            (true, false) => vec![self.ask("")],
            (false, _) => vec![Ask { bytes: Rc::from(&body[..]), answered_with: &[] }],
        };
        Traffic {
            asks: Rc::from(asks),
            arrives_with: if is_guide { &["x-forwarded-for: 127.0.0.1"] } else { &[] },
            answer: Rc::from(answer),
            body: Rc::from(body),
            http: self.http,
            connection_each: self.connection_each,
            clients: self.clients,
            in_flight: self.in_flight,
        }
    }

    /// A request, of a visitor whom this server knows, or of a new one.
    fn ask(&self, server: &str) -> Ask {
        let close = if self.connection_each { "Connection: close\r\n" } else { "" };
        let cookie =
            if server.is_empty() { String::new() } else { format!("Cookie: theme=dark; SRV={server}\r\n") };
        let request = format!(
            "GET /some/path?with=query HTTP/1.1\r\nHost: example.org\r\nUser-Agent: bench\r\nAccept: */*\r\n{cookie}{close}\r\n"
        );
        let answered_with: &[&str] = match (self.config, server) {
            (Config::Text(_), _) => &[],
            (Config::Guide, "") => &["set-cookie: srv=web-0", "x-content-type-options: nosniff"],
            (Config::Guide, _) => &["x-content-type-options: nosniff", "x-frame-options: sameorigin"],
        };
        Ask { bytes: Rc::from(request.as_bytes()), answered_with }
    }

    /// The same with other numbers of clients and of exchanges under way.
    pub(crate) fn with_clients(&self, clients: usize, in_flight: usize) -> Scenario {
        Scenario { clients, in_flight, ..*self }
    }
}

fn fill_in(text: &str, places: &Places<'_>) -> String {
    let mut text = text.replace("{front}", &places.front.to_string());
    for (at, port) in places.origins.iter().enumerate() {
        text = text.replace(&format!("{{s{}}}", at + 1), &port.to_string());
    }
    text
}

/// The acceptance configuration as it can run on the loopback and without root. What needs root or the folders
/// of the Debian package is left out; ports, sockets and `maxconn` are others.
pub(crate) fn guide(places: &Places<'_>, threads: Option<usize>, cookies: bool, global: &str) -> String {
    let mut text = String::new();
    for line in GUIDE.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let line = match words[..] {
            ["chroot" | "user" | "group" | "daemon", ..] => continue,
            ["errorfile", _, file] if !Path::new(file).is_file() => continue,
            ["global"] => {
                let threads = threads.map_or(String::new(), |count| format!("\n    nbthread {count}"));
                format!("global{threads}\n    {global}")
            }
            ["log", "/dev/log", ..] => line.replace("/dev/log", &format!("127.0.0.1:{}", places.log)),
            ["stats", "socket", socket, ..] => {
                line.replace(socket, &places.folder.join("admin.sock").to_string_lossy())
            }
            ["maxconn", _] => format!("    maxconn {MAXCONN}"),
            ["bind", "*:80"] => format!("    bind 127.0.0.1:{}", places.front),
            ["bind", _] => format!("    bind 127.0.0.1:{}", places.stats),
            ["default_backend", ..] if cookies => format!("{ACLS}{line}"),
            ["balance", ..] if cookies => format!("{line}\n    cookie SRV insert indirect nocache"),
            ["server", name, address, ..] => {
                let number = name.trim_start_matches("web-0").parse::<usize>().unwrap_or(1);
                let port = places.origins.get(number - 1).copied().unwrap_or(1);
                let line = line.replace(address, &format!("127.0.0.1:{port}"));
                if cookies { format!("{line} cookie {name}") } else { line }
            }
            _ => line.to_owned(),
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}
