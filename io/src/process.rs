//! What happens to the process between binding and running: pid file, background, chroot, user.
//!
//! The order is HAProxy's: bind, raise limits, open the pid file, fork (before any thread starts), write
//! the pid, change root, give up privileges.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};

use evenkeel_core::model::Global;
use nix::unistd::{ForkResult, Gid, Pid, Uid, chdir, chroot, setgid, setgroups, setsid, setuid};
use socket2::{Domain, SockAddr, Socket, Type};

use crate::identity;
use crate::sockets::reason;

/// A step that failed; the process must not go on.
#[derive(Debug)]
pub enum ProcessError {
    /// The pid file cannot be written.
    PidFile(String, io::Error),
    /// No child could be made.
    Fork(io::Error),
    /// The root directory cannot be changed.
    Chroot(String, io::Error),
    /// A user or group is not known.
    Unknown(io::Error),
    /// The group cannot be changed.
    Group(Gid, io::Error),
    /// The user cannot be changed.
    User(Uid, io::Error),
}

impl fmt::Display for ProcessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProcessError::PidFile(path, why) => write!(f, "Cannot create pidfile {path} ({}).", reason(why)),
            ProcessError::Fork(why) => write!(f, "Cannot fork ({}).", reason(why)),
            ProcessError::Chroot(path, why) => write!(f, "Cannot chroot({path}) ({}).", reason(why)),
            ProcessError::Unknown(why) => write!(f, "{why}."),
            ProcessError::Group(gid, why) => write!(f, "Cannot set gid {gid} ({}).", reason(why)),
            ProcessError::User(uid, why) => write!(f, "Cannot set uid {uid} ({}).", reason(why)),
        }
    }
}

/// The user and group to become, looked up while `/etc` can be read.
#[derive(Clone, Debug)]
pub struct Privileges {
    user: Option<Uid>,
    group: Option<Gid>,
}

impl Privileges {
    /// Looks up what section `global` names.
    pub fn look_up(global: &Global) -> Result<Privileges, ProcessError> {
        let user = global.user.as_ref().map(identity::user).transpose();
        let group = global.group.as_ref().map(identity::group).transpose();
        Ok(Privileges {
            user: user.map_err(ProcessError::Unknown)?,
            group: group.map_err(ProcessError::Unknown)?,
        })
    }

    /// Changes the root directory and becomes that user, in this order. There is no way back.
    pub fn drop(&self, root: Option<&str>) -> Result<(), ProcessError> {
        if let Some(root) = root {
            let failed = |errno: nix::errno::Errno| ProcessError::Chroot(root.to_string(), errno.into());
            chroot(root).map_err(failed)?;
            chdir("/").map_err(failed)?;
        }
        if let Some(group) = self.group {
            // Only root can; anyone else has no foreign groups to leave.
            let _ = setgroups(&[]);
            setgid(group).map_err(|errno| ProcessError::Group(group, errno.into()))?;
        }
        if let Some(user) = self.user {
            setuid(user).map_err(|errno| ProcessError::User(user, errno.into()))?;
        }
        Ok(())
    }
}

/// A process that went to the background and still tells what happens on the terminal.
#[derive(Debug)]
pub struct Background {
    /// Opened early: after a chroot it is out of reach.
    null: Option<File>,
}

impl Background {
    /// Has the standard streams go nowhere from here on.
    pub fn leave_terminal(self) {
        let Some(null) = self.null else { return };
        let _ = nix::unistd::dup2_stdin(&null);
        let _ = nix::unistd::dup2_stdout(&null);
        let _ = nix::unistd::dup2_stderr(&null);
    }
}

/// Goes to the background and writes the child's id into the pid file. Only the child returns.
///
/// Call it while the process has one thread.
pub fn daemonize(pidfile: Option<&str>) -> Result<Background, ProcessError> {
    let pidfile = pidfile.map(|path| open_pidfile(path).map(|file| (path, file))).transpose()?;
    // SAFETY: the process has one thread, so the child's copy of the memory is whole and no lock in it is
    // held by a thread that the child lacks.
    #[allow(unsafe_code)]
    let forked = unsafe { nix::unistd::fork() }.map_err(|errno| ProcessError::Fork(errno.into()))?;
    match forked {
        ForkResult::Parent { child } => {
            if let Some((path, file)) = pidfile
                && let Err(why) = write_pid(file, child)
            {
                let _ = writeln!(
                    io::stderr(),
                    "[ALERT]    ({}) : {}",
                    std::process::id(),
                    ProcessError::PidFile(path.into(), why)
                );
                std::process::exit(1);
            }
            std::process::exit(0);
        }
        ForkResult::Child => {
            // It cannot fail: a fresh child leads no group.
            let _ = setsid();
            Ok(Background { null: File::options().read(true).write(true).open("/dev/null").ok() })
        }
    }
}

/// Writes this process's id into the pid file, for a process that stays in the foreground.
pub fn write_own_pid(path: &str) -> Result<(), ProcessError> {
    let file = open_pidfile(path)?;
    write_pid(file, nix::unistd::getpid()).map_err(|why| ProcessError::PidFile(path.to_string(), why))
}

/// A supervisor such as systemd that wants to be told how the process fares, as `sd_notify(3)` describes.
#[derive(Debug)]
pub struct Supervisor(Socket);

impl Supervisor {
    /// Finds the one that the environment names. Call it before a chroot.
    pub fn find() -> io::Result<Option<Supervisor>> {
        let Ok(name) = std::env::var("NOTIFY_SOCKET") else { return Ok(None) };
        // An `@` stands for the NUL of the abstract name space.
        let name = name.strip_prefix('@').map_or(name.clone(), |name| format!("\0{name}"));
        let socket = Socket::new(Domain::UNIX, Type::DGRAM, None)?;
        socket.connect(&SockAddr::unix(name)?)?;
        Ok(Some(Supervisor(socket)))
    }

    /// Tells it, such as `READY=1`.
    pub fn tell(&self, state: &str) -> io::Result<()> {
        self.0.send(state.as_bytes()).map(|_| ())
    }
}

fn open_pidfile(path: &str) -> Result<File, ProcessError> {
    // A new file, so that nobody who holds the old one open can write into ours.
    let _ = std::fs::remove_file(path);
    File::create(path).map_err(|why| ProcessError::PidFile(path.to_string(), why))
}

fn write_pid(mut file: File, pid: Pid) -> io::Result<()> {
    writeln!(file, "{pid}")
}
