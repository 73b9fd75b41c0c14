//! From a validated configuration to a running process, in HAProxy's order: bind, limits, background,
//! privileges, threads.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use evenkeel_core::base::ids::WorkerId;
use evenkeel_core::base::random::Seed;
use evenkeel_core::base::time::Now;
use evenkeel_core::model::Config;
use evenkeel_core::proxy::{Facts, Shared, Worker};
use evenkeel_io::clock::Clock;
use evenkeel_io::limits::{self, Limits};
use evenkeel_io::process::{self, Background, Privileges, ProcessError, Supervisor};
use evenkeel_io::shards::Shards;
use evenkeel_io::signals::Ending;
use evenkeel_io::sockets::Bound;
use evenkeel_io::{entropy, sockets};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use socket2::Socket;

use crate::args::Args;
use crate::dump;
use crate::message::Teller;

/// Something that ends the start; it was told already.
pub(crate) struct Told;

/// Starts a validated configuration and returns when it has ended.
pub(crate) fn start(args: &Args, teller: &Teller, config: Config) -> ExitCode {
    match prepare_and_serve(args, teller, config) {
        // A master ends well once its worker has been stopped.
        Ok(_) if args.is_master_worker() => ExitCode::SUCCESS,
        Ok(ending) => ExitCode::from(ending.exit_code()),
        Err(Told) => ExitCode::FAILURE,
    }
}

fn prepare_and_serve(args: &Args, teller: &Teller, mut config: Config) -> Result<Ending, Told> {
    let later = args.later.given();
    if !later.is_empty() {
        teller.remark(&format!("Accepted without effect so far: {}.", later.join(", ")));
    }
    if !config.listens() {
        return Err(fatal(
            teller,
            "[evenkeel] No enabled listener found (check for 'bind' directives) ! Exiting.",
        ));
    }
    let limits = plan_limits(args, teller, &config)?;
    config.global.maxconn = Some(limits.maxconn);
    let clock = Clock::start();
    let privileges =
        Privileges::look_up(&config.global).map_err(|error| fatal(teller, &error.to_string()))?;
    let sockets = bind_all(&config, limits.maxconn, teller)?;
    raise_limits(&config, limits, teller)?;
    let background = go_to_background(args, &config).map_err(|error| fatal(teller, &error.to_string()))?;
    tell_predecessors(args);
    let silent = args.is_silent() || (config.global.quiet && !args.verbose);
    let (shards, complaints) =
        Shards::new(workers(&config), clock.clone(), sockets, &config.log_targets, silent);
    for complaint in complaints {
        teller.remark(&complaint);
    }
    let seed = entropy::seed().map_err(|error| fatal(teller, &format!("No random seed ({error}).")))?;
    let supervisor = find_supervisor(args, teller);
    privileges.drop(config.global.chroot.as_deref()).map_err(|error| fatal(teller, &error.to_string()))?;
    let started = || {
        if let Some(background) = background {
            background.leave_terminal();
        }
        // A supervisor that cannot be told will notice by itself.
        let _ = supervisor.map(|supervisor| supervisor.tell("READY=1\n"));
    };
    serve(shards, &Arc::new(config), seed, clock.now(), started, teller)
        .map_err(|error| fatal(teller, &error.to_string()))
}

/// Runs one machine per worker until the process is to end.
fn serve(
    shards: Shards,
    config: &Arc<Config>,
    seed: Seed,
    now: Now,
    started: impl FnOnce(),
    teller: &Teller,
) -> io::Result<Ending> {
    let shared = Shared::new(config, now);
    let hostname = nix::unistd::gethostname().unwrap_or_default().to_string_lossy().into_owned();
    let facts = Facts { pid: std::process::id(), hostname, workers: workers(config) };
    let make = |id: WorkerId| {
        let seed = seed.child(&format!("worker {}", id.0));
        Worker::new(Arc::clone(config), shared.clone(), id, facts.clone(), seed, now)
    };
    let dump = || dump::states(config, &shared).iter().for_each(|line| teller.remark(line));
    shards.run(make, started, dump)
}

fn workers(config: &Config) -> u32 {
    u32::from(config.global.nbthread.unwrap_or(1).max(1))
}

fn find_supervisor(args: &Args, teller: &Teller) -> Option<Supervisor> {
    if !args.master_worker_notify {
        return None;
    }
    Supervisor::find().unwrap_or_else(|error| {
        teller.remark(&format!("Cannot reach the supervisor ({error})."));
        None
    })
}

fn go_to_background(args: &Args, config: &Config) -> Result<Option<Background>, ProcessError> {
    let pidfile = args.pidfile.as_deref().or(config.global.pidfile.as_deref());
    if args.goes_to_background(config.global.daemon) {
        return process::daemonize(pidfile).map(Some);
    }
    // Scripts that keep the process in the foreground know its id, unless it stands for a master.
    if let Some(path) = pidfile
        && args.is_master_worker()
    {
        process::write_own_pid(path)?;
    }
    Ok(None)
}

fn plan_limits(args: &Args, teller: &Teller, config: &Config) -> Result<Limits, Told> {
    let maxconn = args.maxconn.filter(|count| *count > 0).or(config.global.maxconn);
    limits::plan(config, maxconn).map_err(|error| fatal(teller, &format!("Cannot read FD limit ({error}).")))
}

fn raise_limits(config: &Config, limits: Limits, teller: &Teller) -> Result<(), Told> {
    let raised = limits::raise(limits).map_err(|error| fatal(teller, &error.to_string()))?;
    let Err(too_low) = raised else { return Ok(()) };
    if config.global.strict_limits {
        let hint = "   | Lower 'maxconn', raise the limit (ulimit -n, or LimitNOFILE= of systemd),\n   \
                    | or say 'no strict-limits' to run with what there is.";
        return Err(fatal(teller, &format!("{too_low}\n{hint}")));
    }
    teller.warn(&too_low.to_string());
    teller.alert(&too_low.consequence());
    Ok(())
}

fn bind_all(config: &Config, backlog: u32, teller: &Teller) -> Result<Vec<Option<Socket>>, Told> {
    let mut failed = false;
    let mut bound = Vec::with_capacity(config.listeners.len());
    for listener in &config.listeners {
        let frontend = &config.frontends[listener.frontend.index()];
        if frontend.disabled {
            bound.push(None);
            continue;
        }
        let backlog = listener.maxconn.or(frontend.maxconn).unwrap_or(backlog);
        match sockets::bind(listener, &frontend.name, backlog) {
            Ok(Bound { socket, warnings }) => {
                warnings.iter().for_each(|warning| teller.warn(&warning.to_string()));
                bound.push(Some(socket));
            }
            Err(error) => {
                failed = true;
                teller.alert(&error.to_string());
            }
        }
    }
    if failed {
        return Err(fatal(teller, "[evenkeel] Some protocols failed to start their listeners! Exiting."));
    }
    Ok(bound)
}

/// The processes that this one replaces may go once it listens.
fn tell_predecessors(args: &Args) {
    let finish = args.finish.iter().map(|pid| (pid, Signal::SIGUSR1));
    let terminate = args.terminate.iter().map(|pid| (pid, Signal::SIGTERM));
    for (pid, signal) in finish.chain(terminate) {
        // One that has ended already is what was wanted.
        let _ = kill(Pid::from_raw(*pid), signal);
    }
}

fn fatal(teller: &Teller, text: &str) -> Told {
    teller.alert(text);
    Told
}
