//! Whole configurations: what becomes of good ones, and what a person sees of broken ones.

use std::fmt::Write;

use proptest::prelude::*;

use super::environment::Tables;
use super::finding::Weight;
use super::{Loaded, Source, load};
use crate::model::{CheckAction, CheckKind, CheckText, Config, Mode};

/// The machine that the configurations of these tests are read on.
fn environment() -> Tables {
    let mut tables = Tables { identities: vec!["haproxy".to_owned()], ..Tables::default() };
    tables.variables.insert("PORT".to_owned(), "8080".to_owned());
    tables.hosts.insert("localhost".to_owned(), vec!["127.0.0.1".parse().expect("an address")]);
    for status in [400, 403, 408, 500, 502, 503, 504] {
        let page = format!("HTTP/1.0 {status} Sorry\r\nContent-Type: text/plain\r\n\r\n{status}");
        tables.files.insert(format!("/etc/haproxy/errors/{status}.http"), page.into_bytes());
    }
    tables.files.insert("/errors/large.http".to_owned(), vec![b'x'; 20_000]);
    tables.files.insert("/errors/broken.http".to_owned(), b"hello".to_vec());
    tables
}

fn source(name: &str, text: &str) -> Source {
    Source { name: name.to_owned(), bytes: text.as_bytes().to_vec() }
}

fn read(text: &str) -> Loaded {
    load(&[source("test.cfg", text)], &environment())
}

/// The configuration; it must have no alert.
fn config(text: &str) -> Config {
    let Loaded { config, problems, .. } = read(text);
    config.unwrap_or_else(|| panic!("{problems:#?}"))
}

fn messages(text: &str) -> Vec<String> {
    read(text).problems.into_iter().map(|problem| problem.message).collect()
}

macro_rules! snapshot {
    ($theme:literal, $name:expr, $text:expr) => {
        insta::with_settings!({
            snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/", $theme),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, { insta::assert_snapshot!($name, $text) })
    };
}

/// All problems as they are told.
fn told(loaded: &Loaded) -> String {
    loaded.problems.iter().map(|problem| problem.render(1)).collect()
}

#[test]
fn the_acceptance_configuration_loads_unchanged() {
    let loaded = read(include_str!("../../../tests/corpus/guide.cfg"));
    snapshot!("problems", "guide", told(&loaded));
    let config = loaded.config.expect("no alert");
    snapshot!("model", "guide", format!("{config:#?}"));
}

#[test]
fn valid_configurations_become_models() {
    for (name, text) in [
        ("http", include_str!("../../../tests/corpus/valid/http.cfg")),
        ("tcp", include_str!("../../../tests/corpus/valid/tcp.cfg")),
    ] {
        let loaded = read(text);
        assert_eq!(told(&loaded), "", "{name}");
        snapshot!("model", name, format!("{:#?}", loaded.config.expect("no alert")));
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "the corpus is a directory, and this is a test")]
fn broken_configurations_are_told_completely() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/corpus/broken");
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .expect("the corpus is there")
        .map(|entry| entry.expect("readable").path())
        .collect();
    files.sort();
    assert!(files.len() >= 8);
    for path in files {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let source = Source { name: format!("{name}.cfg"), bytes: std::fs::read(&path).expect("readable") };
        let loaded = load(&[source], &environment());
        let alerts = loaded.problems.iter().filter(|problem| problem.weight == Weight::Alert).count();
        assert!(alerts > 0 && loaded.config.is_none(), "{name} is not broken");
        let mut text = told(&loaded);
        writeln!(text, "{alerts} alerts").expect("a string");
        snapshot!("problems", name, text);
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "the corpus is a directory, and this is a test")]
fn the_fuzz_corpus_ends_in_a_configuration_or_in_problems() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus/config");
    let entries = std::fs::read_dir(directory).expect("the corpus is there");
    let mut count = 0;
    for path in entries.map(|entry| entry.expect("readable").path()) {
        let source = Source { name: "corpus".to_owned(), bytes: std::fs::read(&path).expect("readable") };
        let loaded = load(&[source], &environment());
        let alert = loaded.problems.iter().any(|problem| problem.weight == Weight::Alert);
        assert_eq!(loaded.config.is_none(), alert, "{}", path.display());
        assert!(told(&loaded).len() < 400_000, "{}", path.display());
        count += 1;
    }
    assert!(count >= 9);
}

#[test]
fn defaults_are_inherited_by_position_and_by_name() {
    let config = config(
        "defaults tcp\n mode tcp\n timeout client 1s\n\
         defaults web from tcp\n mode http\n retries 7\n\
         listen a from tcp\n bind :1\n\
         frontend b\n bind :2\n timeout client 9s\n\
         backend c\n\
         defaults\n\
         backend d\n",
    );
    let modes: Vec<Mode> = config.backends.iter().map(|backend| backend.mode).collect();
    assert_eq!(modes, [Mode::Tcp, Mode::Http, Mode::Tcp]);
    assert_eq!(config.backends.iter().map(|backend| backend.retries).collect::<Vec<_>>(), [3, 7, 3]);
    let clients: Vec<_> = config.frontends.iter().map(|frontend| frontend.timeouts.client).collect();
    assert_eq!(clients.iter().map(|span| span.map_or(0, |span| span.as_secs())).collect::<Vec<_>>(), [1, 9]);
}

#[test]
fn conditions_choose_lines_and_variables_fill_them() {
    let config = config(
        ".if defined(PORT) && streq(\"$PORT\",8080)\n\
         listen a\n bind \"127.0.0.1:${PORT}\"\n\
         .elif 1\n garbage\n.else\n more garbage\n.endif\n\
         global\n setenv MODE http\n presetenv MODE tcp\n\
         listen b\n bind :9\n mode \"$MODE\"\n\
         .if !strstr(\"$MODE\",tcp)\n maxconn 5\n.endif\n",
    );
    assert_eq!(config.listeners[0].address, crate::model::BindAddress::Ip("127.0.0.1:8080".parse().unwrap()));
    assert_eq!((config.frontends[1].mode, config.frontends[1].maxconn), (Mode::Http, Some(5)));
}

#[test]
fn messages_of_the_file_are_told_with_their_weight() {
    let told: Vec<_> = read(".notice hello\n.warning \"two words\"\n.alert stop\n.diag quiet\n")
        .problems
        .into_iter()
        .map(|problem| (problem.weight, problem.message))
        .collect();
    let wanted =
        [(Weight::Notice, "'hello'."), (Weight::Warning, "'two words'."), (Weight::Alert, "'stop'.")];
    assert_eq!(told, wanted.map(|(weight, text)| (weight, text.to_owned())));
}

#[test]
fn a_section_ends_with_its_file() {
    let sources = [source("a.cfg", "global\n maxconn 10\n"), source("b.cfg", " maxconn 20\n")];
    let loaded = load(&sources, &environment());
    let told: Vec<_> = loaded.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(told, ["unknown keyword 'maxconn' out of section."]);
}

#[test]
fn no_and_default_take_options_back() {
    let config = config(
        "defaults\n mode http\n option http-server-close\n option dontlognull\n option allbackups\n option redispatch\n\
         frontend f\n bind :1\n timeout client 1s\n no option dontlognull\n no option httpclose\n\
         backend b\n default option allbackups\n no option http-server-close\n no option redispatch\n",
    );
    let (front, back) = (&config.frontends[0], &config.backends[0]);
    assert!(!front.dont_log_null && !back.all_backups);
    assert_eq!(front.connection_mode, crate::model::ConnectionMode::ServerClose);
    assert_eq!(back.connection_mode, crate::model::ConnectionMode::KeepAlive);
    assert_eq!(back.redispatch, crate::model::Redispatch::Never);
}

#[test]
fn log_global_means_the_global_lines_of_all_files() {
    let sources = [
        source("a.cfg", "listen a\n bind :1\n timeout client 1s\n log global\n log stdout local1\n"),
        source("b.cfg", "global\n log /dev/log local0\n log /dev/log local1 notice\n"),
    ];
    let config = load(&sources, &environment()).config.expect("no alert");
    assert_eq!(config.frontends[0].log.len(), 3);
    assert_eq!(config.global.log, config.frontends[0].log[..2]);
}

#[test]
fn the_last_log_style_counts_and_http_needs_its_mode() {
    let told = messages(
        "listen a\n bind :1\n timeout client 1s\n log stdout local0\n option httplog\n\
         listen b\n bind :2\n timeout client 1s\n mode http\n option httplog\n",
    );
    assert_eq!(
        told,
        [
            "'option httplog' not usable with proxy 'a' (needs 'mode http'). Falling back to 'option tcplog'.",
            "log format ignored for proxy 'b' since it has no log address.",
        ]
    );
}

#[test]
fn the_old_form_of_a_check_carries_its_headers() {
    let text = "backend b\n option httpchk GET /healthz HTTP/1.1\\r\\nHost:\\ example.com\n server s 127.0.0.1:1 check\n";
    let CheckKind::Script(check) = &config(text).backends[0].check else { panic!("an HTTP check") };
    let send = check.steps.iter().find_map(|step| match &step.action {
        CheckAction::Request(request) => Some(request.clone()),
        _ => None,
    });
    let request = send.expect("a request");
    assert_eq!(request.method, "GET");
    assert!(matches!(&request.uri, CheckText::Plain(uri) if uri == "/healthz"));
    let [(name, CheckText::Plain(value))] = &request.headers[..] else { panic!("one field") };
    assert_eq!((name.as_str(), value.as_str()), ("Host", "example.com"));
}

#[test]
fn dynamic_cookies_are_made_of_addresses() {
    let text = "backend b\n mode http\n cookie S insert dynamic\n dynamic-cookie-key \"a secret\"\n\
                server a 127.0.0.1:1\n server b [::1]:2\n server c 127.0.0.1:3 cookie own\n server d /tmp/d\n";
    let cookies: Vec<_> =
        config(text).backends[0].servers.iter().map(|server| server.cookie.clone()).collect();
    let cookies: Vec<_> = cookies.iter().map(Option::as_deref).collect();
    assert_eq!(cookies, [Some("dee4cbb8207ce54e"), Some("54240b6e5787b57f"), Some("own"), None]);
}

#[test]
fn a_long_line_and_a_binary_file_are_refused_without_noise() {
    let mut long = b"global\n log-tag ".to_vec();
    long.resize(10 * 1024 * 1024, b'a');
    long.push(b'\n');
    let loaded = load(&[Source { name: "long.cfg".to_owned(), bytes: long }], &environment());
    assert_eq!(loaded.problems.len(), 1);
    assert!(told(&loaded).len() < 1_000 && loaded.config.is_none());

    let binary: Vec<u8> = (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let loaded = load(&[Source { name: "binary".to_owned(), bytes: binary }], &environment());
    assert!(loaded.config.is_none() && told(&loaded).len() < 100_000);
}

#[test]
fn problems_have_a_bound() {
    let text = "global\n".to_owned() + &" nosuch\n".repeat(5_000);
    let told = messages(&text);
    assert_eq!(told.len(), crate::base::limits::PROBLEMS_MAX + 1);
    assert!(told.last().is_some_and(|last| last.starts_with("more than")));
}

#[test]
fn large_configurations_load_completely() {
    let mut text =
        String::from("defaults\n mode http\n timeout client 1s\n timeout connect 1s\n timeout server 1s\n");
    for number in 0..2_000 {
        let _ = write!(
            text,
            "frontend f{number}\n bind 127.0.0.1:{}\n default_backend b{number}\n",
            1_000 + number
        );
        let _ = writeln!(text, "backend b{number}\n balance leastconn");
        for server in 0..20 {
            let _ = writeln!(text, " server s{server} 10.0.0.{server}:80 check weight 10");
        }
    }
    let config = config(&text);
    assert_eq!((config.frontends.len(), config.backends.len()), (2_000, 2_000));
    assert_eq!(config.backends[1_999].servers.len(), 20);
}

proptest! {
    #[test]
    fn any_text_ends_in_a_configuration_or_in_problems(lines in prop::collection::vec(line(), 0..40)) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let loaded = read(&text);
        let alerts = loaded.problems.iter().any(|problem| problem.weight == Weight::Alert);
        prop_assert_eq!(loaded.config.is_none(), alerts);
        for problem in &loaded.problems {
            let rendered = problem.render(1);
            prop_assert!(rendered.len() < 3_000, "{}", rendered);
        }
    }

    #[test]
    fn any_bytes_end_in_a_configuration_or_in_problems(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        load(&[Source { name: "bytes".to_owned(), bytes }], &environment());
    }
}

/// Lines as files have them, cut, mixed and misspelt.
fn line() -> impl Strategy<Value = String> {
    let guide: Vec<&str> = include_str!("../../../tests/corpus/guide.cfg").lines().collect();
    let marks = [
        ".if 1",
        ".if 0",
        ".else",
        ".elif defined(X)",
        ".endif",
        ".alert x",
        "global",
        "no log",
        "backend b",
    ];
    prop_oneof![
        6 => prop::sample::select(guide.clone()).prop_map(str::to_owned),
        2 => prop::sample::select(marks.to_vec()).prop_map(str::to_owned),
        2 => (prop::sample::select(guide), 0usize..60).prop_map(|(line, cut)| {
            line.chars().take(cut).collect()
        }),
        1 => "[ -~\u{e9}]{0,40}",
    ]
}

/// A configuration with one line in one section, as the verdicts were asked for.
fn with_line(section: &str, line: &str) -> String {
    let timeouts = " mode http\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n";
    let listen = "listen x\n bind 127.0.0.1:1999\n";
    match section {
        "global" => format!("global\n {line}\ndefaults\n{timeouts}{listen}"),
        "defaults" => format!("defaults\n{timeouts} {line}\n{listen}"),
        "backend" => format!("defaults\n{timeouts}{listen}backend y\n {line}\n"),
        other => format!("defaults\n{timeouts}{listen}{other} y\n bind 127.0.0.1:1998\n {line}\n"),
    }
}

#[test]
fn lines_are_accepted_and_refused_in_each_section_as_haproxy_does() {
    let data = include_str!("../../../tests/differential/directives.txt");
    let mut different = Vec::new();
    let mut count = 0;
    for row in data.lines().filter(|row| !row.starts_with('#')) {
        let mut parts = row.splitn(3, '\t');
        let (Some(verdict), Some(section), Some(line)) = (parts.next(), parts.next(), parts.next()) else {
            panic!("{row:?} is no verdict");
        };
        let accepted = read(&with_line(section, line)).config.is_some();
        if accepted != matches!(verdict, "accept" | "laxer") {
            different.push(row);
        }
        count += 1;
    }
    assert!(different.is_empty(), "{different:#?}");
    assert!(count > 1_000);
}
