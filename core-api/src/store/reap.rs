//! How long each kind of row lives.

use std::time::Duration;

use domain::Timestamp;
use sqlite::Connection;

use super::StoreError;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// One kind of row that is removed when it is old.
pub struct Life {
    /// The table.
    pub table: &'static str,
    /// The column that says how old a row is.
    pub column: &'static str,
    /// Rows whose column lies further back than this are removed.
    pub keep: Duration,
    /// Why so long.
    pub why: &'static str,
}

/// The table of how long each kind of row lives. Tables that are not here are kept: factors until they are
/// removed, freezes and pauses until they are lifted, the side rows of the audit by `usecase/audit/redact.rs`.
pub const LIVES: &[Life] = &[
    Life {
        table: "recovery",
        column: "begun_at",
        keep: DAY,
        why: "a finished one shows its end to a late reload",
    },
    Life {
        table: "attempt",
        column: "at",
        keep: Duration::from_hours(48),
        why: "budgets look back one day",
    },
    Life {
        table: "wrong_row",
        column: "last_at",
        keep: Duration::from_hours(24 * 400),
        why: "a name that nobody has is typed once; at an account, the risk of guessing is weighed by the year",
    },
    Life {
        table: "tally",
        column: "at",
        keep: Duration::from_hours(48),
        why: "limits look back one day",
    },
    Life {
        table: "sprayed",
        column: "hour",
        keep: Duration::from_hours(2),
        why: "failures are added up by the hour",
    },
    Life {
        table: "spray",
        column: "hour",
        keep: Duration::from_hours(2),
        why: "failures are added up by the hour",
    },
    Life {
        table: "invitation",
        column: "until",
        keep: Duration::from_hours(24 * 30),
        why: "the helpdesk may ask",
    },
    Life {
        table: "not_me",
        column: "until",
        keep: HOUR,
        why: "of no use once it is over",
    },
    Life {
        table: "operation",
        column: "answered_at",
        keep: Duration::from_hours(24 * 7),
        why: "the audit has it",
    },
    Life {
        table: "message",
        column: "ended_at",
        keep: Duration::from_hours(24 * 400),
        why: "its sender may ask what became of it; the content was never kept",
    },
    Life {
        table: "site_event",
        column: "arrived_at",
        keep: Duration::from_hours(24 * 400),
        why: "shown with its message; the audit has readings and ends",
    },
    Life {
        table: "command",
        column: "answered_at",
        keep: Duration::from_hours(24 * 30),
        why: "a repeated command is answered the same",
    },
    Life {
        table: "message_id",
        column: "made_at",
        keep: HOUR,
        why: "whoever asked for an id seals at once",
    },
    Life {
        table: "sending",
        column: "made_at",
        keep: Duration::from_hours(24 * 30),
        why: "a repeated request finds its messages",
    },
    Life {
        table: "drop_request",
        column: "ended_at",
        keep: Duration::from_hours(24 * 400),
        why: "whoever asked may ask what came of it; the content is erased with the end",
    },
];

/// Tables whose rows live as long as the configuration says; what stands in [`LIVES`] is the default.
const CONFIGURED: [&str; 3] = ["message", "site_event", "drop_request"];

/// Removes what is old, at most `most` rows of each kind, and says how many. What became of messages is kept for
/// `messages`. What nobody knows the outcome of (`answered_at` is null) stays.
pub fn reap(c: &Connection, now: Timestamp, messages: Duration, most: u32) -> Result<usize, StoreError> {
    let mut removed = 0;
    for life in LIVES {
        let sql = format!(
            "DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE {column} < ?1 LIMIT ?2)",
            table = life.table,
            column = life.column
        );
        let keep = if CONFIGURED.contains(&life.table) {
            messages
        } else {
            life.keep
        };
        removed += c.prepare_cached(&sql)?.execute((now.minus(keep).0, most))?;
    }
    Ok(removed)
}
