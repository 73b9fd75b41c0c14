//! A program that checks a server: how long it takes and how it ends, by what befalls that server.

use std::time::Duration;

use evenkeel_core::base::program::Exit;
use evenkeel_core::base::random::Rng;
use evenkeel_core::base::time::Time;

use crate::conditions::ServerConditions;

/// When and how a program ends that starts now; `None` is not before it is killed.
pub fn fate(server: &ServerConditions, now: Time, rng: &mut Rng) -> Option<(Time, Exit)> {
    let at = now + Duration::from_micros(500 + rng.below(8_000)) + Duration::from_nanos(server.late_by);
    let unreachable = now < server.held_until || now < server.off_until || now < server.black_hole_until;
    if unreachable || server.silent {
        return None;
    }
    let ill = server.refuses || server.unhealthy || server.garbage.is_some();
    let exit = match (ill, rng.below(4)) {
        (false, _) => Exit::Code(0),
        (true, 0) => Exit::Signal,
        (true, 1) => Exit::NotStarted("Exec format error".to_owned()),
        (true, code) => Exit::Code(code as u8),
    };
    Some((at, exit))
}
