//! The site as a witness: it keeps the last checkpoint of the core's audit.

use serde::{Deserialize, Serialize};

/// The witness's answer to a checkpoint: the last one that it kept before, to be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witnessed {
    /// The line; `None` when there was none.
    pub before: Option<String>,
}
