//! Scenarios by chance. Each seed first draws which kinds of trouble there are at all and how much of each
//! (all kinds at once hide bugs), then the details.

use evenkeel_core::base::random::{Rng, Seed};

use crate::actor::misbehave;
use crate::fault::{Fault, PlannedFault};
use crate::scenario::{
    Abort, AnswerPlan, Balance, CheckPlan, ClientPlan, Framing, Keeping, Leaving, Method, Mode, NetworkPlan,
    ObservePlan, OnError, OrderPlan, ProxyPlan, RequestPlan, Reuse, Scenario, ServerPlan, StopPlan,
    TimeoutsPlan, Wanted,
};

/// Kinds of fault, in the order of [`fault`].
const FAULT_KINDS: u64 = 17;

/// The scenario of a seed.
pub fn scenario(seed: u64) -> Scenario {
    let named = Seed(seed);
    let mut rng = named.stream("generate");
    let mut servers = servers(&mut rng);
    let mut proxy = proxy(&mut rng);
    queues(&mut named.stream("queues"), &mut proxy, &mut servers);
    retries(&mut named.stream("retries"), &mut proxy);
    lives(&mut named.stream("lives"), &mut servers);
    let orders = orders(&mut named.stream("orders"), servers.len());
    let network = network(&mut rng);
    let faults = faults(&mut named.stream("faults"), servers.len());
    let clients = clients(&mut named.stream("clients"));
    let stop = rng.chance(1, 20).then(|| StopPlan { at_ms: rng.below(400), hard: rng.chance(1, 2) });
    Scenario { seed, proxy, network, stop, servers, faults, orders, clients }
}

fn pick<T: Copy>(rng: &mut Rng, choices: &[T]) -> T {
    choices[rng.below(choices.len() as u64) as usize]
}

fn maybe(rng: &mut Rng, choices: &[u64]) -> u64 {
    if rng.chance(1, 2) { 0 } else { pick(rng, choices) }
}

fn servers(rng: &mut Rng) -> Vec<ServerPlan> {
    let count = 1 + rng.below(4);
    let limited = rng.chance(1, 2);
    let weighted = rng.chance(1, 4);
    let with_backup = count > 1 && rng.chance(1, 6);
    let servers = (0..count).map(|index| ServerPlan {
        weight: if weighted { 1 + rng.below(3) as u32 } else { 1 },
        maxconn: limited.then(|| 1 + rng.below(3) as u32),
        minconn: None,
        maxqueue: None,
        backup: with_backup && index == count - 1,
        pool_max: if rng.chance(1, 4) { Some(rng.below(3) as u32) } else { None },
        purge_ms: pick(rng, &[1, 20, 200, 5_000]),
        ..ServerPlan::default()
    });
    servers.collect()
}

fn proxy(rng: &mut Rng) -> ProxyPlan {
    ProxyPlan {
        mode: if rng.chance(1, 5) { Mode::Tcp } else { Mode::Http },
        workers: 1 + rng.below(3) as u32,
        process_maxconn: if rng.chance(1, 4) { Some(1 + rng.below(4) as u32) } else { None },
        frontend_maxconn: if rng.chance(1, 6) { Some(1 + rng.below(4) as u32) } else { None },
        balance: pick(rng, &[Balance::RoundRobin, Balance::StaticRr, Balance::LeastConn, Balance::First]),
        reuse: pick(rng, &[Reuse::Never, Reuse::Safe, Reuse::Aggressive, Reuse::Always]),
        front: pick(rng, &[Keeping::KeepAlive, Keeping::KeepAlive, Keeping::ServerClose, Keeping::Close]),
        back: pick(rng, &[Keeping::KeepAlive, Keeping::KeepAlive, Keeping::ServerClose, Keeping::Close]),
        retries: rng.below(4) as u32,
        retry_on: Vec::new(),
        fullconn: None,
        classes: 0,
        redispatch: pick(rng, &[0, 1, 2, -1, -2]),
        abort_on_close: rng.chance(1, 3),
        all_backups: rng.chance(1, 3),
        bufsize: if rng.chance(1, 4) { 2_048 } else { 0 },
        timeouts: timeouts(rng),
        check: CheckPlan {
            http: rng.chance(1, 2),
            inter: pick(rng, &[100, 250, 1_000]),
            fastinter: maybe(rng, &[50, 100]),
            downinter: maybe(rng, &[50, 500]),
            rise: 1 + rng.below(3) as u32,
            fall: 1 + rng.below(3) as u32,
            program: rng.chance(1, 6),
        },
    }
}

/// What is about who waits, and for how long.
fn queues(rng: &mut Rng, proxy: &mut ProxyPlan, servers: &mut [ServerPlan]) {
    if rng.chance(1, 6) {
        proxy.balance = Balance::Source;
    }
    if rng.chance(1, 3) {
        proxy.classes = 2 + rng.below(3) as u32;
    }
    if rng.chance(1, 4) {
        proxy.fullconn = Some(1 + rng.below(8) as u32);
        for server in servers.iter_mut() {
            server.minconn = server.maxconn.map(|_| 1);
            server.maxconn = server.maxconn.map(|most| most + 1);
        }
    }
    if rng.chance(1, 4) {
        let most = Some(1 + rng.below(3) as u32);
        servers.iter_mut().for_each(|server| server.maxqueue = most);
    }
}

/// What happens to servers besides checks.
fn lives(rng: &mut Rng, servers: &mut [ServerPlan]) {
    if rng.chance(1, 2) {
        return;
    }
    let on_errors = [OnError::FailCheck, OnError::FastInter, OnError::MarkDown, OnError::SuddenDeath];
    let observe = rng.chance(1, 2).then(|| ObservePlan {
        layer7: rng.chance(1, 2),
        limit: 1 + rng.below(3) as u32,
        on_error: pick(rng, &on_errors),
    });
    let slow_ms = maybe(rng, &[1, 50, 300, 1_500]);
    let (shut, shut_backups, tracking) = (rng.chance(1, 2), rng.chance(1, 2), rng.chance(1, 3));
    for server in servers {
        server.observe = observe;
        server.slow_ms = slow_ms;
        server.shut_when_down = shut;
        server.shut_backups_when_up = shut_backups;
        server.tracks = tracking && rng.chance(1, 2);
    }
}

/// What the operator does.
fn orders(rng: &mut Rng, servers: usize) -> Vec<OrderPlan> {
    let count = if rng.chance(1, 2) { 0 } else { 1 + rng.below(6) };
    let order = |_| OrderPlan {
        at_ms: rng.below(500),
        for_ms: pick(rng, &[1, 30, 150, 600]),
        server: rng.below(servers as u64) as usize,
        wanted: pick(rng, &[Wanted::Drain, Wanted::Down, Wanted::Maint, Wanted::NoWeight]),
    };
    (0..count).map(order).collect()
}

/// What is tried again.
fn retries(rng: &mut Rng, proxy: &mut ProxyPlan) {
    const WORDS: [&str; 6] =
        ["conn-failure", "empty-response", "junk-response", "response-timeout", "503", "404"];
    if rng.chance(1, 3) {
        let chosen = WORDS.iter().filter(|_| rng.chance(1, 2)).map(|word| (*word).to_owned());
        proxy.retry_on = chosen.collect();
    }
}

fn timeouts(rng: &mut Rng) -> TimeoutsPlan {
    TimeoutsPlan {
        client: pick(rng, &[60, 200, 1_000, 3_000]),
        client_fin: maybe(rng, &[20, 500]),
        http_request: maybe(rng, &[60, 500]),
        keep_alive: maybe(rng, &[1, 50, 1_000]),
        connect: pick(rng, &[50, 200, 1_000]),
        server: pick(rng, &[60, 200, 1_000, 3_000]),
        server_fin: maybe(rng, &[20, 500]),
        queue: maybe(rng, &[1, 50, 500]),
        tunnel: maybe(rng, &[60, 2_000]),
        check: maybe(rng, &[60, 300]),
    }
}

fn network(rng: &mut Rng) -> NetworkPlan {
    let (latency_us, jitter_us) = pick(rng, &[(10, 5), (100, 300), (1_000, 2_000), (4_000, 1_000)]);
    NetworkPlan {
        latency_us,
        jitter_us,
        whole_ms: rng.chance(1, 6),
        buffer: pick(rng, &[500, 4_096, 65_536, 1_048_576]),
        short_percent: pick(rng, &[0, 0, 10, 50]),
        split_percent: pick(rng, &[0, 0, 20, 60]),
        message_us: pick(rng, &[10, 1_000, 20_000]),
    }
}

/// What goes wrong: a few kinds, some times each.
fn faults(rng: &mut Rng, servers: usize) -> Vec<PlannedFault> {
    let kinds: Vec<u64> = (0..rng.below(4)).map(|_| rng.below(FAULT_KINDS)).collect();
    let mut faults = Vec::new();
    for kind in kinds {
        for _ in 0..1 + rng.below(3) {
            let at_ms = rng.below(500);
            let for_ms = pick(rng, &[1, 30, 150, 600]);
            faults.push(PlannedFault { at_ms, for_ms, fault: fault(rng, kind, servers) });
        }
    }
    faults
}

fn fault(rng: &mut Rng, kind: u64, servers: usize) -> Fault {
    let server = rng.below(servers as u64) as usize;
    match kind {
        0 => Fault::BlackHole { server },
        1 => Fault::ClientsPartitioned,
        2 => Fault::Crash { server },
        3 => Fault::CutMidBody { server },
        4 => Fault::DeafClients,
        5 => Fault::Delay { server, by_ms: pick(rng, &[5, 40, 200]) },
        6 => Fault::Garbage { server, sort: rng.below(u64::from(misbehave::SERVER_SORTS)) as u8 },
        7 => Fault::IdleClose { server },
        8 => Fault::LateMessages { by_ms: pick(rng, &[5, 100, 800]) },
        9 => Fault::Partition { server },
        10 => Fault::PowerLoss { server },
        11 => Fault::Refuse { server },
        12 => Fault::ResetMidBody { server },
        13 => Fault::Silence { server },
        14 => Fault::SlowAnswers { server, by_ms: pick(rng, &[10, 100, 500]) },
        15 => Fault::StalledReading { server },
        _ => Fault::Unhealthy { server },
    }
}

/// How clients are in this run.
struct Manners {
    pipelining: u64,
    aborting: u64,
    garbage: u64,
    slow: u64,
    bodies: u64,
    large: u64,
    odd: u64,
}

fn clients(rng: &mut Rng) -> Vec<ClientPlan> {
    let manners = Manners {
        pipelining: pick(rng, &[0, 0, 50]),
        aborting: pick(rng, &[0, 0, 30]),
        garbage: pick(rng, &[0, 0, 20]),
        slow: pick(rng, &[0, 0, 20]),
        bodies: pick(rng, &[0, 20, 80]),
        large: pick(rng, &[0, 5, 20]),
        odd: pick(rng, &[0, 10, 40]),
    };
    let span = pick(rng, &[1, 100, 500]);
    (0..2 + rng.below(8)).map(|_| client(rng, &manners, span)).collect()
}

fn client(rng: &mut Rng, manners: &Manners, span: u64) -> ClientPlan {
    let count = if rng.chance(1, 30) { 0 } else { 1 + rng.below(5) };
    let garbage =
        rng.chance(manners.garbage, 100).then(|| rng.below(u64::from(misbehave::CLIENT_SORTS)) as u8);
    let aborts = rng.chance(manners.aborting, 100);
    let slow = rng.chance(manners.slow, 100);
    let mut requests: Vec<RequestPlan> = (0..count).map(|_| request(rng, manners, slow)).collect();
    let upgrades = rng.chance(manners.odd, 100) && rng.chance(1, 2);
    if let Some(last) = requests.last_mut().filter(|_| upgrades && garbage.is_none()) {
        upgrade(last, rng, manners);
    }
    ClientPlan {
        start_ms: rng.below(span),
        pipelined: rng.chance(manners.pipelining, 100),
        leaving: pick(
            rng,
            &[Leaving::Close, Leaving::Close, Leaving::HalfClose, Leaving::Stay, Leaving::Reset],
        ),
        read_slowly: if slow { pick(rng, &[50, 2_000]) } else { 0 },
        abort: aborts.then(|| Abort { after_ms: pick(rng, &[1, 5, 20, 100, 400]), reset: rng.chance(1, 2) }),
        garbage,
        requests,
    }
}

/// Makes the last request of a client one that asks for another protocol.
fn upgrade(request: &mut RequestPlan, rng: &mut Rng, manners: &Manners) {
    let AnswerPlan { body, delay_ms, pause_ms, close, .. } = request.answer;
    *request = RequestPlan {
        upgrade: true,
        body: length(rng, manners, false),
        think_ms: request.think_ms,
        pause_ms: request.pause_ms,
        answer: AnswerPlan { status: 101, body, delay_ms, pause_ms, close, ..AnswerPlan::default() },
        ..RequestPlan::default()
    };
}

fn request(rng: &mut Rng, manners: &Manners, slow: bool) -> RequestPlan {
    let odd = |rng: &mut Rng| rng.chance(manners.odd, 100);
    let method = match rng.below(100) {
        roll if roll < manners.bodies => Method::Post,
        roll if roll > 95 => Method::Head,
        _ => Method::Get,
    };
    let posts = method == Method::Post;
    RequestPlan {
        method,
        old: odd(rng) && rng.chance(1, 2),
        close: odd(rng) && rng.chance(1, 2),
        upgrade: false,
        expect: posts && odd(rng),
        framing: if rng.chance(1, 3) { Framing::Chunked } else { Framing::Length },
        body: if posts { length(rng, manners, false) } else { 0 },
        chunk: pick(rng, &[1, 100, 5_000]),
        think_ms: if rng.chance(1, 4) { pick(rng, &[1, 30, 150]) } else { 0 },
        pause_ms: if odd(rng) { pick(rng, &[1, 50, 300]) } else { 0 },
        answer: AnswerPlan {
            status: if odd(rng) { pick(rng, &[204, 304, 404, 500, 503]) } else { 200 },
            interim: if odd(rng) { 1 + rng.below(2) as u8 } else { 0 },
            framing: pick(rng, &[Framing::Length, Framing::Length, Framing::Chunked, Framing::Close]),
            body: length(rng, manners, slow),
            chunk: pick(rng, &[10, 1_000, 20_000]),
            delay_ms: if rng.chance(1, 3) { pick(rng, &[1, 20, 100]) } else { 0 },
            pause_ms: if odd(rng) { pick(rng, &[1, 50, 300]) } else { 0 },
            early: odd(rng) && rng.chance(1, 3),
            close: odd(rng) && rng.chance(1, 2),
        },
    }
}

/// The length of a body. Chunks of one byte and slow readers make long ones too long to wait for.
fn length(rng: &mut Rng, manners: &Manners, slow: bool) -> u64 {
    if !slow && rng.chance(manners.large, 100) {
        return pick(rng, &[5_000, 20_000, 150_000]);
    }
    pick(rng, &[0, 1, 100, 1_000, 3_000])
}
