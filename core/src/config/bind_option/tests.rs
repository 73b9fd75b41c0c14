//! Each row works on a real line, and lines are accepted and refused as HAProxy does.

use std::net::IpAddr;

use super::*;
use crate::config::finding::{Finding, Findings, Weight};
use crate::config::verdicts;
use crate::model::BindAddress;

fn resolve(name: &str) -> Vec<IpAddr> {
    match name {
        "localhost" => vec!["127.0.0.1".parse().unwrap()],
        _ => Vec::new(),
    }
}

fn read(line: &str) -> (Option<BindDraft>, Vec<Finding>) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut findings = Findings::default();
    let context = BindContext { section: "frontend", resolve: &resolve };
    let draft = read_bind(&words, &context, &mut findings);
    (draft, findings.list)
}

fn bind(line: &str) -> BindDraft {
    let (draft, findings) = read(line);
    let alerts: Vec<_> = findings.iter().filter(|finding| finding.weight == Weight::Alert).collect();
    assert!(alerts.is_empty(), "{line}: {alerts:?}");
    draft.unwrap()
}

fn messages(line: &str) -> Vec<String> {
    read(line).1.into_iter().map(|finding| finding.message).collect()
}

#[test]
fn every_example_is_a_line_without_fault() {
    for row in TABLES.iter().copied().flatten() {
        let words: Vec<&str> = row.example.split_whitespace().collect();
        assert!(words.contains(&row.name), "the example of {} does not use it", row.name);
        assert!(!row.summary.is_empty(), "{}", row.name);
        bind(row.example);
    }
}

#[test]
fn addresses_and_port_ranges_are_spread_out() {
    let spread: Vec<String> = bind("bind 127.0.0.1:80-82,[::]:90,/run/web,fd@5,abns@web,localhost:7")
        .addresses
        .into_iter()
        .map(|address| match address {
            BindAddress::Ip(address) => address.to_string(),
            BindAddress::Unix(path) => path,
            BindAddress::Fd(number) => format!("fd@{number}"),
        })
        .collect();

    assert_eq!(
        spread,
        [
            "127.0.0.1:80",
            "127.0.0.1:81",
            "127.0.0.1:82",
            "[::]:90",
            "/run/web",
            "fd@5",
            "\0web",
            "127.0.0.1:7"
        ]
    );
}

#[test]
fn every_fault_of_a_line_is_reported() {
    assert_eq!(
        messages("bind 127.0.0.1,:0 maxcon 10 mode 9z ssl crt /x"),
        [
            "'bind' : missing port specification in '127.0.0.1'",
            "'bind' : invalid port '0'",
            "'bind 127.0.0.1,:0' in section 'frontend': unknown keyword 'maxcon'; did you mean 'maxconn' maybe ?",
            "'bind 127.0.0.1,:0' in section 'frontend' : 'mode' : missing or invalid mode '9z' \
             (octal integer expected)",
            "'bind 127.0.0.1,:0' in section 'frontend' : 'ssl' is known, not supported yet.",
            "'bind 127.0.0.1,:0' in section 'frontend' : 'crt' is known, not supported yet.",
        ]
    );
}

#[test]
fn a_line_cannot_ask_for_endless_sockets() {
    let line = format!("bind {}", [":1-65535"; 1_000].join(","));
    let (draft, findings) = read(&line);

    assert!(findings[0].message.ends_with("addresses on one line"));
    assert!(draft.unwrap().addresses.len() < 6 * 65_535);
}

#[test]
fn a_name_of_another_kind_is_explained() {
    let (_, findings) = read("bind :80 weight 3");
    assert_eq!(findings[0].help, "`weight` is a server option, not a bind option");
}

#[test]
fn a_finding_points_at_its_word() {
    let (_, findings) = read("bind :80 name web mss x");
    assert_eq!(findings[0].word, 5);
}

#[test]
fn lines_are_accepted_and_refused_as_haproxy_does() {
    let data = include_str!("../../../../tests/differential/bind_lines.txt");
    verdicts::check("bind_lines", data, |line| read(line).1);
}
