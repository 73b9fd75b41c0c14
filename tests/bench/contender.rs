//! The programs that are measured.

use std::path::Path;
use std::process::Command;

use evenkeel_tests::figures::SUBJECT;
use evenkeel_tests::program::Program;

use crate::options::Options;

/// A program, how it is called, and what its configurations begin with.
#[derive(Clone, Debug)]
pub(crate) struct Contender {
    /// How tables call it.
    pub(crate) name: String,
    /// Program and arguments.
    pub(crate) command: Vec<String>,
    /// A line for its `global` section.
    pub(crate) global: &'static str,
}

impl Contender {
    /// The program under test first, then haproxy, then those of the command line.
    pub(crate) fn all(options: &Options) -> Result<Vec<Contender>, String> {
        let subject = match options.subject() {
            Some(command) => command,
            None => vec![release_build()?],
        };
        let mut all = vec![Contender { name: SUBJECT.to_owned(), command: subject, global: "" }];
        all.extend(Program::haproxies().into_iter().take(1).map(|haproxy| Contender {
            name: "haproxy".to_owned(),
            command: vec![haproxy.path.to_string_lossy().into_owned()],
            global: "",
        }));
        all.extend(options.vs.iter().cloned());
        match all.len() {
            1 => Err("nothing to compare with: install haproxy, or name a program with --vs".to_owned()),
            _ => Ok(all),
        }
    }

    /// The same program with one more line in its `global` section.
    pub(crate) fn variant(&self, name: &str, global: &'static str) -> Contender {
        Contender { name: name.to_owned(), command: self.command.clone(), global }
    }

    /// The first line that it says about its version, and how it was called.
    pub(crate) fn version(&self) -> String {
        let output = Command::new(&self.command[0]).arg("-v").output();
        let text =
            output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let line = text.lines().next().unwrap_or("unknown version").trim().to_owned();
        match self.command.len() {
            1 => line,
            _ => format!("{line}, with {}", self.command[1..].join(" ")),
        }
    }
}

/// The release build of this workspace.
fn release_build() -> Result<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let manifest = root.join("Cargo.toml");
    let status = Command::new("cargo")
        .args(["build", "--release", "--package", "evenkeel", "--manifest-path"])
        .arg(manifest)
        .status();
    if !status.is_ok_and(|status| status.success()) {
        return Err("evenkeel does not build; name a program with --subject".to_owned());
    }
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    Ok(own.with_file_name("evenkeel").to_string_lossy().into_owned())
}
