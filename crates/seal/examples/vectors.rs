//! Writes the vectors: `cargo run -p seal --example vectors > crates/seal/vectors/boxes.json`. To be done only
//! when the format changes on purpose; the tests fail when it changes by mistake.

use std::io::Write;

#[path = "../vectors/make.rs"]
mod make;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(make::boxes().as_bytes())
}
