//! Binding the listening sockets of a configuration (configuration manual 5.1).
//!
//! Sockets are bound once, before privileges are dropped, and shared by all workers as duplicates of one
//! descriptor.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::FromRawFd;

use evenkeel_core::model::{BindAddress, Listener, SocketOptions};
use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::socket::{SetSockOpt, setsockopt};
use nix::sys::stat::Mode;
use nix::{getsockopt_impl, libc, setsockopt_impl, sockopt_impl};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::identity;

sockopt_impl!(
    /// Connections with data in their first packet.
    FastOpen,
    Both,
    libc::IPPROTO_TCP,
    libc::TCP_FASTOPEN,
    u32
);
sockopt_impl!(
    /// Connections are given once their first data is there.
    DeferAccept,
    Both,
    libc::IPPROTO_TCP,
    libc::TCP_DEFER_ACCEPT,
    u32
);

/// A listening socket that could not be had.
#[derive(Debug)]
pub struct BindError {
    /// `file:line` of the `bind`.
    pub at: String,
    /// Name of its frontend.
    pub frontend: String,
    /// What was to be done, such as `cannot bind socket`.
    pub what: &'static str,
    /// The system's reason.
    pub why: io::Error,
    /// The address, as the user wrote it.
    pub address: String,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BindError { at, frontend, what, why, address } = self;
        let why = reason(why);
        // HAProxy's words for IP sockets have a `for`, those for Unix sockets do not.
        let preposition = if address.starts_with(['/', '@']) { "" } else { "for " };
        write!(f, "Binding [{at}] for frontend {frontend}: {what} ({why}) {preposition}[{address}]")?;
        if let Some(hint) = self.hint() {
            write!(f, "\n   | {hint}")?;
        }
        Ok(())
    }
}

impl BindError {
    /// What the user can do about it.
    fn hint(&self) -> Option<&'static str> {
        Some(match self.why.kind() {
            io::ErrorKind::AddrInUse => "Another process listens there; `ss -ltnp` names it.",
            io::ErrorKind::PermissionDenied if !self.address.starts_with('/') => {
                "Ports below 1024 need root or the capability CAP_NET_BIND_SERVICE."
            }
            io::ErrorKind::AddrNotAvailable => {
                "No interface of this machine has the address; `ip addr` shows them."
            }
            io::ErrorKind::NotFound => "The directory must exist before the start.",
            _ => return None,
        })
    }
}

/// The system's words for an error, without the number that Rust adds.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        Some((words, _)) => words.to_string(),
        None => text,
    }
}

/// A listening socket, and the options that the system refused: it works without them.
#[derive(Debug)]
pub struct Bound {
    /// The socket.
    pub socket: Socket,
    /// What to warn of.
    pub warnings: Vec<BindError>,
}

/// Binds one listener and starts to listen. `backlog` is for lines that set none.
pub fn bind(listener: &Listener, frontend: &str, backlog: u32) -> Result<Bound, BindError> {
    let failed = |(what, why): Failure| BindError {
        at: listener.at.clone(),
        frontend: frontend.to_string(),
        what,
        why,
        address: describe(&listener.address),
    };
    let mut refused = Vec::new();
    let options = &listener.options;
    let backlog = i32::try_from(options.backlog.unwrap_or(backlog)).unwrap_or(i32::MAX);
    match &listener.address {
        BindAddress::Ip(address) => bind_ip(*address, options, backlog, &mut refused),
        BindAddress::Unix(path) => bind_unix(path, options, backlog),
        BindAddress::Fd(number) => adopt(*number, backlog),
    }
    .map(|socket| Bound { socket, warnings: refused.into_iter().map(failed).collect() })
    .map_err(failed)
}

/// What was to be done, and why it cannot be.
type Failure = (&'static str, io::Error);
type Step<T> = Result<T, Failure>;

fn step<T>(what: &'static str, result: io::Result<T>) -> Step<T> {
    result.map_err(|why| (what, why))
}

fn bind_ip(
    address: SocketAddr,
    options: &SocketOptions,
    backlog: i32,
    refused: &mut Vec<Failure>,
) -> Step<Socket> {
    let domain = Domain::for_address(address);
    let socket = step(
        "cannot create receiving socket",
        Socket::new(domain, Type::STREAM.nonblocking(), Some(Protocol::TCP)),
    )?;
    step("cannot do so_reuseaddr", socket.set_reuse_address(true))?;
    // Without it a new process could not start beside the one that it replaces; old kernels lack it.
    let _ = socket.set_reuse_port(true);
    if let Some(only) = options.v6only
        && address.is_ipv6()
    {
        step("cannot make receiving socket IPv6-only or not", socket.set_only_v6(only))?;
    }
    if options.transparent {
        let result = if address.is_ipv6() {
            socket.set_ip_transparent_v6(true)
        } else {
            socket.set_ip_transparent_v4(true)
        };
        step("cannot make receiving socket transparent", result)?;
    }
    let mut wish = |what, result: io::Result<()>| refused.extend(result.err().map(|why| (what, why)));
    if let Some(interface) = &options.interface {
        wish("cannot bind receiver to device", socket.bind_device(Some(interface.as_bytes())));
    }
    step("cannot bind socket", socket.bind(&address.into()))?;
    if let Some(mss) = options.mss {
        wish("cannot set MSS", socket.set_tcp_mss(u32::from(mss)));
    }
    if options.user_timeout.is_some() {
        wish("cannot set TCP User Timeout", socket.set_tcp_user_timeout(options.user_timeout));
    }
    if options.defer_accept {
        wish("cannot enable DEFER_ACCEPT", set(&socket, DeferAccept, 1));
    }
    if options.smart_accept {
        // Connections inherit it. A wish, no more.
        let _ = socket.set_tcp_quickack(false);
    }
    if options.fast_open {
        wish("cannot enable TCP_FASTOPEN", set(&socket, FastOpen, backlog.unsigned_abs()));
    }
    step("cannot listen to socket", socket.listen(backlog))?;
    Ok(socket)
}

fn set<O: SetSockOpt<Val = u32>>(socket: &Socket, option: O, value: u32) -> io::Result<()> {
    setsockopt(socket, option, &value).map_err(io::Error::from)
}

/// A path is bound under another name and moved into place, so that it is never missing nor refusing.
fn bind_unix(path: &str, options: &SocketOptions, backlog: i32) -> Step<Socket> {
    let socket =
        step("cannot create receiving socket", Socket::new(Domain::UNIX, Type::STREAM.nonblocking(), None))?;
    if path.starts_with('\0') {
        let address = step("cannot bind UNIX socket", SockAddr::unix(path))?;
        step("cannot bind UNIX socket", socket.bind(&address))?;
        step("cannot listen to UNIX socket", socket.listen(backlog))?;
        return Ok(socket);
    }
    let temporary = format!("{path}.{}.tmp", std::process::id());
    let _ = std::fs::remove_file(&temporary);
    let address = step("cannot bind UNIX socket", SockAddr::unix(&temporary))?;
    step("cannot bind UNIX socket", socket.bind(&address))?;
    let placed = step("cannot change UNIX socket ownership", own(&temporary, options))
        .and_then(|()| step("cannot listen to UNIX socket", socket.listen(backlog)))
        .and_then(|()| {
            step("cannot switch final and temporary UNIX sockets", std::fs::rename(&temporary, path))
        });
    if placed.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    placed.map(|()| socket)
}

fn own(path: &str, options: &SocketOptions) -> io::Result<()> {
    let user = options.user.as_ref().map(identity::user).transpose()?;
    let group = options.group.as_ref().map(identity::group).transpose()?;
    if user.is_some() || group.is_some() {
        nix::unistd::chown(path, user, group)?;
    }
    if let Some(mode) = options.mode {
        let mode = Mode::from_bits_truncate(mode as libc::mode_t);
        nix::sys::stat::fchmodat(
            nix::fcntl::AT_FDCWD,
            path,
            mode,
            nix::sys::stat::FchmodatFlags::FollowSymlink,
        )?;
    }
    Ok(())
}

/// Takes over a descriptor that the parent left open (`fd@N`).
fn adopt(number: i32, backlog: i32) -> Step<Socket> {
    const WHAT: &str = "cannot use file descriptor";
    // SAFETY: the descriptor is only asked for its flags here; if it is not open, that fails.
    #[allow(unsafe_code)]
    let inherited = unsafe { std::os::fd::BorrowedFd::borrow_raw(number.max(0)) };
    step(WHAT, fcntl(inherited, FcntlArg::F_GETFD).map_err(io::Error::from))?;
    // SAFETY: the descriptor is open, as the line above found. It was left for this purpose by whoever
    // started the process, and nothing else in the process takes or closes it.
    #[allow(unsafe_code)]
    let socket = unsafe { Socket::from_raw_fd(number) };
    step(WHAT, socket.local_addr())?;
    step(WHAT, socket.set_nonblocking(true))?;
    step("cannot listen to socket", socket.listen(backlog))?;
    Ok(socket)
}

fn describe(address: &BindAddress) -> String {
    match address {
        BindAddress::Ip(address) => address.to_string(),
        BindAddress::Unix(path) => match path.strip_prefix('\0') {
            Some(name) => format!("@{name}"),
            None => path.clone(),
        },
        BindAddress::Fd(number) => format!("fd@{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use evenkeel_core::base::ids::FrontendId;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_port_in_use_is_told_in_haproxys_words_with_its_line() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = taken.local_addr().expect("bound");

        let error = bind(&listener(BindAddress::Ip(address)), "web", 10).expect_err("in use");

        let first_line = error.to_string().lines().next().map(str::to_string);
        assert_eq!(
            first_line.as_deref(),
            Some(
                format!(
                    "Binding [a.cfg:7] for frontend web: cannot bind socket (Address already in use) for [{address}]"
                )
                .as_str()
            )
        );
    }

    #[test]
    fn an_option_that_the_system_refuses_is_a_warning() {
        let mut wanted = listener(BindAddress::Ip("127.0.0.1:0".parse().expect("an address")));
        wanted.options.interface = Some("nosuch0".to_string());
        wanted.options.defer_accept = true;
        wanted.options.fast_open = true;

        let bound = bind(&wanted, "web", 10).expect("bound all the same");

        let warnings: Vec<_> = bound.warnings.iter().map(|warning| warning.what).collect();
        assert_eq!(warnings, ["cannot bind receiver to device"]);
    }

    #[test]
    fn a_unix_socket_gets_its_permissions_and_replaces_an_old_one() {
        let path = std::env::temp_dir().join(format!("evenkeel-{}.sock", std::process::id()));
        let path = path.to_str().expect("text").to_string();
        let mut wanted = listener(BindAddress::Unix(path.clone()));
        wanted.options.mode = Some(0o640);

        let first = bind(&wanted, "web", 10).expect("bound");
        let second = bind(&wanted, "web", 10).expect("bound again, as after a crash");

        let mode = std::fs::metadata(&path).expect("there").permissions().mode();
        std::os::unix::net::UnixStream::connect(&path).expect("listening");
        std::fs::remove_file(&path).expect("there");
        assert_eq!(mode & 0o777, 0o640);
        drop((first, second));
    }

    #[test]
    fn a_descriptor_that_is_not_open_is_refused() {
        let error = bind(&listener(BindAddress::Fd(9_999)), "web", 10).expect_err("not open");

        assert!(error.to_string().contains("cannot use file descriptor (Bad file descriptor)"), "{error}");
    }

    fn listener(address: BindAddress) -> Listener {
        Listener {
            frontend: FrontendId(0),
            name: None,
            address,
            maxconn: None,
            options: SocketOptions::default(),
            at: "a.cfg:7".to_string(),
        }
    }
}
