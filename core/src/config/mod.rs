//! From the text of a configuration to the model (configuration manual, chapters 2 to 5).

pub mod address;
pub mod bind_option;
pub mod check;
pub mod duration;
pub mod finding;
pub mod lex;
pub mod line_option;
pub mod logging;
pub mod problem;
pub mod server_option;

#[cfg(test)]
mod robustness;
#[cfg(test)]
mod verdicts;
