//! Somebody inside asks outsiders for a secret: a drop box with a key of its own, whose link takes one thing.

use std::time::Duration;

use contract::sync::Token;
use domain::Timestamp;
use seal::{DropKey, MAX_DROP, UploadProof};
use serde::{Deserialize, Serialize};

use super::details::DropDetails;
use crate::core::Core;
use crate::mail::letter::Secret;
use crate::store::audit::{Event, Personal};
use crate::store::drop_box::{self, Request, Stage};
use crate::store::{Id, audit};
use crate::usecase::message::send::{SendError, Sender, Wish, plan};

/// How long a drop box takes something, unless somebody says otherwise.
const USUAL: Duration = Duration::from_hours(72);
/// What sealing, names and padding add to the content at most, in parts of it and in bytes.
const AROUND: (u64, u64) = (10, 4096);

/// What is wished for. What is absent is as usual.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DropWish {
    /// The site.
    pub site: Option<String>,
    /// How long it takes something, in seconds.
    pub expires_in: Option<u64>,
    /// How large the content may be, in bytes.
    pub largest: Option<u64>,
    /// Why it is asked for.
    pub reason: Option<String>,
    /// Who is told when something came in.
    pub notify: Option<String>,
}

/// A drop box that was asked for.
pub struct Requested {
    /// Its id.
    pub id: Id,
    /// Its link, shown once: the proof in it is stored nowhere.
    pub link: Secret,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Makes a drop box. Its link works once its stage is no longer `waiting`.
///
/// # Errors
/// What is wrong with the wish.
pub async fn request(core: &Core, sender: &Sender, wish: DropWish) -> Result<Requested, SendError> {
    let largest = largest(wish.largest)?;
    // The same rules as for a message that is handed over.
    let as_message = Wish {
        site: wish.site,
        expires_in: Some(wish.expires_in.unwrap_or(USUAL.as_secs())),
        reason: wish.reason,
        notify: wish.notify,
        ..Wish::default()
    };
    let plan = plan(core, &as_message).await?;
    let (id, now) = (core.new_id(), core.now());
    let mut fill = |bytes: &mut [u8]| core.randomness.fill(bytes);
    let key = DropKey::generate(&mut fill);
    let proof = UploadProof::generate(&mut fill);
    let notify = as_message.notify.or_else(|| sender.notify.clone());
    let details = DropDetails::new(as_message.reason.clone(), notify, &key);
    let row = Request {
        id,
        site: plan.site.clone(),
        sender: sender.name.clone(),
        made_at: now,
        expires_at: plan.expires_at,
        public_key: *key.public(),
        upload: proof.hash(),
        largest,
        stage: Stage::Waiting,
        details: details.lock(&core.at_rest, &id, &*core.randomness)?,
        size: None,
    };
    let event = Event::DropRequested {
        request: Token::from(id).to_string(),
        site: plan.site,
        expires_at: plan.expires_at.0,
    };
    let personal = Personal {
        operator: Some(sender.name.clone()),
        reason: as_message.reason,
        ..Personal::default()
    };
    let entry = core.entry(event, &sender.reference, &sender.through, personal);
    core.store
        .write(move |c| {
            drop_box::insert(c, &row)?;
            audit::append(c, &entry, now)
        })
        .await?;
    core.wake.drops.notify_waiters();
    let fragment = key.link(proof).fragment();
    let link = format!("{}/d/{}#{}", plan.origin, Token::from(id), *fragment);
    Ok(Requested {
        id,
        link: Secret::new(link),
        expires_at: plan.expires_at,
    })
}

/// How large the sealed thing may be for content of this size.
fn largest(content: Option<u64>) -> Result<u64, SendError> {
    let most = u64::try_from(MAX_DROP).unwrap_or(u64::MAX);
    let Some(content) = content else {
        return Ok(most);
    };
    if content == 0 || content > u64::try_from(seal::MAX_CONTENT).unwrap_or(u64::MAX) {
        return Err(SendError::DropSize);
    }
    let (tenth, more) = AROUND;
    Ok((content + content / tenth + more).min(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_fits_once_it_is_sealed() {
        for size in [1, 1000, 100_000, seal::MAX_CONTENT] {
            let file = seal::File::new("a file", "", zeroize::Zeroizing::new(vec![7; size]));
            let content = seal::Content::new(zeroize::Zeroizing::default(), vec![file]).expect("small");
            let key = DropKey::generate(&mut seal::os_random);
            let sealed =
                seal::seal_drop(&[1; 16], key.public(), &content, &mut seal::os_random).expect("sealed");
            let largest = largest(Some(u64::try_from(size).unwrap())).unwrap();
            assert!(u64::try_from(sealed.len()).unwrap() <= largest, "{size}");
        }
        assert!(largest(Some(0)).is_err() && largest(Some(1 << 40)).is_err());
    }
}
