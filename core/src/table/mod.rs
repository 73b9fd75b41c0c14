//! Stick tables: which server each key was last served by. Bounded, ordered, shared by all workers.

mod key;
mod store;

pub use key::key;
pub use store::{Shared, Table, Target};
