//! The one test binary: everything that looks at the workspace or the program from outside.

mod differential;
mod tidy;
mod verdicts;
