//! The harness of the end-to-end suite: real servers, a real domain, a real mail server, a real browser.
//!
//! The scenarios stand beside it in `tests/`; this library holds only what they share.

use std::path::PathBuf;

pub mod authenticator;
pub mod browser;
pub mod crate_graph;
pub mod demo;
pub mod disk;
pub mod dying;
pub mod faults;
pub mod flood;
pub mod folder;
pub mod forwarder;
pub mod kinit;
pub mod mailbox;
pub mod manifests;
pub mod memory;
pub mod messages;
pub mod network;
pub mod outbox;
pub mod pki;
pub mod ports;
pub mod processes;
pub mod reader;
pub mod repeater;
pub mod samba;
pub mod secrets;
pub mod small_disk;
pub mod smtp;
pub mod stack;
pub mod system_calls;
mod unescape;

/// The root of the repository.
pub fn repository() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Makes aws-lc-rs the one provider of TLS in this process. Whatever makes a TLS configuration calls it first.
pub fn use_aws_lc_rs() {
    // Only the first call takes effect; the later ones find what they wanted.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
