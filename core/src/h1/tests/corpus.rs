//! The committed fuzzing corpora, replayed.

use std::fs;
use std::path::Path;

use super::checks::{check_chunked, check_request, check_response};

/// A corpus directory and what must hold for each of its files.
type Target = (&'static str, fn(&[u8]));

#[test]
fn every_corpus_file_holds() {
    let targets: [Target; 3] =
        [("h1_request", check_request), ("h1_response", check_response), ("h1_chunked", check_chunked)];
    for (target, check) in targets {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
        let mut count = 0;
        for entry in fs::read_dir(&directory).unwrap() {
            check(&bytes_of(&entry.unwrap().path()));
            count += 1;
        }
        assert!(count > 0, "{} is empty", directory.display());
    }
}

#[allow(clippy::disallowed_methods, reason = "a test reads its own data")]
fn bytes_of(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap()
}
