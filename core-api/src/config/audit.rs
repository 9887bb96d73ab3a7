//! How long the audit keeps what is personal.

use std::time::Duration;

use server::config::Section;

use crate::core::Retention;

const DAY: Duration = Duration::from_hours(24);

/// Reads `[audit]`, which may be absent.
pub(super) fn read(section: &Section<'_>) -> Retention {
    let days = |key: &str, usual: u32| DAY * section.get_within(key, usual, 1..=3650);
    let retention = Retention {
        names: days("keep_days", 400),
        addresses: days("keep_addresses_days", 90),
    };
    if retention.addresses > retention.names {
        section.mistake(
            "keep_addresses_days",
            "addresses cannot be kept longer than names",
        );
    }
    retention
}
