//! Each row works on a real line, and lines are accepted and refused as HAProxy does.

use std::net::IpAddr;
use std::time::Duration;

use super::*;
use crate::base::address::Address;
use crate::config::finding::{Finding, Findings};
use crate::config::verdicts;

fn resolve(name: &str) -> Vec<IpAddr> {
    match name {
        "localhost" => vec!["127.0.0.1".parse().unwrap()],
        _ => Vec::new(),
    }
}

fn findings(line: &str, defaults: &ServerDraft) -> (Option<ServerDraft>, Vec<Finding>) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut findings = Findings::default();
    let context = ServerContext { backend: "web", resolve: &resolve };
    let draft = read_server(&words, defaults, &context, &mut findings);
    (draft, findings.list)
}

fn read(line: &str, defaults: &ServerDraft) -> (Option<ServerDraft>, Vec<String>) {
    let (draft, findings) = findings(line, defaults);
    (draft, findings.into_iter().map(|finding| finding.message).collect())
}

fn server(line: &str) -> ServerDraft {
    let (draft, findings) = read(line, &ServerDraft::default());
    assert_eq!(findings, Vec::<String>::new(), "{line}");
    draft.unwrap()
}

#[test]
fn every_example_is_a_line_without_fault() {
    for row in TABLES.iter().copied().flatten() {
        let words: Vec<&str> = row.example.split_whitespace().collect();
        assert!(words.contains(&row.name), "the example of {} does not use it", row.name);
        assert!(!row.summary.is_empty(), "{}", row.name);
        server(row.example);
    }
}

#[test]
fn defaults_are_those_of_haproxy() {
    let built = server("server s1 127.0.0.1:80 check").build().unwrap();
    let check = built.check.unwrap();

    assert_eq!((check.inter, check.rise, check.fall), (Duration::from_secs(2), 2, 3));
    assert_eq!((check.fastinter, check.downinter), (None, None));
    assert_eq!((built.weight, built.maxconn, built.backup), (1, None, false));
    assert_eq!(built.pool_purge_delay, Duration::from_secs(5));
}

#[test]
fn default_server_lines_add_up_and_a_server_overrides_them() {
    let mut defaults = ServerDraft::default();
    let mut findings = Findings::default();
    for line in ["default-server inter 5s fall 2 check", "default-server rise 7 weight 20"] {
        let words: Vec<&str> = line.split_whitespace().collect();
        read_default_server(&words, &mut defaults, &resolve, &mut findings);
    }
    let (draft, messages) = read("server s1 127.0.0.1:80 weight 3", &defaults);
    let built = draft.unwrap().build().unwrap();
    let check = built.check.unwrap();

    assert!(findings.list.is_empty());
    assert!(messages.is_empty());
    assert_eq!((built.weight, check.inter, check.fall, check.rise), (3, Duration::from_secs(5), 2, 7));
}

#[test]
fn checks_go_to_addr_and_port() {
    let goes_to = |line| server(line).build().unwrap().check.unwrap().address.to_string();

    assert_eq!(goes_to("server s1 127.0.0.1:80 check"), "127.0.0.1:80");
    assert_eq!(goes_to("server s1 127.0.0.1:80 check port 81"), "127.0.0.1:81");
    assert_eq!(goes_to("server s1 127.0.0.1:80 check addr 127.0.0.2"), "127.0.0.2:80");
    assert_eq!(goes_to("server s1 127.0.0.1:80 check addr 127.0.0.2:90"), "127.0.0.2:90");
    assert_eq!(goes_to("server s1 127.0.0.1:80 check addr [::1]:90 port 91"), "[::1]:91");
    assert_eq!(goes_to("server s1 127.0.0.1:80 check addr localhost port 82"), "127.0.0.1:82");
    assert_eq!(goes_to("server s1 127.0.0.1:80 check addr /run/check"), "unix@/run/check");
    assert_eq!(goes_to("server s1 /run/web check"), "unix@/run/web");
}

#[test]
fn addresses_come_in_all_forms() {
    let address = |line| server(line).address.unwrap();

    assert_eq!(address("server s1 localhost:80"), Address::Ip("127.0.0.1:80".parse().unwrap()));
    assert_eq!(address("server s1 ::1:80"), Address::Ip("[::1]:80".parse().unwrap()));
    assert_eq!(address("server s1 ipv6@[::1]:80"), Address::Ip("[::1]:80".parse().unwrap()));
    assert_eq!(address("server s1 abns@web"), Address::Unix("\0web".into()));
}

#[test]
fn a_name_that_does_not_resolve_is_handled_as_init_addr_says() {
    let (none, messages) = read("server s1 nowhere:80", &ServerDraft::default());
    assert!(none.is_none());
    assert_eq!(messages, ["'server web/s1' : could not resolve address 'nowhere'."]);

    let (disabled, messages) = read("server s1 nowhere:80 init-addr libc,none", &ServerDraft::default());
    assert!(disabled.unwrap().disabled);
    assert_eq!(messages, ["'server web/s1' : could not resolve address 'nowhere', disabling server."]);

    let (fallback, _) = read("server s1 nowhere:80 init-addr libc,192.0.2.7", &ServerDraft::default());
    assert_eq!(fallback.unwrap().address, Some(Address::Ip("192.0.2.7:80".parse().unwrap())));
}

#[test]
fn every_fault_of_a_line_is_reported() {
    let (_, messages) =
        read("server s1 127.0.0.1:80 chekc zebra 5 inter 0 ssl weight 300", &ServerDraft::default());

    assert_eq!(
        messages,
        [
            "'server web/s1' : unknown keyword 'chekc'; did you mean 'check' maybe ?",
            "'server web/s1' : unknown keyword 'zebra'.",
            "'server web/s1' : invalid value 0 for argument 'inter' of server s1.",
            "'server web/s1' : 'ssl' is known, not supported yet.",
            "'server web/s1' : weight of server s1 is not within 0 and 256 (300).",
        ]
    );
}

#[test]
fn default_server_takes_no_identity() {
    let mut findings = Findings::default();
    let words = ["default-server", "id", "5", "inter", "0"];
    read_default_server(&words, &mut ServerDraft::default(), &resolve, &mut findings);
    let messages: Vec<&str> = findings.list.iter().map(|finding| finding.message.as_str()).collect();

    assert_eq!(
        messages,
        [
            "'id' option is not accepted in default-server sections",
            "'default-server' : invalid value 0 for argument 'inter' of server default-server.",
        ]
    );
}

#[test]
fn lines_are_accepted_and_refused_as_haproxy_does() {
    let data = include_str!("../../../../tests/differential/server_lines.txt");
    verdicts::check("server_lines", data, |line| findings(line, &ServerDraft::default()).1);
}
