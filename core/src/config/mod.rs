//! From the text of a configuration to the model (configuration manual, chapters 2 to 5).

pub mod address;
mod assemble;
pub mod bind_option;
mod blocks;
pub mod check;
pub mod directive;
mod dispatch;
mod draft;
pub mod duration;
pub mod environment;
pub mod finding;
pub mod lex;
mod line;
pub mod line_option;
mod load;
pub mod logging;
pub mod predicate;
pub mod problem;
mod reader;
mod section;
pub mod server_option;
mod track;

pub use load::{Loaded, load};
pub use reader::Source;

/// The version of HAProxy whose configuration language is followed.
pub const LANGUAGE: &str = "2.8";

#[cfg(test)]
mod robustness;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod verdicts;
