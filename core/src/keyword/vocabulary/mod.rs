//! Every name that HAProxy knows, by kind, sorted; a name that evenkeel implements is also a row beside its
//! function. Names come from HAProxy 3.5, 2.8 and 2.6: what a binary lists of itself and what the manual
//! describes. A new name costs one line in one of these files.

mod acl_names;
mod actions;
mod bind_options;
mod cli_commands;
mod converters;
mod fetches_dev;
mod fetches_internal;
mod fetches_l4;
mod fetches_l5;
mod fetches_l6;
mod fetches_l7;
mod fetches_other;
mod filters;
mod globals;
mod log_tags;
mod options;
mod predefined_acls;
mod proxies;
mod section_keywords;
mod sections;
mod server_options;
mod services;
mod timeouts;

use super::Kind;

/// The lists of `kind`, each sorted; no name is in two of them.
pub(super) const fn lists(kind: Kind) -> &'static [&'static [&'static str]] {
    match kind {
        Kind::AclName => &[acl_names::NAMES],
        Kind::Action => &[actions::NAMES],
        Kind::BindOption => &[bind_options::NAMES],
        Kind::CliCommand => &[cli_commands::NAMES],
        Kind::Converter => &[converters::NAMES],
        Kind::Fetch => &[
            fetches_internal::NAMES,
            fetches_l4::NAMES,
            fetches_l5::NAMES,
            fetches_l6::NAMES,
            fetches_l7::NAMES,
            fetches_dev::NAMES,
            fetches_other::NAMES,
        ],
        Kind::Filter => &[filters::NAMES],
        Kind::Global => &[globals::NAMES],
        Kind::LogTag => &[log_tags::NAMES],
        Kind::OptionName => &[options::NAMES],
        Kind::PredefinedAcl => &[predefined_acls::NAMES],
        Kind::Proxy => &[proxies::NAMES],
        Kind::Section => &[sections::NAMES],
        Kind::SectionKeyword => &[section_keywords::NAMES],
        Kind::ServerOption => &[server_options::NAMES],
        Kind::Service => &[services::NAMES],
        Kind::TimeoutName => &[timeouts::NAMES],
    }
}
