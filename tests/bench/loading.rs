//! How long a long configuration takes: `-c`, and from the start to the first answer.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use evenkeel_tests::figures::{Loading, ProgramLoading, Stamp};
use evenkeel_tests::program::{Running, Scratch, free_port};

use crate::contender::Contender;
use crate::measure::PROXY_CORE;
use crate::progress::Progress;

/// The least lines that it has.
const LINES: usize = 100_000;

/// The most seconds that it may take.
const BAR: f64 = 1.0;

/// How often each program is timed.
const STARTS: usize = 7;

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Servers per backend.
const SERVERS: usize = 8;

/// Measures all programs.
pub(crate) fn loading(
    contenders: &[Contender],
    stamp: &Stamp,
    progress: &Progress,
) -> Result<Loading, String> {
    let scratch = Scratch::new();
    let (text, sites) = configuration(free_port());
    let lines = text.lines().count();
    let config = scratch.write("long.cfg", &text);
    progress.begin("loading", (2 * STARTS * contenders.len()) as u64);
    let named =
        |contender: &Contender| ProgramLoading { program: contender.name.clone(), ..Default::default() };
    let mut programs: Vec<ProgramLoading> = contenders.iter().map(named).collect();
    for _ in 0..STARTS {
        for (contender, found) in contenders.iter().zip(&mut programs) {
            let told = |error: String| format!("{}: {}", contender.name, error.trim());
            found.check.push(check(contender, &config).map_err(told)?);
            progress.step();
            found
                .start
                .push(start(contender, &config, site_address(&text, sites - 1), &scratch).map_err(told)?);
            progress.step();
        }
    }
    let about = format!(
        "{sites} frontends with a listener and rules, {sites} backends with cookies, rules and {SERVERS} servers each, \
         none of them checked, for each check needs a descriptor."
    );
    Ok(Loading { stamp: stamp.clone(), lines, about, bar: BAR, programs })
}

fn proxy(contender: &Contender) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", PROXY_CORE]).args(&contender.command);
    command
}

fn check(contender: &Contender, config: &Path) -> Result<f64, String> {
    let since = Instant::now();
    let output = proxy(contender).arg("-c").arg("-f").arg(config).stdin(Stdio::null()).output();
    let output = output.map_err(|error| error.to_string())?;
    let took = since.elapsed().as_secs_f64();
    match output.status.success() {
        true => Ok(took),
        false => Err(String::from_utf8_lossy(&output.stderr).chars().take(1000).collect()),
    }
}

fn start(contender: &Contender, config: &Path, last: SocketAddr, scratch: &Scratch) -> Result<f64, String> {
    let since = Instant::now();
    let mut running = Running::start(proxy(contender).arg("-db").arg("-f").arg(config), None, scratch)?;
    while since.elapsed() < PATIENCE {
        if answers(last) {
            return Ok(since.elapsed().as_secs_f64());
        }
        if !running.is_alive() {
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Err(format!("it never answers: {}", running.said().chars().take(1000).collect::<String>()))
}

fn answers(at: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(at) else { return false };
    let _ = stream.set_read_timeout(Some(evenkeel_tests::PATIENCE));
    let mut start = [0; 12];
    stream.write_all(b"GET /alive HTTP/1.1\r\nHost: bench\r\n\r\n").is_ok()
        && stream.read_exact(&mut start).is_ok()
        && &start == b"HTTP/1.1 200"
}

/// The configuration, and how many sites it has.
fn configuration(port: u16) -> (String, usize) {
    let mut text = "global\n  maxconn 1000\n  log 127.0.0.1:9 local0\n\
        defaults\n  mode http\n  log global\n  option httplog\n  option dontlognull\n  option forwardfor\n\
        \x20 timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n  monitor-uri /alive\n"
        .to_owned();
    let before = text.lines().count();
    let sites = (LINES - before).div_ceil(12 + SERVERS);
    for site in 0..sites {
        let address = address(site);
        let _ = write!(
            text,
            "frontend site-{site}\n  bind {address}:{port}\n  http-request capture req.hdr(Host) len 64\n\
             \x20 http-request set-header X-Site site-{site}\n\
             \x20 http-response set-header X-Content-Type-Options nosniff\n  default_backend pool-{site}\n\
             backend pool-{site}\n  balance roundrobin\n  cookie SRV insert indirect nocache\n\
             \x20 option httpchk GET /healthz\n  default-server fall 3 rise 2 maxconn 200\n\
             \x20 http-request set-header X-Pool %[path]\n"
        );
        for server in 1..=SERVERS {
            let weight = 10 + server;
            let _ = writeln!(
                text,
                "  server web-{server} {address}:{server} cookie web-{server} weight {weight}"
            );
        }
    }
    (text, sites)
}

fn address(site: usize) -> String {
    format!("127.1.{}.{}", site / 250, site % 250 + 1)
}

fn site_address(text: &str, site: usize) -> SocketAddr {
    let wanted = format!("  bind {}:", address(site));
    let line = text.lines().find(|line| line.starts_with(&wanted)).unwrap_or_default();
    line.trim_start_matches("  bind ").parse().expect("the configuration binds an address and a port")
}
