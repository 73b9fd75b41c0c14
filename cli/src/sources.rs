//! Which files a configuration consists of.

use std::io;
use std::path::{Path, PathBuf};

use evenkeel_io::sockets::reason;

/// All configuration files that `-f` and `--` name, in order. A directory stands for its files whose names
/// end in `.cfg`, hidden ones aside, in order of name.
pub(crate) fn spread<'a>(named: impl Iterator<Item = &'a PathBuf>) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for path in named {
        let metadata = std::fs::metadata(path).map_err(|error| cannot_open(path, &error))?;
        if metadata.is_dir() {
            files.extend(inside(path)?);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn inside(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error: io::Error| cannot_open(directory, &error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.ends_with(".cfg") && !name.starts_with('.') && path.is_file() {
            files.push(path);
        }
    }
    if files.is_empty() {
        let directory = directory.display();
        return Err(format!(
            "config : No configuration file in directory {directory} : names must end in .cfg"
        ));
    }
    files.sort();
    Ok(files)
}

fn cannot_open(path: &Path, error: &io::Error) -> String {
    format!("config : Cannot open configuration file/directory {} : {}", path.display(), reason(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_gives_its_configurations_in_order_of_name() {
        let directory = std::env::temp_dir().join(format!("evenkeel-sources-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("writable");
        for name in ["20-b.cfg", "10-a.cfg", ".hidden.cfg", "notes.txt"] {
            std::fs::write(directory.join(name), "").expect("writable");
        }

        let files = spread([directory.clone()].iter()).expect("two files");
        std::fs::remove_dir_all(&directory).expect("ours");

        let names: Vec<_> = files.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        assert_eq!(names, ["10-a.cfg", "20-b.cfg"]);
    }

    #[test]
    fn a_missing_file_is_told_in_haproxys_words() {
        let told = spread([PathBuf::from("/nonexistent/a.cfg")].iter()).expect_err("missing");

        assert_eq!(
            told,
            "config : Cannot open configuration file/directory /nonexistent/a.cfg : No such file or directory"
        );
    }
}
