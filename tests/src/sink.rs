//! A syslog server over UDP that keeps every line.

use std::net::UdpSocket;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Where a proxy's log lines arrive.
pub struct Sink {
    port: u16,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Sink {
    /// Opens a sink on a free port of the loopback.
    ///
    /// # Panics
    /// When the loopback has no free port.
    pub fn open() -> Sink {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("the loopback has a free port");
        let port = socket.local_addr().expect("a bound socket has an address").port();
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let weak = Arc::downgrade(&lines);
        socket.set_read_timeout(Some(Duration::from_millis(200))).expect("a fresh socket takes options");
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            while let Some(lines) = weak.upgrade() {
                if let Ok(count) = socket.recv(&mut buffer) {
                    let line = String::from_utf8_lossy(&buffer[..count]).trim_end().to_owned();
                    lines.lock().expect("no thread panics with the lock").push(line);
                }
            }
        });
        Sink { port, lines }
    }

    /// The UDP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("no thread panics with the lock").clone()
    }

    /// Waits until `done` holds for the lines, or patience ends.
    pub fn wait(&self, done: impl Fn(&[String]) -> bool) -> bool {
        let deadline = Instant::now() + crate::PATIENCE;
        while Instant::now() < deadline {
            if done(&self.lines()) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }
}
