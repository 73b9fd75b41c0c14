//! The fingerprint of a run: a hash over every input and output with its time. Two runs of one scenario have
//! the same, in whatever process.

use std::fmt::Write as _;
use std::hash::Hasher as _;

use evenkeel_core::base::ids::ConnId;
use evenkeel_core::base::time::Time;
use evenkeel_core::proxy::{Input, Output};
use twox_hash::XxHash3_64;

use crate::oracle::Sight;

/// A running hash.
#[derive(Debug, Default)]
pub struct Trace {
    hash: Hash,
    steps: u64,
}

#[derive(Default)]
struct Hash(XxHash3_64);

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0.finish())
    }
}

impl std::fmt::Write for Hash {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

impl Trace {
    /// Takes in something that was seen, if it crossed the boundary.
    pub fn add(&mut self, at: Time, sight: &Sight<'_>) {
        match sight {
            Sight::Input { worker, input } => {
                self.begin(at, u64::from(worker.0) << 8);
                self.input(input);
            }
            Sight::Output { worker, output } => {
                self.begin(at, u64::from(worker.0) << 8 | 1);
                self.output(output);
            }
            _ => {}
        }
    }

    /// The fingerprint so far.
    pub fn finish(&self) -> u64 {
        self.hash.0.finish()
    }

    /// How many inputs and outputs there were.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    fn begin(&mut self, at: Time, tag: u64) {
        self.steps += 1;
        self.number(at.as_nanos());
        self.number(tag);
    }

    // What is frequent or long is written by hand; the rest by its debug form, which says all.

    fn input(&mut self, input: &Input) {
        match input {
            Input::Received { conn, bytes } => self.bytes(*conn, bytes),
            Input::Relayed { from, count, held } => {
                self.conn(*from);
                self.number(*count);
                self.number(*held);
            }
            Input::Sent { conn, count } => {
                self.conn(*conn);
                self.number(*count as u64);
            }
            Input::Timeout => self.number(0),
            Input::ReadClosed { conn } => self.mark(1, *conn),
            other => self.text(other),
        }
    }

    fn output(&mut self, output: &Output) {
        match output {
            Output::Send { conn, bytes, .. } => self.bytes(*conn, bytes),
            Output::Log { target, line } => {
                self.number(u64::from(target.0));
                self.hash.0.write(line);
            }
            Output::PauseRead { conn } => self.mark(1, *conn),
            Output::ResumeRead { conn } => self.mark(2, *conn),
            Output::ShutWrite { conn } => self.mark(3, *conn),
            other => self.text(other),
        }
    }

    fn text(&mut self, value: &impl std::fmt::Debug) {
        // Writing to a hash does not fail.
        let _ = write!(self.hash, "{value:?}");
    }

    fn mark(&mut self, what: u64, conn: ConnId) {
        self.number(what);
        self.conn(conn);
    }

    fn bytes(&mut self, conn: ConnId, bytes: &[u8]) {
        self.conn(conn);
        self.number(bytes.len() as u64);
        self.hash.0.write(bytes);
    }

    fn conn(&mut self, conn: ConnId) {
        let key = conn.key();
        self.number(conn.side() as u64);
        self.number(u64::from(key.index) << 32 | u64::from(key.generation));
    }

    fn number(&mut self, number: u64) {
        self.hash.0.write(&number.to_le_bytes());
    }
}
