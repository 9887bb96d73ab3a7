//! Recoveries: times, limits and policies.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::budget::{Limit, Limits};
use server::config::Section;

use super::{SiteSettings, list, policy};
use crate::core::{MessageSettings, Retention, Settings};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// Reads `[recovery]`. What concerns messages is put in by whoever reads the other sections.
pub(super) fn read(
    section: &Section<'_>,
    organisation: String,
    demo: bool,
    portals: BTreeMap<String, String>,
    sites: Vec<SiteSettings>,
    retention: Retention,
    operators: Vec<String>,
) -> Settings {
    Settings {
        lifetime: section.get_within("lifetime", 15 * MINUTE, MINUTE..=60 * MINUTE),
        answer_after: section.get_within(
            "answer_after",
            Duration::from_millis(250),
            Duration::from_millis(1)..=5 * SECOND,
        ),
        resolve_within: section.get_within("resolve_within", 12 * SECOND, SECOND..=14 * SECOND),
        hold: section.get_within("hold", DAY, Duration::ZERO..=30 * DAY),
        invitation_lifetime: section.get_within("invitation_lifetime", 7 * DAY, MINUTE..=30 * DAY),
        policies: policy::read(section),
        limits: limits(&section.section("limits")),
        own_mail_domains: own_mail_domains(section),
        portals,
        sites,
        senders: BTreeMap::new(),
        messages: MessageSettings::default(),
        organisation,
        demo,
        retention,
        operators,
    }
}

fn own_mail_domains(section: &Section<'_>) -> Vec<String> {
    let domains = list(section, "own_mail_domains");
    if domains
        .iter()
        .any(|domain| domain.is_empty() || domain.contains(['@', '*', ' ']))
    {
        section.mistake(
            "own_mail_domains",
            "write domains only, such as [\"corp.example\"]",
        );
    }
    domains.iter().map(|domain| domain.to_ascii_lowercase()).collect()
}

fn limits(section: &Section<'_>) -> Limits {
    let usual = Limits::default();
    let limit = |key: &str, usual: Limit| Limit {
        most: section.get_within(key, usual.most, 1..=1_000_000),
        ..usual
    };
    let accounts = |key: &str, usual: u32| section.get_within(key, usual, 1..=1_000_000);
    Limits {
        codes_an_hour: limit("codes_an_hour", usual.codes_an_hour),
        codes_a_day: limit("codes_a_day", usual.codes_a_day),
        codes_to_destination: limit("codes_to_destination_an_hour", usual.codes_to_destination),
        tries_a_code: section.get_within("tries_a_code", usual.tries_a_code, 1..=20),
        wrong_tries: limit("wrong_tries_a_day", usual.wrong_tries),
        wrong_in_a_row: section.get_within("wrong_in_a_row", usual.wrong_in_a_row, 1..=100),
        begun_by_source: limit("begun_by_source_an_hour", usual.begun_by_source),
        begun_by_identifier: limit("begun_by_identifier_an_hour", usual.begun_by_identifier),
        actions: limit("actions_a_day", usual.actions),
        actions_by_portal: limit("actions_by_portal_an_hour", usual.actions_by_portal),
        failed_from_network: accounts("failed_from_network_an_hour", usual.failed_from_network),
        failed_accounts: accounts("failed_accounts_an_hour", usual.failed_accounts),
        failed_by_portal: accounts("failed_by_portal_an_hour", usual.failed_by_portal),
    }
}
