//! The command line beside haproxy's: exit codes, what `-c` says, and the file and line of each alert.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use evenkeel_tests::program::{Program, Scratch};

use super::scenario::say;

/// What a caller and a script can rely on.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    code: Option<i32>,
    says_valid: bool,
    /// `[file:line]` of the alerts.
    places: BTreeSet<String>,
}

const VALID: &str = "defaults\n  mode http\n  timeout client 1s\n  timeout connect 1s\n  timeout server 1s\n\
                     frontend in\n  bind 127.0.0.1:18999\n  default_backend out\nbackend out\n  server s1 127.0.0.1:1\n";

/// Runs a program with a configuration in `haproxy.cfg`, `{file}` in the arguments being its path.
fn run(program: &Program, config: &[u8], arguments: &[&str]) -> Outcome {
    let scratch = Scratch::new();
    let file = scratch.write("haproxy.cfg", config).display().to_string();
    let folder = scratch.path().display().to_string();
    let arguments = arguments.iter().map(|word| word.replace("{file}", &file).replace("{folder}", &folder));
    let mut command = Command::new("timeout");
    command.arg("20").arg(&program.path).args(arguments).stdin(Stdio::null());
    let output = command.output().expect("coreutils are there");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).replace(&folder, "");
    let place = |line: &str| {
        let from = line.find("[/haproxy.cfg:")?;
        line[from..].find(']').map(|to| line[from..=from + to].to_owned())
    };
    Outcome {
        code: output.status.code(),
        says_valid: said.contains("Configuration file is valid"),
        places: said.lines().filter(|line| line.starts_with("[ALERT]")).filter_map(place).collect(),
    }
}

fn same(config: impl AsRef<[u8]>, arguments: &[&str]) {
    if !Program::evenkeel_starts() {
        return say("skipped: evenkeel cannot be started yet");
    }
    let Some(oracle) = Program::haproxies().pop() else { return say("skipped: haproxy not found") };

    let ours = run(&Program::evenkeel(), config.as_ref(), arguments);
    let theirs = run(&oracle, config.as_ref(), arguments);

    let (name, missing) = (oracle.name, theirs.places.difference(&ours.places).collect::<Vec<_>>());
    assert_eq!(ours.code, theirs.code, "left is evenkeel, right is {name}; arguments {arguments:?}");
    assert_eq!(ours.says_valid, theirs.says_valid, "left is evenkeel, right is {name}; {arguments:?}");
    // haproxy gives no place to what concerns a whole section.
    assert!(missing.is_empty(), "{name} tells of {missing:?}, evenkeel of {:?}", ours.places);
}

/// Holds evenkeel to refusing a configuration with these words.
pub(super) fn refused(config: &str, words: &str) {
    if !Program::evenkeel_starts() {
        return say("skipped: evenkeel cannot be started yet");
    }
    let scratch = Scratch::new();
    let file = scratch.write("haproxy.cfg", config.as_bytes());
    let output = Command::new(&Program::evenkeel().path).arg("-c").arg("-f").arg(&file).output();
    let output = output.expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(words) && said.contains("haproxy.cfg:3]"), "{said}");
}

/// Checks a configuration made of the valid one and more lines.
fn check(more: &str) {
    same(format!("{VALID}{more}"), &["-c", "-f", "{file}"]);
}

#[test]
fn a_valid_configuration() {
    check("");
}

#[test]
fn an_unknown_keyword() {
    check("  balanse roundrobin\n");
}

#[test]
fn several_unknown_keywords() {
    check("  balanse roundrobin\n  sever s2 127.0.0.1:2\n");
}

#[test]
fn an_unknown_section() {
    check("fruntend x\n  bind 127.0.0.1:2\n");
}

#[test]
fn an_unknown_server_option() {
    check("  server s2 127.0.0.1:2 chek\n");
}

#[test]
fn a_bad_time() {
    check("  timeout server 5parsecs\n");
}

#[test]
fn a_missing_argument() {
    check("  balance\n");
}

#[test]
fn two_servers_of_one_name() {
    check("  server s1 127.0.0.1:2\n");
}

#[test]
fn two_backends_of_one_name() {
    check("backend out\n  server s1 127.0.0.1:2\n");
}

#[test]
fn a_backend_that_does_not_exist() {
    check("frontend other\n  bind 127.0.0.1:18998\n  default_backend nowhere\n");
}

#[test]
fn an_errorfile_that_does_not_exist() {
    check("  errorfile 503 /nonexistent/503.http\n");
}

#[test]
fn a_status_that_has_no_errorfile() {
    check("  errorfile 299 /dev/null\n");
}

#[test]
fn a_server_without_an_address() {
    check("  server s2\n");
}

#[test]
fn a_name_that_does_not_resolve() {
    check("  server s2 no-such-host.invalid:80\n");
}

#[test]
fn an_unfinished_quote() {
    check("  server \"s2 127.0.0.1:2\n");
}

#[test]
fn an_unfinished_condition() {
    check(".if streq(a,a)\n");
}

#[test]
fn a_taken_branch() {
    check(".if streq(a,b)\n  nonsense\n.else\n  balance roundrobin\n.endif\n");
}

#[test]
fn an_alert_of_ones_own() {
    check(".alert \"stop\"\n");
}

#[test]
fn a_warning_of_ones_own_under_dw() {
    same(format!("{VALID}.warning \"careful\"\n"), &["-dW", "-c", "-f", "{file}"]);
}

#[test]
fn a_warning_of_ones_own() {
    check(".warning \"careful\"\n");
}

#[test]
fn a_binary_file() {
    same(
        [b"\x7fELF\x02\x01\x01\0\0\0\0\0\xff\xfe\n".as_slice(), VALID.as_bytes()].concat(),
        &["-c", "-f", "{file}"],
    );
}

#[test]
fn a_missing_file() {
    same("", &["-c", "-f", "/nonexistent/haproxy.cfg"]);
}

#[test]
fn no_file_at_all() {
    same("", &["-c"]);
}

#[test]
fn a_folder_with_one_configuration() {
    same(VALID, &["-c", "-f", "{folder}"]);
}

#[test]
fn a_folder_without_configurations() {
    same(VALID, &["-c", "-f", "/proc/self/task"]);
}

#[test]
fn an_option_without_its_value() {
    same(VALID, &["-c", "-f"]);
}

#[test]
fn an_unknown_option() {
    same(VALID, &["-Z"]);
}

#[test]
fn conditions_on_the_command_line() {
    for condition in [
        "streq(a,a)",
        "streq(a,b)",
        "!streq(a,b)",
        "strneq(a,b)",
        "defined(HOME)",
        "1",
        "0",
        "",
        "nonsense(1)",
        "streq(a",
    ] {
        same("", &["-cc", condition]);
    }
}

#[test]
fn a_version_is_printed() {
    same("", &["-v"]);
    same("", &["-vv"]);
}

#[test]
fn a_port_in_use() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("the loopback has a free port");
    let port = taken.local_addr().expect("a bound socket has an address").port();

    same(VALID.replace("18999", &port.to_string()), &["-db", "-f", "{file}"]);
}
