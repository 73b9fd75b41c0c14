//! The life of one server: where it stands in each region of [`super::TRANSITIONS`], how many checks it is away
//! from the next state, and what it inherits from the server that it tracks.

use super::states::{Cause, State, next};
use crate::health::View;
use crate::model::InitState;

/// Whether traffic may go to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Usable, if it does not drain and has a weight.
    Up,
    /// Usable for those that are tied to it (NOLB).
    Stopping,
    /// Its checks, its agent or the operator say that it is ill.
    Down,
    /// Taken out by the operator (`disabled`).
    Maintenance,
}

/// What the operator wants of a server (`set server state`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Admin {
    /// It takes traffic.
    Ready,
    /// It takes only traffic that is tied to it.
    Drain,
    /// It takes no traffic and is not checked.
    Maint,
}

/// A state of health that the operator sets (`set server health`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Forced {
    /// Up.
    Up,
    /// Up for those that are tied to it.
    Stopping,
    /// Down.
    Down,
}

/// What servers that track another see of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// It is in maintenance.
    pub maintenance: bool,
    /// It drains.
    pub drain: bool,
    /// Up, stopping or down.
    pub health: Status,
    /// Rises with each change, so that old news is known as such.
    pub version: u64,
}

/// Whether something is so because the operator said it of this server, or of one that it tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Held {
    pub(super) own: bool,
    pub(super) inherited: bool,
}

impl Held {
    pub(super) fn holds(self) -> bool {
        self.own || self.inherited
    }
}

/// All that decides about traffic, and that the operator is told when it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) maintenance: Held,
    pub(super) drain: Held,
    /// Up, stopping or down; maintenance aside.
    pub(super) health: Status,
}

impl Standing {
    pub(super) fn status(self) -> Status {
        if self.maintenance.holds() { Status::Maintenance } else { self.health }
    }

    /// Whether it takes traffic that is not tied to it.
    pub(super) fn takes_new(self) -> bool {
        self.status() == Status::Up && !self.drain.holds()
    }
}

/// Where a server stands. Knows no traffic and no weight.
#[derive(Clone, Debug)]
pub(super) struct Life {
    admin: State,
    health: State,
    agent: State,
    /// Checks in a row that speak against the state of health.
    streak: u32,
    rise: u32,
    fall: u32,
    init: InitState,
    followed: Option<Reading>,
    version: u64,
}

impl Life {
    pub(super) fn new(disabled: bool, init: InitState, rise: u32, fall: u32) -> Life {
        let admin = if disabled { State::Maint } else { State::Ready };
        let mut life = Life {
            admin,
            health: State::Up,
            agent: State::AgentUp,
            streak: 0,
            rise: rise.max(1),
            fall: fall.max(1),
            init,
            followed: None,
            version: 0,
        };
        life.start();
        life
    }

    /// Health as at the start of the process.
    fn start(&mut self) {
        let (cause, streak) = match self.init {
            InitState::Up => (Cause::StartUp, self.fall - 1),
            InitState::FullyUp => (Cause::StartFullyUp, 0),
            InitState::Down => (Cause::StartDown, self.rise - 1),
            InitState::FullyDown => (Cause::StartFullyDown, 0),
        };
        self.health = next(self.health, cause);
        self.streak = streak;
    }

    /// Where it stands among the states of health.
    #[cfg(test)]
    pub(super) fn health(&self) -> State {
        self.health
    }

    pub(super) fn standing(&self) -> Standing {
        let followed = |flag: fn(&Reading) -> bool| self.followed.as_ref().is_some_and(flag);
        let own_health = match (self.health.is_up(), self.agent) {
            (true, State::AgentUp) if self.health == State::Stopping => Status::Stopping,
            (true, State::AgentUp) => Status::Up,
            (_, _) => Status::Down,
        };
        Standing {
            maintenance: Held {
                own: self.admin == State::Maint,
                inherited: followed(|reading| reading.maintenance),
            },
            drain: Held { own: self.admin == State::Drain, inherited: followed(|reading| reading.drain) },
            health: self.followed.map_or(own_health, |reading| reading.health),
        }
    }

    /// What servers that track this one see.
    pub(super) fn reading(&self) -> Reading {
        let standing = self.standing();
        Reading {
            maintenance: standing.maintenance.holds(),
            drain: standing.drain.holds(),
            health: standing.health,
            version: self.version,
        }
    }

    /// Where its checks stand, for the timing of the next one.
    pub(super) fn view(&self) -> View {
        match self.health {
            State::Down => View::Down,
            state if state.is_up() && self.streak == 0 => View::Up,
            _ => View::Between,
        }
    }

    /// How far it is within its state: points and most points, as logs show them.
    pub(super) fn progress(&self) -> (u32, u32) {
        if self.health.is_up() { (self.fall - self.streak, self.fall) } else { (self.streak, self.rise) }
    }

    /// Whether checks say that it is up.
    pub(super) fn passes_checks(&self) -> bool {
        self.health.is_up()
    }

    /// Whether its agent, if it has one, says that it is up.
    pub(super) fn agent_is_content(&self) -> bool {
        self.agent == State::AgentUp
    }

    pub(super) fn set_admin(&mut self, admin: Admin) {
        let was = self.standing().maintenance.holds();
        let cause = match admin {
            Admin::Ready => Cause::SetReady,
            Admin::Drain => Cause::SetDrain,
            Admin::Maint => Cause::SetMaint,
        };
        self.admin = next(self.admin, cause);
        if was && !self.standing().maintenance.holds() {
            self.start();
        }
        self.version += 1;
    }

    /// Counts the result of a check.
    pub(super) fn count(&mut self, passed: bool) {
        let up = self.health.is_up();
        let against = passed != up;
        self.streak = if against { self.streak + 1 } else { 0 };
        let enough = self.streak >= if up { self.fall } else { self.rise };
        let cause = match (passed, against && enough) {
            (true, false) => Cause::Pass,
            (true, true) => Cause::LastPass,
            (false, false) => Cause::Fail,
            (false, true) => Cause::LastFail,
        };
        self.go(cause);
    }

    /// Counts a check that passed on condition: a server that is up, or comes up by it, gets nothing new.
    pub(super) fn pass_conditionally(&mut self) {
        self.count(true);
        if self.health.is_up() {
            self.go(Cause::AskedToStop);
        }
    }

    pub(super) fn force(&mut self, health: Forced) {
        self.streak = 0;
        self.go(match health {
            Forced::Up => Cause::ForceUp,
            Forced::Stopping => Cause::ForceStop,
            Forced::Down => Cause::ForceDown,
        });
    }

    /// Counts a failure, which leaves one at most until the server is down.
    pub(super) fn condemn(&mut self) {
        if self.health.is_up() && self.streak + 1 < self.fall {
            self.streak = self.fall - 1;
            self.go(Cause::Condemn);
        } else {
            self.count(false);
        }
    }

    /// The server is down, whatever its checks said.
    pub(super) fn mark_down(&mut self) {
        self.streak = 0;
        self.go(Cause::ForceDown);
    }

    fn go(&mut self, cause: Cause) {
        let before = self.health;
        self.health = next(before, cause);
        if before.is_up() != self.health.is_up() {
            self.streak = 0;
        }
        self.version += 1;
        debug_assert!(
            self.streak < if self.health.is_up() { self.fall } else { self.rise },
            "{self:?} would have changed its state"
        );
    }

    /// What the agent says.
    pub(super) fn set_agent(&mut self, up: bool) {
        self.agent = next(self.agent, if up { Cause::AgentSaysUp } else { Cause::AgentSaysDown });
        self.version += 1;
    }

    /// News of the server that it tracks. Old news is ignored.
    pub(super) fn follow(&mut self, reading: Reading) {
        if self.followed.is_some_and(|known| known.version >= reading.version) {
            return;
        }
        self.followed = Some(reading);
        self.version += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::states::TRANSITIONS;
    use super::*;

    fn checked(rise: u32, fall: u32) -> Life {
        Life::new(false, InitState::Up, rise, fall)
    }

    /// Results in order, and where the server stands after each, as `option log-health-checks` shows it.
    fn run(rise: u32, fall: u32, results: &[bool]) -> Vec<String> {
        let mut life = checked(rise, fall);
        let mut shown = Vec::new();
        for passed in results {
            life.count(*passed);
            let (points, most) = life.progress();
            shown.push(format!("{points}/{most} {}", if life.passes_checks() { "UP" } else { "DOWN" }));
        }
        shown
    }

    #[test]
    fn the_first_check_of_all_decides() {
        assert_eq!(run(2, 3, &[true]), ["3/3 UP"]);
        assert_eq!(run(2, 3, &[false]), ["0/2 DOWN"]);
    }

    #[test]
    fn a_server_falls_after_fall_failures_and_rises_after_rise_passes() {
        let results = [true, false, false, false, false, true, true, true];

        let shown = run(2, 3, &results);

        assert_eq!(
            shown,
            ["3/3 UP", "2/3 UP", "1/3 UP", "0/2 DOWN", "0/2 DOWN", "1/2 DOWN", "3/3 UP", "3/3 UP"]
        );
    }

    #[test]
    fn one_pass_while_up_and_one_failure_while_down_undo_all_progress() {
        assert_eq!(run(3, 3, &[true, false, false, true]), ["3/3 UP", "2/3 UP", "1/3 UP", "3/3 UP"]);
        assert_eq!(run(3, 1, &[false, true, true, false]), ["0/3 DOWN", "1/3 DOWN", "2/3 DOWN", "0/3 DOWN"]);
    }

    #[test]
    fn only_what_takes_no_traffic_at_all_is_in_maintenance_or_down() {
        let mut life = checked(1, 1);
        let mut seen = vec![life.standing().status()];
        life.set_admin(Admin::Drain);
        assert!(!life.standing().takes_new());
        seen.push(life.standing().status());
        life.set_agent(false);
        seen.push(life.standing().status());
        life.set_admin(Admin::Maint);
        seen.push(life.standing().status());
        life.set_admin(Admin::Ready);
        seen.push(life.standing().status());

        // What its agent said still holds.
        assert_eq!(seen, [Status::Up, Status::Up, Status::Down, Status::Maintenance, Status::Down]);
    }

    #[test]
    fn old_news_of_a_tracked_server_changes_nothing() {
        let mut tracked = checked(1, 1);
        let mut life = checked(1, 1);
        tracked.force(Forced::Down);
        let old = tracked.reading();
        tracked.force(Forced::Up);

        life.follow(tracked.reading());
        life.follow(old);

        assert_eq!(life.standing().health, Status::Up);
    }

    #[test]
    fn every_transition_of_health_by_checks_happens() {
        let mut seen = Vec::new();
        for init in [InitState::Up, InitState::FullyUp, InitState::Down, InitState::FullyDown] {
            for (rise, fall) in [(1, 1), (1, 3), (3, 1), (2, 2), (3, 3)] {
                for bits in 0..256u32 {
                    let mut life = Life::new(false, init, rise, fall);
                    if bits.is_multiple_of(3) {
                        life.force(Forced::Stopping);
                    }
                    for at in 0..8 {
                        let from = life.health();
                        life.count(bits >> at & 1 == 1);
                        seen.push((from, life.health()));
                    }
                }
            }
        }
        let by_checks = [Cause::Pass, Cause::LastPass, Cause::Fail, Cause::LastFail];
        for (from, on, to) in TRANSITIONS.iter().filter(|(_, on, _)| by_checks.contains(on)) {
            for from in *from {
                assert!(seen.contains(&(*from, *to)), "{from:?} by {on:?} to {to:?}");
            }
        }
    }
}
