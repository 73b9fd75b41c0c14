//! What `-v` and `-vv` tell.

use std::fmt::Write;

use evenkeel_core::config::LANGUAGE;

/// The line of `-v`.
pub(crate) fn line() -> String {
    format!(
        "evenkeel version {} - follows the configuration language of HAProxy {LANGUAGE}",
        env!("CARGO_PKG_VERSION")
    )
}

/// The lines of `-vv`.
pub(crate) fn build_info() -> String {
    let mut text = line();
    let profile = if cfg!(debug_assertions) { "with debug assertions" } else { "release" };
    let (os, architecture) = (std::env::consts::OS, std::env::consts::ARCH);
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "\nBuild options :\n  TARGET  = {architecture}-{os}\n  PROFILE = {profile}\n\n\
         Default settings :\n  bufsize = 16384, maxrewrite = 1024\n\n\
         Available polling systems :\n  epoll (through tokio)\n\n\
         One thread per worker; nbthread sets how many."
    );
    text
}
