//! From a scenario's plan to the core's configuration, and the addresses of the simulated world.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use evenkeel_core::acl::{Acls, Outside};
use evenkeel_core::base::address::Address;
use evenkeel_core::base::ids::{BackendId, FrontendId, LogTargetId, ServerId};
use evenkeel_core::log::{Format, Wire};
use evenkeel_core::{model, rules};

use crate::network::{Peer, WireId};
use crate::scenario::{Balance, Keeping, Mode, ObservePlan, OnError, ProxyPlan, Reuse, Scenario, ServerPlan};

const TRAFFIC_PORT: u16 = 80;
const HEALTH_PORT: u16 = 8_080;
/// Where lines about exchanges go.
pub const TRAFFIC_LOG: LogTargetId = LogTargetId(0);
/// Where lines about servers go.
pub const STATE_LOG: LogTargetId = LogTargetId(1);

/// Where clients connect to.
pub fn frontend_address() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::new(10, 0, 0, 1), TRAFFIC_PORT))
}

/// Where a client's connection comes from: the address names the client, the port the connection.
pub fn client_address(peer: Peer, wire: WireId) -> SocketAddr {
    let index = match peer {
        Peer::Client(index) => index,
        Peer::Server { server, .. } => server,
    };
    let address = Ipv4Addr::new(10, 2, (index >> 8) as u8, index as u8);
    SocketAddr::from((address, 1_024 + (wire.0 % 60_000) as u16))
}

/// The client that `ADDRESS:PORT` names.
pub fn client_of(text: &str) -> Option<usize> {
    let mut parts = text.split(':').next()?.strip_prefix("10.2.")?.split('.');
    let (high, low) = (parts.next()?.parse::<usize>().ok()?, parts.next()?.parse::<usize>().ok()?);
    Some(high << 8 | low)
}

fn server_address(index: usize, port: u16) -> Address {
    Address::Ip(SocketAddr::from((Ipv4Addr::new(10, 1, 0, index as u8 + 1), port)))
}

/// The server that an address belongs to, and whether it is its port for health checks.
pub fn server_of(address: &Address) -> Option<(usize, bool)> {
    let SocketAddr::V4(address) = address.ip()? else { return None };
    match address.ip().octets() {
        [10, 1, 0, number @ 1..=255] => Some((usize::from(number) - 1, address.port() == HEALTH_PORT)),
        _ => None,
    }
}

/// The configuration of a scenario: one frontend, one backend.
pub fn configuration(scenario: &Scenario) -> model::Config {
    let target = |port: u16| model::LogTarget {
        address: model::LogAddress::Udp(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        wire: Wire::Raw,
        facility: model::Facility(16),
        max_level: model::Level::DEBUG,
        min_level: model::Level::EMERG,
        len: 4_096,
        sample: None,
    };
    let mut global = model::Global {
        maxconn: scenario.proxy.process_maxconn,
        nbthread: Some(scenario.proxy.workers as u16),
        ..model::Global::default()
    };
    if scenario.proxy.bufsize > 0 {
        global.tune.bufsize = scenario.proxy.bufsize;
    }
    model::Config {
        global,
        frontends: vec![Arc::new(frontend(scenario))],
        backends: vec![Arc::new(backend(scenario))],
        listeners: vec![model::Listener {
            frontend: FrontendId(0),
            name: None,
            address: model::BindAddress::Ip(frontend_address()),
            maxconn: None,
            options: model::SocketOptions::default(),
            at: "scenario:1".to_owned(),
        }],
        tables: Vec::new(),
        asks_about_servers: false,
        log_targets: vec![target(514), target(515)],
    }
}

fn frontend(scenario: &Scenario) -> model::Frontend {
    let plan = &scenario.proxy;
    let timeouts = &plan.timeouts;
    model::Frontend {
        name: "front".into(),
        mode: mode(plan.mode),
        disabled: false,
        maxconn: plan.frontend_maxconn,
        default_backend: Some(BackendId(0)),
        switch_rules: Vec::new(),
        backend_names: Default::default(),
        inspection: model::Inspection::default(),
        monitor_rules: Vec::new(),
        timeouts: model::ClientTimeouts {
            client: millis(timeouts.client),
            client_fin: millis(timeouts.client_fin),
            http_request: millis(timeouts.http_request),
            http_keep_alive: millis(timeouts.keep_alive),
        },
        connection_mode: keeping(plan.front),
        forward_for: None,
        request_rules: Vec::new(),
        response_rules: Vec::new(),
        request_captures: Vec::new(),
        response_captures: Vec::new(),
        cookie_capture: None,
        error_pages: model::ErrorPages::new(),
        log: vec![TRAFFIC_LOG],
        log_format: match plan.mode {
            Mode::Http => Format::http(),
            Mode::Tcp => Format::tcp(),
        },
        dont_log_null: false,
        dont_log_normal: false,
        log_asap: false,
        log_separate_errors: false,
        ignore_probes: false,
        accept_invalid: false,
        monitor_uri: None,
        log_tag: None,
    }
}

fn backend(scenario: &Scenario) -> model::Backend {
    let plan = &scenario.proxy;
    let timeouts = &plan.timeouts;
    let servers = scenario.servers.iter().enumerate();
    model::Backend {
        name: "back".into(),
        listen: false,
        mode: mode(plan.mode),
        disabled: false,
        balance: match plan.balance {
            Balance::RoundRobin => model::Balance::RoundRobin,
            Balance::StaticRr => model::Balance::StaticRr,
            Balance::LeastConn => model::Balance::LeastConn,
            Balance::First => model::Balance::First,
            Balance::Source => model::Balance::Hash(model::Mapping::Map),
        },
        hashing: model::Hashing { key: model::HashKey::Source, ..model::Hashing::default() },
        servers: servers.map(|(index, server)| Arc::new(server_settings(index, server, scenario))).collect(),
        timeouts: model::ServerTimeouts {
            connect: millis(timeouts.connect),
            server: millis(timeouts.server),
            server_fin: millis(timeouts.server_fin),
            queue: millis(timeouts.queue),
            tunnel: millis(timeouts.tunnel),
            check: millis(timeouts.check),
        },
        retries: plan.retries,
        retry_on: retry_on(plan),
        redispatch: match plan.redispatch {
            0 => model::Redispatch::Never,
            every @ 1.. => model::Redispatch::Every(every.unsigned_abs()),
            before => model::Redispatch::BeforeLast(before.unsigned_abs()),
        },
        reuse: match plan.reuse {
            Reuse::Never => model::Reuse::Never,
            Reuse::Safe => model::Reuse::Safe,
            Reuse::Aggressive => model::Reuse::Aggressive,
            Reuse::Always => model::Reuse::Always,
        },
        fullconn: plan.fullconn,
        connection_mode: keeping(plan.back),
        forward_for: None,
        all_backups: plan.all_backups,
        abort_on_close: plan.abort_on_close,
        cookie: None,
        inspection: model::Inspection::default(),
        rdp_persistence: None,
        persist: false,
        persist_rules: Vec::new(),
        server_rules: Vec::new(),
        stick_rules: Vec::new(),
        request_rules: request_rules(plan),
        response_rules: Vec::new(),
        error_pages: model::ErrorPages::new(),
        log: vec![STATE_LOG],
        external_check: plan.check.program.then(program_check),
        log_health_checks: false,
        check: if plan.check.http { http_check() } else { model::CheckKind::Connect },
    }
}

fn retry_on(plan: &ProxyPlan) -> model::RetryOn {
    if plan.mode == Mode::Tcp || plan.retry_on.is_empty() {
        return model::RetryOn::default();
    }
    let words = plan.retry_on.iter().filter_map(|word| model::RetryOn::word(word));
    words.fold(model::RetryOn::NONE, |all, word| all | word)
}

/// Connections are of different classes, by their ports.
fn request_rules(plan: &ProxyPlan) -> Vec<rules::Rule> {
    if plan.mode == Mode::Tcp || plan.classes < 2 {
        return Vec::new();
    }
    let class = format!("src_port,mod({})", plan.classes);
    let words = ["set-priority-class", &class];
    let (mut slots, mut acls) = (rules::CaptureSlots::default(), Acls::default());
    let mut context = rules::Context { slots: &mut slots, acls: &mut acls, outside: Outside::NOTHING };
    let rule = rules::compile(rules::RuleSet::HttpRequest, &words, &mut context);
    vec![rule.expect("the rule is one that the core knows").finish(&acls)]
}

fn server_settings(index: usize, plan: &ServerPlan, scenario: &Scenario) -> model::Server {
    let check = &scenario.proxy.check;
    let tracks = plan.tracks && index > 0;
    model::Server {
        name: format!("s{index}").into(),
        id: index as u32 + 1,
        address: server_address(index, TRAFFIC_PORT),
        cookie: None,
        ring_key: Default::default(),
        stick: true,
        weight: plan.weight,
        maxconn: plan.maxconn,
        minconn: plan.minconn,
        maxqueue: plan.maxqueue,
        backup: plan.backup,
        disabled: false,
        source: None,
        pool_max_conn: plan.pool_max,
        init_state: Default::default(),
        track: tracks.then(|| model::Track {
            backend: BackendId(0),
            server: ServerId(0),
            name: "back/s0".into(),
        }),
        observe: plan.observe.filter(|_| !tracks).map(observe),
        shut_when_down: plan.shut_when_down,
        shut_backups_when_up: plan.shut_backups_when_up,
        slow_start: millis(plan.slow_ms),
        pool_purge_delay: Duration::from_millis(plan.purge_ms),
        agent: None,
        check: (!tracks).then(|| model::Check {
            address: server_address(index, HEALTH_PORT),
            inter: Duration::from_millis(check.inter),
            fastinter: millis(check.fastinter),
            downinter: millis(check.downinter),
            rise: check.rise,
            fall: check.fall,
        }),
    }
}

fn program_check() -> model::ExternalCheck {
    model::ExternalCheck {
        command: "check".to_owned(),
        path: None,
        preserve_env: false,
        proxy_id: 1,
        listens_at: None,
    }
}

fn observe(plan: ObservePlan) -> model::Observe {
    model::Observe {
        layer: if plan.layer7 { model::Layer::Seven } else { model::Layer::Four },
        limit: plan.limit.max(1),
        on_error: match plan.on_error {
            OnError::FailCheck => model::OnError::FailCheck,
            OnError::FastInter => model::OnError::FastInter,
            OnError::MarkDown => model::OnError::MarkDown,
            OnError::SuddenDeath => model::OnError::SuddenDeath,
        },
    }
}

fn http_check() -> model::CheckKind {
    let request = model::CheckRequest {
        method: "GET".to_owned(),
        uri: model::CheckText::Plain("/health".to_owned()),
        version: "HTTP/1.1".to_owned(),
        headers: vec![("host".to_owned(), model::CheckText::Plain("health".to_owned()))],
        body: model::CheckText::Plain(String::new()),
    };
    let expect = model::Expect::new(model::ExpectWhat::Status(vec![(200, 399)]));
    let actions = [
        model::CheckAction::Connect(model::CheckConnect::default()),
        model::CheckAction::Request(Box::new(request)),
        model::CheckAction::Expect(Box::new(expect)),
    ];
    let step = |(number, action)| model::CheckStep { number, comment: None, action };
    model::CheckKind::Script(std::sync::Arc::new(model::CheckScript {
        family: model::CheckFamily::Http,
        steps: actions.into_iter().enumerate().map(step).collect(),
        disable_on_404: false,
        send_state: false,
    }))
}

fn mode(mode: Mode) -> model::Mode {
    match mode {
        Mode::Http => model::Mode::Http,
        Mode::Tcp => model::Mode::Tcp,
    }
}

fn keeping(keeping: Keeping) -> model::ConnectionMode {
    match keeping {
        Keeping::KeepAlive => model::ConnectionMode::KeepAlive,
        Keeping::ServerClose => model::ConnectionMode::ServerClose,
        Keeping::Close => model::ConnectionMode::Close,
    }
}

fn millis(millis: u64) -> Option<Duration> {
    (millis > 0).then(|| Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_back_to_who_has_them() {
        let address = client_address(Peer::Client(300), WireId(5));

        assert_eq!(client_of(&address.to_string()), Some(300));
        assert_eq!(server_of(&server_address(2, HEALTH_PORT)), Some((2, true)));
        assert_eq!(server_of(&Address::Ip(address)), None);
    }
}
