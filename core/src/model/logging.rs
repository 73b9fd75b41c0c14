//! Log destinations (configuration manual 4.2, `log`).

use std::net::SocketAddr;

pub use crate::log::Wire as LogWire;

/// Syslog facilities, RFC 5424 6.2.1 plus HAProxy's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Facility(pub u8);

/// Syslog levels, RFC 5424 6.2.1: 0 `emerg` to 7 `debug`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(pub u8);

impl Level {
    /// 0: the system is unusable.
    pub const EMERG: Level = Level(0);
    /// 1: act at once.
    pub const ALERT: Level = Level(1);
    /// 2: critical.
    pub const CRIT: Level = Level(2);
    /// 3: error.
    pub const ERR: Level = Level(3);
    /// 4: warning.
    pub const WARNING: Level = Level(4);
    /// 5: normal but significant.
    pub const NOTICE: Level = Level(5);
    /// 6: traffic.
    pub const INFO: Level = Level(6);
    /// 7: debug.
    pub const DEBUG: Level = Level(7);
}

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogAddress {
    /// UDP datagrams.
    Udp(SocketAddr),
    /// A Unix datagram socket such as `/dev/log`.
    Unix(String),
    /// `stdout`, `stderr` or `fd@N`.
    Fd(i32),
}

/// One `log` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTarget {
    /// Where to.
    pub address: LogAddress,
    /// Form of the header.
    pub wire: LogWire,
    /// Facility.
    pub facility: Facility,
    /// Lines less important than this are not sent.
    pub max_level: Level,
    /// Lines are sent at most this important.
    pub min_level: Level,
    /// Most bytes of one line (`len`, default 1024).
    pub len: usize,
    /// `sample RANGES:SIZE`: which of `size` successive lines are sent, by 1-based inclusive ranges.
    pub sample: Option<(Vec<(u32, u32)>, u32)>,
}
