//! The verdicts that `tests/differential/*.txt` record are haproxy's own: asks the haproxy at hand again.
//!
//! The core's tests hold evenkeel against these files without haproxy; this keeps the files honest. Without
//! haproxy there is nothing to ask, and nothing is checked.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::tidy::root;

/// Where the lines of a file belong in a configuration.
#[derive(Clone, Copy)]
enum Section {
    Backend,
    Frontend,
    Global,
}

#[test]
fn bind_lines_are_judged_as_recorded() {
    ask_again("bind_lines.txt", Section::Frontend);
}

#[test]
fn check_lines_are_judged_as_recorded() {
    ask_again("check_lines.txt", Section::Backend);
}

#[test]
fn log_lines_are_judged_as_recorded() {
    ask_again("log_lines.txt", Section::Global);
}

#[test]
fn server_lines_are_judged_as_recorded() {
    ask_again("server_lines.txt", Section::Backend);
}

/// Asks about every line of `file` but those on which haproxy's own versions differ (`laxer`).
fn ask_again(file: &str, section: Section) {
    let Some(haproxy) = haproxy() else {
        eprintln!("no haproxy at hand: {file} is not asked again");
        return;
    };
    let data = fs::read_to_string(root().join("tests/differential").join(file)).expect("the file is there");
    let scratch = std::env::temp_dir().join(format!("evenkeel-verdicts-{}-{file}.cfg", std::process::id()));
    let mut different = Vec::new();
    for (verdict, lines) in data.lines().filter_map(|line| line.split_once('\t')) {
        fs::write(&scratch, configuration(section, lines)).expect("temporary files can be written");
        let status = Command::new(&haproxy)
            .args(["-c", "-f"])
            .arg(&scratch)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("haproxy runs");
        let expected = match verdict {
            "accept" | "stricter" => true,
            "refuse" => false,
            "laxer" => continue,
            _ => panic!("{file}: {verdict} is no verdict"),
        };
        if status.success() != expected {
            different.push(format!("{verdict}: {lines}"));
        }
    }
    fs::remove_file(&scratch).expect("the last configuration is there");
    assert!(different.is_empty(), "{file} does not record what {} says: {different:#?}", haproxy.display());
}

/// A small configuration with `lines`, which are separated by semicolons, in `section`.
fn configuration(section: Section, lines: &str) -> String {
    let lines = lines.replace(" ; ", "\n  ");
    let at = |wanted: &str| match (section, wanted) {
        (Section::Backend, "backend") | (Section::Frontend, "frontend") | (Section::Global, "global") => {
            format!("  {lines}\n")
        }
        _ => String::new(),
    };
    format!(
        "global\n{}defaults\n  mode http\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\n\
         frontend f\n  bind 127.0.0.1:8123\n  default_backend k\n{}backend k\n{}",
        at("global"),
        at("frontend"),
        at("backend")
    )
}

/// `EVENKEEL_HAPROXY`, or the haproxy on the PATH or where Debian puts it.
fn haproxy() -> Option<PathBuf> {
    let named = std::env::var_os("EVENKEEL_HAPROXY").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    named.or_else(|| folders.map(|folder| folder.join("haproxy")).find(|file| file.is_file()))
}
