//! The programs under test: evenkeel as this workspace builds it, and whatever haproxy is at hand.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Which program a check talks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// How reports call it.
    pub name: String,
    /// The executable.
    pub path: PathBuf,
}

impl Program {
    /// evenkeel: what `EVENKEEL_BIN` names, or else what Cargo builds from this workspace.
    ///
    /// # Panics
    /// When it cannot be built.
    pub fn evenkeel() -> Program {
        static PATH: OnceLock<PathBuf> = OnceLock::new();
        let path = PATH.get_or_init(|| std::env::var_os("EVENKEEL_BIN").map_or_else(build, PathBuf::from));
        Program { name: "evenkeel".to_owned(), path: path.clone() }
    }

    /// Whether evenkeel can be started: it accepts the smallest configuration. The configuration reader joins
    /// the workspace after the machines do; checks of the whole program say that they are skipped until then.
    ///
    /// # Panics
    /// When it cannot, and `EVENKEEL_REQUIRED` says that it must.
    pub fn evenkeel_starts() -> bool {
        static STARTS: OnceLock<bool> = OnceLock::new();
        let starts = *STARTS.get_or_init(|| {
            let file = std::env::temp_dir().join(format!("evenkeel-smallest-{}.cfg", std::process::id()));
            std::fs::write(&file, "listen smallest\n    bind 127.0.0.1:1\n").expect("a file can be written");
            let output = Command::new(Program::evenkeel().path).arg("-c").arg("-f").arg(&file).output();
            let _ = std::fs::remove_file(&file);
            output.is_ok_and(|output| output.status.success())
        });
        assert!(
            starts || std::env::var_os("EVENKEEL_REQUIRED").is_none(),
            "evenkeel cannot be started, and EVENKEEL_REQUIRED is set"
        );
        starts
    }

    /// The haproxy binaries at hand, newest last: `EVENKEEL_HAPROXY` or the one on the PATH, and
    /// `EVENKEEL_HAPROXY_28` when it is set.
    pub fn haproxies() -> Vec<Program> {
        let plain = std::env::var_os("EVENKEEL_HAPROXY").map(PathBuf::from).or_else(|| on_path("haproxy"));
        let newer = std::env::var_os("EVENKEEL_HAPROXY_28").map(PathBuf::from);
        let named = |name: &str, path: PathBuf| Program { name: name.to_owned(), path };
        let mut programs = Vec::new();
        programs.extend(plain.map(|path| named("haproxy", path)));
        programs.extend(newer.map(|path| named("haproxy-2.8", path)));
        programs
    }

    /// Whether this is really haproxy, whatever role it plays: the checks are themselves checked by putting
    /// haproxy in evenkeel's place.
    pub fn is_haproxy(&self) -> bool {
        self.path.file_name().is_some_and(|name| name.to_string_lossy().contains("haproxy"))
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    places.map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn build() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--package", "evenkeel", "--message-format", "json", "--manifest-path"])
        .arg(root.join("Cargo.toml"))
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "evenkeel does not build");
    let executable = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back();
    executable.expect("cargo names the executable")
}

/// A port of the loopback that is free now, below those that the kernel hands out by itself. Nothing holds
/// it, so the starter retries with others.
///
/// # Panics
/// When the loopback has no free port.
pub fn free_port() -> u16 {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    // Runs side by side start at different places.
    let start = std::process::id() as usize % 180 * 100;
    let candidates =
        std::iter::repeat_with(|| 12_000 + (start + NEXT.fetch_add(1, Ordering::SeqCst)) % 18_000);
    let mut ports = candidates.take(18_000).filter_map(|port| u16::try_from(port).ok());
    ports.find(|port| TcpListener::bind(("0.0.0.0", *port)).is_ok()).expect("the loopback has a free port")
}

/// A folder of this process below the build folder, removed when dropped.
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes a fresh folder.
    ///
    /// # Panics
    /// When the folder for temporary files cannot be written.
    pub fn new() -> Scratch {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let path = std::env::temp_dir().join(format!("evenkeel-check-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("temporary files can be written");
        Scratch { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file into it and returns its path.
    ///
    /// # Panics
    /// When the disk is full.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path.join(name);
        std::fs::write(&path, content).expect("temporary files can be written");
        path
    }
}

impl Default for Scratch {
    fn default() -> Scratch {
        Scratch::new()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Whether the process listens on `port`, by the kernel's tables: a trial connection would show in the proxy's
/// logs and counters.
///
/// Somebody else's socket does not count: a child between its fork and its exec still holds the sockets of the
/// tests' own process, such as the one that found the port free.
fn is_listening(process: u32, port: u16) -> bool {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let local = format!(":{port:04X}");
    let inodes = table.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let listens = words.get(1)?.ends_with(&local) && *words.get(3)? == "0A";
        listens.then(|| format!("socket:[{}]", words.get(9).copied().unwrap_or_default()))
    });
    let inodes: Vec<String> = inodes.collect();
    let Ok(open) = std::fs::read_dir(format!("/proc/{process}/fd")) else { return false };
    let links = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    let mut names = links.map(|link| link.to_string_lossy().into_owned());
    names.any(|name| inodes.contains(&name))
}

/// A running proxy, killed when dropped.
pub struct Running {
    child: Child,
    errors: PathBuf,
}

impl Running {
    /// Starts `command` (program and arguments) and waits until it listens on `port`.
    ///
    /// # Errors
    /// What the program said, when it ends or never listens.
    pub fn start(command: &mut Command, port: Option<u16>, scratch: &Scratch) -> Result<Running, String> {
        let errors = scratch.path().join("stderr");
        let file = File::create(&errors).map_err(|error| error.to_string())?;
        let out = file.try_clone().map_err(|error| error.to_string())?;
        let spawned = command.stdin(Stdio::null()).stdout(out).stderr(file).spawn();
        let mut running = Running { child: spawned.map_err(|error| error.to_string())?, errors };
        let deadline = Instant::now() + crate::PATIENCE;
        while let Some(port) = port {
            if let Ok(Some(status)) = running.child.try_wait() {
                return Err(format!("{status}: {}", running.said()));
            }
            if is_listening(running.child.id(), port) {
                break;
            }
            if Instant::now() > deadline {
                return Err(format!("port {port} never listens: {}", running.said()));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(running)
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// What it wrote to its standard outputs.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.errors).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
