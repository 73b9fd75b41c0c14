//! What is going on, for whoever waits at a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A line at the bottom of the terminal; nothing when standard error is none.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Shows nothing so far.
    pub(crate) fn new() -> Progress {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{spinner} {msg} [{bar:30}] {pos}/{len}, {eta} left");
        bar.set_style(style.expect("a fixed template").progress_chars("=> "));
        bar.enable_steady_tick(Duration::from_millis(250));
        Progress(bar)
    }

    /// A part begins that has so many steps.
    pub(crate) fn begin(&self, what: &str, steps: u64) {
        self.0.reset();
        self.0.set_length(steps);
        self.0.set_message(what.to_owned());
    }

    /// One step is done.
    pub(crate) fn step(&self) {
        self.0.inc(1);
    }

    /// Prints a line of the results.
    pub(crate) fn print(&self, line: &str) {
        self.0.suspend(|| println!("{line}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
