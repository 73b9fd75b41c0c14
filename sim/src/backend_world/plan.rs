//! The backend of a history, drawn from the first bytes.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use evenkeel_core::config::environment::Tables;
use evenkeel_core::config::{Source, load};
use evenkeel_core::model::{self, Balance, Layer, Mapping, OnError};

/// Most servers of one backend.
pub(super) const SERVERS_MAX: usize = 6;

/// Bytes that say what the backend is like.
pub const SIZE: usize = 4 + 4 * SERVERS_MAX;

const BALANCES: [Balance; 9] = [
    Balance::RoundRobin,
    Balance::RoundRobin,
    Balance::StaticRr,
    Balance::LeastConn,
    Balance::LeastConn,
    Balance::First,
    Balance::Hash(Mapping::Map),
    Balance::Hash(Mapping::Consistent),
    Balance::Random { draws: 2 },
];

/// Everything that a configuration says by itself, and two servers: one with checks, one without.
static TEMPLATE: LazyLock<Arc<model::Backend>> = LazyLock::new(|| {
    let text = "defaults\n  mode http\n  timeout connect 5s\n  timeout client 5s\n  timeout server 5s\n\
                listen in\n  bind 127.0.0.1:1\n  cookie SRV insert\n\
                server s1 127.0.0.1:1 check\n  server s2 127.0.0.1:1\n";
    let source = Source { name: "template".to_owned(), bytes: text.as_bytes().to_vec() };
    let loaded = load(&[source], &Tables::default());
    Arc::clone(&loaded.config.expect("the template is valid").backends[0])
});

/// What the first bytes say; missing ones are zeros. Gives the backend and the number of workers.
pub(super) fn from_bytes(bytes: &[u8]) -> (model::Backend, u32) {
    let mut plan = [0; SIZE];
    let count = bytes.len().min(SIZE);
    plan[..count].copy_from_slice(&bytes[..count]);
    let servers = 1 + usize::from(plan[0]) % SERVERS_MAX;
    let balance = BALANCES[usize::from(plan[1]) % BALANCES.len()];
    let backend = model::Backend {
        balance,
        all_backups: plan[2] % 2 == 1,
        fullconn: Some(1 + u32::from(plan[2] / 2) % 12),
        servers: (0..servers).map(|index| Arc::new(server(index, &plan[4 + 4 * index..]))).collect(),
        ..(**TEMPLATE).clone()
    };
    (backend, 1 + u32::from(plan[3]) % 4)
}

fn server(index: usize, plan: &[u8]) -> model::Server {
    let checked = plan[3].is_multiple_of(2);
    let template = &TEMPLATE.servers[usize::from(!checked)];
    let check = template.check.clone().map(|check| model::Check {
        rise: 1 + u32::from(plan[3] / 2 % 3),
        fall: 1 + u32::from(plan[3] / 8 % 3),
        ..check
    });
    let maxconn = u32::from(plan[1] % 5);
    let minconn = u32::from(plan[1] / 5 % 4);
    let on_error = [OnError::FailCheck, OnError::FastInter, OnError::MarkDown, OnError::SuddenDeath];
    let observe = model::Observe {
        layer: if plan[1].is_multiple_of(2) { Layer::Four } else { Layer::Seven },
        limit: 1 + u32::from(plan[1] / 2 % 3),
        on_error: on_error[usize::from(plan[1] / 8 % 4)],
    };
    let slow_start = Duration::from_millis(500 * u64::from(1 + plan[3] / 32));
    model::Server {
        name: format!("s{index}").into(),
        cookie: Some(format!("s{index}").into()),
        id: index as u32 + 1,
        weight: u32::from(if plan[0] < 192 { 1 + plan[0] % 3 } else { plan[0] % 32 }),
        maxconn: (maxconn > 0).then_some(maxconn),
        minconn: (minconn > 0 && minconn < maxconn).then_some(minconn),
        maxqueue: (plan[2] % 2 == 1).then_some(1 + u32::from(plan[2] / 2 % 4)),
        backup: plan[2] >= 192,
        disabled: plan[2] / 16 % 12 == 1,
        observe: (plan[1] >= 160 && check.is_some()).then_some(observe),
        slow_start: (160..192).contains(&plan[0]).then_some(slow_start),
        check,
        ..(**template).clone()
    }
}
