//! What a configuration may ask of this machine: variables, host names, files, users and groups.

use std::fs::File;
use std::io::Read;
use std::net::{IpAddr, ToSocketAddrs};

use evenkeel_core::config::environment::{Environment, ReadError};
use nix::unistd::{Group, User};

/// The machine that the program runs on.
pub(crate) struct System {
    /// `HAPROXY_CFGFILES`: the configuration's files, separated by semicolons.
    pub(crate) files: String,
    /// `HAPROXY_MWORKER`: a master and its worker.
    pub(crate) is_master_worker: bool,
    /// Servers whose names do not resolve start without an address, in maintenance.
    pub(crate) ignore_resolution_failures: bool,
}

impl Environment for System {
    fn variable(&self, name: &str) -> Option<String> {
        match name {
            "HAPROXY_CFGFILES" => Some(self.files.clone()),
            "HAPROXY_MWORKER" => self.is_master_worker.then(|| "1".to_string()),
            "HAPROXY_LOCALPEER" => {
                std::env::var(name).ok().or_else(|| nix::unistd::gethostname().ok()?.into_string().ok())
            }
            _ => std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()),
        }
    }

    fn resolve(&self, host: &str) -> Vec<IpAddr> {
        let found = (host, 0).to_socket_addrs().map(|all| all.map(|address| address.ip()).collect());
        found.unwrap_or_default()
    }

    fn keeps_unresolved(&self) -> bool {
        self.ignore_resolution_failures
    }

    fn read(&self, path: &str, most: usize) -> Result<Vec<u8>, ReadError> {
        let file = File::open(path).map_err(|_| ReadError::Open)?;
        let mut content = Vec::new();
        let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        file.take(limit).read_to_end(&mut content).map_err(|_| ReadError::Read)?;
        Ok(content)
    }

    fn has_user(&self, name: &str) -> bool {
        matches!(User::from_name(name), Ok(Some(_)))
    }

    fn has_group(&self, name: &str) -> bool {
        matches!(Group::from_name(name), Ok(Some(_)))
    }
}
