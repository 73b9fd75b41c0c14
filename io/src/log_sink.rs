//! Where log lines go: syslog sockets, files that are open already, or a test's memory.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use evenkeel_core::base::ids::LogTargetId;
use evenkeel_core::model::{LogAddress, LogTarget};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use socket2::{Domain, SockAddr, Socket, Type};

use crate::sockets::reason;

/// Takes finished lines. Never blocks: what cannot be delivered is dropped and counted.
pub trait LogSink {
    /// Takes one line, without a line end.
    fn write(&mut self, target: LogTargetId, line: &[u8]);

    /// Tells somebody in front of the terminal, if there is anybody.
    fn tell(&mut self, alert: bool, text: &str) {
        let _ = (alert, text);
    }

    /// Sends what was taken; called once per turn.
    fn flush(&mut self);
}

/// Bytes of lines kept for one target until the turn ends; beyond, they are sent at once.
const KEPT_MAX: usize = 64 * 1024;
/// How long to wait before a lost log socket is looked for again.
const RECONNECT_AFTER: Duration = Duration::from_secs(1);

/// The targets of a configuration, for one worker.
#[derive(Debug)]
pub struct SystemLog {
    outlets: Vec<Outlet>,
    dropped: u64,
    /// Nothing is told on standard error.
    silent: bool,
}

#[derive(Debug)]
struct Outlet {
    address: LogAddress,
    way: Option<Way>,
    tried: Instant,
    /// The lines of this turn, one behind the other, and where each ends.
    kept: Vec<u8>,
    ends: Vec<usize>,
}

#[derive(Debug)]
enum Way {
    /// One datagram per line.
    Datagrams(Socket),
    /// Lines with line ends.
    Lines(File),
}

impl SystemLog {
    /// Opens all targets. Those that cannot be had are told and looked for again later.
    ///
    /// Call it before a chroot: sockets that are open stay open.
    pub fn open(targets: &[LogTarget], silent: bool) -> (SystemLog, Vec<String>) {
        let mut complaints = Vec::new();
        let outlets = targets.iter().map(|target| {
            let way = connect(&target.address);
            if let Err(error) = &way {
                complaints.push(complaint(&target.address, error));
            }
            Outlet {
                address: target.address.clone(),
                way: way.ok(),
                tried: Instant::now(),
                kept: Vec::new(),
                ends: Vec::new(),
            }
        });
        (SystemLog { outlets: outlets.collect(), dropped: 0, silent }, complaints)
    }

    /// Lines that could not be delivered.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl LogSink for SystemLog {
    fn write(&mut self, target: LogTargetId, line: &[u8]) {
        let Some(outlet) = self.outlets.get_mut(target.index()) else { return };
        outlet.kept.extend_from_slice(line);
        if matches!(outlet.way, Some(Way::Lines(_))) {
            outlet.kept.push(b'\n');
        }
        outlet.ends.push(outlet.kept.len());
        if outlet.kept.len() > KEPT_MAX {
            self.dropped += outlet.deliver();
        }
    }

    fn tell(&mut self, alert: bool, text: &str) {
        if self.silent {
            return;
        }
        let label = if alert { "[ALERT]    " } else { "[WARNING]  " };
        // Nobody may be there to read it; that is no reason to fail.
        let _ = writeln!(io::stderr(), "{label}({}) : {text}", std::process::id());
    }

    fn flush(&mut self) {
        for outlet in self.outlets.iter_mut().filter(|outlet| !outlet.ends.is_empty()) {
            self.dropped += outlet.deliver();
        }
    }
}

impl Outlet {
    /// Sends all lines, and returns how many were lost.
    fn deliver(&mut self) -> u64 {
        self.reconnect();
        let mut lost = 0;
        match &mut self.way {
            None => lost = self.ends.len() as u64,
            Some(Way::Lines(file)) => {
                if file.write_all(&self.kept).is_err() {
                    lost = self.ends.len() as u64;
                }
            }
            Some(Way::Datagrams(socket)) => {
                let mut start = 0;
                let mut away = false;
                for &end in &self.ends {
                    if let Err(error) = send(socket, &self.kept[start..end]) {
                        lost += 1;
                        // A full queue passes by itself; anything else needs a new socket.
                        away |= error.kind() != io::ErrorKind::WouldBlock;
                    }
                    start = end;
                }
                if away {
                    self.way = None;
                }
            }
        }
        self.kept.clear();
        self.ends.clear();
        lost
    }

    fn reconnect(&mut self) {
        if self.way.is_none() && self.tried.elapsed() >= RECONNECT_AFTER {
            self.tried = Instant::now();
            self.way = connect(&self.address).ok();
        }
    }
}

/// A refused datagram tells of an earlier one, so the line at hand gets a second chance.
fn send(socket: &Socket, line: &[u8]) -> io::Result<usize> {
    match socket.send(line) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => socket.send(line),
        result => result,
    }
}

fn connect(address: &LogAddress) -> io::Result<Way> {
    Ok(match address {
        LogAddress::Udp(to) => Way::Datagrams(datagrams(Domain::for_address(*to), &(*to).into())?),
        LogAddress::Unix(path) => Way::Datagrams(datagrams(Domain::UNIX, &SockAddr::unix(path)?)?),
        LogAddress::Fd(number) => Way::Lines(open_fd(*number)?),
    })
}

fn datagrams(domain: Domain, to: &SockAddr) -> io::Result<Socket> {
    let socket = Socket::new(domain, Type::DGRAM.nonblocking(), None)?;
    socket.connect(to)?;
    Ok(socket)
}

fn open_fd(number: i32) -> io::Result<File> {
    if number < 0 {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: the descriptor is only duplicated here, which fails if it is not open.
    #[allow(unsafe_code)]
    let file = File::from(unsafe { BorrowedFd::borrow_raw(number) }.try_clone_to_owned()?);
    if file.is_terminal() {
        // The flag would stay behind in the user's shell.
        return Ok(file);
    }
    // A reader that is stuck must not stop the traffic.
    let flags = OFlag::from_bits_truncate(fcntl(&file, FcntlArg::F_GETFL)?);
    fcntl(&file, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(file)
}

fn complaint(address: &LogAddress, error: &io::Error) -> String {
    let name = match address {
        LogAddress::Udp(address) => format!("udp@{address}"),
        LogAddress::Unix(path) => path.clone(),
        LogAddress::Fd(number) => format!("fd@{number}"),
    };
    format!("Cannot log to {name} ({}). Starting without it; it is looked for again later.", reason(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::net::UdpSocket;
    use std::os::unix::net::UnixDatagram;

    use evenkeel_core::model::{Facility, Level, LogWire};

    #[test]
    fn each_line_is_one_datagram_and_they_keep_their_order() {
        let syslog = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let address = LogAddress::Udp(syslog.local_addr().expect("bound"));
        let (mut log, complaints) = SystemLog::open(&[target(address)], true);

        log.write(LogTargetId(0), b"<134>first");
        log.write(LogTargetId(0), b"<134>second");
        log.flush();

        assert_eq!(complaints, Vec::<String>::new());
        assert_eq!(receive(&syslog), "<134>first");
        assert_eq!(receive(&syslog), "<134>second");
        assert_eq!(log.dropped(), 0);
    }

    #[test]
    fn a_socket_that_is_not_there_is_told_once_and_found_later() {
        let path = std::env::temp_dir().join(format!("evenkeel-log-{}.sock", std::process::id()));
        let address = LogAddress::Unix(path.to_str().expect("text").to_string());
        let (mut log, complaints) = SystemLog::open(&[target(address)], true);
        log.write(LogTargetId(0), b"lost");
        log.flush();

        let syslog = UnixDatagram::bind(&path).expect("bound");
        log.outlets[0].tried = Instant::now().checked_sub(RECONNECT_AFTER).expect("up for a second");
        log.write(LogTargetId(0), b"found");
        log.flush();

        let mut buffer = [0; 100];
        let count = syslog.recv(&mut buffer).expect("a line");
        std::fs::remove_file(&path).expect("bound");
        assert_eq!(&buffer[..count], b"found");
        assert_eq!(log.dropped(), 1);
        assert_eq!(complaints.len(), 1);
        assert!(complaints[0].contains("(No such file or directory)"), "{complaints:?}");
    }

    fn target(address: LogAddress) -> LogTarget {
        LogTarget {
            address,
            wire: LogWire::Rfc3164,
            facility: Facility(16),
            max_level: Level::DEBUG,
            min_level: Level::EMERG,
            len: 1024,
            sample: None,
        }
    }

    fn receive(socket: &UdpSocket) -> String {
        let mut buffer = [0; 100];
        let count = socket.recv(&mut buffer).expect("a line");
        String::from_utf8_lossy(&buffer[..count]).into_owned()
    }
}
