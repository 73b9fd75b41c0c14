//! Everything together: sources in, a validated configuration or a list of problems out.

use super::assemble::assemble;
use super::environment::Environment;
use super::finding::Weight;
use super::problem::Problem;
use super::reader::{Reader, Source};
use crate::model::Config;

/// What became of the sources.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration; `None` when any problem is an alert.
    pub config: Option<Config>,
    /// All problems, in the order of the text; those that concern several lines come last.
    pub problems: Vec<Problem>,
    /// `zero-warning`: warnings are fatal.
    pub zero_warning: bool,
}

/// Reads and validates all sources together.
pub fn load(sources: &[Source], environment: &dyn Environment) -> Loaded {
    let mut reader = Reader::new(environment);
    sources.iter().for_each(|source| reader.read(source));
    let zero_warning = reader.global.zero_warning;
    let (config, problems) = assemble(reader);
    let usable = problems.iter().all(|problem| problem.weight < Weight::Alert);
    Loaded { config: usable.then_some(config), problems, zero_warning }
}
