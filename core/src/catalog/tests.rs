//! The promises of the catalog: complete, unambiguous, and shown in review.

use std::fmt::Write;

use super::*;

/// Names of HAProxy 3.5, kept apart from the tables so that a lost line is noticed.
const VOCABULARY: [(Kind, &str); 17] = [
    (Kind::AclName, include_str!("../../../tests/vocabulary/acl_names.txt")),
    (Kind::Action, include_str!("../../../tests/vocabulary/actions.txt")),
    (Kind::BindOption, include_str!("../../../tests/vocabulary/bind_options.txt")),
    (Kind::CliCommand, include_str!("../../../tests/vocabulary/cli_commands.txt")),
    (Kind::Converter, include_str!("../../../tests/vocabulary/converters.txt")),
    (Kind::Fetch, include_str!("../../../tests/vocabulary/fetches.txt")),
    (Kind::Filter, include_str!("../../../tests/vocabulary/filters.txt")),
    (Kind::Global, include_str!("../../../tests/vocabulary/globals.txt")),
    (Kind::LogTag, include_str!("../../../tests/vocabulary/log_tags.txt")),
    (Kind::OptionName, include_str!("../../../tests/vocabulary/options.txt")),
    (Kind::PredefinedAcl, include_str!("../../../tests/vocabulary/predefined_acls.txt")),
    (Kind::Proxy, include_str!("../../../tests/vocabulary/proxies.txt")),
    (Kind::Section, include_str!("../../../tests/vocabulary/sections.txt")),
    (Kind::SectionKeyword, include_str!("../../../tests/vocabulary/section_keywords.txt")),
    (Kind::ServerOption, include_str!("../../../tests/vocabulary/server_options.txt")),
    (Kind::Service, include_str!("../../../tests/vocabulary/services.txt")),
    (Kind::TimeoutName, include_str!("../../../tests/vocabulary/timeouts.txt")),
];

#[test]
fn every_name_of_haproxy_is_known() {
    let missing: Vec<_> = VOCABULARY
        .into_iter()
        .flat_map(|(kind, names)| names.lines().map(move |name| (kind, name)))
        .filter(|&(kind, name)| find(kind, name).is_none())
        .collect();

    assert!(missing.is_empty(), "not in the catalog: {missing:?}");
}

#[test]
fn no_name_is_implemented_twice() {
    let mut rows: Vec<_> = implemented::rows().map(|entry| (entry.kind, entry.name)).collect();
    rows.sort_unstable();
    let twice: Vec<_> = rows.windows(2).filter(|pair| pair[0] == pair[1]).collect();

    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn every_implemented_name_is_one_of_haproxys() {
    // A row whose kind is wrong or whose name is misspelt would hide behind the planned name it meant.
    for entry in implemented::rows() {
        assert!(keyword::is_known(entry.kind, entry.name), "{entry:?} is no name of HAProxy's");
    }
}

#[test]
fn a_row_wins_over_a_bare_name() {
    let section = find(Kind::Section, "frontend").map(|entry| entry.support);
    assert_eq!(section, Some(Support::Full));
    assert_eq!(find(Kind::Section, "frontends"), None);
}

#[test]
fn any_change_shows_in_review() {
    for kind in Kind::ALL {
        let mut text = String::new();
        for Entry { name, support, .. } in all(kind) {
            match support.why() {
                "" => writeln!(text, "{name}: {}", support.label()),
                why => writeln!(text, "{name}: {}, {why}", support.label()),
            }
            .unwrap();
        }
        let file = kind.label().to_lowercase().replace([' ', '-'], "_");
        insta::with_settings!({
            snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/keywords"),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, { insta::assert_snapshot!(file, text) });
    }
}

#[test]
fn the_document_is_not_stale() {
    let document = include_str!("../../../docs/keywords.md");
    let at = document.lines().zip(matrix().lines()).position(|(there, wanted)| there != wanted);
    assert!(
        document == matrix(),
        "docs/keywords.md differs (first at line {at:?}): \
         cargo run -p evenkeel-core --example keywords > docs/keywords.md"
    );
}
