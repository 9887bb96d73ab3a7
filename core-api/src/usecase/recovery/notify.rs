//! Tells every address on file what happened to an account, with a way to say "this was not me".

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use domain::clock::random_bytes;
use domain::policy::Action;
use domain::{Account, AccountId, Method, Randomness, Timestamp};
use sha2::{Digest, Sha256};
use sqlite::Connection;
use zeroize::Zeroizing;

use crate::core::Core;
use crate::keys::AtRest;
use crate::mail::address::is_usable;
use crate::mail::letter::{Content, Letter, Secret};
use crate::store::{Id, StoreError, factor, freeze, recovery};
use crate::worker::outbox::{Job, NOTICE_KEPT, queue};

/// How long the link in a notice works.
pub const LINK_LIFETIME: Duration = Duration::from_hours(14 * 24);
/// The portal's page that the link leads to.
const PAGE: &str = "/not-me";

/// What everybody on file is told of.
pub use crate::mail::letter::NoticeEvent as Notice;

impl Notice {
    /// What is told when an action was done.
    pub fn of(action: Action) -> Self {
        match action {
            Action::Unlock => Self::Unlocked,
            Action::Reset => Self::Reset,
            Action::Change => Self::Changed,
        }
    }
}

/// Notices that are queued within the transaction of what they tell of.
pub struct Notices {
    account: AccountId,
    /// What the directory holds; the verified addresses are known here.
    mail: Vec<String>,
    about: About,
    at_rest: Arc<AtRest>,
    randomness: Arc<dyn Randomness>,
    /// Where the link leads when the recovery is not kept any more.
    any_origin: String,
}

enum About {
    Event { notice: Notice, recovery: Id },
    Frozen,
}

/// Where something was asked for, and in which language.
struct Seen {
    origin: String,
    source: String,
    language: String,
}

/// Prepares the notices of what came of a recovery.
pub fn prepare(core: &Core, account: &Account, notice: Notice, recovery: Id) -> Notices {
    Notices::new(
        core,
        account.id,
        account.mail.clone(),
        About::Event { notice, recovery },
    )
}

/// Prepares the notices that self-service was stopped.
pub(super) fn prepare_frozen(core: &Core, account: AccountId, mail: Vec<String>) -> Notices {
    Notices::new(core, account, mail, About::Frozen)
}

impl Notices {
    fn new(core: &Core, account: AccountId, mail: Vec<String>, about: About) -> Self {
        Self {
            account,
            mail,
            about,
            at_rest: Arc::clone(&core.at_rest),
            randomness: Arc::clone(&core.randomness),
            any_origin: core.settings.portals.values().next().cloned().unwrap_or_default(),
        }
    }

    /// Queues one letter an address. Wake the outbox once the transaction is committed.
    ///
    /// Call it before a removed factor is removed and after a new one is confirmed, so that old and new addresses
    /// are told.
    ///
    /// # Errors
    /// When the database fails.
    pub fn queue(&self, c: &Connection, now: Timestamp) -> Result<(), StoreError> {
        let seen = self.seen(c)?;
        for to in self.addresses(c)? {
            let content = self.content(c, &seen, now)?;
            let job = Job::Mail(Letter {
                to,
                language: seen.language.clone(),
                content,
            });
            let id = random_bytes(&*self.randomness);
            queue(
                c,
                &self.at_rest,
                &*self.randomness,
                &id,
                &job,
                now,
                now.plus(NOTICE_KEPT),
            )?;
        }
        Ok(())
    }

    fn seen(&self, c: &Connection) -> Result<Seen, StoreError> {
        let stored = match &self.about {
            About::Event { recovery, .. } => recovery::by_id(c, recovery)?,
            About::Frozen => None,
        };
        Ok(match stored {
            Some(stored) => Seen {
                origin: stored.origin,
                source: stored.source,
                language: stored.language,
            },
            // An outcome that was settled a day later: better a notice without a place than none.
            None => Seen {
                origin: self.any_origin.clone(),
                source: "?".to_owned(),
                language: String::new(),
            },
        })
    }

    fn content(&self, c: &Connection, seen: &Seen, now: Timestamp) -> Result<Content, StoreError> {
        match &self.about {
            About::Frozen => Ok(Content::Frozen { at: now }),
            About::Event { notice, .. } => Ok(Content::Notice {
                event: *notice,
                at: now,
                place: seen.source.clone(),
                not_me: self.link(c, &seen.origin, now)?,
            }),
        }
    }

    /// A link that works once, of its own for each letter. The token stands in the fragment, which browsers do not
    /// send, and only its hash is kept.
    fn link(&self, c: &Connection, origin: &str, now: Timestamp) -> Result<Secret, StoreError> {
        let token = Zeroizing::new(random_bytes::<32>(&*self.randomness));
        freeze::insert_token(c, &token_hash(&*token), self.account, now.plus(LINK_LIFETIME))?;
        Ok(Secret::new(format!(
            "{origin}{PAGE}#{}",
            BASE64URL_NOPAD.encode(&*token)
        )))
    }

    /// Every address on file, once: the verified ones, those on hold included, and the directory's.
    fn addresses(&self, c: &Connection) -> Result<Vec<String>, StoreError> {
        let mut addresses = vec![];
        for factor in factor::of_account(c, self.account)? {
            if factor.method != Method::EmailCode || factor.counts_from.is_none() {
                continue;
            }
            match self.at_rest.open(&factor.id, &factor.secret) {
                Ok(address) => addresses.push(String::from_utf8_lossy(&address).into_owned()),
                // What happened must still be written down; the other addresses are told.
                Err(error) => tracing::error!(%error, "an enrolled address cannot be read"),
            }
        }
        addresses.extend(self.mail.iter().cloned());
        let mut seen = BTreeSet::new();
        addresses.retain(|address| is_usable(address, &[]) && seen.insert(address.to_lowercase()));
        Ok(addresses)
    }
}

/// What is stored of a link's token.
pub(super) fn token_hash(token: &[u8]) -> [u8; 32] {
    Sha256::digest(token).into()
}
