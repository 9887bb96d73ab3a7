//! One-time messages: what may be sent, and to whom.

use std::time::Duration;

use server::config::{Section, Size};

use super::{SiteSettings, list};
use crate::core::MessageSettings;
use crate::mail::address::is_usable;

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// The longest that a message can be opened, whatever is configured: a site keeps the tombstone for longer.
const LONGEST: Duration = Duration::from_hours(24 * 90);

/// What may wait for sites: at least one request's worth.
const LEAST_WAITING: Size = Size(64 << 20);
const MOST_WAITING: Size = Size(1 << 40);

/// Reads `[messages]`, which may name one of `sites`.
pub(super) fn read(section: &Section<'_>, sites: &[SiteSettings]) -> MessageSettings {
    let site = section.find::<String>("site");
    if let Some(name) = &site
        && !sites.iter().any(|site| site.name == *name)
    {
        section.mistake("site", "no [[site]] has this name");
    }
    let usual = MessageSettings::default();
    let longest_expiry = section.get_within("longest_expiry", usual.longest_expiry, 5 * MINUTE..=LONGEST);
    let default_expiry = section.get_within("default_expiry", usual.default_expiry, MINUTE..=LONGEST);
    if default_expiry > longest_expiry {
        section.mistake("default_expiry", "it is longer than `longest_expiry`");
    }
    let most_waiting = section.get_within(
        "most_waiting",
        Size(usual.most_waiting),
        LEAST_WAITING..=MOST_WAITING,
    );
    let each = Size(usual.most_waiting_each.min(most_waiting.0));
    let most_waiting_each = section.get_within("most_waiting_each", each, LEAST_WAITING..=MOST_WAITING);
    if most_waiting_each > most_waiting {
        section.mistake("most_waiting_each", "it is more than `most_waiting`");
    }
    MessageSettings {
        default_expiry,
        longest_expiry,
        most_readings: section.get_within("most_readings", usual.most_readings, 1..=1000),
        max_wrong: section.get_within("max_wrong", usual.max_wrong, 1..=20),
        allow_link_only_mail: section.get_or("allow_link_only_mail", usual.allow_link_only_mail),
        recipients: recipients(section),
        site,
        notify: notify(section),
        language: section
            .choice("language", &[("en", "en"), ("de", "de")], Some("en"))
            .to_owned(),
        keep: section.get_within("keep", usual.keep, DAY..=3650 * DAY),
        most_waiting_each: most_waiting_each.0,
        most_waiting: most_waiting.0,
    }
}

/// An address that senders' news go to.
pub(super) fn notify(section: &Section<'_>) -> Option<String> {
    let address = section.find::<String>("notify")?;
    if !is_usable(&address, &[]) {
        section.mistake("notify", "write a mail address, such as \"it@corp.example\"");
    }
    Some(address)
}

fn recipients(section: &Section<'_>) -> Vec<String> {
    let domains = list(section, "recipients");
    if domains
        .iter()
        .any(|domain| domain.is_empty() || domain.contains(['@', '*', ' ']))
    {
        section.mistake("recipients", "write domains only, such as [\"partner.example\"]");
    }
    domains
}
