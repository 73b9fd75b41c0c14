//! The record of where haproxy sends each key: a line for each phase of each way, and in it a sum for every
//! hundred keys. Keys are made by rule, so sums are enough to hold others against it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use evenkeel_core::base::hash::crc32;

use super::ways::{Phase, Way};
use crate::tidy::root;

/// Keys of one sum.
pub(crate) const BLOCK: usize = 100;

/// Digits of a sum.
const DIGITS: usize = 6;

/// Sums by way and phase.
#[derive(Debug, Default)]
pub(crate) struct Record(BTreeMap<String, String>);

impl Record {
    /// As committed.
    pub(crate) fn read() -> Record {
        let text = std::fs::read_to_string(path()).unwrap_or_default();
        let lines =
            text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'));
        Record(lines.map(|(name, sums)| (name.to_owned(), sums.to_owned())).collect())
    }

    /// To be committed.
    pub(crate) fn write(&self) {
        let mut text = "# Where haproxy sends each key: `EVENKEEL_RECORD=, cargo test -p evenkeel-tests \
                        hashing::` writes this file.\n# Way, phase, and a sum of each hundred keys' servers.\n"
            .to_owned();
        for (name, sums) in &self.0 {
            writeln!(text, "{name}\t{sums}").expect("memory does not fail");
        }
        std::fs::write(path(), text).expect("the folder can be written");
    }

    /// Adds the servers of all keys.
    pub(crate) fn insert(&mut self, way: &Way, phase: &Phase, servers: &[u8]) {
        self.0.insert(line_name(way, phase), servers.chunks(BLOCK).map(sum).collect());
    }

    /// Holds the servers of the first keys against the record, and says where they first differ.
    pub(crate) fn compare(&self, way: &Way, phase: &Phase, servers: &[u8]) -> Result<(), String> {
        let name = line_name(way, phase);
        let Some(sums) = self.0.get(&name) else {
            return Err(format!("{name}: haproxy was never asked"));
        };
        for (block, servers) in servers.chunks(BLOCK).enumerate() {
            let expected = sums.get(block * DIGITS..(block + 1) * DIGITS);
            if expected != Some(&sum(servers)) {
                let from = block * BLOCK;
                let servers = String::from_utf8_lossy(servers);
                return Err(format!(
                    "{name}: keys from {from} on do not meet haproxy's servers, but {servers}"
                ));
            }
        }
        Ok(())
    }

    /// The lines that are not the same in both.
    pub(crate) fn differences(&self, other: &Record) -> Vec<String> {
        self.0
            .iter()
            .filter(|(name, sums)| other.0.get(*name) != Some(sums))
            .map(|(name, _)| name.clone())
            .collect()
    }
}

fn line_name(way: &Way, phase: &Phase) -> String {
    format!("{}; {}", way.name(), phase.name)
}

/// Of the servers' digits in the order of their keys.
fn sum(servers: &[u8]) -> String {
    format!("{:06x}", crc32(servers) >> 8)
}

fn path() -> PathBuf {
    root().join("tests/differential/hashing.txt")
}
