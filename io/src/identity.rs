//! Users and groups by name or number.

use std::io;

use evenkeel_core::model::Identity;
use nix::unistd::{Gid, Group, Uid, User};

/// Looks a user up. Do it before a chroot.
pub fn user(identity: &Identity) -> io::Result<Uid> {
    match identity {
        Identity::Number(number) => Ok(Uid::from_raw(*number)),
        Identity::Name(name) => Ok(User::from_name(name)?.ok_or_else(|| unknown("user", name))?.uid),
    }
}

/// Looks a group up. Do it before a chroot.
pub fn group(identity: &Identity) -> io::Result<Gid> {
    match identity {
        Identity::Number(number) => Ok(Gid::from_raw(*number)),
        Identity::Name(name) => Ok(Group::from_name(name)?.ok_or_else(|| unknown("group", name))?.gid),
    }
}

fn unknown(kind: &str, name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("cannot find {kind} id for '{name}'"))
}
