//! Programs that the shell runs for the core, and how they end.

/// One run of a program. The core gives the number; no worker uses one twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u64);

/// What to run. It reads nothing, and what it writes goes where the process writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its path, or a name to be looked up along `PATH` of the environment.
    pub command: String,
    /// The words behind it.
    pub arguments: Vec<String>,
    /// Variables that are set.
    pub environment: Vec<(&'static str, String)>,
    /// Whether it has the process's own variables too.
    pub inherits: bool,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code.
    Code(u8),
    /// It could not be started, for this reason.
    NotStarted(String),
    /// By a signal.
    Signal,
}
