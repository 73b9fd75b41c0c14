//! What an actor still has to send: bytes, with pauses between them.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use evenkeel_core::base::time::Time;

use crate::network::{End, Network, WireId};

#[derive(Debug)]
enum Item {
    Bytes(Bytes),
    Pause(Duration),
}

/// What is to be sent, in order.
#[derive(Debug, Default)]
pub struct Outbox {
    items: VecDeque<Item>,
    paused_until: Time,
}

/// How far a flush came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flush {
    /// Everything is sent.
    Done,
    /// The connection takes no more for now, and wakes us.
    Full,
    /// A pause ends then.
    Until(Time),
    /// The connection is gone.
    Broken,
}

impl Outbox {
    /// Adds bytes.
    pub fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.items.push_back(Item::Bytes(bytes));
        }
    }

    /// Adds a pause.
    pub fn pause(&mut self, millis: u64) {
        if millis > 0 {
            self.items.push_back(Item::Pause(Duration::from_millis(millis)));
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.items.clear();
        self.paused_until = Time::ZERO;
    }

    /// Whether everything is sent.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Ends a pause early.
    pub fn hurry(&mut self) {
        self.paused_until = Time::ZERO;
        if matches!(self.items.front(), Some(Item::Pause(_))) {
            self.items.pop_front();
        }
    }

    /// Sends what the connection takes.
    pub fn flush(&mut self, now: Time, network: &mut Network, wire: WireId) -> Flush {
        if self.paused_until > now {
            return Flush::Until(self.paused_until);
        }
        loop {
            match self.items.front_mut() {
                None => return Flush::Done,
                Some(Item::Pause(span)) => {
                    self.paused_until = now + *span;
                    self.items.pop_front();
                    return Flush::Until(self.paused_until);
                }
                Some(Item::Bytes(bytes)) => match network.write(wire, End::Peer, bytes) {
                    Err(_) => return Flush::Broken,
                    Ok(0) => return Flush::Full,
                    Ok(count) if count == bytes.len() => {
                        self.items.pop_front();
                    }
                    Ok(count) => {
                        let _ = bytes.split_to(count);
                    }
                },
            }
        }
    }
}
