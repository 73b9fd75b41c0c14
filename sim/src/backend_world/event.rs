//! Events drawn from bytes, four for each: whoever leaves out four bytes leaves out one event, and nothing else
//! moves. So whatever makes byte strings can make histories, and make them smaller.

use evenkeel_core::backend::{Admin, Forced, Observed};

/// Bytes of one event.
pub const SIZE: usize = 4;

/// Something that happens to a backend. Choices among what is there are taken by remainder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A request comes.
    Arrive {
        /// Time since the last event that lets time pass.
        after_ms: u8,
        /// What it wants.
        want: Want,
        /// Its priority: class, and offset in milliseconds.
        class: i16,
        /// Its offset.
        offset_ms: i32,
    },
    /// A request that has a server is done.
    Finish(u8),
    /// A worker reads one of its messages, any of them.
    Deliver(u8),
    /// A request gives up that waits, or whose grant its worker has not read yet.
    GiveUp(u8),
    /// A health check of a server ends.
    Check(u8, Verdict),
    /// What traffic saw of a server, for `observe`.
    Traffic(u8, Observed),
    /// Time passes: so many milliseconds.
    Wait(u64),
    /// `set server weight`.
    Weight(u8, u32),
    /// `set server state`.
    State(u8, Admin),
    /// `set server health`.
    Health(u8, Forced),
    /// What an agent says.
    Agent(u8, bool),
    /// `set server maxconn`.
    Limit(u8, u32),
}

/// How a health check ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Well.
    Passed,
    /// Well, but the server asks for no new traffic (`disable-on-404`).
    Conditional,
    /// Not well.
    Failed,
}

const OBSERVED: [Observed; 7] = [
    Observed::NotConnected,
    Observed::NoAnswer,
    Observed::BadStatus,
    Observed::BadAnswer,
    Observed::LateAnswer,
    Observed::Connected,
    Observed::Answer,
];

/// Which server a request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Any; with this number, if `balance` looks at requests.
    Any(u8),
    /// Any, and this one last.
    AnyBut(u8),
    /// This one, for a retry.
    This(u8),
    /// The one that this client had before, by its cookie.
    Sticky(u8),
    /// This one, up or not (`option persist`).
    Despite(u8),
}

impl Event {
    /// What four bytes say.
    pub fn from_bytes([kind, a, b, c]: [u8; SIZE]) -> Event {
        match kind {
            0..96 => {
                let want = match a % 16 {
                    0..7 => Want::Any(b),
                    7..9 => Want::AnyBut(b),
                    9..11 => Want::This(b),
                    11..15 => Want::Sticky(b),
                    _ => Want::Despite(b),
                };
                let class = i16::from(a / 16 % 4 == 3) * (i16::from(b % 5) - 2);
                let offset_ms = i32::from(a / 64 == 3) * (i32::from(c) - 128);
                Event::Arrive { after_ms: c % 8, want, class, offset_ms }
            }
            96..180 => Event::Finish(a),
            180..220 => Event::Deliver(a),
            220..228 => Event::GiveUp(a),
            228..236 => Event::Check(
                a,
                match b % 8 {
                    0..4 => Verdict::Passed,
                    4 => Verdict::Conditional,
                    _ => Verdict::Failed,
                },
            ),
            236..240 => Event::Traffic(a, OBSERVED[usize::from(b) % OBSERVED.len()]),
            240..242 => Event::Wait(u64::from(a) * 10),
            242..246 => Event::Weight(a, u32::from(if b < 64 { b % 4 } else { b })),
            246..250 => Event::State(a, [Admin::Ready, Admin::Drain, Admin::Maint][usize::from(b % 3)]),
            250..252 => Event::Health(a, [Forced::Up, Forced::Stopping, Forced::Down][usize::from(b % 3)]),
            252..254 => Event::Agent(a, b % 2 == 0),
            254.. => Event::Limit(a, u32::from(b % 5)),
        }
    }
}
