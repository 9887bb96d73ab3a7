//! Writes the vectors of messages and drops: `cargo run -p seal --example messages > crates/seal/vectors/messages.json`.
//! To be done only when the format changes on purpose; the tests fail when it changes by mistake.

use std::io::Write;

#[path = "../vectors/make_messages.rs"]
mod make_messages;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(make_messages::messages().as_bytes())
}
