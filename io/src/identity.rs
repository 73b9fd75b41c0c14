//! Users and groups by name or number.

use std::ffi::CString;
use std::io;

use evenkeel_core::model::Identity;
use nix::unistd::{Gid, Group, Uid, User};

/// A user, and the name by which its supplementary groups are found.
#[derive(Clone, Debug)]
pub struct FoundUser {
    /// Its number.
    pub id: Uid,
    /// Its name, if the configuration gave one.
    pub name: Option<CString>,
}

/// Looks a user up. Do it before a chroot.
pub fn user(identity: &Identity) -> io::Result<FoundUser> {
    match identity {
        Identity::Number(number) => Ok(FoundUser { id: Uid::from_raw(*number), name: None }),
        Identity::Name(name) => {
            let found = User::from_name(name)?.ok_or_else(|| unknown("user", name))?;
            Ok(FoundUser { id: found.uid, name: CString::new(name.as_str()).ok() })
        }
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
