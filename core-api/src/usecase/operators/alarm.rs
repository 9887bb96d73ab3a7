//! What an operator must hear of: once in the log, in the figures, in the audit and by mail, and then it stands until
//! it is over.

use domain::Timestamp;
use sqlite::Connection;

use super::tell::tell_operators;
use crate::core::Core;
use crate::mail::letter::{Content, SiteAlarm};
use crate::site::follow::Wrong;
use crate::store::audit::{Event, Personal};
use crate::store::{StoreError, alarm, audit};

/// What can be wrong with a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Its chain is not the one that is known here.
    Fork,
    /// What is known here of its chain is of a time that it does not have any more: this core came from an old copy.
    Outdated,
    /// An event is missing.
    Missing,
    /// An event was changed.
    Changed,
    /// Two events were swapped.
    Swapped,
    /// An event does not have the ratchet's tag.
    Tag,
    /// A head is not the site's.
    Head,
    /// An event of a kind that this release does not know.
    Unreadable,
    /// No good head for three poll periods.
    Stale,
    /// Its clock is far from ours.
    Skew,
    /// A receipt is not the site's, or is another message's.
    Receipt,
    /// What happened to a message cannot have happened.
    Contradiction,
    /// The site says other figures of a message than its events did.
    Figures,
    /// A message's time is over, and no end came.
    Overdue,
    /// A message is there that was never made here, has ended here, or belongs on another site.
    Unknown,
    /// A message should live there and does not.
    Gone,
    /// The checkpoint of our audit that it kept is not ours.
    Witness,
    /// Its public pages are not those of this release.
    Pages,
    /// Its public pages cannot be fetched, though it answers.
    Unseen,
    /// Its public certificate ends soon, has ended, or is not for its address.
    Certificate,
    /// It wanted something else signed than a certificate for its address.
    Request,
}

impl What {
    /// Those for which nothing is taken from the site, and nothing given to it.
    pub const STOPPING: [Self; 8] = [
        Self::Fork,
        Self::Outdated,
        Self::Missing,
        Self::Changed,
        Self::Swapped,
        Self::Tag,
        Self::Head,
        Self::Unreadable,
    ];

    /// One word, for figures, audit and programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::Outdated => "core-outdated",
            Self::Missing => "event-missing",
            Self::Changed => "event-changed",
            Self::Swapped => "events-swapped",
            Self::Tag => "bad-tag",
            Self::Head => "bad-head",
            Self::Unreadable => "event-unreadable",
            Self::Stale => "stale",
            Self::Skew => "skew",
            Self::Receipt => "bad-receipt",
            Self::Contradiction => "contradiction",
            Self::Figures => "figures-differ",
            Self::Overdue => "overdue",
            Self::Unknown => "unknown-message",
            Self::Gone => "message-gone",
            Self::Witness => "witness",
            Self::Pages => "pages-changed",
            Self::Unseen => "pages-unseen",
            Self::Certificate => "certificate",
            Self::Request => "strange-request",
        }
    }

    /// What an operator has to know, and to do.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Fork => {
                "the site's journal is not the one that is known here: it was turned back, or is another's; nothing \
                 goes on until you know who did it and say `core-api site re-key`, which loses what is there"
            }
            Self::Outdated => {
                "what this core knows of the site is older than what the site still has: the core was restored from an \
                 old copy, or the site began an epoch that it does not know; nothing goes on until you say `core-api \
                 site re-key`, which loses what is there, or pair the site again where it refuses that; if neither \
                 happened, the site lies: treat it as an intrusion"
            }
            Self::Missing => {
                "an event is missing in the site's journal; nothing is taken from it: treat it as an intrusion, take \
                 the host off the net, keep its disk, build it anew and pair it again"
            }
            Self::Changed => {
                "an event in the site's journal was changed; nothing is taken from it: treat it as an intrusion, take \
                 the host off the net, keep its disk, build it anew and pair it again"
            }
            Self::Swapped => {
                "events in the site's journal were swapped; nothing is taken from it: treat it as an intrusion, take \
                 the host off the net, keep its disk, build it anew and pair it again"
            }
            Self::Tag => {
                "an event of the site does not have the right tag; nothing is taken from it: treat it as an \
                 intrusion, take the host off the net, keep its disk, build it anew and pair it again"
            }
            Self::Head => {
                "the site's head is not signed by it or does not fit; nothing is taken from it: treat it as an \
                 intrusion, take the host off the net, keep its disk, build it anew and pair it again"
            }
            Self::Unreadable => {
                "the site tells of events that this release does not know; nothing is taken from it: bring core and \
                 site to the same release"
            }
            Self::Stale => {
                "no good answer came from the site for three poll periods: look at its `systemctl status \
                 sallyport-site`, the network and the firewall"
            }
            Self::Skew => "the site's clock and ours are far apart: look at the time service of both hosts",
            Self::Receipt => {
                "the site gave a receipt that is not good; the message waits: look it up with `core-api message show`"
            }
            Self::Contradiction => {
                "the site tells something of a message that cannot have happened: look it up with `core-api message \
                 show`, and treat more than one as an intrusion"
            }
            Self::Figures => {
                "the site says other figures of a message than its events did: unless this core was restored since, \
                 look it up with `core-api message show`, and treat it as an intrusion"
            }
            Self::Overdue => {
                "a message's time is over, and its end was never told: look it up with `core-api message show`, and \
                 whether the site is there"
            }
            Self::Unknown => {
                "the site tells of a message that should not be there; if it lives there, it is revoked there: look it up \
                 with `core-api message show`"
            }
            Self::Gone => {
                "a message that should live on the site is gone; it counts as lost: look it up with `core-api \
                 message show`"
            }
            Self::Witness => {
                "the checkpoint of our audit that the site kept is not one of ours: say `core-api audit verify`"
            }
            Self::Pages => {
                "the site's public pages are not those that this release renders: unless it is being upgraded, or \
                 its look was changed since it was paired, say `core-api site probe` from outside"
            }
            Self::Unseen => {
                "the site answers the core, and its public pages cannot be fetched, so that nobody knows what they \
                 show: say `core-api site probe`, which says why"
            }
            Self::Certificate => {
                "the site's public certificate ends within two weeks, has ended, is not for its address, cannot be \
                 used, or was not told for hours: look with `core-api site certificate`, and renew it"
            }
            Self::Request => {
                "the site wanted something else signed than a certificate for its address, which was not handed on: \
                 if its address was changed, pair it again, else treat it as an intrusion"
            }
        }
    }

    /// The one with this word, of those that stop.
    pub fn stopping(word: &str) -> Option<Self> {
        Self::STOPPING.into_iter().find(|what| what.word() == word)
    }
}

impl From<Wrong> for What {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Head => Self::Head,
            Wrong::Fork => Self::Fork,
            Wrong::Missing => Self::Missing,
            Wrong::Changed => Self::Changed,
            Wrong::Swapped => Self::Swapped,
            Wrong::Tag => Self::Tag,
            Wrong::Unreadable => Self::Unreadable,
        }
    }
}

/// Raises an alarm, if it does not stand already.
///
/// # Errors
/// When the database fails.
pub fn raise(
    c: &Connection,
    core: &Core,
    site: &str,
    what: What,
    subject: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let reference = core.new_reference();
    if !alarm::raise(c, site, what.word(), subject, &reference, now)? {
        return Ok(());
    }
    tracing::error!(
        site,
        what = what.word(),
        subject,
        reference,
        "{}",
        what.sentence()
    );
    metrics::counter!("site_alarms_total", "site" => site.to_owned(), "what" => what.word()).increment(1);
    let event = Event::SiteAlarm {
        what: what.word().to_owned(),
        subject: subject.to_owned(),
    };
    let entry = core.entry(event, &reference, &through(site), Personal::default());
    audit::append(c, &entry, now)?;
    if alarm::count(c, site, what.word())? == 1 {
        mail(c, core, site, what, subject, now)?;
    }
    Ok(())
}

/// Queues a letter to each operator: one for a kind of alarm at a site while any of the kind stands, however many
/// messages it is about. Nothing wakes the outbox before the transaction is on the disk; it looks within a minute.
fn mail(
    c: &Connection,
    core: &Core,
    site: &str,
    what: What,
    subject: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let content = Content::SiteAlarm(SiteAlarm {
        site: site.to_owned(),
        what: what.word().to_owned(),
        sentence: what.sentence().to_owned(),
        subject: (!subject.is_empty()).then(|| subject.to_owned()),
        at: now,
    });
    tell_operators(c, core, &content, now)
}

/// Takes an alarm back: it is over.
///
/// # Errors
/// When the database fails.
pub fn lower(c: &Connection, site: &str, what: What, subject: &str) -> Result<(), StoreError> {
    if alarm::lower(c, site, what.word(), subject)? {
        tracing::info!(site, what = what.word(), subject, "an alarm is over");
    }
    Ok(())
}

/// Takes all alarms of a kind back; says how many there were.
///
/// # Errors
/// When the database fails.
pub fn lower_kind(c: &Connection, site: &str, what: What) -> Result<usize, StoreError> {
    let lowered = alarm::lower_kind(c, site, what.word())?;
    if lowered > 0 {
        tracing::info!(site, what = what.word(), lowered, "alarms are over");
    }
    Ok(lowered)
}

/// How the audit names what came from a site.
pub fn through(site: &str) -> String {
    format!("site {site}")
}
