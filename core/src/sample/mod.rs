//! What expressions can see of a stream, and the fetches that look at it.

mod scope;

pub use scope::{Ending, Scope, StreamTimes};
