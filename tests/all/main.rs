//! The one test binary: everything that looks at the workspace or the program from outside.

mod conformance;
mod differential;
mod hashing;
mod performance;
mod tidy;
mod verdicts;
