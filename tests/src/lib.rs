//! The harness of the end-to-end suite: real servers, a real domain, a real mail server, a real browser.
//!
//! The scenarios stand beside it in `tests/`; this library holds only what they share.

use std::path::PathBuf;

pub mod crate_graph;
pub mod manifests;

/// The root of the repository.
pub fn repository() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
