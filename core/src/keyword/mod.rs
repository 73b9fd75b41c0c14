//! The catalog: every name that a HAProxy configuration may hold, and how far evenkeel follows it.
//!
//! Names that are implemented live as rows beside their functions and carry their own [`Support`];
//! [`vocabulary`] lists all others. The catalog merges both, and a row wins over a bare name. It decides
//! nothing: it answers "is this known", "what did you mean" and "what is supported".

mod implemented;
mod matrix;
mod suggest;
mod vocabulary;

pub use matrix::matrix;
pub use suggest::{closest, suggest};

use std::sync::OnceLock;

/// What a name is the name of. One name may be of several kinds: `path` is a fetch and an ACL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An ACL keyword: a fetch with a matching method built in (`path_beg`).
    AclName,
    /// An action of a rule (`set-header` of `http-request set-header`).
    Action,
    /// An option of a `bind` line.
    BindOption,
    /// A command of the Runtime API, by its words.
    CliCommand,
    /// A sample converter.
    Converter,
    /// A sample fetch.
    Fetch,
    /// A filter (`filter NAME`).
    Filter,
    /// A keyword of section `global`.
    Global,
    /// A tag of a log format, without its per cent sign.
    LogTag,
    /// A name behind `option` in a proxy section.
    OptionName,
    /// A predefined ACL.
    PredefinedAcl,
    /// A keyword of `defaults`, `frontend`, `listen` or `backend`, with its second word where it has one
    /// (`http-check expect`).
    Proxy,
    /// A section.
    Section,
    /// A keyword of a smaller section, behind that section's name (`resolvers nameserver`).
    SectionKeyword,
    /// An option of a `server` or `default-server` line.
    ServerOption,
    /// A service of `use-service`.
    Service,
    /// A name behind `timeout` in a proxy section.
    TimeoutName,
}

impl Kind {
    /// All kinds, in the order of the catalog.
    pub const ALL: [Kind; 17] = [
        Kind::AclName,
        Kind::Action,
        Kind::BindOption,
        Kind::CliCommand,
        Kind::Converter,
        Kind::Fetch,
        Kind::Filter,
        Kind::Global,
        Kind::LogTag,
        Kind::OptionName,
        Kind::PredefinedAcl,
        Kind::Proxy,
        Kind::Section,
        Kind::SectionKeyword,
        Kind::ServerOption,
        Kind::Service,
        Kind::TimeoutName,
    ];

    /// The kind in words, for messages and documents.
    pub const fn label(self) -> &'static str {
        match self {
            Kind::AclName => "ACL keyword",
            Kind::Action => "action",
            Kind::BindOption => "bind option",
            Kind::CliCommand => "Runtime API command",
            Kind::Converter => "converter",
            Kind::Fetch => "sample fetch",
            Kind::Filter => "filter",
            Kind::Global => "global keyword",
            Kind::LogTag => "log-format tag",
            Kind::OptionName => "option",
            Kind::PredefinedAcl => "predefined ACL",
            Kind::Proxy => "proxy keyword",
            Kind::Section => "section",
            Kind::SectionKeyword => "section keyword",
            Kind::ServerOption => "server option",
            Kind::Service => "service",
            Kind::TimeoutName => "timeout",
        }
    }
}

/// How far evenkeel follows HAProxy on one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// As HAProxy does.
    Full,
    /// Some of it; the text says what is missing.
    Partial(&'static str),
    /// Accepted without effect; the text says why that is harmless.
    Ignored(&'static str),
    /// Known, not supported yet: using it is an error.
    Planned,
}

impl Support {
    /// The level in one word.
    pub const fn label(self) -> &'static str {
        match self {
            Support::Full => "full",
            Support::Partial(_) => "partial",
            Support::Ignored(_) => "ignored",
            Support::Planned => "planned",
        }
    }

    /// What is missing, or why ignoring is harmless.
    pub const fn why(self) -> &'static str {
        match self {
            Support::Partial(why) | Support::Ignored(why) => why,
            Support::Full | Support::Planned => "",
        }
    }
}

/// One name of the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name, as it is written in a configuration.
    pub name: &'static str,
    /// What it names.
    pub kind: Kind,
    /// How far it is supported.
    pub support: Support,
    /// One line about what it does; empty for a name that is not implemented.
    pub note: &'static str,
}

/// The entry of `name`, if HAProxy or evenkeel knows it as this kind of thing.
pub fn find(kind: Kind, name: &str) -> Option<&'static Entry> {
    let entries = all(kind);
    let at = entries.binary_search_by(|entry| entry.name.cmp(name)).ok()?;
    entries.get(at)
}

/// All entries of `kind`, by name.
pub fn all(kind: Kind) -> &'static [Entry] {
    let entries = catalog();
    let start = entries.partition_point(|entry| entry.kind < kind);
    let end = entries.partition_point(|entry| entry.kind <= kind);
    entries.get(start..end).unwrap_or_default()
}

/// All entries called `name`, of whatever kind: for "this is a server option, not a bind option".
pub fn everywhere(name: &str) -> impl Iterator<Item = &'static Entry> {
    Kind::ALL.into_iter().filter_map(move |kind| find(kind, name))
}

/// The merged catalog, by kind and name. Built once; the same in every process.
fn catalog() -> &'static [Entry] {
    static CATALOG: OnceLock<Vec<Entry>> = OnceLock::new();
    CATALOG.get_or_init(|| {
        let mut entries: Vec<Entry> = implemented::rows().collect();
        for kind in Kind::ALL {
            for name in vocabulary::lists(kind).iter().copied().flatten().copied() {
                entries.push(Entry { name, kind, support: Support::Planned, note: "" });
            }
        }
        // The sort is stable and rows come first: of two entries with one name the row stays.
        entries.sort_by(|a, b| (a.kind, a.name).cmp(&(b.kind, b.name)));
        entries.dedup_by(|later, earlier| (later.kind, later.name) == (earlier.kind, earlier.name));
        entries
    })
}

#[cfg(test)]
mod tests;
