//! What the program says and how it exits, seen as a script sees it.

use std::path::PathBuf;
use std::process::{Command, Output};

#[test]
fn a_version_is_the_first_line_and_names_the_language() {
    for flag in ["-v", "--version", "-vv", "--build-info"] {
        let output = evenkeel(&[flag]);

        assert_eq!(output.status.code(), Some(0), "{flag}");
        let line = stdout(&output).lines().next().map(str::to_string).unwrap_or_default();
        assert!(line.starts_with(concat!("evenkeel version ", env!("CARGO_PKG_VERSION"))), "{line}");
        assert!(line.ends_with("HAProxy 2.8"), "{line}");
    }
}

#[test]
fn without_arguments_it_says_what_to_do_and_fails() {
    let output = evenkeel(&[]);

    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).starts_with("evenkeel version "));
    let told = stderr(&output);
    assert!(told.starts_with("Usage: evenkeel"), "{told}");
    assert!(told.contains("evenkeel demo"), "{told}");
}

#[test]
fn an_unknown_flag_is_named_and_exits_with_one() {
    let output = evenkeel(&["-Q"]);

    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("unexpected argument '-Q'"), "{}", stderr(&output));
}

#[test]
fn a_missing_file_is_told_in_the_form_that_scripts_read() {
    let output = evenkeel(&["-c", "-f", "/nonexistent.cfg"]);

    assert_eq!(output.status.code(), Some(1));
    let told = stderr(&output);
    let alert = told.lines().find(|line| line.starts_with("[ALERT]    (")).unwrap_or_default();
    assert!(
        alert.ends_with(
            ") : config : Cannot open configuration file/directory /nonexistent.cfg : No such file or directory"
        ),
        "{told}"
    );
    assert!(told.starts_with("[NOTICE]   ("), "{told}");
}

#[test]
fn a_directory_without_configurations_is_an_error() {
    let folder = Folder::new("empty");
    folder.file("notes.txt", "");

    let output = evenkeel(&["-c", "-f", folder.path()]);

    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("names must end in .cfg"), "{}", stderr(&output));
}

#[test]
fn quiet_says_nothing_at_all() {
    let output = evenkeel(&["-q", "-c", "-f", "/nonexistent.cfg"]);

    assert_eq!(output.status.code(), Some(1));
    assert_eq!((stdout(&output), stderr(&output)), (String::new(), String::new()));
}

#[test]
fn a_directory_to_start_from_must_exist() {
    let output = evenkeel(&["-C", "/nonexistent", "-c", "-f", "a.cfg"]);

    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("Could not change to directory /nonexistent : No such file or directory"),
        "{}",
        stderr(&output)
    );
}

fn evenkeel(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_evenkeel")).args(arguments).output().expect("it was built")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A directory of one test, gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("evenkeel-cli-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("writable");
        Folder(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("text")
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, content).expect("writable");
        path.to_str().expect("text").to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
