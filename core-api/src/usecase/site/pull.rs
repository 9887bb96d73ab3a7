//! Takes over what happened on a site: verified from the last link that is kept here, each event once, in one
//! transaction with all that follows from it.

use std::sync::Arc;
use std::time::Duration;

use client::ClientError;
use client::site::{SiteApi, SiteError};
use contract::ProblemKind;
use contract::sync::{After, Digest, End, Event, MOST_EVENTS, Position, What as Happened};
use domain::Timestamp;
use domain::message::{Ending, Event as Step};
use journal::site::SiteTime;
use journal::{Link, Ratchet, Signed, Statement as _, VerifyingKey};
use sqlite::Connection;
use zeroize::Zeroizing;

use super::plausible::is_plausible;
use crate::core::Core;
use crate::site::follow::{Followed, Known, follow};
use crate::steps::Step as Reached;
use crate::store::audit::{Event as Audited, Personal};
use crate::store::message::Message;
use crate::store::site::{Cursor, Site, ratchet_row};
use crate::store::site_event::Place;
use crate::store::{Id, StoreError, alarm as standing, audit, message, site, site_event};
use crate::usecase::message::news::extend_link;
use crate::usecase::message::step::{Seen, lose, name, step};
use crate::usecase::operators::alarm::{self, What, through};

/// Events in one transaction: few enough that nobody's request waits long for it.
const AT_A_TIME: u32 = 500;
/// How long a pairing file may wait for its answer until what comes of it counts.
const ANSWERED_WITHIN: Duration = Duration::from_hours(1);
const _: () = assert!(AT_A_TIME <= MOST_EVENTS, "no site tells as many at once");

/// Unknown messages of one site that are named, each with an alarm and a record; more are counted only.
const MOST_UNKNOWN: u64 = 50;

/// Clocks further apart than this are red.
pub const SKEW_MS: i64 = 30_000;

/// What came of a pull.
#[derive(Debug, PartialEq, Eq)]
pub enum Pulled {
    /// All that there is up to here is kept, so many of them new.
    UpToDate(usize),
    /// So many are kept, and more wait.
    More(usize),
    /// The site could not be asked.
    Away(String),
    /// The site does not believe us.
    Unbelieved,
    /// Something is wrong, and nothing was taken.
    Wrong(What),
    /// The site began a new epoch or was retired meanwhile.
    Overtaken,
}

/// Asks for events, waiting up to `wait` seconds for the first, and keeps them.
///
/// # Errors
/// When the database fails; what was not committed comes again.
pub async fn pull(core: &Arc<Core>, site: &Site, api: &dyn SiteApi, wait: u32) -> Result<Pulled, StoreError> {
    let after = After {
        epoch: site.epoch,
        after: site.last.seq,
        hash: Digest::from(*site.last.hash.as_bytes()),
        limit: AT_A_TIME,
        wait,
    };
    if is_forked(site) {
        // Whoever shows the right chain again has shown another meanwhile; and to ask would let it hand out more.
        return Ok(Pulled::Wrong(What::Fork));
    }
    let answer = match api.events(after).await {
        Ok(answer) if answer.events.len() > at_most() => {
            return Ok(Pulled::Away("it tells more than it was asked for".to_owned()));
        }
        Ok(answer) => answer,
        Err(error) => return refused(core, site, error).await,
    };
    let is_news = !answer.events.is_empty();
    let reached = |step| {
        if is_news {
            core.step(step);
        }
    };
    reached(Reached::EventsReceived);
    let Some((key, ratchet)) = secrets(core, site)? else {
        return wrong(core, site, What::Head).await;
    };
    let known = Known {
        site: &site.name,
        key: &key,
        epoch: site.epoch,
        last: site.last,
        ratchet,
    };
    let head = answer.head.clone();
    match follow(known, answer) {
        Ok(followed) => {
            reached(Reached::EventsVerified);
            let kept = keep(core, site, followed, head).await?;
            reached(Reached::EventsKept);
            Ok(kept)
        }
        Err(broken) => wrong(core, site, broken.into()).await,
    }
}

/// A fork is over with the epoch, not before.
fn is_forked(site: &Site) -> bool {
    site.trouble.as_deref() == Some(What::Fork.word())
}

fn at_most() -> usize {
    usize::try_from(AT_A_TIME).unwrap_or(usize::MAX)
}

/// Tells the site that all up to here is kept.
///
/// # Errors
/// When it cannot be told, which harms nothing.
pub async fn ack(site: &Site, api: &dyn SiteApi) -> Result<(), SiteError> {
    api.ack(Position {
        epoch: site.epoch,
        seq: site.last.seq,
        hash: Digest::from(*site.last.hash.as_bytes()),
    })
    .await
}

fn secrets(core: &Core, site: &Site) -> Result<Option<(VerifyingKey, Ratchet)>, StoreError> {
    let key = Zeroizing::new(core.at_rest.open(&ratchet_row(&site.name), &site.ratchet)?);
    let ratchet = <[u8; 32]>::try_from(key.as_slice()).map(Ratchet::from_bytes);
    Ok(VerifyingKey::from_bytes(&site.key).ok().zip(ratchet.ok()))
}

async fn refused(core: &Arc<Core>, site: &Site, error: SiteError) -> Result<Pulled, StoreError> {
    match error {
        SiteError::Unbelieved(line) => unbelieved(core, site, &line).await,
        SiteError::Client(ClientError::Problem(problem)) if problem.kind() == ProblemKind::Fork => {
            wrong(core, site, What::Fork).await
        }
        SiteError::Client(ClientError::Problem(problem)) if problem.kind() == ProblemKind::Conflict => {
            outdated(core, site).await
        }
        SiteError::Client(other) => Ok(Pulled::Away(other.to_string())),
    }
}

/// We ask after what is no longer there. So it is for a while, too, where the epoch is just being changed: by a call of
/// ours, which is waited for, or by a pairing whose answer is still to be brought.
async fn outdated(core: &Arc<Core>, site: &Site) -> Result<Pulled, StoreError> {
    let _alone = core.rekeying.lock().await;
    let (name, since) = (site.name.clone(), core.now().minus(ANSWERED_WITHIN));
    let is_being_paired = move |c: &Connection| site::is_offered_by_file(c, &name, since);
    if core.store.read(is_being_paired).await? {
        let why =
            "it was paired anew, or what is known of it is old: `core-api site add` waits for its answer";
        return Ok(Pulled::Away(why.to_owned()));
    }
    wrong(core, site, What::Outdated).await
}

/// The site's time says how far the clocks are apart. Its answer came over a link that only it has the key of, so an
/// old one in its place would be its own.
pub(super) async fn unbelieved(core: &Arc<Core>, site: &Site, line: &str) -> Result<Pulled, StoreError> {
    let told = VerifyingKey::from_bytes(&site.key).ok().and_then(|key| {
        let signed: Signed = line.parse().ok()?;
        SiteTime::open(&signed, &key).ok()
    });
    let Some(told) = told.filter(|told| told.site == site.name) else {
        return Ok(Pulled::Away(
            "it does not believe us and does not say why".to_owned(),
        ));
    };
    let (shared, name, now) = (Arc::clone(core), site.name.clone(), core.now());
    let skew = told.time_ms.saturating_sub(now.0);
    core.store
        .write(move |c| {
            site::set_skew(c, &name, skew)?;
            judge_skew(c, &shared, &name, skew, now)
        })
        .await?;
    Ok(Pulled::Unbelieved)
}

fn judge_skew(c: &Connection, core: &Core, site: &str, skew: i64, now: Timestamp) -> Result<(), StoreError> {
    if skew.abs() > SKEW_MS {
        alarm::raise(c, core, site, What::Skew, "", now)
    } else {
        alarm::lower(c, site, What::Skew, "")
    }
}

/// Stops what goes to and comes from the site; the next good answer lets it go on.
async fn wrong(core: &Arc<Core>, site: &Site, what: What) -> Result<Pulled, StoreError> {
    let (shared, name, epoch, now) = (Arc::clone(core), site.name.clone(), site.epoch, core.now());
    let is_current = core
        .store
        .write(move |c| {
            // What is wrong with an epoch that ended meanwhile is no news.
            if site::by_name(c, &name)?.is_none_or(|site| site.epoch != epoch) {
                return Ok(false);
            }
            site::set_trouble(c, &name, Some(what.word()))?;
            alarm::raise(c, &shared, &name, what, "", now)?;
            Ok(true)
        })
        .await?;
    Ok(if is_current {
        Pulled::Wrong(what)
    } else {
        Pulled::Overtaken
    })
}

async fn keep(core: &Arc<Core>, site: &Site, followed: Followed, head: String) -> Result<Pulled, StoreError> {
    let (shared, now) = (Arc::clone(core), core.now());
    let from = Kept {
        name: site.name.clone(),
        epoch: site.epoch,
        last: site.last,
        trouble: site.trouble.is_some(),
    };
    let (count, more) = (followed.events.len(), followed.more);
    let kept = core
        .store
        .write(move |c| from.advance(c, &shared, &followed, &head, now))
        .await?;
    if !kept {
        return Ok(Pulled::Overtaken);
    }
    if count > 0 {
        core.wake.outbox.notify_one();
        core.wake.drops.notify_waiters();
        metrics::counter!("site_events_total", "site" => site.name.clone())
            .increment(u64::try_from(count).unwrap_or(u64::MAX));
    }
    Ok(if more {
        Pulled::More(count)
    } else {
        Pulled::UpToDate(count)
    })
}

/// Where the answer was asked from.
struct Kept {
    name: String,
    epoch: u64,
    last: Link,
    trouble: bool,
}

impl Kept {
    /// Everything that follows from the answer, unless the cursor was moved meanwhile.
    fn advance(
        &self,
        c: &Connection,
        core: &Core,
        followed: &Followed,
        head: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = Zeroizing::new(*followed.ratchet.as_bytes());
        let cursor = Cursor {
            epoch: self.epoch,
            last: followed.last,
            ratchet: core
                .at_rest
                .lock(&ratchet_row(&self.name), &*key, &*core.randomness),
        };
        if !site::advance(c, &self.name, (self.epoch, self.last), &cursor)? {
            return Ok(false);
        }
        for (seq, text, event) in &followed.events {
            let place = Place {
                site: &self.name,
                epoch: self.epoch,
                seq: *seq,
            };
            let subject = subject(&event.what);
            // After the core was restored it reads again what its backup had.
            if site_event::insert(c, place, event.at, subject.as_ref(), text, now)? {
                happened(c, core, &self.name, event, now)?;
            }
        }
        let skew = followed.head.time_ms.saturating_sub(now.0);
        site::set_head(c, &self.name, head, skew, now)?;
        judge_skew(c, core, &self.name, skew, now)?;
        alarm::lower(c, &self.name, What::Stale, "")?;
        if self.trouble {
            site::set_trouble(c, &self.name, None)?;
            for what in What::STOPPING {
                alarm::lower(c, &self.name, what, "")?;
            }
        }
        Ok(true)
    }
}

/// What an event is about.
fn subject(what: &Happened) -> Option<Id> {
    let token = match what {
        Happened::Opened { message, .. }
        | Happened::Delivered { message, .. }
        | Happened::WrongPassphrase { message, .. }
        | Happened::Ended { message, .. }
        | Happened::Unlocked { message }
        | Happened::Extended { message, .. } => message,
        Happened::Dropped { request, .. } => request,
        Happened::Noise { .. } | Happened::Started { .. } => return None,
    };
    Some(*token.as_bytes())
}

fn happened(
    c: &Connection,
    core: &Core,
    site: &str,
    event: &Event,
    now: Timestamp,
) -> Result<(), StoreError> {
    let at = Timestamp(event.at);
    let (id, source, taken) = match &event.what {
        Happened::Opened {
            message,
            source,
            readings_left,
            ..
        } => (
            message,
            source.as_str(),
            Step::Opened {
                readings_left: *readings_left,
            },
        ),
        Happened::Delivered { message, .. } => (message, "", Step::Delivered),
        Happened::WrongPassphrase {
            message,
            source,
            tries_left,
        } => (
            message,
            source.as_str(),
            Step::WrongPassphrase {
                tries_left: *tries_left,
            },
        ),
        Happened::Ended { message, state } => (
            message,
            "",
            Step::Ended {
                how: ending(*state),
                at,
            },
        ),
        Happened::Unlocked { message } => (message, "", Step::Unlocked),
        Happened::Extended { message, .. } => (message, "", Step::Extended),
        Happened::Noise { pages, misses } => {
            metrics::counter!("site_pages_total", "site" => site.to_owned()).increment(*pages);
            metrics::counter!("site_misses_total", "site" => site.to_owned()).increment(*misses);
            return Ok(());
        }
        Happened::Started { version } => {
            tracing::info!(site, version, "a site started");
            return Ok(());
        }
        // What lies in a drop box is fetched by the worker that made the request.
        Happened::Dropped { .. } => return Ok(()),
    };
    let seen = Seen { at, source, now };
    let Some(message) = message::by_id(c, id.as_bytes())?.filter(|message| message.site == site) else {
        return unknown(c, core, site, id.as_bytes(), taken, seen);
    };
    if !is_plausible(c, &message, event)? {
        return implausible(c, core, message, taken, seen);
    }
    if let Happened::Extended { expires_at, .. } = event.what {
        message::set_expiry(c, &message.id, Timestamp(expires_at))?;
        extend_link(c, &message.id, Timestamp(expires_at))?;
    }
    step(c, core, message, taken, seen).map(drop)
}

/// The site did what nobody asked for, or says so. An end that had no cause may hide a reading.
fn implausible(
    c: &Connection,
    core: &Core,
    message: Message,
    taken: Step,
    seen: Seen<'_>,
) -> Result<(), StoreError> {
    let id = name(&message.id);
    alarm::raise(c, core, &message.site, What::Contradiction, &id, seen.now)?;
    match taken {
        Step::Ended { .. } => lose(c, core, message, seen),
        _ => Ok(()),
    }
}

/// A reading or an end of something that was never made here, or that nobody remembers: in the audit all the same.
fn unknown(
    c: &Connection,
    core: &Core,
    site: &str,
    id: &Id,
    taken: Step,
    seen: Seen<'_>,
) -> Result<(), StoreError> {
    metrics::counter!("site_unknown_total", "site" => site.to_owned()).increment(1);
    if is_flooded(c, site)? {
        return Ok(());
    }
    let message = name(id);
    alarm::raise(c, core, site, What::Unknown, &message, seen.now)?;
    let event = match taken {
        Step::Opened { readings_left } => Audited::MessageOpened {
            message,
            readings_left,
        },
        Step::Ended { how, .. } => Audited::MessageEnded { message, how },
        _ => return Ok(()),
    };
    let personal = Personal {
        source: (!seen.source.is_empty()).then(|| seen.source.to_owned()),
        ..Personal::default()
    };
    let entry = core.entry(event, &core.new_reference(), &through(site), personal);
    audit::append(c, &entry, seen.now).map(drop)
}

/// Whether a site has told so much of what nobody knows that more of it would say nothing new, and would only fill the
/// disk.
///
/// # Errors
/// When the database fails.
pub fn is_flooded(c: &Connection, site: &str) -> Result<bool, StoreError> {
    Ok(standing::count(c, site, What::Unknown.word())? >= MOST_UNKNOWN)
}

/// The site's word for an end, in ours.
pub(super) const fn ending(end: End) -> Ending {
    match end {
        End::Read => Ending::Read,
        End::Expired => Ending::Expired,
        End::Revoked => Ending::Revoked,
        End::Destroyed => Ending::Destroyed,
    }
}
