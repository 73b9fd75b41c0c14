//! The maps and sets of the core: ordered, so that the same inputs give the same outputs.

pub use std::collections::{BTreeMap as Map, BTreeSet as Set};
