//! A tool sends messages over the API: it hands over an envelope, or lets the core seal.

use std::sync::Arc;
use std::time::Duration;

use contract::ProblemKind;
use contract::message::{NewContent, NewFile, NewMessage, Sent, SentMessage};
use contract::sync::{Bytes, Digest, Token};
use data_encoding::BASE64URL_NOPAD;
use domain::message::Message as State;
use seal::{Content, Envelope, File, Passphrase, ProofHashes};
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, sleep};
use zeroize::Zeroizing;

use super::seal::{Sealed, seal};
use super::send::{Handed, Plan, Sender, Wish, plan, send as send_sealed};
use crate::core::Core;
use crate::mail::letter::Secret;
use crate::store::{Id, StoreError, message, sending};
use crate::usecase::UseCaseError;

/// Most addresses in one request: each costs a passphrase's stretching and a body.
const MOST_ADDRESSES: usize = 20;
/// Most that one request may come to, in bytes, its content counted once for each address: all of it is in memory at
/// once, and in one transaction.
const MOST_TOGETHER: usize = 64 * 1024 * 1024;
/// How long an answer waits for the site's receipts.
const RECEIPT_WITHIN: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Sends what a tool asks for. `turn` is given back as soon as all is written down, and not held while the site is
/// waited for.
///
/// # Errors
/// What is wrong with it; nothing was sent then.
pub async fn send(
    core: &Arc<Core>,
    sender: &Sender,
    new: NewMessage,
    turn: SemaphorePermit<'_>,
) -> Result<Sent, UseCaseError> {
    let mut new = new;
    if !(16..=64).contains(&new.key.len()) || new.to.len() > MOST_ADDRESSES {
        return Err(ProblemKind::Malformed.into());
    }
    if let Some(before) = before(core, sender, &new.key).await? {
        return told(core, &before, vec![]).await;
    }
    let (key, to) = (std::mem::take(&mut new.key), std::mem::take(&mut new.to));
    let wish = Wish {
        site: new.site,
        expires_in: new.expires_in,
        readings: new.readings,
        reason: new.reason,
        notify: None,
        to: None,
        is_password: new.password,
        with_passphrase: false,
    };
    let (handed, links) = match new.content {
        NewContent::Plain {
            text,
            files,
            passphrase,
        } => {
            let written = written(text, files, passphrase)?;
            if size(&written.content).saturating_mul(to.len()) > MOST_TOGETHER {
                return Err(ProblemKind::TooLarge.into());
            }
            seal_all(core, &wish, to, written).await?
        }
        envelope @ NewContent::Envelope { .. } if to.is_empty() => (vec![read(wish, envelope)?], vec![]),
        NewContent::Envelope { .. } => return Err(ProblemKind::Malformed.into()),
    };
    let ids = send_sealed(core, sender, Some(&key), handed).await?;
    // Somebody else with the same key came in between: his are the messages, and these links lead nowhere.
    let links = if links.iter().map(|(id, _)| id).eq(&ids) {
        links
    } else {
        vec![]
    };
    drop(turn);
    wait_for_receipts(core, &ids).await?;
    told(core, &ids, links).await
}

async fn before(core: &Core, sender: &Sender, key: &str) -> Result<Option<Vec<Id>>, StoreError> {
    let (sender, key) = (sender.name.clone(), key.to_owned());
    core.store
        .read(move |c| sending::remembered(c, &sender, &key))
        .await
}

/// What a tool wrote in clear.
struct Written {
    content: Content,
    passphrase: Option<Passphrase>,
}

fn written(
    text: Option<String>,
    files: Vec<NewFile>,
    passphrase: Option<String>,
) -> Result<Arc<Written>, UseCaseError> {
    let text = Zeroizing::new(text.unwrap_or_default());
    let passphrase = passphrase.map(Zeroizing::new);
    let files: Vec<File> = files.into_iter().map(file).collect::<Result<_, _>>()?;
    let content = Content::new(text, files).map_err(|error| match error {
        seal::ContentError::TooLarge => ProblemKind::TooLarge,
        seal::ContentError::TooManyFiles | seal::ContentError::Empty => ProblemKind::Malformed,
    })?;
    let passphrase = passphrase
        .map(|typed| Passphrase::new(&typed).ok_or(ProblemKind::Malformed))
        .transpose()?;
    Ok(Arc::new(Written { content, passphrase }))
}

fn size(content: &Content) -> usize {
    let files: usize = content.files().iter().map(|file| file.bytes().len()).sum();
    content.text().len() + files
}

fn file(new: NewFile) -> Result<File, ProblemKind> {
    let data = Zeroizing::new(new.data);
    let bytes = BASE64URL_NOPAD
        .decode(data.as_bytes())
        .map_err(|_| ProblemKind::Malformed)?;
    Ok(File::new(&new.name, &new.kind, Zeroizing::new(bytes)))
}

/// Messages that are ready to be sent, and the links of those that are handed over.
type Ready = (Vec<Handed>, Vec<(Id, Option<Secret>)>);

/// Seals one message for everybody, or one to be handed over.
async fn seal_all(
    core: &Core,
    wish: &Wish,
    to: Vec<String>,
    written: Arc<Written>,
) -> Result<Ready, UseCaseError> {
    let recipients = if to.is_empty() {
        vec![None]
    } else {
        to.into_iter().map(Some).collect()
    };
    let mut wishes = vec![];
    for to in recipients {
        let wish = Wish {
            to,
            with_passphrase: written.passphrase.is_some(),
            ..wish.clone()
        };
        // Before anything is sealed: one address that is refused ends it for all.
        let plan = plan(core, &wish).await?;
        wishes.push((wish, plan));
    }
    let (mut handed, mut links) = (vec![], vec![]);
    for (wish, plan) in wishes {
        let id = core.new_id();
        let sealed = seal_one(id, &plan, Arc::clone(&written)).await?;
        let (link, shown) = if wish.to.is_some() {
            (Some(sealed.link), None)
        } else {
            (None, Some(sealed.link))
        };
        links.push((id, shown));
        handed.push(Handed {
            id,
            is_reserved: false,
            wish,
            envelope: sealed.envelope,
            proofs: sealed.proofs,
            link,
        });
    }
    Ok((handed, links))
}

async fn seal_one(id: Id, plan: &Plan, written: Arc<Written>) -> Result<Sealed, UseCaseError> {
    let address = plan.address(&id);
    tokio::task::spawn_blocking(move || seal(&id, &address, &written.content, written.passphrase.as_ref()))
        .await
        .map_err(|_| ProblemKind::Internal.into())
}

/// An envelope that the tool sealed.
fn read(wish: Wish, content: NewContent) -> Result<Handed, UseCaseError> {
    let NewContent::Envelope {
        id,
        header,
        nonce,
        ciphertext,
        link,
        open,
    } = content
    else {
        return Err(ProblemKind::Malformed.into());
    };
    let malformed = |_| ProblemKind::Malformed;
    let id: Token = id.parse().map_err(malformed)?;
    let nonce: Bytes<12> = nonce.parse().map_err(malformed)?;
    let link: Digest = link.parse().map_err(malformed)?;
    let open: Option<Digest> = open.map(|open| open.parse()).transpose().map_err(malformed)?;
    let ciphertext = BASE64URL_NOPAD
        .decode(ciphertext.as_bytes())
        .map_err(|_| ProblemKind::Malformed)?;
    Ok(Handed {
        id: *id.as_bytes(),
        is_reserved: true,
        wish: Wish {
            with_passphrase: open.is_some(),
            ..wish
        },
        envelope: Envelope {
            header,
            nonce: *nonce.as_bytes(),
            ciphertext,
        },
        proofs: ProofHashes {
            link: *link.as_bytes(),
            open: open.map(|open| *open.as_bytes()),
        },
        link: None,
    })
}

/// Gives the site a moment, so that a link usually works when it is handed over.
async fn wait_for_receipts(core: &Core, ids: &[Id]) -> Result<(), StoreError> {
    let until = Instant::now() + RECEIPT_WITHIN;
    loop {
        let looked_for = ids.to_vec();
        let waiting = core
            .store
            .read(move |c| {
                for id in &looked_for {
                    if message::by_id(c, id)?
                        .is_some_and(|message| matches!(message.state, State::Waiting(_)))
                    {
                        return Ok(true);
                    }
                }
                Ok(false)
            })
            .await?;
        if !waiting || Instant::now() >= until {
            return Ok(());
        }
        sleep(LOOK_EVERY).await;
    }
}

async fn told(core: &Core, ids: &[Id], links: Vec<(Id, Option<Secret>)>) -> Result<Sent, UseCaseError> {
    let mut messages = Vec::with_capacity(ids.len());
    for id in ids {
        let view = super::show::show(core, None, *id).await?;
        let link = links
            .iter()
            .find(|(of, _)| of == id)
            .and_then(|(_, link)| link.as_ref())
            .map(|link| link.expose().to_owned());
        messages.push(SentMessage {
            id: view.id,
            state: view.state,
            link,
            to: view.to,
        });
    }
    Ok(Sent { messages })
}
