//! What the program tells on standard error, in the form that HAProxy's users and scripts know.

use std::cell::Cell;
use std::io::{self, Write};

/// How important a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Severity {
    Notice,
    Warning,
    Alert,
}

/// Tells messages, and remembers whether any was a warning.
#[derive(Debug)]
pub(crate) struct Teller {
    silent: bool,
    introduced: Cell<bool>,
    warned: Cell<bool>,
}

impl Teller {
    pub(crate) fn new(silent: bool) -> Teller {
        Teller { silent, introduced: Cell::new(false), warned: Cell::new(false) }
    }

    /// Tells one message. The first warning or alert comes behind who is speaking.
    fn tell(&self, severity: Severity, text: &str) {
        if self.silent {
            return;
        }
        if severity != Severity::Notice {
            self.introduce();
        }
        let (label, pid) = (label(severity), std::process::id());
        // Nobody may be there to read it; that is no reason to fail.
        let _ = writeln!(io::stderr(), "{label:<10} ({pid}) : {text}");
    }

    /// Tells something that must not go on.
    pub(crate) fn alert(&self, text: &str) {
        self.tell(Severity::Alert, text);
    }

    /// Tells something in the configuration that the user should look at.
    pub(crate) fn warn(&self, text: &str) {
        self.warned.set(true);
        self.remark(text);
    }

    /// Tells something that the user should know and that says nothing against the configuration.
    pub(crate) fn remark(&self, text: &str) {
        self.tell(Severity::Warning, text);
    }

    /// Says a result on standard output.
    pub(crate) fn say(&self, text: &str) {
        if !self.silent {
            let _ = writeln!(io::stdout(), "{text}");
        }
    }

    /// Whether there was a warning.
    pub(crate) fn has_warned(&self) -> bool {
        self.warned.get()
    }

    /// Prints a text that was written elsewhere, such as a rendered list of problems.
    pub(crate) fn print(&self, text: &str, is_warning: bool) {
        self.warned.set(self.warned.get() || is_warning);
        if !self.silent {
            self.introduce();
            let _ = write!(io::stderr(), "{text}");
        }
    }

    fn introduce(&self) {
        if self.introduced.replace(true) {
            return;
        }
        self.tell(Severity::Notice, &format!("evenkeel version is {}", env!("CARGO_PKG_VERSION")));
        if let Ok(path) = std::env::current_exe() {
            self.tell(Severity::Notice, &format!("path to executable is {}", path.display()));
        }
    }
}

fn label(severity: Severity) -> &'static str {
    match severity {
        Severity::Notice => "[NOTICE]",
        Severity::Warning => "[WARNING]",
        Severity::Alert => "[ALERT]",
    }
}
