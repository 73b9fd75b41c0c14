//! Running a scenario so that a panic of the machines is a violation like any other.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

use evenkeel_core::base::time::Time;

use crate::coverage::Coverage;
use crate::oracle::Violation;
use crate::scenario::Scenario;
use crate::turmoil_world;
use crate::world::{Outcome, World};

thread_local! {
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs a scenario to its end.
pub fn run(scenario: &Scenario) -> Outcome {
    run_with(scenario, false)
}

/// Runs a scenario and keeps its timeline.
pub fn run_with_timeline(scenario: &Scenario) -> Outcome {
    run_with(scenario, true)
}

/// Runs a scenario to its end, with the real driver over turmoil.
pub fn run_turmoil(scenario: &Scenario, with_timeline: bool) -> Outcome {
    LAST_PANIC.take();
    let mut outcome = guarded(|| turmoil_world::run(scenario, with_timeline));
    // A task that panics takes nobody along.
    if let (None, Some(place)) = (&outcome.violation, LAST_PANIC.take()) {
        outcome.violation = Some(Violation { oracle: "panic", at: outcome.ended, what: place });
    }
    outcome
}

fn run_with(scenario: &Scenario, with_timeline: bool) -> Outcome {
    guarded(|| World::new(scenario, with_timeline).run())
}

fn guarded(run: impl FnOnce() -> Outcome) -> Outcome {
    caught(run).unwrap_or_else(|what| Outcome {
        violation: Some(Violation { oracle: "panic", at: Time::ZERO, what }),
        hash: 0,
        steps: 0,
        events: 0,
        ended: Time::ZERO,
        coverage: Coverage::default(),
        timeline: None,
    })
}

/// Runs something that may panic: its result, or the panic's place and words.
pub fn caught<R>(run: impl FnOnce() -> R) -> Result<R, String> {
    panic::catch_unwind(AssertUnwindSafe(run)).map_err(|payload| {
        let text = payload.downcast_ref::<String>().cloned();
        let text = text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let place = LAST_PANIC.take().unwrap_or_default();
        format!("{place}{}", text.unwrap_or_default())
    })
}

/// Keeps panics off the terminal and remembers where they were, for violations tell of them.
pub fn quiet_panics() {
    panic::set_hook(Box::new(remember));
}

/// Remembers where panics were, and tells them as usual. In turmoil a task that panics takes nobody along.
pub fn watch_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            remember(info);
            usual(info);
        }));
    });
}

fn remember(info: &PanicHookInfo<'_>) {
    let place = info.location().map(|location| format!("{location}: ")).unwrap_or_default();
    LAST_PANIC.set(Some(place));
}
