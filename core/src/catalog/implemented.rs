//! The only place that lists every table of implemented names. A new table costs one line here.

use crate::config::{bind_option, check, directive, server_option};
use crate::keyword::{Entry, Kind, Support};
use crate::{acl, log, rules, sample};

/// Every row of every table.
pub(super) fn rows() -> impl Iterator<Item = Entry> {
    let sections = SECTIONS.iter().copied();
    sections
        .chain(bind_option::rows())
        .chain(check::rows())
        .chain(directive::rows())
        .chain(server_option::rows())
        .chain(sample::rows())
        .chain(log::rows())
        .chain(acl::rows())
        .chain(rules::rows())
}

/// The sections whose lines are read.
const SECTIONS: &[Entry] = &[
    section("backend", "Servers and how to choose one."),
    section("defaults", "Settings for the proxies that follow."),
    section("frontend", "Listening sockets and what to do with their traffic."),
    section("global", "Settings of the process."),
    section("listen", "A frontend and a backend in one."),
];

const fn section(name: &'static str, note: &'static str) -> Entry {
    Entry { name, kind: Kind::Section, support: Support::Full, note }
}
