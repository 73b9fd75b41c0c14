//! What a configuration may ask of the machine it is read on.

use std::net::IpAddr;

use crate::base::map::Map;

/// Everything outside of the text: variables, names and files. The shell answers from the system, tests and
/// the simulator from tables.
pub trait Environment {
    /// The value of an environment variable.
    fn variable(&self, name: &str) -> Option<String>;
    /// The addresses of a host name.
    fn resolve(&self, host: &str) -> Vec<IpAddr>;
    /// Whether a server whose name has no address starts in maintenance, rather than not at all.
    fn keeps_unresolved(&self) -> bool {
        false
    }
    /// A file's content. Gives one byte more than `most` when the file is longer.
    fn read(&self, path: &str, most: usize) -> Result<Vec<u8>, ReadError>;
    /// Whether this user exists.
    fn has_user(&self, name: &str) -> bool;
    /// Whether this group exists.
    fn has_group(&self, name: &str) -> bool;
}

/// Why a file cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// It cannot be opened.
    Open,
    /// It can be opened, but not read: a directory, for example.
    Read,
}

/// An environment made of tables, for tests and simulations.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// Environment variables.
    pub variables: Map<String, String>,
    /// Addresses of host names.
    pub hosts: Map<String, Vec<IpAddr>>,
    /// Files by path.
    pub files: Map<String, Vec<u8>>,
    /// Names that are users and groups.
    pub identities: Vec<String>,
}

impl Environment for Tables {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn resolve(&self, host: &str) -> Vec<IpAddr> {
        self.hosts.get(host).cloned().unwrap_or_default()
    }

    fn read(&self, path: &str, most: usize) -> Result<Vec<u8>, ReadError> {
        let content = self.files.get(path).ok_or(ReadError::Open)?;
        Ok(content.iter().copied().take(most + 1).collect())
    }

    fn has_user(&self, name: &str) -> bool {
        self.identities.iter().any(|known| known == name)
    }

    fn has_group(&self, name: &str) -> bool {
        self.has_user(name)
    }
}

/// The variables of an environment, as `setenv` and its kin change them while a configuration is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    /// `None` marks one that was removed.
    changed: Map<String, Option<String>>,
    /// After `resetenv`, of all others only these are left.
    kept: Option<Vec<String>>,
}

impl Variables {
    pub(super) fn get(&self, environment: &dyn Environment, name: &str) -> Option<String> {
        if let Some(value) = self.changed.get(name) {
            return value.clone();
        }
        let gone = self.kept.as_ref().is_some_and(|kept| !kept.iter().any(|one| one == name));
        if gone { None } else { environment.variable(name) }
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.changed.insert(name.to_owned(), Some(value.to_owned()));
    }

    pub(super) fn unset(&mut self, name: &str) {
        self.changed.insert(name.to_owned(), None);
    }

    /// Forgets all variables but these.
    pub(super) fn reset(&mut self, kept: &[&str]) {
        self.changed.retain(|name, _| kept.contains(&name.as_str()));
        let still = |name: &str| self.kept.as_ref().is_none_or(|before| before.iter().any(|one| one == name));
        self.kept = Some(kept.iter().filter(|name| still(name)).map(|name| (*name).to_owned()).collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_cover_the_environment_and_a_reset_forgets_it() {
        let variables = Map::from([("A".to_owned(), "1".to_owned()), ("B".to_owned(), "2".to_owned())]);
        let environment = Tables { variables, ..Tables::default() };
        let mut variables = Variables::default();
        let get = |variables: &Variables, name| variables.get(&environment, name);

        variables.set("A", "one");
        variables.unset("B");
        assert_eq!((get(&variables, "A").as_deref(), get(&variables, "B")), (Some("one"), None));

        let mut variables = Variables::default();
        variables.set("C", "3");
        variables.reset(&["B"]);
        assert_eq!(get(&variables, "A"), None);
        assert_eq!(get(&variables, "B").as_deref(), Some("2"));
        assert_eq!(get(&variables, "C"), None);
    }
}
