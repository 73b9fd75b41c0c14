//! What the core's source may not say outside comments and tests: clocks, sockets, files, threads, the
//! environment, runtimes, and maps whose order changes from run to run.

use super::source::{is_test_file, paths_from, read, rust_files, tokens};
use super::{assert_none, root};

/// Words that may not stand anywhere in the core.
const WORDS: &[&str] = &[
    "tokio",
    "mio",
    "turmoil",
    "async_std",
    "smol",
    "socket2",
    "nix",
    "libc",
    "getrandom",
    "HashMap",
    "HashSet",
    "RandomState",
    "SystemTime",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "UnixStream",
    "UnixListener",
    "UnixDatagram",
    "thread_rng",
    "thread_local",
    "println",
    "eprintln",
];

/// Paths that may not stand anywhere in the core, with all below them.
const PATHS: &[&str] = &[
    "std::fs",
    "std::thread",
    "std::env",
    "std::os",
    "std::process",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::net::TcpStream",
    "std::net::TcpListener",
    "std::net::UdpSocket",
    "std::net::ToSocketAddrs",
];

/// Lists the banned words and paths in `source`.
fn violations_in(name: &str, source: &str) -> Vec<String> {
    let words = tokens(source);
    let banned_words = words.iter().filter(|word| WORDS.contains(&word.text.as_str())).cloned();
    let banned_paths = paths_from("std", &words).into_iter().filter(|path| {
        PATHS.iter().any(|banned| {
            path.text.strip_prefix(banned).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        })
    });
    banned_words
        .chain(banned_paths)
        .map(|found| format!("{name}:{}: the core may not mention {}", found.line, found.text))
        .collect()
}

#[test]
fn the_core_mentions_nothing_of_the_world() {
    let core = root().join("core/src");
    let violations: Vec<String> = rust_files(&core)
        .iter()
        .filter(|path| !is_test_file(path))
        .flat_map(|path| violations_in(&path.display().to_string(), &read(path)))
        .collect();

    assert_none(&violations, "the core touches no socket, file, thread, environment, clock or entropy");
}

#[test]
fn a_planted_mention_is_found() {
    let planted = [
        "use tokio::net::TcpStream;",
        "use std::time::{Duration, Instant};",
        "fn now() { let _ = std::time::SystemTime::now(); }",
        "use std::{collections::BTreeMap, fs};",
        "fn f() { std::thread::spawn(|| ()); }",
        "type Servers = std::collections::HashMap<u32, u32>;",
        "fn f() { let _ = std::env::var(\"HOME\"); }",
        "use std::net::{IpAddr, UdpSocket};",
    ];
    for source in planted {
        assert!(!violations_in("planted.rs", source).is_empty(), "not found: {source}");
    }

    let harmless =
        "/// Like `std::time::Instant`.\nuse std::net::{IpAddr, SocketAddr};\nuse std::time::Duration;";
    assert_eq!(violations_in("harmless.rs", harmless), Vec::<String>::new());
}
