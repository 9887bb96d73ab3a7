//! What came in by a drop box is shown, opened, and then erased.

use std::sync::Arc;

use contract::ProblemKind;
use contract::sync::Token;
use seal::Content;
use serde::{Deserialize, Serialize};

use super::details::DropDetails;
use crate::core::Core;
use crate::keys::AtRest;
use crate::store::audit::{Event, Personal};
use crate::store::drop_box::{self, Request, Stage};
use crate::store::{Id, audit};
use crate::usecase::UseCaseError;
use crate::usecase::message::send::Sender;

/// Requests in one list.
const MOST: u32 = 200;

/// A drop box as it is shown to whoever asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropView {
    /// Its id.
    pub id: String,
    /// `waiting`, `on-site`, `arrived`; at its end `opened`, `expired`, `damaged` or `lost`.
    pub state: String,
    /// The site.
    pub site: String,
    /// When it was asked for, in milliseconds since the Unix epoch.
    pub made_at: i64,
    /// When it ends.
    pub expires_at: i64,
    /// How large what came in is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub size: Option<u64>,
    /// Why it was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

/// The youngest drop boxes.
///
/// # Errors
/// When the database fails.
pub async fn list(core: &Core) -> Result<Vec<DropView>, UseCaseError> {
    let at_rest = Arc::clone(&core.at_rest);
    let views = core.store.read(move |c| {
        let rows = drop_box::list(c, MOST)?;
        Ok(rows.iter().map(|row| view(&at_rest, row)).collect())
    });
    Ok(views.await?)
}

/// One drop box.
///
/// # Errors
/// `NotFound` for an unknown one.
pub async fn show(core: &Core, id: Id) -> Result<DropView, UseCaseError> {
    let at_rest = Arc::clone(&core.at_rest);
    let found = core
        .store
        .read(move |c| Ok(drop_box::by_id(c, &id)?.map(|row| view(&at_rest, &row))));
    found.await?.ok_or_else(|| ProblemKind::NotFound.into())
}

/// Opens what came in. It stays until [`erase`] says that it was kept elsewhere.
///
/// # Errors
/// `NotFound` for an unknown one, `NothingPending` where nothing came in, `MessageOver` where it is gone or was found
/// to be damaged.
pub async fn open(core: &Core, sender: &Sender, id: Id) -> Result<Content, UseCaseError> {
    let at_rest = Arc::clone(&core.at_rest);
    let found = core
        .store
        .read(move |c| {
            let Some(request) = drop_box::by_id(c, &id)? else {
                return Ok(Err(ProblemKind::NotFound));
            };
            match (request.stage, drop_box::body(c, &id)?) {
                (Stage::Waiting | Stage::OnSite, _) => Ok(Err(ProblemKind::NothingPending)),
                (Stage::Arrived, Some(body)) => {
                    let details = DropDetails::open(&at_rest, &id, &request.details)?;
                    Ok(Ok((details, at_rest.open(&id, &body)?)))
                }
                _ => Ok(Err(ProblemKind::MessageOver)),
            }
        })
        .await?;
    let (details, body) = found?;
    let opened = details.key().and_then(|key| key.open(&id, &body).ok());
    if opened.is_none() {
        end(core, sender, id, Stage::Damaged).await?;
    }
    opened.ok_or_else(|| ProblemKind::MessageOver.into())
}

/// What was opened is kept elsewhere: the drop and its private key are erased.
///
/// # Errors
/// `NothingPending` where nothing is to be erased.
pub async fn erase(core: &Core, sender: &Sender, id: Id) -> Result<(), UseCaseError> {
    if end(core, sender, id, Stage::Opened).await? {
        Ok(())
    } else {
        Err(ProblemKind::NothingPending.into())
    }
}

async fn end(core: &Core, sender: &Sender, id: Id, how: Stage) -> Result<bool, UseCaseError> {
    let event = Event::DropOpened {
        request: Token::from(id).to_string(),
        readable: how == Stage::Opened,
    };
    let personal = Personal {
        operator: Some(sender.name.clone()),
        ..Personal::default()
    };
    let entry = core.entry(event, &sender.reference, &sender.through, personal);
    let (at_rest, randomness, now) = (
        Arc::clone(&core.at_rest),
        Arc::clone(&core.randomness),
        core.now(),
    );
    let ended = core
        .store
        .write(move |c| {
            let arrived = drop_box::by_id(c, &id)?.filter(|request| request.stage == Stage::Arrived);
            let Some(request) = arrived else {
                return Ok(false);
            };
            let details = DropDetails::open(&at_rest, &id, &request.details)?.without_key();
            let left = details.lock(&at_rest, &id, &*randomness)?;
            drop_box::end(c, &id, how, &left, now)?;
            audit::append(c, &entry, now)?;
            Ok(true)
        })
        .await?;
    Ok(ended)
}

fn view(at_rest: &AtRest, request: &Request) -> DropView {
    let details = DropDetails::open(at_rest, &request.id, &request.details)
        .inspect_err(|error| tracing::error!(%error, "a drop request's details cannot be read"))
        .unwrap_or_default();
    DropView {
        id: Token::from(request.id).to_string(),
        state: request.stage.word().to_owned(),
        site: request.site.clone(),
        made_at: request.made_at.0,
        expires_at: request.expires_at.0,
        size: request.size,
        reason: details.reason.clone(),
    }
}
