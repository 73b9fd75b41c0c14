//! Whatever the words of a line are: no reader panics, findings point into the line, and what cannot be
//! used has been reported. For tests.

use std::net::IpAddr;

use proptest::prelude::*;

use super::bind_option::{BindContext, read_bind};
use super::check::{
    CheckDraft, read_check_step, read_option_httpchk, read_option_ldap_check, read_option_mysql_check,
    read_option_pgsql_check, read_option_redis_check, read_option_smtpchk, read_option_ssl_hello_chk,
    read_option_tcp_check,
};
use super::finding::Findings;
use super::logging::{LogScope, read_log};
use super::server_option::{ServerContext, ServerDraft, read_default_server, read_server};
use crate::keyword::{Kind, names};

fn resolve(_: &str) -> Vec<IpAddr> {
    Vec::new()
}

/// Words as lines have them, and words as they do not.
fn word() -> impl Strategy<Value = String> {
    let known: Vec<&str> = [Kind::ServerOption, Kind::BindOption].into_iter().flat_map(names).collect();
    let values = vec![
        "127.0.0.1:80",
        "[::1]:80",
        ":80-90",
        "fd@3",
        "/run/x",
        "unix@",
        "2s",
        "-1",
        "0",
        "99999999999",
        "",
        "connect",
        "send",
        "send-binary",
        "expect",
        "comment",
        "port",
        "addr",
        "status",
        "string",
        "!",
        "!string",
        "200-399,401",
        "-",
        ",",
        "hdr",
        "meth",
        "uri",
        "min-recv",
        "len",
        "format",
        "sample",
        "1-3,5:10",
        "local0",
        "stdout",
        "HTTP/1.1\r\nHost: x\r\n\r\nbody",
        "00ff",
        "é",
        "%[src]",
    ];
    prop_oneof![
        3 => prop::sample::select(known).prop_map(str::to_owned),
        5 => prop::sample::select(values).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

/// Each finding is about a word of the line, or about the one that is missing behind it.
fn assert_within(words: &[&str], findings: &Findings) {
    for finding in &findings.list {
        assert!(finding.word <= words.len() + 1, "{words:?}: {finding:?}");
        assert!(!finding.message.is_empty() && !finding.help.is_empty(), "{words:?}: {finding:?}");
    }
}

fn line<'a>(first: &'a str, rest: &'a [String]) -> Vec<&'a str> {
    std::iter::once(first).chain(rest.iter().map(String::as_str)).collect()
}

proptest! {
    #[test]
    fn servers_and_binds(rest in prop::collection::vec(word(), 0..12)) {
        let words = line("server", &rest);
        let mut findings = Findings::default();
        let context = ServerContext { backend: "web", resolve: &resolve };
        let server = read_server(&words, &ServerDraft::default(), &context, &mut findings);
        assert_within(&words, &findings);
        prop_assert!(server.is_some() || !findings.usable(), "{words:?} is dropped in silence");

        let mut findings = Findings::default();
        read_default_server(&words, &mut ServerDraft::default(), &resolve, &mut findings);
        assert_within(&words, &findings);

        let mut findings = Findings::default();
        let bind = read_bind(&words, &BindContext { section: "listen", resolve: &resolve }, &mut findings);
        assert_within(&words, &findings);
        prop_assert!(bind.is_some_and(|bind| !bind.addresses.is_empty()) || !findings.usable());
    }

    #[test]
    fn checks_and_logs(rest in prop::collection::vec(word(), 0..9)) {
        let mut draft = CheckDraft::default();
        let mut findings = Findings::default();
        for first in ["http-check", "tcp-check"] {
            let words = line(first, &rest);
            read_check_step(&words, &mut draft, &resolve, &mut findings);
            assert_within(&words, &findings);
        }
        let words = line("option", &rest);
        read_option_httpchk(&words, &mut draft, &mut findings);
        draft.build("backend 'web'", &mut findings);
        for read in [
            read_option_tcp_check,
            read_option_smtpchk,
            read_option_mysql_check,
            read_option_pgsql_check,
            read_option_redis_check,
            read_option_ldap_check,
            read_option_ssl_hello_chk,
        ] {
            read(&words, &mut draft, &mut findings);
            draft.build("backend 'web'", &mut findings);
        }

        let words = line("log", &rest);
        let mut findings = Findings::default();
        let log = read_log(&words, LogScope::Proxy, &resolve, &mut findings);
        assert_within(&words, &findings);
        prop_assert!(log.is_some() || !findings.usable(), "{words:?} is dropped in silence");
    }
}
