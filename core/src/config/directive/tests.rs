//! Every row's promise: its example is read without a problem in the sections that it is for.

use super::*;
use crate::config::environment::Tables;
use crate::config::{Loaded, Source, load};
use crate::keyword::Support;

fn environment() -> Tables {
    let page = b"HTTP/1.1 503 Sorry\r\n\r\nsorry".to_vec();
    let mut tables = Tables { identities: vec!["haproxy".to_owned()], ..Tables::default() };
    tables.files.insert("/etc/haproxy/errors/503.http".to_owned(), page);
    tables.files.insert("/etc/ssl/dh.pem".to_owned(), b"parameters".to_vec());
    tables
}

/// The messages about a configuration whose section `section` has this line.
fn messages(section: &str, line: &str) -> Vec<String> {
    let text = format!(
        "{section}\n  {line}\ndefaults base\n  mode http\n  log stdout local0\n  timeout client 1s\n  timeout connect 1s\n  \
         timeout server 1s\nlisten other\n  bind 127.0.0.1:1\nbackend web\n  mode http\n  stick-table type ip size 1k\n"
    );
    let source = Source { name: "a.cfg".to_owned(), bytes: text.into_bytes() };
    let Loaded { problems, .. } = load(&[source], &environment());
    problems
        .into_iter()
        .filter(|problem| problem.place.as_ref().is_some_and(|place| place.line == 2))
        .map(|problem| problem.message)
        .collect()
}

/// Lines about what is not served yet, or is only partly so, warn on purpose; so does what asks for another line.
fn expected(message: &str) -> bool {
    [
        "is not served yet",
        "has no log address",
        "ambiguous messages are refused",
        "so the rules are ignored",
        "'option external-check'",
    ]
    .iter()
    .any(|part| message.contains(part))
}

fn unexpected(section: &str, line: &str) -> Vec<String> {
    messages(section, line).into_iter().filter(|message| !expected(message)).collect()
}

#[test]
fn examples_of_global_keywords_are_read() {
    for row in GLOBALS.iter().copied().flatten() {
        assert!(row.example.starts_with(row.name), "{}", row.name);
        assert_eq!(unexpected("global", row.example), [""; 0], "{}", row.example);
        if row.negatable {
            let line = format!("no {}", row.name);
            assert_eq!(unexpected("global", &line), [""; 0], "{line}");
        }
    }
}

#[test]
fn examples_of_proxy_keywords_are_read_where_they_belong() {
    for row in PROXIES.iter().copied().flatten() {
        assert!(row.example.contains(row.name), "{}", row.name);
        let sections = match row.side {
            Side::Back => ["listen l", "backend b"],
            Side::Both => ["frontend f", "backend b"],
            Side::Front => ["frontend f", "listen l"],
        };
        for section in sections {
            // What a backend or an http rule asks for stands before it.
            let problems = unexpected(section, row.example);
            let odd = |message: &String| {
                !message.contains("HTTP mode")
                    && !message.contains("needs 'mode http'")
                    && !message.contains("ignored in backends")
            };
            let odd: Vec<_> = problems.into_iter().filter(odd).collect();
            // There is nobody of the name.
            let needs_name = matches!(row.name, "default_backend" | "use-server" | "use_backend");
            assert!(odd.is_empty() || needs_name, "{section}: {}: {odd:?}", row.example);
        }
    }
}

#[test]
fn one_of_the_other_half_is_told() {
    for row in PROXIES.iter().copied().flatten() {
        let section = match row.side {
            Side::Back => "frontend f",
            Side::Front => "backend b",
            Side::Both => continue,
        };
        let told = messages(section, row.example);
        assert!(
            told.iter()
                .any(|message| message.contains("capability") || message.contains("only available in")),
            "{section}: {}: {told:?}",
            row.example
        );
    }
}

#[test]
fn rows_say_what_they_do() {
    let global = GLOBALS.iter().copied().flatten().map(|row| (row.name, row.summary, row.support));
    let proxies = PROXIES.iter().copied().flatten().map(|row| (row.name, row.summary, row.support));
    for (name, summary, support) in global.chain(proxies) {
        assert!(summary.ends_with('.') && summary.len() < 80, "{name}: {summary}");
        assert_ne!(support, Support::Planned, "{name}: a row that is planned is no row");
    }
}
