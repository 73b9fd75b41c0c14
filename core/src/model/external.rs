//! Health checks by programs (configuration manual 4.2, `external-check command`).

use crate::base::address::Address;

/// `option external-check` and what goes with it, of one backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalCheck {
    /// `external-check command`.
    pub command: String,
    /// `external-check path`: where programs are looked for.
    pub path: Option<String>,
    /// `external-check preserve-env` in `global`: the process's environment is passed on.
    pub preserve_env: bool,
    /// The proxy's number.
    pub proxy_id: u32,
    /// Where the proxy listens first, if it does.
    pub listens_at: Option<Address>,
}
