//! The `evenkeel` program: reads the command line and does what it asks.

mod args;
mod check;
mod demo;
mod dump;
mod message;
mod reading;
mod run;
mod sources;
mod system;
mod version;

use std::io::{self, Write};
use std::process::ExitCode;

use args::{Args, Command};
use clap::CommandFactory;
use message::Teller;

fn main() -> ExitCode {
    let args = match Args::read(std::env::args_os().map(|word| word.to_string_lossy().into_owned())) {
        Ok(args) => args,
        Err(error) => return refuse(&error),
    };
    if args.build_info {
        say(&version::build_info());
        return ExitCode::SUCCESS;
    }
    if args.version {
        say(&version::line());
        return ExitCode::SUCCESS;
    }
    let teller = Teller::new(args.is_silent());
    if let Some(condition) = &args.check_condition {
        return reading::evaluate(condition, &teller);
    }
    if let Some(directory) = &args.directory
        && let Err(error) = std::env::set_current_dir(directory)
    {
        let why = evenkeel_io::sockets::reason(&error);
        teller.alert(&format!("Could not change to directory {} : {why}", directory.display()));
        return ExitCode::FAILURE;
    }
    if args.command == Some(Command::Demo) {
        return demo::run(&args, &teller);
    }
    if args.sources().next().is_none() {
        return usage("Which configuration? Name a file with -f, or run 'evenkeel demo' to try without one.");
    }
    if args.debug {
        show_events();
    }
    match reading::read(&args, &teller) {
        Ok(config) if args.check => check::verdict(&config, &teller),
        Ok(config) => run::start(&args, &teller, config),
        Err(run::Told) => ExitCode::FAILURE,
    }
}

/// `-d`: what becomes of connections, on standard error.
fn show_events() {
    let stderr = io::stderr();
    let colours = io::IsTerminal::is_terminal(&stderr);
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(io::stderr)
        .with_ansi(colours)
        .with_target(false)
        .init();
}

/// Clap's own code for a wrong command line is 2, which scripts know from `-cc` in another meaning.
fn refuse(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Prints a line; whoever stopped reading has seen enough.
fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

fn usage(hint: &str) -> ExitCode {
    say(&version::line());
    let usage = Args::command().render_usage();
    let _ = writeln!(io::stderr(), "{usage}\n\n{hint}\nFor more, try '--help'.");
    ExitCode::FAILURE
}
