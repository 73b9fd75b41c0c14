//! Whether a server is up: results of checks counted against `rise` and `fall`.

use crate::health::View;

/// Whether traffic may go to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Usable.
    Up,
    /// Failed its checks.
    Down,
    /// Taken out by the operator (`disabled`).
    Maintenance,
}

/// The score of one checked server: below `rise` it is down, from `rise` on it is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Score {
    score: u32,
    rise: u32,
    fall: u32,
}

/// What one result does to a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing that others see.
    None,
    /// Down to up.
    GoesUp,
    /// Up to down.
    GoesDown,
}

/// What a result of a check leads to: from, passed, to.
pub const TRANSITIONS: &[(View, bool, View)] = &[
    (View::Up, true, View::Up),
    (View::Up, false, View::Between),
    (View::Up, false, View::Down),
    (View::Between, true, View::Between),
    (View::Between, true, View::Up),
    (View::Between, false, View::Between),
    (View::Between, false, View::Down),
    (View::Down, true, View::Between),
    (View::Down, true, View::Up),
    (View::Down, false, View::Down),
];

impl Score {
    /// A server that starts is up, but its first failure brings it down.
    pub fn new(rise: u32, fall: u32) -> Score {
        let (rise, fall) = (rise.max(1), fall.max(1));
        Score { score: rise, rise, fall }
    }

    fn top(self) -> u32 {
        self.rise + self.fall - 1
    }

    /// Whether it is up.
    pub fn is_up(self) -> bool {
        self.score >= self.rise
    }

    /// Where it stands.
    pub fn view(self) -> View {
        match self.score {
            0 => View::Down,
            score if score == self.top() => View::Up,
            _ => View::Between,
        }
    }

    /// How far it is within its state: points and most points, as logs show them.
    pub fn progress(self) -> (u32, u32) {
        if self.is_up() { (self.score - self.rise + 1, self.fall) } else { (self.score, self.rise) }
    }

    /// Counts a result.
    pub fn count(&mut self, passed: bool) -> Turn {
        let before = *self;
        let turn = match (passed, self.is_up()) {
            (true, true) => {
                self.score = self.top();
                Turn::None
            }
            (true, false) => {
                self.score += 1;
                if self.is_up() {
                    self.score = self.top();
                    Turn::GoesUp
                } else {
                    Turn::None
                }
            }
            (false, true) if self.score > self.rise => {
                self.score -= 1;
                Turn::None
            }
            (false, up) => {
                self.score = 0;
                if up { Turn::GoesDown } else { Turn::None }
            }
        };
        debug_assert!(
            TRANSITIONS.contains(&(before.view(), passed, self.view())),
            "{before:?} to {self:?} is in the table"
        );
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Results in order, and where the score stands after each, as `option log-health-checks` shows it.
    fn run(rise: u32, fall: u32, results: &[bool]) -> Vec<String> {
        let mut score = Score::new(rise, fall);
        let mut shown = Vec::new();
        for passed in results {
            score.count(*passed);
            let (points, most) = score.progress();
            shown.push(format!("{points}/{most} {}", if score.is_up() { "UP" } else { "DOWN" }));
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
    fn the_machine_as_a_drawing() {
        let mut drawing = String::from("digraph server_health {\n");
        for (from, passed, to) in TRANSITIONS {
            let label = if *passed { "pass" } else { "fail" };
            drawing.push_str(&format!("    {from:?} -> {to:?} [label={label}];\n"));
        }
        drawing.push('}');

        insta::with_settings!({
            snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/machines"),
            prepend_module_to_snapshot => false,
        }, { insta::assert_snapshot!("server_health", drawing) });
    }

    #[test]
    fn every_transition_of_the_table_happens_and_no_other() {
        let mut seen = Vec::new();
        for (rise, fall) in [(1, 1), (1, 3), (3, 1), (2, 2), (3, 3)] {
            for bits in 0..256u32 {
                let mut score = Score::new(rise, fall);
                for at in 0..8 {
                    let (from, passed) = (score.view(), bits >> at & 1 == 1);
                    score.count(passed);
                    seen.push((from, passed, score.view()));
                }
            }
        }
        seen.sort_unstable();
        seen.dedup();
        let mut table = TRANSITIONS.to_vec();
        table.sort_unstable();

        assert_eq!(seen, table);
    }
}
