//! Begins a recovery: stores what was typed and answers. Whom it means, a worker finds out.

use std::net::IpAddr;
use std::time::Duration;

use contract::ProblemKind;
use contract::recovery::{Answer, Begin, Stage, View};
use domain::policy::Purpose;
use domain::recovery::Recovery;
use domain::{Identifier, Method};

use super::wire::OnTheWire as _;
use crate::core::Core;
use crate::keys::Handle;
use crate::source;
use crate::store::audit::{Event, Personal, WhyNotBegun};
use crate::store::recovery::Stored;
use crate::store::tally::{self, Tally};
use crate::store::{audit, pause, recovery};
use crate::usecase::{Caller, UseCaseError};

/// The longest language tag that is kept, in bytes (BCP 47 tags in use are far shorter).
const LONGEST_LANGUAGE: usize = 35;

/// How long somebody waits who types an identifier that was typed very often: never a refusal, for it may be
/// the owner's own.
const BUSY_IDENTIFIER_WAITS: Duration = Duration::from_secs(10);

enum Begun {
    Paused,
    TooMany { wait: Duration },
    Stored { wait: bool },
}

/// Begins a recovery and gives its handle and first page.
///
/// # Errors
/// `TooManyFor` a while when this source began too many, `Paused`, `Malformed` for a source that is no address.
pub async fn begin(core: &Core, caller: &Caller, asked: Begin) -> Result<Answer, UseCaseError> {
    let source: IpAddr = asked.source.parse().map_err(|_| ProblemKind::Malformed)?;
    if asked.language.len() > LONGEST_LANGUAGE {
        return Err(ProblemKind::Malformed.into());
    }
    let now = core.now();
    let purpose = Purpose::from_wire(asked.purpose);
    let identifier = Identifier::parse(&asked.identifier);
    let until = now.plus(core.settings.lifetime);
    let first = core.settings.policies.first_methods(purpose);
    let phantom = core.derived.phantom(&identifier.limit_key());
    let handle = Handle::generate(&*core.randomness);
    let stored = Stored {
        id: core.new_id(),
        handle_hash: handle.hash(),
        former_hash: None,
        passed: None,
        portal: caller.portal.clone(),
        origin: caller.origin.clone(),
        identifier: identifier.as_str().to_owned(),
        phantom,
        source: source.to_string(),
        language: asked.language,
        step: 0,
        picks: 0,
        challenge: None,
        wrong: false,
        recovery: Recovery::begin(purpose, first.clone(), until),
        begun_at: now,
    };
    let entry = core.entry(
        Event::Begun { purpose },
        &caller.reference,
        &caller.portal,
        Personal::of(None, identifier.as_str(), &stored.source),
    );
    let (limits, portal, group) = (
        core.settings.limits.clone(),
        caller.portal.clone(),
        source::group(source),
    );
    let begun = core
        .store
        .write(move |c| {
            if pause::is_paused(c, &portal)? {
                return Ok(Begun::Paused);
            }
            let wait = tally::wait(c, Tally::BegunBySource, &group, limits.begun_by_source, now)?;
            if !wait.is_zero() {
                return Ok(Begun::TooMany { wait });
            }
            let wait = !tally::has_room(
                c,
                Tally::BegunByIdentifier,
                &phantom.0,
                limits.begun_by_identifier,
                now,
            )?;
            tally::add(c, Tally::BegunBySource, &group, now)?;
            tally::add(c, Tally::BegunByIdentifier, &phantom.0, now)?;
            recovery::insert(c, &stored)?;
            audit::append(c, &entry, now)?;
            Ok(Begun::Stored { wait })
        })
        .await?;
    match begun {
        Begun::Paused => {
            core.refused_beginnings.count(&caller.portal, WhyNotBegun::Paused);
            return Err(ProblemKind::Paused.into());
        }
        Begun::TooMany { wait } => {
            core.refused_beginnings
                .count(&caller.portal, WhyNotBegun::TooMany);
            return Err(UseCaseError::TooManyFor(wait));
        }
        Begun::Stored { wait } => {
            metrics::counter!("recoveries_begun_total", "purpose" => purpose.name()).increment(1);
            core.wake.resolve.notify_one();
            if wait {
                tokio::time::sleep(BUSY_IDENTIFIER_WAITS).await;
            }
        }
    }
    let methods = first.into_iter().map(Method::to_wire).collect();
    let view = View {
        purpose: asked.purpose,
        until: Some(until.0),
        stage: Stage::Choose { methods },
    };
    Ok(Answer {
        handle: Some(handle.to_text()),
        view,
    })
}
