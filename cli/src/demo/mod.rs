//! `evenkeel demo`: three web servers, the load balancer before them, and what to try.

mod control;
mod keys;
mod server;

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use crate::args::Args;
use crate::message::Teller;
use crate::{reading, run};
use keys::KeyMode;
use server::{Server, listen_near};

/// The ports tried first: the load balancer's, then the servers', then the control port.
const FIRST_PORT: u16 = 8080;
const SERVERS: u16 = 3;

/// Runs the demo until Ctrl-C.
pub(crate) fn run(args: &Args, teller: &Teller) -> ExitCode {
    match prepare() {
        Ok(stage) => stage.play(args, teller),
        Err(error) => {
            teller.alert(&format!("The demo cannot start: {error}"));
            ExitCode::FAILURE
        }
    }
}

struct Stage {
    front: SocketAddr,
    control: SocketAddr,
    servers: Arc<[Arc<Server>]>,
}

fn prepare() -> io::Result<Stage> {
    // The port is free again when the load balancer binds it a moment later.
    let front = listen_near(FIRST_PORT)?.local_addr()?;
    let mut servers = Vec::new();
    let mut listeners = Vec::new();
    for number in 1..=SERVERS {
        let (server, listener) = Server::new(format!("web{number}"), FIRST_PORT + number)?;
        servers.push(Arc::new(server));
        listeners.push(listener);
    }
    let servers: Arc<[Arc<Server>]> = servers.into();
    let control_listener = listen_near(FIRST_PORT + SERVERS + 1)?;
    let control = control_listener.local_addr()?;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let fleet = Arc::clone(&servers);
    thread::Builder::new().name("demo-servers".to_string()).spawn(move || {
        runtime.block_on(async {
            for (server, listener) in fleet.iter().zip(listeners) {
                tokio::spawn(Arc::clone(server).serve(listener));
            }
            control::serve(Arc::clone(&fleet), control_listener).await
        })
    })?;
    Ok(Stage { front, control, servers })
}

impl Stage {
    fn play(&self, args: &Args, teller: &Teller) -> ExitCode {
        let text = self.configuration();
        crate::say(&format!("This configuration runs:\n\n{text}\n{}", self.guide()));
        let _keys = KeyMode::start();
        let servers = Arc::clone(&self.servers);
        // It ends with the process: nothing waits for a key that nobody presses.
        thread::spawn(move || keys::each(|key| toggle(&servers, key)));
        let Ok(config) = reading::read_text("demo.cfg", &text, teller) else { return ExitCode::FAILURE };
        let code = run::start(args, teller, config);
        if code == ExitCode::FAILURE {
            return code;
        }
        crate::say("\nThe demo has ended.");
        ExitCode::SUCCESS
    }

    fn configuration(&self) -> String {
        let mut text = format!(
            "\
global
    maxconn 1000

defaults
    mode http
    option httplog
    option redispatch 1
    timeout connect 1s
    timeout client 30s
    timeout server 30s

frontend front
    log stdout format raw daemon info
    bind {}
    default_backend servers

backend servers
    balance roundrobin
    option httpchk GET /healthz
    default-server check inter 500ms fall 2 rise 2
",
            self.front
        );
        for server in self.servers.iter() {
            text.push_str(&format!("    server {} {}\n", server.name, server.address));
        }
        text
    }

    fn guide(&self) -> String {
        let Stage { front, control, servers } = self;
        let (first, first_address) = (&servers[0].name, servers[0].address);
        format!(
            "\
Open http://{front}/ in a browser, or try:

    curl http://{front}/                       again and again: the servers take turns
    curl http://{first_address}/stop                   {first} stops; the others take its share
    curl http://{control}/start/{first}             {first} starts; it gets its share back

Keys 1, 2 and 3 stop and start a server as well. A server that stops is noticed within two checks,
half a second apart; until then a refused connection is tried again elsewhere. Ctrl-C ends.
"
        )
    }
}

fn toggle(servers: &[Arc<Server>], key: char) {
    let Some(number) = key.to_digit(10) else { return };
    let Some(server) = (number as usize).checked_sub(1).and_then(|index| servers.get(index)) else { return };
    let state = if server.toggle() { "starts" } else { "stops" };
    crate::say(&format!("-- {} {state}", server.name));
}
