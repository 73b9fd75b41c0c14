//! Parts that every layer shares: time, ids, slots, timers, limits, randomness.

pub mod address;
pub mod hash;
pub mod ids;
pub mod limits;
pub mod map;
pub mod priority;
pub mod program;
pub mod random;
pub mod slots;
pub mod socket;
pub mod text;
pub mod time;
pub mod timers;
pub mod xxh64;
