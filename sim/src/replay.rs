//! Scenarios as text files: what a run needs to be repeated for ever.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::oracle::Violation;
use crate::scenario::Scenario;

/// Where failures are kept: every test run repeats what lies there.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// The text of a scenario, with a remark in front.
pub fn to_text(scenario: &Scenario, remark: &str) -> Result<String, toml::ser::Error> {
    let remark: String = remark.lines().map(|line| format!("# {line}\n")).collect();
    Ok(format!("{remark}{}", toml::to_string(scenario)?))
}

/// Reads a scenario.
pub fn from_text(text: &str) -> Result<Scenario, toml::de::Error> {
    toml::from_str(text)
}

/// Reads a file.
pub fn read(path: &Path) -> io::Result<Scenario> {
    let text = fs::read_to_string(path)?;
    from_text(&text).map_err(|error| io::Error::other(format!("{}: {error}", path.display())))
}

/// Writes a failing scenario into `folder`, and gives its path.
pub fn write(folder: &Path, scenario: &Scenario, violation: &Violation) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let path = folder.join(format!("{}-{}.toml", violation.oracle, scenario.seed));
    fs::write(&path, to_text(scenario, &violation.to_string()).map_err(io::Error::other)?)?;
    Ok(path)
}

/// The command that repeats a file's run.
pub fn command(path: &Path, turmoil: bool) -> String {
    let world = if turmoil { "--turmoil " } else { "" };
    format!("cargo run --profile sim -p evenkeel-sim --bin sim -- replay {world}{}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate;

    #[test]
    fn every_scenario_survives_its_text() {
        for seed in 0..200 {
            let scenario = generate::scenario(seed);

            let text = to_text(&scenario, "two\nlines").expect("plain data");

            assert_eq!(from_text(&text).as_ref(), Ok(&scenario), "{text}");
        }
    }
}
