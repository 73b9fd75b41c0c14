//! `-c`: says whether the configuration is valid, where scripts look for it.

use std::process::ExitCode;

use crate::message::Teller;

/// Tells the verdict on a configuration that was read without errors.
pub(crate) fn verdict(teller: &Teller) -> ExitCode {
    if teller.has_warned() {
        teller.say("Warnings were found.");
    }
    teller.say("Configuration file is valid");
    ExitCode::SUCCESS
}
