//! Says that personal fields were erased on purpose.

use serde::{Deserialize, Serialize};

use crate::statement::Statement;

/// The record that is appended to the chain, as the text of a [`Signed`], in the transaction that erases side rows
/// and their salts. Without it a missing side row is a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redaction {
    /// Whose chain.
    pub name: String,
    /// Which of the owner's chains.
    pub epoch: u64,
    /// The records whose side rows went, as first and last of each stretch, ascending.
    pub stretches: Vec<(u64, u64)>,
    /// Why: the retention rule, or the request of a person, without saying whose.
    pub reason: String,
    /// When, in milliseconds since the Unix epoch (UTC), by the owner's clock.
    pub time_ms: i64,
}

impl Redaction {
    /// The redaction of these records, given in any order.
    pub fn of(
        name: impl Into<String>,
        epoch: u64,
        records: impl IntoIterator<Item = u64>,
        reason: impl Into<String>,
        time_ms: i64,
    ) -> Self {
        let mut records: Vec<u64> = records.into_iter().collect();
        records.sort_unstable();
        let mut stretches: Vec<(u64, u64)> = Vec::new();
        for seq in records {
            match stretches.last_mut() {
                Some((_, last)) if seq <= last.saturating_add(1) => *last = seq,
                _ => stretches.push((seq, seq)),
            }
        }
        Self {
            name: name.into(),
            epoch,
            stretches,
            reason: reason.into(),
            time_ms,
        }
    }

    /// Whether it speaks of this record.
    pub fn covers(&self, seq: u64) -> bool {
        self.stretches
            .iter()
            .any(|&(first, last)| (first..=last).contains(&seq))
    }
}

impl Statement for Redaction {
    const PURPOSE: &'static str = "sallyport/journal/redaction/1";
}
