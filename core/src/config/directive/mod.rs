//! Keywords of `global` and of proxy sections: a row of data beside its function, a file per family.

mod acl;
mod balance;
mod capture;
mod connection;
mod content;
mod cookie;
mod error_page;
mod external;
mod global;
mod global_limits;
mod global_log;
mod global_tls;
mod hashing;
mod health;
mod identity;
mod listening;
mod logging;
mod rules;
mod server;
mod stats;
mod stick;
mod switching;
mod timeout;
mod tune;
mod variables;

pub(super) use self::rules::format_message;

use super::draft::{GlobalDraft, ProxyDraft};
use super::line::Line;
use crate::keyword::{Entry, Kind, Support};

/// Which halves of a proxy a keyword is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Those that have servers.
    Back,
    /// Any.
    Both,
    /// Those that accept connections.
    Front,
}

/// One keyword.
pub(super) struct Directive<Draft: 'static> {
    /// Its name; without `option` or `timeout`, which are in the kind.
    pub(super) name: &'static str,
    /// What it names.
    pub(super) kind: Kind,
    /// Where it belongs. In the wrong half it is ignored, with a warning.
    pub(super) side: Side,
    /// Whether a `defaults` section may have it.
    pub(super) in_defaults: bool,
    /// Whether `no` and `default` may stand before it.
    pub(super) negatable: bool,
    /// How far it is supported.
    pub(super) support: Support,
    /// Puts the line into the draft.
    pub(super) set: fn(&mut Draft, &mut Line<'_>),
    /// What it does, in one line.
    pub(super) summary: &'static str,
    /// A whole line that uses it.
    pub(super) example: &'static str,
}

impl<Draft> Directive<Draft> {
    /// What most rows have in common.
    pub(super) const ROW: Directive<Draft> = Directive {
        name: "",
        kind: Kind::Proxy,
        side: Side::Both,
        in_defaults: true,
        negatable: false,
        support: Support::Full,
        set: |_, _| (),
        summary: "",
        example: "",
    };
}

/// A keyword of `global`.
pub(super) type GlobalDirective = Directive<GlobalDraft>;

/// A keyword of `defaults`, `frontend`, `backend` and `listen`.
pub(super) type ProxyDirective = Directive<ProxyDraft>;

/// Every table of `global`.
pub(super) const GLOBALS: &[&[GlobalDirective]] = &[
    external::GLOBALS,
    global::TABLE,
    global_limits::TABLE,
    global_log::TABLE,
    global_tls::TABLE,
    stats::GLOBALS,
    tune::TABLE,
    variables::TABLE,
];

/// Every table of the proxy sections.
pub(super) const PROXIES: &[&[ProxyDirective]] = &[
    acl::TABLE,
    balance::TABLE,
    capture::TABLE,
    connection::TABLE,
    content::TABLE,
    cookie::TABLE,
    error_page::TABLE,
    external::TABLE,
    hashing::TABLE,
    health::TABLE,
    identity::TABLE,
    listening::TABLE,
    logging::TABLE,
    rules::TABLE,
    server::TABLE,
    stats::TABLE,
    stick::TABLE,
    switching::TABLE,
    timeout::TABLE,
];

/// The row of a name.
pub(super) fn find<Draft>(
    tables: &'static [&'static [Directive<Draft>]],
    kind: Kind,
    name: &str,
) -> Option<&'static Directive<Draft>> {
    tables.iter().copied().flatten().find(|row| row.name == name && row.kind == kind)
}

/// The catalog's entries of all keywords.
pub fn rows() -> impl Iterator<Item = Entry> {
    entries(GLOBALS).chain(entries(PROXIES))
}

fn entries<Draft>(tables: &'static [&'static [Directive<Draft>]]) -> impl Iterator<Item = Entry> {
    tables.iter().copied().flatten().map(|row| Entry {
        name: row.name,
        kind: row.kind,
        support: row.support,
        note: row.summary,
    })
}

/// The support of what only makes things faster, or places them.
const TUNING: Support = Support::Ignored("tunes HAProxy's own machinery; what happens is the same");

#[cfg(test)]
mod tests;
