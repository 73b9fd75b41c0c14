//! The one place where randomness enters a production run.

use std::io;

use evenkeel_core::base::random::Seed;

/// A seed from the system.
pub fn seed() -> io::Result<Seed> {
    let mut bytes = [0; 8];
    io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut bytes)?;
    Ok(Seed(u64::from_ne_bytes(bytes)))
}
