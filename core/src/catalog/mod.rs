//! The catalog: every name that HAProxy knows, and how far evenkeel follows it.
//!
//! Names that are implemented are rows beside their functions and carry their own [`Support`];
//! [`keyword`] lists all others. The catalog merges both, and a row wins over a bare name. It decides
//! nothing: it answers what is supported, for documents, completion and review.

mod implemented;
mod matrix;

pub use matrix::matrix;

use std::sync::OnceLock;

use crate::keyword::{self, Entry, Kind, Support};

/// The entry of `name`, if HAProxy or evenkeel knows it as this kind of thing.
pub fn find(kind: Kind, name: &str) -> Option<&'static Entry> {
    let entries = all(kind);
    let at = entries.binary_search_by(|entry| entry.name.cmp(name)).ok()?;
    entries.get(at)
}

/// All entries of `kind`, by name.
pub fn all(kind: Kind) -> &'static [Entry] {
    let entries = catalog();
    let start = entries.partition_point(|entry| entry.kind < kind);
    let end = entries.partition_point(|entry| entry.kind <= kind);
    entries.get(start..end).unwrap_or_default()
}

/// The merged catalog, by kind and name. Built once; the same in every process.
fn catalog() -> &'static [Entry] {
    static CATALOG: OnceLock<Vec<Entry>> = OnceLock::new();
    CATALOG.get_or_init(|| {
        let mut entries: Vec<Entry> = implemented::rows().collect();
        for kind in Kind::ALL {
            let names = keyword::names(kind);
            entries.extend(names.map(|name| Entry { name, kind, support: Support::Planned, note: "" }));
        }
        // The sort is stable and rows come first: of two entries with one name the row stays.
        entries.sort_by(|a, b| (a.kind, a.name).cmp(&(b.kind, b.name)));
        entries.dedup_by(|later, earlier| (later.kind, later.name) == (earlier.kind, earlier.name));
        entries
    })
}

#[cfg(test)]
mod tests;
