//! The states that a server goes through and what leads from one to the next: one table, by which the machine
//! decides and from which docs/servers.md is drawn.
//!
//! Three regions live side by side: what the operator wants, what health checks say, and what an agent says.

/// A state, in one of three regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Operator: takes traffic.
    Ready,
    /// Operator: takes only traffic that is tied to it.
    Drain,
    /// Operator: takes no traffic and is not checked.
    Maint,
    /// Health: up, and the next check decides alone.
    Starting,
    /// Health: up.
    Up,
    /// Health: up, and the last checks failed.
    GoingDown,
    /// Health: still there for those that are tied to it (NOLB).
    Stopping,
    /// Health: down.
    Down,
    /// Health: down, and the last checks passed.
    GoingUp,
    /// Agent: up, or there is none.
    AgentUp,
    /// Agent: down.
    AgentDown,
}

/// What leads from one state to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The operator or an agent says `ready`.
    SetReady,
    /// The operator or an agent says `drain`.
    SetDrain,
    /// The operator or an agent says `maint`; `disabled`.
    SetMaint,
    /// A check passed, but not yet enough of them.
    Pass,
    /// The check passed that makes `rise` in a row.
    LastPass,
    /// A check failed, but not yet enough of them.
    Fail,
    /// The check failed that makes `fall` in a row.
    LastFail,
    /// The server asked for no new traffic (a 404 under `disable-on-404`).
    AskedToStop,
    /// `on-error sudden-death`: one more failure is enough.
    Condemn,
    /// The operator says `health up`.
    ForceUp,
    /// The operator says `health stopping`.
    ForceStop,
    /// The operator says `health down`; `on-error mark-down`.
    ForceDown,
    /// The start, or the end of maintenance, with `init-state up`.
    StartUp,
    /// The same with `init-state fully-up`.
    StartFullyUp,
    /// The same with `init-state down`.
    StartDown,
    /// The same with `init-state fully-down`.
    StartFullyDown,
    /// The agent says `up`.
    AgentSaysUp,
    /// The agent says `down`, `stopped` or `fail`.
    AgentSaysDown,
}

/// Several states, what happens, and where that leads.
pub type Transition = (&'static [State], Cause, State);

const IS_UP: &[State] = &[State::Starting, State::Up, State::GoingDown, State::Stopping];
const IS_DOWN: &[State] = &[State::Down, State::GoingUp];
const ANY_HEALTH: &[State] =
    &[State::Starting, State::Up, State::GoingDown, State::Stopping, State::Down, State::GoingUp];

/// The machine. What is not in it changes nothing.
pub const TRANSITIONS: &[Transition] = &[
    (&[State::Drain, State::Maint], Cause::SetReady, State::Ready),
    (&[State::Ready, State::Maint], Cause::SetDrain, State::Drain),
    (&[State::Ready, State::Drain], Cause::SetMaint, State::Maint),
    (IS_UP, Cause::Pass, State::Up),
    (&[State::Up, State::GoingDown], Cause::Fail, State::GoingDown),
    (&[State::Stopping], Cause::Fail, State::Stopping),
    (IS_UP, Cause::LastFail, State::Down),
    (IS_UP, Cause::AskedToStop, State::Stopping),
    (&[State::Up, State::GoingDown], Cause::Condemn, State::GoingDown),
    (&[State::Stopping], Cause::Condemn, State::Stopping),
    (IS_DOWN, Cause::Pass, State::GoingUp),
    (IS_DOWN, Cause::LastPass, State::Up),
    (IS_DOWN, Cause::Fail, State::Down),
    (ANY_HEALTH, Cause::ForceUp, State::Up),
    (ANY_HEALTH, Cause::ForceStop, State::Stopping),
    (ANY_HEALTH, Cause::ForceDown, State::Down),
    (ANY_HEALTH, Cause::StartUp, State::Starting),
    (ANY_HEALTH, Cause::StartFullyUp, State::Up),
    (ANY_HEALTH, Cause::StartDown, State::GoingUp),
    (ANY_HEALTH, Cause::StartFullyDown, State::Down),
    (&[State::AgentDown], Cause::AgentSaysUp, State::AgentUp),
    (&[State::AgentUp], Cause::AgentSaysDown, State::AgentDown),
];

/// Where `cause` leads from `state`.
pub(super) fn next(state: State, cause: Cause) -> State {
    let row = TRANSITIONS.iter().find(|(from, on, _)| *on == cause && from.contains(&state));
    row.map_or(state, |(_, _, to)| *to)
}

impl State {
    /// Whether a server whose health is this is up.
    pub fn is_up(self) -> bool {
        IS_UP.contains(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each state belongs to one region, and no transition leaves it.
    fn region(state: State) -> &'static str {
        match state {
            State::Ready | State::Drain | State::Maint => "operator",
            State::AgentUp | State::AgentDown => "agent",
            _ => "health",
        }
    }

    #[test]
    fn transitions_are_clear() {
        let mut seen = Vec::new();
        for (from, on, to) in TRANSITIONS {
            for from in *from {
                assert_eq!(region(*from), region(*to), "{from:?} by {on:?}");
                assert!(!seen.contains(&(from, on)), "{from:?} by {on:?} has one outcome");
                seen.push((from, on));
                assert_eq!(next(*from, *on), *to);
            }
        }
    }
}
