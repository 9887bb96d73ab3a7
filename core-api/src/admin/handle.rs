//! From a command to a use case to an answer.

use std::sync::Arc;
use std::time::Duration;

use super::{Answer, Request, Response, messages};
use crate::core::Core;
use crate::store::StoreError;
use crate::store::audit::Reading;
use crate::usecase::UseCaseError;
use crate::usecase::audit::export;
use crate::usecase::audit::read::{self, Reader};
use crate::usecase::helpdesk::invite::{AskedAbout, InviteError, invite};
use crate::usecase::helpdesk::unfreeze::unfreeze;
use crate::usecase::portal::pause::{pause, resume};
use crate::usecase::site::acknowledge::acknowledge;
use crate::usecase::site::certificate;
use crate::usecase::site::list::list;
use crate::usecase::site::new_epoch::new_epoch;
use crate::usecase::site::pair::{offer, take_answer};
use crate::usecase::site::retire::retire;

const DAY: Duration = Duration::from_hours(24);

/// The longest that an invitation may be good.
const LONGEST_INVITATION: u16 = 30;

/// Records in one answer; a record has well below one KiB.
const RECORDS: u32 = 500;

/// Does what was asked on the word of `operator`.
pub(super) async fn handle(
    core: &Arc<Core>,
    request: Request,
    body: Vec<u8>,
    operator: &str,
    reference: &str,
) -> Response {
    let request = match request {
        Request::Message { about } => {
            return messages::handle(core, about, body, operator, reference)
                .await
                .unwrap_or_else(|why| Response::of(Answer::Refused { why }));
        }
        other => other,
    };
    Response::of(answer(core, request, &body, operator, reference).await)
}

async fn answer(core: &Arc<Core>, request: Request, body: &[u8], operator: &str, reference: &str) -> Answer {
    let about = |identifier| AskedAbout {
        identifier,
        operator,
        reference,
    };
    let result = match &request {
        Request::Invite { identifier, days } => invited(core, &about(identifier), *days).await,
        Request::Unfreeze { identifier } => unfrozen(core, &about(identifier)).await,
        Request::Pause { portal, why } => pause(core, portal, why, operator, reference)
            .await
            .map(|()| done(format!("{portal} is paused")))
            .map_err(|error| portal_words(&error)),
        Request::Resume { portal } => resume(core, portal, operator, reference)
            .await
            .map(|lifted| {
                done(if lifted {
                    format!("{portal} serves again")
                } else {
                    format!("{portal} was not paused")
                })
            })
            .map_err(|error| portal_words(&error)),
        Request::Message { .. } => Err("this is answered elsewhere".to_owned()),
        Request::SiteList => list(core)
            .await
            .map(|sites| Answer::Sites { sites })
            .map_err(|error| error.to_string()),
        Request::SitePair { site } => offer(core, site)
            .await
            .map(|pairing| Answer::Pairing { pairing })
            .map_err(|error| error.to_string()),
        Request::SiteAnswer { site, answer } => take_answer(core, site, answer, reference, operator)
            .await
            .map(|epoch| done(format!("{site} is paired; its epoch {epoch} begins")))
            .map_err(|error| error.to_string()),
        Request::SiteRetire { site } => retire(core, site, reference, operator)
            .await
            .map(|lost| {
                done(format!(
                    "{site} is retired; {lost} messages that had not ended were given up"
                ))
            })
            .map_err(|error| error.to_string()),
        Request::SiteAcknowledge { site } => acknowledge(core, site, reference, operator)
            .await
            .map(|count| done(format!("{count} alarms of {site} are taken back")))
            .map_err(|error| error.to_string()),
        Request::SiteReKey { site } => new_epoch(core, site, reference, operator)
            .await
            .map(|epoch| done(format!("{site} begins epoch {epoch}")))
            .map_err(|error| error.to_string()),
        Request::SiteCertificate { site } => certificate::show(core, site)
            .await
            .map(|in_use| Answer::SiteCertificate { in_use })
            .map_err(|error| error.to_string()),
        Request::SiteCertificateRequest { site } => certificate::request(core, site, reference, operator)
            .await
            .map(|request| Answer::SigningRequest { request })
            .map_err(|error| error.to_string()),
        Request::SiteCertificateChain { site, .. } => {
            certificate::bring(core, site, body, reference, operator)
                .await
                .map(|in_use| Answer::SiteCertificate { in_use })
                .map_err(|error| error.to_string())
        }
        Request::Audit { after, begins } => {
            let reader = begins.then_some(Reader {
                how: Reading::Export,
                after: *after,
                operator,
                reference,
            });
            records(core, *after, reader)
                .await
                .map_err(|error| error.to_string())
        }
    };
    result.unwrap_or_else(|why| Answer::Refused { why })
}

async fn invited(core: &Core, asked: &AskedAbout<'_>, days: Option<u16>) -> Result<Answer, String> {
    if days.is_some_and(|days| days == 0 || days > LONGEST_INVITATION) {
        return Err(format!(
            "an invitation is good for 1 to {LONGEST_INVITATION} days"
        ));
    }
    let lifetime = days.map_or(core.settings.invitation_lifetime, |days| DAY * u32::from(days));
    let invited = invite(core, asked, lifetime)
        .await
        .map_err(|error| account_words(&error))?;
    Ok(Answer::Invited {
        code: invited.code.to_string(),
        name: invited.name,
        until: invited.until.0,
    })
}

async fn unfrozen(core: &Core, asked: &AskedAbout<'_>) -> Result<Answer, String> {
    let (name, lifted) = unfreeze(core, asked)
        .await
        .map_err(|error| account_words(&error))?;
    Ok(done(if lifted {
        format!("self-service of {name} is allowed again")
    } else {
        format!("self-service of {name} was not stopped")
    }))
}

async fn records(core: &Core, after: u64, reader: Option<Reader<'_>>) -> Result<Answer, StoreError> {
    if let Some(reader) = reader {
        read::note(&core.store, &*core.randomness, core.now(), &reader).await?;
    }
    let records = core.store.read(move |c| export::page(c, after, RECORDS)).await?;
    Ok(Answer::Audit { records })
}

fn done(what: String) -> Answer {
    Answer::Done { what }
}

fn account_words(error: &InviteError) -> String {
    match error {
        InviteError::Failed(UseCaseError::Refused(kind)) => kind.title().to_owned(),
        other => other.to_string(),
    }
}

fn portal_words(error: &UseCaseError) -> String {
    match error {
        UseCaseError::Refused(_) => "no [[api.peer]] with role \"portal\" has this name".to_owned(),
        other => other.to_string(),
    }
}
