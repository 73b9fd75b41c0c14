//! A client that sends raw bytes and records what comes back.

use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use crate::record::{Record, Seen};
use crate::wire;

/// One client connection. Its reader runs beside the script, so nothing is ever missed.
pub struct Client {
    stream: TcpStream,
    record: Record,
    read: usize,
}

impl Client {
    /// Connects to `address`.
    ///
    /// # Panics
    /// When nothing listens there.
    pub fn connect(address: SocketAddr) -> Client {
        let stream = TcpStream::connect_timeout(&address, crate::PATIENCE)
            .unwrap_or_else(|error| panic!("connect to {address}: {error}"));
        stream.set_nodelay(true).expect("a fresh socket takes options");
        stream.set_write_timeout(Some(crate::PATIENCE)).expect("a fresh socket takes options");
        let record = Record::of(stream.try_clone().expect("a fresh socket can be shared"));
        Client { stream, record, read: 0 }
    }

    /// Sends bytes; a peer that has gone is not an error here, the record shows it.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref());
    }

    /// Sends parts with a pause after each, so that they arrive apart.
    pub fn send_slowly(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.send(part);
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Waits for the next whole message and returns it; an empty one when it does not come.
    pub fn read_answer(&mut self) -> Vec<u8> {
        self.next_message(false)
    }

    /// Waits for the next answer to a HEAD request.
    pub fn read_head_answer(&mut self) -> Vec<u8> {
        self.next_message(true)
    }

    /// Waits until `needle` was received, beyond what was read before.
    pub fn read_until(&mut self, needle: &[u8]) -> bool {
        let from = self.read;
        let end = self
            .record
            .wait(|seen| wire::find(&seen.bytes[from..], needle).map(|at| from + at + needle.len()));
        self.read = end.unwrap_or(from);
        end.is_some()
    }

    /// Waits for the end of the stream.
    pub fn read_to_end(&mut self) -> Seen {
        self.record.wait(|_| None::<()>);
        let seen = self.record.seen();
        self.read = seen.bytes.len();
        seen
    }

    /// Ends the sending direction.
    pub fn shut_write(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Closes both directions.
    pub fn close(&mut self) {
        self.record.leave();
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// What was received so far.
    pub fn seen(&self) -> Seen {
        self.record.seen()
    }

    /// The record that goes on being filled.
    pub fn record(&self) -> Record {
        self.record.clone()
    }

    fn next_message(&mut self, bodiless: bool) -> Vec<u8> {
        let from = self.read;
        let whole = |seen: &Seen| {
            let ended = seen.end != crate::record::End::Open;
            let message = wire::first_message(&seen.bytes[from..], bodiless, ended)?;
            Some([message.head, message.body].concat())
        };
        let message = self.record.wait(whole).unwrap_or_default();
        self.read += message.len();
        message
    }
}
