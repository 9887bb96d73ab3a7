//! Failures at many accounts: somebody tries one guess at everybody. No single account's budget shows that.
//!
//! Within the transaction that judges a failure it is counted by network (an IPv4 /24, an IPv6 /48), over all, and by
//! portal; the last only at accounts that exist, so that made-up names pause nothing. Crossing a limit is an alarm, once
//! an hour: a record, a log line, a count and a mail to the operators. Crossing the portal's limit pauses the portal.

use domain::{AccountId, Timestamp};
use sqlite::Connection;

use crate::core::Core;
use crate::mail::letter::Content;
use crate::source;
use crate::store::audit::{Across, Event, Personal};
use crate::store::{StoreError, audit, pause, spray};
use crate::usecase::operators::tell::tell_operators;

/// A failed proof.
pub(super) struct Failure<'a> {
    /// At which account, or phantom.
    pub(super) account: AccountId,
    /// Whether the account exists.
    pub(super) is_real: bool,
    /// The visitor's address.
    pub(super) source: &'a str,
    /// The portal that it came through.
    pub(super) portal: &'a str,
    /// The reference of the request.
    pub(super) reference: &'a str,
}

/// A limit that was crossed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alarm {
    /// What was added up.
    pub across: Across,
    /// The network or the portal; nothing for everything.
    pub whose: String,
    /// At how many accounts somebody failed within the hour.
    pub accounts: u32,
}

/// Counts a failure, and raises the alarms whose limits it reaches.
pub(super) fn count(
    core: &Core,
    c: &Connection,
    failure: &Failure<'_>,
    now: Timestamp,
) -> Result<Vec<Alarm>, StoreError> {
    let limits = &core.settings.limits;
    let network = failure.source.parse().map(source::neighbourhood);
    let network = network.map_or_else(|_| "?".to_owned(), |network| network.to_string());
    // For made-up names the same is asked of the store, under a name that nobody looks at.
    let portal = if failure.is_real { "portal" } else { "nobody" };
    let scopes = [
        (
            Across::Network,
            format!("network {network}"),
            network,
            Some(limits.failed_from_network),
        ),
        (
            Across::All,
            "all".to_owned(),
            String::new(),
            Some(limits.failed_accounts),
        ),
        (
            Across::Portal,
            format!("{portal} {}", failure.portal),
            failure.portal.to_owned(),
            failure.is_real.then_some(limits.failed_by_portal),
        ),
    ];
    let mut alarms = Vec::new();
    for (across, scope, whose, limit) in scopes {
        let accounts = spray::count(c, scope.as_bytes(), failure.account, now)?;
        let Some(accounts) = accounts.filter(|accounts| limit == Some(*accounts)) else {
            continue;
        };
        let alarm = Alarm {
            across,
            whose,
            accounts,
        };
        write_down(core, c, failure, &alarm, now)?;
        if across == Across::Portal {
            brake(core, c, failure, now)?;
            // Whoever resumes it has looked into the alarm, which begins anew.
            spray::forget(c, scope.as_bytes(), now)?;
        }
        alarms.push(alarm);
    }
    Ok(alarms)
}

/// Tells those who look at logs and figures, once the transaction is on the disk.
pub(super) fn tell(core: &Core, alarms: &[Alarm]) {
    for Alarm {
        across,
        whose,
        accounts,
    } in alarms
    {
        let word = match across {
            Across::Network => "network",
            Across::All => "all",
            Across::Portal => "portal",
        };
        metrics::counter!("spray_alarms_total", "across" => word).increment(1);
        tracing::error!(
            across = word,
            whose,
            accounts,
            "proofs failed at many accounts within an hour"
        );
        if *across == Across::Portal {
            metrics::counter!("portals_braked_total").increment(1);
            tracing::error!(portal = whose, "the portal is paused");
        }
    }
    if !alarms.is_empty() {
        core.wake.outbox.notify_one();
    }
}

fn write_down(
    core: &Core,
    c: &Connection,
    failure: &Failure<'_>,
    alarm: &Alarm,
    now: Timestamp,
) -> Result<(), StoreError> {
    let event = Event::Sprayed {
        across: alarm.across,
        accounts: alarm.accounts,
    };
    let personal = Personal {
        source: (alarm.across == Across::Network).then(|| alarm.whose.clone()),
        ..Personal::default()
    };
    audit::append(
        c,
        &core.entry(event, failure.reference, failure.portal, personal),
        now,
    )?;
    let content = Content::Sprayed {
        across: alarm.across,
        whose: alarm.whose.clone(),
        accounts: alarm.accounts,
        at: now,
    };
    tell_operators(c, core, &content, now)
}

fn brake(core: &Core, c: &Connection, failure: &Failure<'_>, now: Timestamp) -> Result<(), StoreError> {
    let why = "proofs failed at limits.failed_by_portal_an_hour accounts within an hour";
    pause::set(c, failure.portal, why, now)?;
    let personal = Personal {
        name: Some(failure.portal.to_owned()),
        ..Personal::default()
    };
    let entry = core.entry(Event::Pause { paused: true }, failure.reference, "core", personal);
    audit::append(c, &entry, now).map(drop)
}
