//! Access control lists (configuration manual, chapter 7): tests of samples against patterns, the names that
//! stand for them, and the conditions made of them behind `if` and `unless`.
//!
//! All is compiled at load: patterns into sorted sets, conditions into a flat program. To ask one allocates
//! nothing and costs O(log patterns), or one pass over the value where patterns may lie anywhere in it.

mod condition;
mod keyword;
mod list;
mod method;
mod patterns;
mod problem;
mod test;
#[cfg(test)]
mod tests;

pub use condition::{Condition, Draft, Judgement};
pub use keyword::rows;
pub use list::{Acls, Asked, Conflict};
pub use method::Method;
pub use problem::{AclError, AclProblem};
pub use test::Test;

use std::net::IpAddr;

/// What the compiler may ask of the machine that a configuration is read on.
#[derive(Clone, Copy)]
pub struct Outside<'a> {
    /// A pattern file's content; `None` if it cannot be read.
    pub read: &'a dyn Fn(&str) -> Option<Vec<u8>>,
    /// The addresses of a host name.
    pub resolve: &'a dyn Fn(&str) -> Vec<IpAddr>,
}

impl std::fmt::Debug for Outside<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Outside")
    }
}

impl Outside<'_> {
    /// Where nothing can be read and nobody has an address.
    pub const NOTHING: Outside<'static> = Outside { read: &|_| None, resolve: &|_| Vec::new() };
}
