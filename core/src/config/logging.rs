//! `log` lines (configuration manual 3.1 and 4.2): where lines go, in which form, from which level on.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::address::{AddressError, Host, Place, Rules};
use super::finding::Findings;
use super::line_option::Resolve;
use crate::base::ids::LogTargetId;
use crate::keyword::closest;
use crate::model::{Facility, Level, LogAddress, LogTarget, LogWire};

/// Facilities by number (RFC 5424 6.2.1), under HAProxy's names.
pub const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "auth2", "ftp", "ntp",
    "audit", "alert", "cron2", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
];

/// Levels by number (RFC 5424 6.2.1), under HAProxy's names.
pub const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/// Forms of a line's header, by name.
const WIRES: [(&str, LogWire); 8] = [
    ("iso", LogWire::Iso),
    ("local", LogWire::Local),
    ("priority", LogWire::Priority),
    ("raw", LogWire::Raw),
    ("rfc3164", LogWire::Rfc3164),
    ("rfc5424", LogWire::Rfc5424),
    ("short", LogWire::Short),
    ("timed", LogWire::Timed),
];

/// What a `log` line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogLine {
    /// `log global`: whatever section `global` says.
    Global,
    /// A destination of its own.
    Target(LogTarget),
}

/// Which section a `log` line is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogScope {
    /// `global`, where `log global` makes no sense.
    Global,
    /// A proxy.
    Proxy,
}

/// Reads the words of a `log` line, the keyword included; `None` when it is wrong.
pub fn read_log(
    words: &[&str],
    scope: LogScope,
    resolve: Resolve<'_>,
    findings: &mut Findings,
) -> Option<LogLine> {
    let mut line = Line { words, at: 1, findings };
    if words.len() == 2 && words[1] == "global" {
        if scope == LogScope::Proxy {
            return Some(LogLine::Global);
        }
        return line.refuse("'global' is not supported for a global syslog server", "write an address");
    }
    if words.len() < 3 {
        let message = match scope {
            LogScope::Global => "expects <address> and <facility>  as arguments",
            LogScope::Proxy => "expects <address> and <facility> or global as arguments",
        };
        return line.refuse(message, "for example: log /dev/log local0");
    }
    let address = read_address(&mut line, resolve);
    let len = if line.take("len") { read_len(&mut line) } else { Some(LEN_DEFAULT) };
    let wire = if line.take("format") { read_wire(&mut line).map(Some) } else { Some(None) };
    let sample = if line.take("sample") { read_sample(&mut line).map(Some) } else { Some(None) };
    let facility = read_facility(&mut line);
    let max_level = read_level(&mut line, "optional log level", Level::DEBUG);
    let min_level = read_level(&mut line, "optional minimum log level", Level::EMERG);
    if let Some(word) = line.next() {
        return line.refuse(
            &format!("cannot handle unexpected argument '{word}'"),
            "`len`, `format` and `sample` come before the facility, in this order",
        );
    }
    // All parts were read, so that each fault was reported; now all must be there.
    let address = address?;
    Some(LogLine::Target(LogTarget {
        wire: wire?.unwrap_or(LogWire::Local),
        address,
        facility: facility?,
        max_level: max_level?,
        min_level: min_level?,
        len: len?,
        sample: sample?,
    }))
}

/// Reads the words behind `no log`, which takes none.
pub fn read_no_log(words: &[&str], findings: &mut Findings) {
    if let Some(at) = words.iter().position(|word| *word == "log").map(|at| at + 1)
        && at < words.len()
    {
        findings.alert(at, "log : 'no log' does not expect arguments", "write `no log` alone");
    }
}

/// The distinct destinations of a configuration.
#[derive(Clone, Debug, Default)]
pub struct LogTargets {
    /// In the order of first use; ids are positions.
    pub list: Vec<LogTarget>,
}

impl LogTargets {
    /// The id of `target`: that of an identical one, if there is one.
    pub fn id(&mut self, target: LogTarget) -> LogTargetId {
        let known = self.list.iter().position(|known| *known == target);
        let at = known.unwrap_or_else(|| {
            self.list.push(target);
            self.list.len() - 1
        });
        LogTargetId(u32::try_from(at).unwrap_or(u32::MAX))
    }
}

/// `len` without a word about it, and its bounds.
const LEN_DEFAULT: usize = 1_024;
const LEN_MIN: usize = 80;
const LEN_MAX: usize = 65_535;

/// The port of syslog over UDP.
const SYSLOG_PORT: u16 = 514;

/// A cursor over the words of the line.
struct Line<'a, 'f> {
    words: &'a [&'a str],
    at: usize,
    findings: &'f mut Findings,
}

impl<'a> Line<'a, '_> {
    fn next(&mut self) -> Option<&'a str> {
        let word = self.words.get(self.at).copied()?;
        self.at += 1;
        Some(word)
    }

    /// Takes the next word if it is `wanted`.
    fn take(&mut self, wanted: &str) -> bool {
        let there = self.words.get(self.at) == Some(&wanted);
        self.at += usize::from(there);
        there
    }

    /// Reports the word read last.
    fn refuse<T>(&mut self, message: &str, help: &str) -> Option<T> {
        self.findings.alert(self.at.saturating_sub(1), format!("log : {message}"), help);
        None
    }
}

fn read_address(line: &mut Line<'_, '_>, resolve: Resolve<'_>) -> Option<LogAddress> {
    let text = line.next().unwrap_or_default();
    let address = match text {
        "stdout" => Ok(LogAddress::Fd(1)),
        "stderr" => Ok(LogAddress::Fd(2)),
        _ => Place::parse(text, Rules::LOG).and_then(|place| located(place, resolve)),
    };
    match address {
        Ok(address) => Some(address),
        Err(error) => line.refuse(&error.message(text), error.help()),
    }
}

fn located(place: Place, resolve: Resolve<'_>) -> Result<LogAddress, AddressError> {
    match place {
        Place::Unix(path) => Ok(LogAddress::Unix(path)),
        Place::Fd(number) => Ok(LogAddress::Fd(number)),
        Place::Inet { host, ports, family } => {
            let ip = match host {
                // A datagram to every address goes to this machine.
                Host::Any => IpAddr::from(Ipv4Addr::UNSPECIFIED),
                Host::Ip(_) | Host::Name(_) => host.resolve(family, resolve)?,
            };
            Ok(LogAddress::Udp(SocketAddr::new(ip, ports.single().unwrap_or(SYSLOG_PORT))))
        }
    }
}

fn read_len(line: &mut Line<'_, '_>) -> Option<usize> {
    let text = line.next().unwrap_or_default();
    let len = text.parse().ok().filter(|len| (LEN_MIN..=LEN_MAX).contains(len));
    if len.is_none() {
        let message = format!("invalid log length '{text}', must be between {LEN_MIN} and {LEN_MAX}");
        return line.refuse(&message, "write the most bytes of one line");
    }
    len
}

fn read_wire(line: &mut Line<'_, '_>) -> Option<LogWire> {
    let text = line.next().unwrap_or_default();
    let wire = WIRES.iter().find(|(name, _)| *name == text).map(|&(_, wire)| wire);
    if wire.is_none() {
        let help = one_of(text, WIRES.iter().map(|&(name, _)| name));
        return line.refuse(&format!("unknown log format '{text}'"), &help);
    }
    wire
}

fn read_facility(line: &mut Line<'_, '_>) -> Option<Facility> {
    let text = line.next().unwrap_or_default();
    match FACILITIES.iter().position(|name| *name == text) {
        Some(number) => Some(Facility(number as u8)),
        None => {
            let help = match text {
                "len" | "format" | "sample" => {
                    "write `len`, `format` and `sample` once, in this order".to_owned()
                }
                _ => one_of(text, FACILITIES.into_iter()),
            };
            line.refuse(&format!("unknown log facility '{text}'"), &help)
        }
    }
}

fn read_level(line: &mut Line<'_, '_>, what: &str, default: Level) -> Option<Level> {
    let Some(text) = line.next() else {
        return Some(default);
    };
    match LEVELS.iter().position(|name| *name == text) {
        Some(number) => Some(Level(number as u8)),
        None => line.refuse(&format!("unknown {what} '{text}'"), &one_of(text, LEVELS.into_iter())),
    }
}

/// What to write in place of `text`.
fn one_of<'a>(text: &str, names: impl Iterator<Item = &'a str> + Clone) -> String {
    match closest(text, names.clone()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("write one of: {}", names.collect::<Vec<_>>().join(", ")),
    }
}

/// `RANGES:SIZE`: which of each `SIZE` lines are sent.
fn read_sample(line: &mut Line<'_, '_>) -> Option<(Vec<(u32, u32)>, u32)> {
    let help = "for example: sample 1-3,5:10";
    let text = line.next().unwrap_or_default();
    let Some((list, size)) = text.split_once(':') else {
        return line.refuse("Missing sample size", help);
    };
    if list.is_empty() {
        return line.refuse("no sampling ranges given", help);
    }
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for part in list.split(',') {
        let Some(range) = sample_range(part) else {
            return line.refuse(&format!("wrong sample range '{part}'"), help);
        };
        if ranges.iter().any(|known| range.0 <= known.1 && known.0 <= range.1) {
            return line.refuse("ranges are overlapping", help);
        }
        ranges.push(range);
    }
    ranges.sort_unstable();
    let highest = ranges.last().map_or(0, |&(_, high)| high);
    let Some(size) = size.parse().ok().filter(|&size: &u32| size > 0) else {
        return line.refuse(&format!("wrong sample size '{size}' for sample range '{list}'"), help);
    };
    if size < highest {
        let message = format!(
            "sample size {size} should be greater or equal to {highest} the maximum of the high ranges limits"
        );
        return line.refuse(&message, help);
    }
    Some((ranges, size))
}

fn sample_range(part: &str) -> Option<(u32, u32)> {
    let (low, high) = part.split_once('-').unwrap_or((part, part));
    let (low, high) = (low.parse().ok()?, high.parse().ok()?);
    (0 < low && low <= high).then_some((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::verdicts;

    fn resolve(name: &str) -> Vec<IpAddr> {
        if name == "localhost" { vec![Ipv4Addr::LOCALHOST.into()] } else { Vec::new() }
    }

    fn read(line: &str, scope: LogScope) -> (Option<LogLine>, Vec<String>) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut findings = Findings::default();
        let read = read_log(&words, scope, &resolve, &mut findings);
        (read, findings.list.into_iter().map(|finding| finding.message).collect())
    }

    fn target(line: &str) -> LogTarget {
        let (read, messages) = read(line, LogScope::Proxy);
        match read {
            Some(LogLine::Target(target)) => target,
            Some(LogLine::Global) | None => panic!("{line}: {messages:?}"),
        }
    }

    #[test]
    fn a_line_is_read_with_haproxys_defaults() {
        let plain = target("log /dev/log local1 notice");
        assert_eq!(plain.address, LogAddress::Unix("/dev/log".into()));
        assert_eq!(
            (plain.facility, plain.max_level, plain.min_level),
            (Facility(17), Level::NOTICE, Level::EMERG)
        );
        assert_eq!((plain.len, plain.wire, plain.sample), (1024, LogWire::Local, None));

        let udp = target("log 127.0.0.1 local0");
        assert_eq!(udp.address, LogAddress::Udp("127.0.0.1:514".parse().unwrap()));
        assert_eq!((udp.wire, udp.max_level), (LogWire::Local, Level::DEBUG));

        let full = target("log stdout len 200 format raw sample 5,1-3:10 daemon info err");
        assert_eq!((full.address, full.len, full.wire), (LogAddress::Fd(1), 200, LogWire::Raw));
        assert_eq!(full.sample, Some((vec![(1, 3), (5, 5)], 10)));
        assert_eq!((full.facility, full.max_level, full.min_level), (Facility(3), Level::INFO, Level::ERR));
    }

    #[test]
    fn log_global_belongs_into_a_proxy() {
        assert_eq!(read("log global", LogScope::Proxy).0, Some(LogLine::Global));
        assert_eq!(
            read("log global", LogScope::Global).1,
            ["log : 'global' is not supported for a global syslog server"]
        );
    }

    #[test]
    fn identical_targets_share_one_id() {
        let mut targets = LogTargets::default();
        let first = targets.id(target("log /dev/log local0"));
        let second = targets.id(target("log /dev/log local1"));
        let again = targets.id(target("log /dev/log len 1024 format local local0"));

        assert_ne!(first, second);
        assert_eq!(first, again);
        assert_eq!(targets.list.len(), 2);
    }

    #[test]
    fn a_slip_is_understood() {
        let mut findings = Findings::default();
        read_log(&["log", "/dev/log", "lcoal0", "notcie"], LogScope::Proxy, &resolve, &mut findings);
        let help: Vec<&str> = findings.list.iter().map(|finding| finding.help.as_str()).collect();

        assert_eq!(help, ["did you mean `local0`?", "did you mean `notice`?"]);
    }

    #[test]
    fn no_log_stands_alone() {
        let mut findings = Findings::default();
        read_no_log(&["no", "log"], &mut findings);
        assert!(findings.list.is_empty());
        read_no_log(&["no", "log", "/dev/log"], &mut findings);
        assert_eq!(findings.list[0].word, 2);
    }

    #[test]
    fn lines_are_accepted_and_refused_as_haproxy_does() {
        let data = include_str!("../../../tests/differential/log_lines.txt");
        verdicts::check("log_lines", data, |line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let mut findings = Findings::default();
            let read = read_log(&words, LogScope::Global, &resolve, &mut findings);
            assert_eq!(read.is_some(), findings.list.is_empty(), "{line}");
            findings.list
        });
    }
}
