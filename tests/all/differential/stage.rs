//! One program on its stage: origins before it, a log server beside it, clients behind it.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

use evenkeel_tests::client::Client;
use evenkeel_tests::origin::{Gates, Origin};
use evenkeel_tests::program::{Program, Running, Scratch, free_port};
use evenkeel_tests::record::Record;
use evenkeel_tests::sink::Sink;

use super::scenario::Scenario;
use super::transcript;

/// How long nothing may happen before the play counts as over.
const QUIET: Duration = Duration::from_millis(150);

/// How long a play may take to calm down; health checks never do.
const SETTLE_MAX: Duration = Duration::from_secs(3);

/// What a play can touch.
pub(crate) struct Stage {
    front: u16,
    proxy: Running,
    origins: Vec<Origin>,
    gates: Gates,
    sink: Sink,
    clients: Vec<Record>,
    notes: Vec<String>,
    hidden_origins: bool,
    loose_log: bool,
    hidden_logs: bool,
    overlooked: Option<&'static str>,
    scratch: Scratch,
}

impl Stage {
    /// Plays a scenario with one program and returns the transcript.
    pub(crate) fn perform(program: &Program, scenario: &Scenario) -> String {
        let mut stage = Stage::start(program, scenario);
        scenario.perform(&mut stage);
        stage.settle();
        stage.transcript()
    }

    fn start(program: &Program, scenario: &Scenario) -> Stage {
        let scratch = Scratch::new();
        for (name, content) in &scenario.files {
            let path = scratch.write(name, content);
            if content.starts_with(b"#!") {
                let mode = std::fs::Permissions::from_mode(0o755);
                std::fs::set_permissions(path, mode).expect("the file is ours");
            }
        }
        let gates = Gates::default();
        let origins: Vec<Origin> =
            scenario.origins.iter().map(|script| Origin::start(script.clone(), gates.clone())).collect();
        let sink = Sink::open();
        let mut trouble = String::new();
        // Another program may take the port between its choice and its use.
        for _ in 0..3 {
            let front = free_port();
            let mut config = scenario.config.replace("{front}", &front.to_string()).replace("{dead}", "1");
            config = config.replace("{log}", &format!("127.0.0.1:{}", sink.port()));
            config = config.replace("{scratch}", &scratch.path().display().to_string());
            for (at, origin) in origins.iter().enumerate() {
                config = config.replace(&format!("{{s{}}}", at + 1), &origin.port().to_string());
            }
            let file = scratch.write("haproxy.cfg", config);
            let mut command = Command::new(&program.path);
            command.arg("-db").arg("-f").arg(&file);
            match Running::start(&mut command, Some(front), &scratch) {
                Ok(proxy) => {
                    return Stage {
                        front,
                        proxy,
                        origins,
                        gates,
                        sink,
                        clients: Vec::new(),
                        notes: Vec::new(),
                        hidden_origins: false,
                        loose_log: false,
                        hidden_logs: false,
                        overlooked: None,
                        scratch,
                    };
                }
                Err(error) => trouble = error,
            }
        }
        panic!("{} does not start: {trouble}\n{}", program.name, scenario.config);
    }

    /// Opens a client connection.
    pub(crate) fn connect(&mut self) -> Client {
        let client = Client::connect(SocketAddr::from(([127, 0, 0, 1], self.front)));
        self.clients.push(client.record());
        client
    }

    /// Sends one request on its own connection and reads the answer and the end.
    pub(crate) fn get(&mut self, path: &str) -> String {
        let mut client = self.connect();
        client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
        String::from_utf8_lossy(&client.read_to_end().bytes).into_owned()
    }

    /// The server `s1`, `s2`, … by its number from 1.
    pub(crate) fn origin(&mut self, number: usize) -> &mut Origin {
        &mut self.origins[number - 1]
    }

    /// The port of the proxy.
    pub(crate) fn front(&self) -> u16 {
        self.front
    }

    /// The folder of the scenario's files.
    pub(crate) fn scratch(&self) -> &std::path::Path {
        self.scratch.path()
    }

    /// The program's process id.
    pub(crate) fn program_id(&self) -> u32 {
        self.proxy.id()
    }

    /// Opens a gate that origins wait at.
    pub(crate) fn open_gate(&self, name: &'static str) {
        self.gates.open(name);
    }

    /// Waits until the log server has a line that contains `text`.
    pub(crate) fn wait_log(&mut self, text: &str) {
        if !self.sink.wait(|lines| lines.iter().any(|line| line.contains(text))) {
            self.notes.push(format!("no log line with {text:?}"));
        }
    }

    /// Writes something that the play found out into the transcript.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Leaves what the origins saw out of the transcript, where it depends on timing.
    pub(crate) fn hide_origins(&mut self) {
        self.hidden_origins = true;
    }

    /// Sorts log lines, and leaves out how many sessions a server still had when it went: where a server and its
    /// exchanges end together, both depend on timing.
    pub(crate) fn loosen_log(&mut self) {
        self.loose_log = true;
    }

    /// Leaves the log out of the transcript, where the order of its lines depends on timing.
    pub(crate) fn hide_logs(&mut self) {
        self.hidden_logs = true;
    }

    /// Leaves lines with this text out of the transcript, where it depends on timing whether they come in time.
    pub(crate) fn overlook(&mut self, text: &'static str) {
        self.overlooked = Some(text);
    }

    /// Waits until the log server's lines are as wanted, and gives them.
    pub(crate) fn logged(&self, done: impl Fn(&[String]) -> bool) -> Vec<String> {
        self.sink.wait(done);
        self.sink.lines()
    }

    /// Waits until nothing more happens.
    fn settle(&self) {
        let mut last = self.events();
        let mut since = Instant::now();
        let deadline = since + SETTLE_MAX;
        while since.elapsed() < QUIET && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
            let events = self.events();
            if events != last {
                (last, since) = (events, Instant::now());
            }
        }
    }

    fn events(&self) -> (usize, usize, Vec<String>) {
        let seen = |record: &Record| record.seen();
        let clients: Vec<_> = self.clients.iter().map(seen).collect();
        let origins: Vec<_> =
            self.origins.iter().filter(|_| !self.hidden_origins).flat_map(Origin::seen).collect();
        let bytes = clients.iter().chain(&origins).map(|seen| seen.bytes.len()).sum();
        let ends = clients.iter().chain(&origins).map(|seen| format!("{:?}", seen.end)).collect();
        (bytes, self.sink.lines().len(), ends)
    }

    fn transcript(&mut self) -> String {
        let mut text = String::new();
        for (number, record) in self.clients.iter().enumerate() {
            text.push_str(&format!("client {} received\n{}", number + 1, transcript::peer(&record.seen())));
        }
        for (number, origin) in self.origins.iter().enumerate().filter(|_| !self.hidden_origins) {
            for (connection, seen) in origin.seen().iter().enumerate() {
                let place = format!("server s{} connection {}", number + 1, connection + 1);
                text.push_str(&format!("{place} received\n{}", transcript::peer(seen)));
            }
        }
        for (number, origin) in self.origins.iter().enumerate() {
            text = text.replace(&format!(":{}", origin.port()), &format!(":<s{}>", number + 1));
        }
        text = text.replace(&format!(":{}", self.front), ":<front>");
        let shown = self.sink.lines();
        let overlooked = |line: &str| self.overlooked.is_some_and(|text| line.contains(text));
        let shown = shown.iter().filter(|line| !self.hidden_logs && !overlooked(line));
        let mut lines: Vec<String> = shown.map(|line| transcript::log_line(line)).collect();
        if self.loose_log {
            lines = lines.iter().map(|line| transcript::without_sessions(line)).collect();
            lines.sort();
        }
        for line in lines {
            text.push_str(&format!("log: {line}\n"));
        }
        for note in &self.notes {
            text.push_str(&format!("note: {note}\n"));
        }
        if !self.proxy.is_alive() {
            text.push_str(&format!("the program has died: {}\n", self.proxy.said()));
        }
        text
    }
}
