//! `-c`: says whether the configuration is valid, where scripts look for it.

use std::process::ExitCode;

use evenkeel_core::model::Config;

use crate::message::Teller;

/// Tells the verdict on a configuration that was read without errors.
///
/// A configuration without any listening socket is valid, but serves nobody: exit code 2, as HAProxy has it.
pub(crate) fn verdict(config: &Config, teller: &Teller) -> ExitCode {
    if !config.listens() {
        teller.say("Configuration file has no error but will not start (no listener) => exit(2).");
        return ExitCode::from(2);
    }
    if teller.has_warned() {
        teller.say("Warnings were found.");
    }
    teller.say("Configuration file is valid");
    ExitCode::SUCCESS
}
