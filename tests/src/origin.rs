//! A web server that answers by script and records the exact bytes of every connection.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::record::{End, Record, Seen};
use crate::wire;

/// One step of an answer.
#[derive(Clone, Debug)]
pub enum Act {
    /// Waits until the named gate is open.
    Await(&'static str),
    /// Closes the connection.
    Close,
    /// Sends back whatever arrives, then closes when the peer has finished.
    Echo,
    /// Waits a moment, so that what follows arrives apart.
    Pause(u64),
    /// Waits until the peer has ended its direction.
    ReadEnd,
    /// Waits until any bytes arrive.
    ReadSome,
    /// Waits until these bytes arrive.
    ReadUntil(&'static [u8]),
    /// Resets the connection.
    Reset,
    /// Sends bytes.
    Send(Vec<u8>),
    /// Ends the sending direction.
    ShutWrite,
}

/// What a script sees of a request.
pub struct Request {
    /// Start line and fields.
    pub head: String,
    /// The request's number at this origin, from 0, checks not counted.
    pub number: usize,
}

/// What a script answers.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// Done as soon as the head is there.
    pub early: Vec<Act>,
    /// Done when the whole request is there.
    pub acts: Vec<Act>,
}

/// How an origin behaves.
#[derive(Clone)]
pub enum Script {
    /// By request.
    Http(Arc<dyn Fn(&Request) -> Reply + Send + Sync>),
    /// By connection.
    Raw(Vec<Act>),
    /// By number of the connection; the last one for all that follow.
    Turns(Vec<Vec<Act>>),
}

/// The gates that a scenario opens.
#[derive(Clone, Default)]
pub struct Gates {
    inner: Arc<(Mutex<BTreeSet<&'static str>>, Condvar)>,
}

impl Gates {
    /// Opens a gate for good.
    pub fn open(&self, name: &'static str) {
        self.inner.0.lock().expect("no origin panics").insert(name);
        self.inner.1.notify_all();
    }

    fn wait(&self, name: &'static str) {
        let opened = self.inner.0.lock().expect("no origin panics");
        let closed = |gates: &mut BTreeSet<&'static str>| !gates.contains(name);
        drop(self.inner.1.wait_timeout_while(opened, crate::PATIENCE, closed));
    }
}

/// A listening origin.
pub struct Origin {
    port: u16,
    shared: Arc<Shared>,
    alive: Arc<AtomicBool>,
}

struct Shared {
    script: Script,
    gates: Gates,
    requests: AtomicUsize,
    connections: Mutex<Vec<(Record, Option<TcpStream>)>>,
}

impl Origin {
    /// Starts an origin on a free port.
    ///
    /// # Panics
    /// When the loopback has no free port.
    pub fn start(script: Script, gates: Gates) -> Origin {
        let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback has a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let shared =
            Arc::new(Shared { script, gates, requests: AtomicUsize::new(0), connections: Mutex::default() });
        let mut origin = Origin { port, shared, alive: Arc::default() };
        origin.serve(listener);
        origin
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops listening and resets all connections, as a crash does.
    pub fn kill(&mut self) {
        self.alive.store(false, Ordering::SeqCst);
        // The accepting thread polls; until it has left, connections would still be taken.
        while Arc::strong_count(&self.alive) > 1 {
            std::thread::sleep(Duration::from_millis(2));
        }
        for (_, stream) in self.shared.connections.lock().expect("no origin panics").iter() {
            let _ = stream.as_ref().map(|stream| stream.shutdown(Shutdown::Both));
        }
    }

    /// Listens again on the same port.
    ///
    /// # Panics
    /// When another program has taken the port.
    pub fn revive(&mut self) {
        let deadline = Instant::now() + crate::PATIENCE;
        let listener = loop {
            match TcpListener::bind(("127.0.0.1", self.port)) {
                Ok(listener) => break listener,
                Err(error) => assert!(Instant::now() < deadline, "port {} again: {error}", self.port),
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        self.serve(listener);
    }

    /// What each connection has received, in the order of arrival.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared
            .connections
            .lock()
            .expect("no origin panics")
            .iter()
            .map(|(record, _)| record.seen())
            .collect()
    }

    /// Waits until `done` holds for what the connections have received, or patience ends.
    pub fn wait(&self, done: impl Fn(&[Seen]) -> bool) -> bool {
        let deadline = Instant::now() + crate::PATIENCE;
        while Instant::now() < deadline {
            if done(&self.seen()) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(3));
        }
        false
    }

    fn serve(&mut self, listener: TcpListener) {
        self.alive = Arc::new(AtomicBool::new(true));
        let (alive, shared) = (Arc::clone(&self.alive), Arc::clone(&self.shared));
        listener.set_nonblocking(true).expect("a fresh socket takes options");
        std::thread::spawn(move || {
            while alive.load(Ordering::SeqCst) {
                match listener.accept() {
                    Ok((stream, _)) => shared.take(stream),
                    Err(_) => std::thread::sleep(Duration::from_millis(1)),
                }
            }
        });
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Shared {
    fn take(self: &Arc<Shared>, stream: TcpStream) {
        stream.set_nonblocking(false).expect("an accepted socket takes options");
        stream.set_nodelay(true).expect("an accepted socket takes options");
        let record = Record::of(stream.try_clone().expect("a socket can be shared"));
        let keep = stream.try_clone().expect("a socket can be shared");
        let mut connections = self.connections.lock().expect("no origin panics");
        let number = connections.len();
        connections.push((record.clone(), Some(keep)));
        let shared = Arc::clone(self);
        std::thread::spawn(move || Exchange { shared: &shared, stream, number, record, read: 0 }.run());
    }

    /// Lets go of a connection's socket, so that the serving thread holds the last handle.
    fn forget(&self, number: usize) {
        self.connections.lock().expect("no origin panics")[number].1 = None;
    }
}

/// One connection being served.
struct Exchange<'a> {
    shared: &'a Shared,
    stream: TcpStream,
    number: usize,
    record: Record,
    read: usize,
}

impl Exchange<'_> {
    fn run(&mut self) {
        match self.shared.script.clone() {
            Script::Raw(acts) => {
                self.perform(&acts);
            }
            Script::Turns(turns) => {
                let acts = turns.get(self.number).or(turns.last());
                self.perform(acts.map_or(&[], Vec::as_slice));
            }
            Script::Http(script) => while self.serve_request(script.as_ref()) {},
        }
    }

    /// Serves one request; returns whether another may follow.
    fn serve_request(&mut self, script: &dyn Fn(&Request) -> Reply) -> bool {
        let from = self.read;
        let head_end =
            self.record.wait(|seen| wire::find(&seen.bytes[from..], b"\r\n\r\n").map(|at| from + at + 4));
        let Some(head_end) = head_end else { return self.leave() };
        let head = String::from_utf8_lossy(&self.record.seen().bytes[from..head_end]).into_owned();
        let counts = !head.contains(" /check") && !head.starts_with("OPTIONS / ");
        let number = self.shared.requests.fetch_add(usize::from(counts), Ordering::SeqCst);
        let reply = script(&Request { head, number });
        self.read = head_end;
        if !self.perform(&reply.early) {
            return false;
        }
        let whole = |seen: &Seen| {
            let message = wire::first_message(&seen.bytes[from..], false, false)?;
            Some(from + message.head.len() + message.body.len())
        };
        let Some(end) = self.record.wait(whole) else { return self.leave() };
        self.read = end.max(self.read);
        self.perform(&reply.acts)
    }

    /// The peer has finished; so does this side.
    fn leave(&self) -> bool {
        let _ = self.stream.shutdown(Shutdown::Both);
        false
    }

    /// Performs the steps; returns whether the connection goes on.
    fn perform(&mut self, acts: &[Act]) -> bool {
        for act in acts {
            match act {
                Act::Await(gate) => self.shared.gates.wait(gate),
                Act::Close => {
                    self.record.close();
                    return self.leave();
                }
                Act::Echo => return self.echo(),
                Act::Pause(milliseconds) => std::thread::sleep(Duration::from_millis(*milliseconds)),
                Act::ReadEnd => {
                    self.record.wait(|_| None::<()>);
                }
                Act::ReadSome => {
                    let from = self.read;
                    let more = |seen: &Seen| Some(seen.bytes.len()).filter(|len| *len > from);
                    self.read = self.record.wait(more).unwrap_or(from);
                }
                Act::ReadUntil(needle) => {
                    let from = self.read;
                    let found = |seen: &Seen| wire::find(&seen.bytes[from..], needle);
                    self.read = self.record.wait(found).map_or(from, |at| from + at + needle.len());
                }
                Act::Reset => return self.reset(),
                Act::Send(bytes) => {
                    let _ = self.stream.write_all(bytes);
                }
                Act::ShutWrite => {
                    let _ = self.stream.shutdown(Shutdown::Write);
                }
            }
        }
        true
    }

    fn echo(&mut self) -> bool {
        loop {
            let from = self.read;
            let more = |seen: &Seen| (seen.bytes.len() > from).then(|| seen.bytes[from..].to_vec());
            let Some(bytes) = self.record.wait(more) else { return self.leave() };
            self.read += bytes.len();
            let _ = self.stream.write_all(&bytes);
            if self.record.seen().end == End::Reset {
                return false;
            }
        }
    }

    /// With a linger time of zero the kernel sends RST when the last handle goes.
    fn reset(&self) -> bool {
        let socket = socket2::SockRef::from(&self.stream);
        let _ = socket.set_linger(Some(Duration::ZERO));
        let _ = socket.shutdown(Shutdown::Read);
        self.shared.forget(self.number);
        false
    }
}
