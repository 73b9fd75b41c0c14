//! Prints the compatibility matrix: `cargo run -p evenkeel-core --example keywords > docs/keywords.md`.

fn main() {
    print!("{}", evenkeel_core::catalog::matrix());
}
