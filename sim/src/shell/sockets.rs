//! Serving one connection: connecting, reading, writing, relaying, closing.

use evenkeel_core::base::address::Address;
use evenkeel_core::base::ids::ConnId;
use evenkeel_core::proxy::{CloseHow, ConnectError, Input, LostReason};

use super::conn::{Conn, Reading};
use super::{Shell, Surroundings};
use crate::network::{End, Opening, Peer, Read, WriteError};
use crate::settings::server_of;

/// Reads of one connection in one service; after that others get their turn.
const READS_PER_SERVICE: usize = 8;
/// Most bytes of one read that is shown to the core.
const READ_MAX: usize = 64 * 1024;
/// Bytes of unread input thrown away on a graceful close.
const DISCARD_MAX: usize = 64 * 1024;

/// How one step of a relay ended.
enum Step {
    Moved(usize),
    Kept(usize, usize),
    Waiting,
    Over(Input),
}

impl Shell {
    pub(super) fn open(&mut self, id: ConnId, to: &Address, around: &mut Surroundings<'_>) {
        let Some((server, health)) = server_of(to) else {
            around.record.violation(
                "contract",
                self.now.time,
                format!("a connect to {to}, which nobody has"),
            );
            return;
        };
        let wire = around.network.open(self.id.0, Peer::Server { server, health });
        around.network.name(wire, id);
        if !self.conns.place_server(id, Conn::new(wire, true)) {
            around.record.violation("contract", self.now.time, format!("{id:?} is open already"));
        }
        around.record.connecting(self.now.time, self.id, id, wire, server, health);
    }

    fn check_connected(&mut self, id: ConnId, around: &mut Surroundings<'_>) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        match around.network.opening(conn.wire) {
            Opening::Waiting => {}
            Opening::Open => {
                conn.connecting = false;
                self.mark_dirty(id);
                self.news.push_back(Input::Connected { conn: id, local: None });
                self.again(id);
            }
            Opening::Refused => {
                self.news.push_back(Input::ConnectFailed { conn: id, why: ConnectError::Refused });
            }
        }
    }

    pub(super) fn serve(&mut self, id: ConnId, around: &mut Surroundings<'_>) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        conn.listed = false;
        if conn.connecting {
            self.check_connected(id, around);
            return self.settle(around);
        }
        if !conn.is_flushed() {
            self.mark_dirty(id);
            self.settle(around);
        }
        self.read(id, around);
    }

    fn read(&mut self, id: ConnId, around: &mut Surroundings<'_>) {
        for _ in 0..READS_PER_SERVICE {
            let Some(conn) = self.conns.get_mut(id) else { return };
            if conn.read_closed || conn.connecting {
                return;
            }
            match conn.reading {
                Reading::Paused => return,
                Reading::Relayed { .. } => return self.relay(id, around),
                Reading::Shown => {}
            }
            let input = match around.network.read(conn.wire, End::Proxy, READ_MAX) {
                Read::Pending => return,
                Read::End => {
                    conn.read_closed = true;
                    match conn.broken {
                        Some(why) => Input::Lost { conn: id, why },
                        None => Input::ReadClosed { conn: id },
                    }
                }
                Read::Bytes(bytes) => Input::Received { conn: id, bytes },
                Read::Reset => Input::Lost { conn: id, why: conn.broken.unwrap_or(LostReason::Reset) },
            };
            self.news.push_back(input);
            self.settle(around);
        }
        self.again(id);
    }

    pub(super) fn flush(&mut self, id: ConnId, around: &mut Surroundings<'_>) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        conn.dirty = false;
        let flushed = match conn.flush(around.network) {
            Ok(flushed) => flushed,
            Err(error) => return self.writing_failed(id, error, around),
        };
        if flushed.sent > 0 {
            self.news.push_back(Input::Sent { conn: id, count: flushed.sent });
        }
        if let Some((from, count, held)) = flushed.relayed {
            self.news.push_back(Input::Relayed { from, count, held });
        }
        if let Some(source) = flushed.resumed {
            self.again(source);
        }
    }

    fn writing_failed(&mut self, id: ConnId, error: WriteError, around: &mut Surroundings<'_>) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        let why = match error {
            WriteError::Reset => LostReason::Reset,
            WriteError::AfterEnd => {
                let what = format!("bytes for {id:?} after its end was sent");
                around.record.violation("contract", self.now.time, what);
                LostReason::BrokenPipe
            }
        };
        conn.broken = Some(why);
        if conn.reading == Reading::Paused || conn.read_closed {
            self.news.push_back(Input::Lost { conn: id, why });
        } else {
            self.again(id);
        }
    }

    pub(super) fn close(&mut self, id: ConnId, how: CloseHow, around: &mut Surroundings<'_>) {
        let Some(mut conn) = self.conns.remove(id) else { return };
        if how == CloseHow::Graceful {
            let _ = conn.flush(around.network);
            let mut discarded = 0;
            while !conn.connecting && !conn.read_closed && discarded < DISCARD_MAX {
                match around.network.read(conn.wire, End::Proxy, READ_MAX) {
                    Read::Bytes(bytes) => discarded += bytes.len(),
                    Read::End | Read::Reset | Read::Pending => break,
                }
            }
        }
        around.network.close(conn.wire, End::Proxy, how);
    }

    fn relay(&mut self, from: ConnId, around: &mut Surroundings<'_>) {
        let (mut count, mut held, mut end) = (0, 0, None);
        let mut steps = 0;
        loop {
            if steps == READS_PER_SERVICE {
                self.again(from);
                break;
            }
            steps += 1;
            match self.relay_once(from, around) {
                Step::Moved(taken) => count += taken as u64,
                Step::Kept(taken, kept) => {
                    count += taken as u64;
                    held = kept as u64;
                    break;
                }
                Step::Waiting => break,
                Step::Over(input) => {
                    end = Some(input);
                    break;
                }
            }
        }
        if count > 0 || held > 0 {
            self.news.push_back(Input::Relayed { from, count, held });
        }
        self.news.extend(end);
        self.settle(around);
    }

    fn relay_once(&mut self, from: ConnId, around: &mut Surroundings<'_>) -> Step {
        let Some(source) = self.conns.get_mut(from) else { return Step::Waiting };
        let Reading::Relayed { to, left } = source.reading else { return Step::Waiting };
        let wire = source.wire;
        if left == Some(0) || source.read_closed {
            source.reading = Reading::Paused;
            return match source.broken {
                Some(why) => Step::Over(Input::Lost { conn: from, why }),
                None => Step::Waiting,
            };
        }
        let Some(target) = self.conns.get_mut(to) else { return Step::Waiting };
        if target.broken.is_some() {
            return Step::Waiting;
        }
        if !target.is_flushed() || target.connecting {
            target.waiting_source = Some(from);
            return Step::Waiting;
        }
        let target_wire = target.wire;
        let most = left.map_or(READ_MAX, |left| READ_MAX.min(usize::try_from(left).unwrap_or(usize::MAX)));
        let read = around.network.read(wire, End::Proxy, most);
        let Some(source) = self.conns.get_mut(from) else { return Step::Waiting };
        let bytes = match read {
            Read::Pending => return Step::Waiting,
            Read::Reset => {
                return Step::Over(Input::Lost {
                    conn: from,
                    why: source.broken.unwrap_or(LostReason::Reset),
                });
            }
            Read::End => {
                source.read_closed = true;
                source.reading = Reading::Paused;
                return Step::Over(match source.broken {
                    Some(why) => Input::Lost { conn: from, why },
                    None => Input::ReadClosed { conn: from },
                });
            }
            Read::Bytes(bytes) => bytes,
        };
        if let Reading::Relayed { left, .. } = &mut source.reading {
            *left = left.map(|left| left - bytes.len() as u64);
        }
        match around.network.write(target_wire, End::Proxy, &bytes) {
            Ok(taken) if taken == bytes.len() => Step::Moved(taken),
            Ok(taken) => {
                if let Some(target) = self.conns.get_mut(to) {
                    target.hold(bytes.slice(taken..), from);
                    target.waiting_source = Some(from);
                }
                self.mark_dirty(to);
                Step::Kept(taken, bytes.len() - taken)
            }
            Err(error) => {
                self.writing_failed(to, error, around);
                Step::Waiting
            }
        }
    }
}
