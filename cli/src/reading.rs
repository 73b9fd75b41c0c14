//! From sources to a validated configuration, and every problem told.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use evenkeel_core::config::environment::Environment;
use evenkeel_core::config::finding::Weight;
use evenkeel_core::config::predicate::evaluate as evaluate_condition;
use evenkeel_core::config::problem::Problem;
use evenkeel_core::config::{Loaded, Source, load};
use evenkeel_core::model::Config;
use evenkeel_io::sockets::reason;

use crate::args::Args;
use crate::message::Teller;
use crate::run::Told;
use crate::sources;
use crate::system::System;

/// Bytes of one configuration file.
const FILE_MAX: u64 = 256 * 1024 * 1024;

/// Reads the files that the command line names.
pub(crate) fn read(args: &Args, teller: &Teller) -> Result<Config, Told> {
    let told = |text: String| {
        teller.alert(&text);
        Told
    };
    let files = sources::spread(args.sources()).map_err(told)?;
    if files.is_empty() {
        return Err(told(
            "config : No configuration file was given: name one with -f, or try `evenkeel demo`.".into(),
        ));
    }
    let names: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    let sources: Result<Vec<Source>, String> = files.iter().map(|path| read_file(path)).collect();
    let system = System {
        files: names.join(";"),
        is_master_worker: args.is_master_worker(),
        ignore_resolution_failures: args.ignore_resolution_failures,
    };
    judge(&sources.map_err(told)?, &system, args.zero_warning, teller)
}

/// Reads one text.
pub(crate) fn read_text(name: &str, text: &str, teller: &Teller) -> Result<Config, Told> {
    let source = Source { name: name.to_string(), bytes: text.as_bytes().to_vec() };
    judge(&[source], &bare_system(), false, teller)
}

/// Evaluates the condition of `-cc`: 0 for true, 1 for false, 2 when it is not understood.
pub(crate) fn evaluate(condition: &str, teller: &Teller) -> ExitCode {
    let system = bare_system();
    match evaluate_condition(condition, &|name| system.variable(name)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            teller.alert(&format!("config : Failed to evaluate condition: {}", error.message));
            ExitCode::from(2)
        }
    }
}

fn bare_system() -> System {
    System { files: String::new(), is_master_worker: false, ignore_resolution_failures: false }
}

fn read_file(path: &Path) -> Result<Source, String> {
    let name = path.display().to_string();
    let failed = |error: std::io::Error| {
        format!("config : Could not open configuration file {name} : {}", reason(&error))
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(FILE_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(format!("config : Configuration file {name} is longer than {FILE_MAX} bytes."));
    }
    Ok(Source { name, bytes })
}

/// Loads the sources, tells all problems, and gives the configuration if there is one to use.
fn judge(sources: &[Source], system: &System, zero_warning: bool, teller: &Teller) -> Result<Config, Told> {
    let Loaded { config, problems, zero_warning: zero_in_file } = load(sources, system);
    let pid = std::process::id();
    for problem in &problems {
        teller.print(&problem.render(pid), problem.weight == Weight::Warning);
    }
    let Some(config) = config else {
        for source in sources.iter().filter(|source| is_at_fault(&source.name, &problems)) {
            teller.alert(&format!("config : Error(s) found in configuration file : {}", source.name));
        }
        teller.alert("config : Fatal errors found in configuration.");
        return Err(Told);
    };
    if (zero_warning || zero_in_file) && teller.has_warned() {
        teller.alert("config : Some warnings were found and 'zero-warning' is set. Aborting.");
        return Err(Told);
    }
    Ok(config)
}

fn is_at_fault(name: &str, problems: &[Problem]) -> bool {
    let alerts = problems.iter().filter(|problem| problem.weight == Weight::Alert);
    alerts.filter_map(|problem| problem.place.as_ref()).any(|place| &*place.file == name)
}
