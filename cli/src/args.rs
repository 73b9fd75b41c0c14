//! The command line: HAProxy's flags with HAProxy's meaning (management manual, chapter 3), and a long name
//! for each.
//!
//! HAProxy spells many flags with one dash and several letters (`-cc`, `-db`, `-sf`), which no common
//! parser takes. [`rewrite`] turns those into the long names; clap does the rest.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

/// What the user asked for.
#[derive(Clone, Debug, Parser, PartialEq, Eq)]
#[command(
    name = "evenkeel",
    disable_version_flag = true,
    args_conflicts_with_subcommands = true,
    about = "A load balancer that reads HAProxy's configuration files",
    after_help = "All of HAProxy's own spellings (-cc, -vv, -db, -dW, -sf, -Ws …) work as well.\n\
                  Try it without a configuration: evenkeel demo"
)]
pub(crate) struct Args {
    /// A command in place of running a configuration.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// Read this configuration file, or all *.cfg files of this directory in order of name; repeatable.
    #[arg(short = 'f', long = "file", value_name = "FILE|DIRECTORY")]
    pub(crate) files: Vec<PathBuf>,

    /// More configuration files, after `--`.
    #[arg(last = true, value_name = "FILE")]
    pub(crate) more_files: Vec<PathBuf>,

    /// Check the configuration, say whether it is valid, and exit.
    #[arg(short = 'c', long)]
    pub(crate) check: bool,

    /// Evaluate a condition as `.if` does: exit code 0 for true, 1 for false, 2 when not understood (-cc).
    #[arg(long, value_name = "CONDITION")]
    pub(crate) check_condition: Option<String>,

    /// Tell the version.
    #[arg(short = 'v', long)]
    pub(crate) version: bool,

    /// Tell the version and how this program was built (-vv).
    #[arg(long)]
    pub(crate) build_info: bool,

    /// Run in the background.
    #[arg(short = 'D', long)]
    pub(crate) daemon: bool,

    /// Master-worker mode: one process does both works; it writes the pid file, also in the foreground.
    #[arg(short = 'W', long)]
    pub(crate) master_worker: bool,

    /// The same under systemd: stay in the foreground, and tell when the process serves (-Ws).
    #[arg(long)]
    pub(crate) master_worker_notify: bool,

    /// Stay in the foreground whatever the configuration says (-db).
    #[arg(long)]
    pub(crate) foreground: bool,

    /// Debug mode: stay in the foreground and tell more (-d).
    #[arg(long)]
    pub(crate) debug: bool,

    /// Tell more; undoes --quiet.
    #[arg(short = 'V', long)]
    pub(crate) verbose: bool,

    /// Tell nothing while starting.
    #[arg(short = 'q', long)]
    pub(crate) quiet: bool,

    /// Refuse to start when anything gave a warning (-dW).
    #[arg(long)]
    pub(crate) zero_warning: bool,

    /// Start even if server names do not resolve (-dr).
    #[arg(long)]
    pub(crate) ignore_resolution_failures: bool,

    /// Accept at most this many connections at one time.
    #[arg(short = 'n', long, value_name = "COUNT")]
    pub(crate) maxconn: Option<u32>,

    /// Write the process id into this file.
    #[arg(short = 'p', long, value_name = "FILE")]
    pub(crate) pidfile: Option<String>,

    /// Go to this directory first; relative names start there.
    #[arg(short = 'C', long, value_name = "DIRECTORY")]
    pub(crate) directory: Option<PathBuf>,

    /// Send SIGUSR1 to these processes once this one listens, so that they finish (-sf).
    #[arg(long, value_name = "PID", num_args = 0..)]
    pub(crate) finish: Vec<i32>,

    /// Send SIGTERM to these processes once this one listens (-st).
    #[arg(long, value_name = "PID", num_args = 0..)]
    pub(crate) terminate: Vec<i32>,

    #[command(flatten)]
    pub(crate) later: Later,
}

/// Flags that are understood and do nothing so far; a start with one says so.
#[derive(Clone, Debug, Default, ClapArgs, PartialEq, Eq)]
#[command(next_help_heading = "Accepted, without effect so far")]
pub(crate) struct Later {
    /// Listen for master commands.
    #[arg(short = 'S', long, value_name = "BIND")]
    pub(crate) master_socket: Option<String>,

    /// Take listening sockets from the process behind this socket.
    #[arg(short = 'x', long, value_name = "SOCKET")]
    pub(crate) inherit_sockets: Option<String>,

    /// Use at most this many megabytes.
    #[arg(short = 'm', long, value_name = "MEGABYTES")]
    pub(crate) memory: Option<String>,

    /// Connections of a proxy that sets no `maxconn`.
    #[arg(short = 'N', long, value_name = "COUNT")]
    pub(crate) proxy_maxconn: Option<String>,

    /// Name of this peer.
    #[arg(short = 'L', long, value_name = "NAME")]
    pub(crate) peer_name: Option<String>,

    /// Another of HAProxy's -d flags.
    #[arg(long, hide = true, value_name = "FLAG")]
    pub(crate) tuning: Vec<String>,
}

/// Commands of evenkeel's own.
#[derive(Clone, Copy, Debug, Subcommand, PartialEq, Eq)]
pub(crate) enum Command {
    /// Start three small web servers and a load balancer before them, and say what to try.
    Demo,
}

/// HAProxy's spellings that stand for a flag of their own.
const SPELLINGS: &[(&str, &str)] = &[
    ("-Ws", "--master-worker-notify"),
    ("-cc", "--check-condition"),
    ("-d", "--debug"),
    ("-dW", "--zero-warning"),
    ("-db", "--foreground"),
    ("-dr", "--ignore-resolution-failures"),
    ("-sf", "--finish"),
    ("-st", "--terminate"),
    ("-vv", "--build-info"),
];

/// HAProxy's `-d` flags without effect here, by their first letters: pollers, splicing, memory poisoning.
const TUNING: &[&str] = &[
    "-dC", "-dD", "-dF", "-dG", "-dI", "-dK", "-dL", "-dM", "-dR", "-dS", "-dV", "-dZ", "-de", "-dp", "-dt",
];

impl Args {
    /// Reads a command line, the program's name first.
    pub(crate) fn read(words: impl IntoIterator<Item = String>) -> Result<Args, clap::Error> {
        Args::try_parse_from(rewrite(words))
    }

    /// All configuration files and directories, in order.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.iter().chain(&self.more_files)
    }

    /// Whether the process leaves the terminal.
    pub(crate) fn goes_to_background(&self, configured: bool) -> bool {
        // Under systemd the process must stay where systemd started it.
        (self.daemon || configured) && !self.foreground && !self.debug && !self.master_worker_notify
    }

    /// Whether the process stands for a master and its worker.
    pub(crate) fn is_master_worker(&self) -> bool {
        self.master_worker || self.master_worker_notify
    }

    /// Whether nothing is to be told.
    pub(crate) fn is_silent(&self) -> bool {
        self.quiet && !self.verbose
    }
}

impl Later {
    /// The flags given, as HAProxy spells them.
    pub(crate) fn given(&self) -> Vec<String> {
        let flags = [
            ("-S", self.master_socket.is_some()),
            ("-x", self.inherit_sockets.is_some()),
            ("-m", self.memory.is_some()),
            ("-N", self.proxy_maxconn.is_some()),
            ("-L", self.peer_name.is_some()),
        ];
        let given = flags.iter().filter(|(_, given)| *given).map(|(flag, _)| (*flag).to_string());
        given.chain(self.tuning.iter().cloned()).collect()
    }
}

fn rewrite(words: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut words = words.into_iter();
    let mut rewritten: Vec<String> = words.next().into_iter().collect();
    while let Some(word) = words.next() {
        if word == "--" {
            rewritten.push(word);
            rewritten.extend(words);
            break;
        }
        if let Some((_, long)) = SPELLINGS.iter().find(|(short, _)| *short == word) {
            rewritten.push((*long).to_string());
        } else if TUNING.iter().any(|flag| word.starts_with(flag)) {
            rewritten.push(format!("--tuning={word}"));
        } else {
            rewritten.push(word);
        }
    }
    rewritten
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn haproxys_spellings_mean_what_they_mean_there() {
        let args = read("-W -db -dW -f a.cfg -f b.d -sf 12 13 -p x.pid -n 200 -C /etc -- c.cfg -d.cfg");

        assert!(args.master_worker);
        assert!(args.foreground && args.zero_warning && !args.debug);
        assert_eq!(args.finish, [12, 13]);
        assert_eq!(args.maxconn, Some(200));
        assert_eq!(args.pidfile.as_deref(), Some("x.pid"));
        let sources: Vec<_> = args.sources().map(|path| path.display().to_string()).collect();
        assert_eq!(sources, ["a.cfg", "b.d", "c.cfg", "-d.cfg"]);
    }

    #[test]
    fn only_the_configuration_or_the_flag_sends_it_away_and_others_hold_it() {
        assert!(read("-D").goes_to_background(false));
        assert!(read("-W").goes_to_background(true));
        assert!(!read("-W").goes_to_background(false));
        for held in ["-D -db", "-D -d", "-Ws"] {
            assert!(!read(held).goes_to_background(true), "{held}");
        }
    }

    #[test]
    fn a_condition_may_begin_with_anything() {
        assert_eq!(read("-cc !streq(a,b)").check_condition.as_deref(), Some("!streq(a,b)"));
    }

    #[test]
    fn flags_without_effect_are_named_as_they_were_given() {
        let given = read("-f a -dM0x50 -dI -de -m 100 -L me").later.given();

        assert_eq!(given, ["-m", "-L", "-dM0x50", "-dI", "-de"]);
    }

    #[test]
    fn verbose_undoes_quiet() {
        assert!(read("-q -f a").is_silent());
        assert!(!read("-q -V -f a").is_silent());
    }

    #[test]
    fn unknown_flags_and_stray_words_are_refused() {
        assert!(Args::read(words("-Q")).is_err());
        assert!(Args::read(words("-f a.cfg stray")).is_err());
        assert!(Args::read(words("-f")).is_err());
    }

    fn read(line: &str) -> Args {
        Args::read(words(line)).expect("a valid line")
    }

    fn words(line: &str) -> Vec<String> {
        std::iter::once("evenkeel").chain(line.split_whitespace()).map(str::to_string).collect()
    }
}
