//! The scenarios: a configuration, what flows through it, and the bar that evenkeel is held to.

use std::rc::Rc;

use crate::engine::Traffic;

/// One row of the table.
pub(crate) struct Scenario {
    /// How it is called.
    pub(crate) name: &'static str,
    /// The highest ratio of CPU time per exchange, evenkeel to haproxy.
    pub(crate) bar: f64,
    /// How many origins there are.
    pub(crate) origins: usize,
    config: &'static str,
    body: usize,
    http: bool,
    connection_each: bool,
    clients: usize,
}

const KEEP_ALIVE: Scenario = Scenario {
    name: "keep-alive",
    bar: 0.80,
    origins: 1,
    config: "listen in\n  mode http\n  bind 127.0.0.1:{front}\n  http-reuse always\n  server s1 127.0.0.1:{s1}\n",
    body: 100,
    http: true,
    connection_each: false,
    clients: 64,
};

/// All scenarios.
pub(crate) const SCENARIOS: &[Scenario] = &[
    KEEP_ALIVE,
    Scenario {
        name: "http-server-close",
        bar: 0.90,
        config: "listen in\n  mode http\n  option http-server-close\n  bind 127.0.0.1:{front}\n  server s1 127.0.0.1:{s1}\n",
        ..KEEP_ALIVE
    },
    Scenario { name: "connection-each", bar: 0.90, connection_each: true, ..KEEP_ALIVE },
    Scenario { name: "100-kB", bar: 0.60, body: 100_000, ..KEEP_ALIVE },
    Scenario { name: "tcp-small", bar: 1.00, config: TCP, body: 100, http: false, ..KEEP_ALIVE },
    Scenario {
        name: "tcp-1-MB",
        bar: 0.90,
        config: TCP,
        body: 1_000_000,
        http: false,
        clients: 8,
        ..KEEP_ALIVE
    },
    Scenario { name: "typical-site", bar: 0.80, origins: 3, config: TYPICAL, ..KEEP_ALIVE },
];

const TCP: &str = "listen in\n  mode tcp\n  bind 127.0.0.1:{front}\n  server s1 127.0.0.1:{s1}\n";

/// The acceptance configuration's rules, logging to a UDP socket.
const TYPICAL: &str = "\
defaults
  mode http
  log {log} local0
  option httplog
  option dontlognull
  option forwardfor
  option http-server-close
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend in
  bind 127.0.0.1:{front}
  default_backend web
  http-request capture req.hdr(Host) len 64
  http-response set-header X-Content-Type-Options nosniff
  http-response set-header X-Frame-Options SAMEORIGIN
backend web
  balance roundrobin
  option httpchk GET /healthz HTTP/1.1\\r\\nHost:\\ example.org
  default-server inter 5s fall 3 rise 2 maxconn 200
  server web-01 127.0.0.1:{s1} check
  server web-02 127.0.0.1:{s2} check
  server web-03 127.0.0.1:{s3} check
";

impl Scenario {
    /// The configuration with the ports of this run.
    pub(crate) fn config(&self, front: u16, origins: &[u16], log: u16) -> String {
        let defaults = "defaults\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n";
        let mut config = format!("global\n  nbthread 1\n  maxconn 9500\n{defaults}{}", self.config);
        config = config.replace("{front}", &front.to_string()).replace("{log}", &format!("127.0.0.1:{log}"));
        for (at, port) in origins.iter().enumerate() {
            config = config.replace(&format!("{{s{}}}", at + 1), &port.to_string());
        }
        config
    }

    /// What flows.
    pub(crate) fn traffic(&self) -> Traffic {
        let body: Vec<u8> = (0..self.body).map(|at| b'a' + u8::try_from(at % 26).unwrap_or(0)).collect();
        let close = if self.connection_each { "Connection: close\r\n" } else { "" };
        let request = format!(
            "GET /some/path?with=query HTTP/1.1\r\nHost: example.org\r\nUser-Agent: bench\r\nAccept: */*\r\n{close}\r\n"
        );
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n", body.len());
        let (request, answer) = match self.http {
            true => (request.into_bytes(), [head.as_bytes(), &body].concat()),
            false => (body.clone(), body.clone()),
        };
        Traffic {
            request: Rc::from(request),
            answer: Rc::from(answer),
            body: Rc::from(body),
            http: self.http,
            connection_each: self.connection_each,
            clients: self.clients,
        }
    }

    /// The same with another number of clients.
    pub(crate) fn with_clients(&self, clients: usize) -> Scenario {
        Scenario { clients, ..*self }
    }
}
