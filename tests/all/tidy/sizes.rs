//! No file of more than 800 lines, tests not counted.

use super::source::{is_test_file, read, rust_files};
use super::{assert_none, root};

/// Lines of one file above which nobody reads it.
const LINES_MAX: usize = 800;

/// Lines before the unit tests at the bottom.
fn lines_of(source: &str) -> usize {
    source.lines().take_while(|line| *line != "#[cfg(test)]").count()
}

#[test]
fn no_file_is_over_the_limit() {
    let mut violations = Vec::new();
    for part in ["core/src", "io/src", "sim/src", "cli/src", "tests"] {
        for path in rust_files(&root().join(part)) {
            let lines = lines_of(&read(&path));
            if lines > LINES_MAX && !is_test_file(path.strip_prefix(root()).expect("below the root")) {
                violations.push(format!("{}: {lines} lines", path.display()));
            }
        }
    }

    assert_none(&violations, "a file holds at most 800 lines");
}

#[test]
fn a_long_file_is_found_and_its_tests_are_not_counted() {
    assert_eq!(lines_of(&"a\n".repeat(801)), 801);
    assert_eq!(lines_of(&format!("a\n#[cfg(test)]\n{}", "b\n".repeat(900))), 1);
}
