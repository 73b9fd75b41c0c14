//! Names: every one that a HAProxy configuration may hold, by kind, and how support for one is described.
//!
//! Rows with these names live beside the functions that they run; [`crate::catalog`] lists them all. Here is
//! what every layer may ask: is this name known, and what was probably meant by that one.

mod suggest;
mod vocabulary;

pub use suggest::{closest, suggest};

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

/// Whether HAProxy knows `name` as this kind of thing.
pub fn is_known(kind: Kind, name: &str) -> bool {
    vocabulary::lists(kind).iter().any(|names| names.binary_search(&name).is_ok())
}

/// The kinds of thing that HAProxy knows as `name`: for "this is a server option, not a bind option".
pub fn kinds_of(name: &str) -> impl Iterator<Item = Kind> {
    Kind::ALL.into_iter().filter(move |&kind| is_known(kind, name))
}

/// Every name of `kind`, list by list.
pub fn names(kind: Kind) -> impl Iterator<Item = &'static str> {
    vocabulary::lists(kind).iter().copied().flatten().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_in_every_kind_it_has() {
        let kinds: Vec<Kind> = kinds_of("maxconn").collect();

        assert_eq!(kinds, [Kind::BindOption, Kind::Global, Kind::Proxy, Kind::ServerOption]);
        assert!(!is_known(Kind::Section, "frontends"));
    }

    #[test]
    fn the_lists_are_sorted() {
        for list in Kind::ALL.into_iter().flat_map(|kind| vocabulary::lists(kind).iter()) {
            assert!(list.is_sorted(), "the list starting with {:?}", list.first());
        }
    }

    #[test]
    fn no_name_is_listed_twice() {
        for kind in Kind::ALL {
            let mut names: Vec<&str> = names(kind).collect();
            names.sort_unstable();
            let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
            assert!(twice.is_empty(), "{}: {twice:?}", kind.label());
        }
    }
}
