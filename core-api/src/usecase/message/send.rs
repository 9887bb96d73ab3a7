//! Somebody sends a one-time message.
//!
//! It comes in sealed, under an id that the core chose: message, body and audit record are one transaction. What the
//! sender is told before is told by [`plan`], so that nobody seals what would be refused.

use std::time::Duration;

use contract::ProblemKind;
use contract::sync::{Digest, Policy, PushHead, Token, push_body};
use domain::Timestamp;
use domain::message::Message as State;
use seal::{Envelope, LinkSecret, MAX_CIPHERTEXT, Profile, ProofHashes, header_profile};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sqlite::Connection;

use super::details::Details;
use crate::core::Core;
use crate::mail::address::{is_in, is_usable};
use crate::mail::letter::Secret;
use crate::steps::Step;
use crate::store::audit::{Event, Personal};
use crate::store::message::{self, NewMessage};
use crate::store::{Id, StoreError, audit, push, sending, site};
use crate::usecase::UseCaseError;

/// The shortest time that makes sense: somebody has to get the link and open it.
const SHORTEST: Duration = Duration::from_mins(1);
/// The longest reason, in bytes.
const LONGEST_REASON: usize = 500;
/// Ids that one sender may keep without using them.
const MOST_RESERVED: u64 = 1000;
/// The tag of AES-GCM: nothing sealed is shorter.
const TAG: usize = 16;

/// Who sends.
#[derive(Debug, Clone)]
pub struct Sender {
    /// A user of this host, or a peer by its name.
    pub name: String,
    /// Through what: `command`, or the peer.
    pub through: String,
    /// The reference of the request.
    pub reference: String,
    /// Who is told what became of it, unless the wish says otherwise.
    pub notify: Option<String>,
}

/// What a sender wishes. What is absent is as configured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wish {
    /// The site.
    pub site: Option<String>,
    /// How long it can be opened, in seconds.
    pub expires_in: Option<u64>,
    /// How often.
    pub readings: Option<u32>,
    /// Why it is sent.
    pub reason: Option<String>,
    /// Who is told what became of it.
    pub notify: Option<String>,
    /// To whom the core mails the link.
    pub to: Option<String>,
    /// Whether the content is a password.
    pub is_password: bool,
    /// Whether a passphrase is needed.
    pub with_passphrase: bool,
}

/// What comes of a wish.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The site.
    pub site: String,
    /// Its public origin.
    pub origin: String,
    /// When the message ends.
    pub expires_at: Timestamp,
    /// How often it can be opened.
    pub readings: u32,
}

/// A sealed message as it is handed in.
pub struct Handed {
    /// Its id.
    pub id: Id,
    /// Whether the id was given out before, and is to be used up.
    pub is_reserved: bool,
    /// What its sender wishes.
    pub wish: Wish,
    /// What was sealed.
    pub envelope: Envelope,
    /// What the site demands of readers.
    pub proofs: ProofHashes,
    /// The link, where the core mails it.
    pub link: Option<Secret>,
}

/// Why a message is not sent, in words for its sender.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// No site has this name.
    #[error("there is no [[site]] called {0}")]
    UnknownSite(String),
    /// Nobody said which.
    #[error("say which site: there are several and [messages] names no default")]
    WhichSite,
    /// There is none.
    #[error("no [[site]] is configured")]
    NoSite,
    /// Keys were not exchanged, or the site was retired.
    #[error("{0} is not paired: use `core-api site add {0}`")]
    NotPaired(String),
    /// Something is wrong with it.
    #[error("{site} takes nothing now: {trouble}")]
    Trouble {
        /// The site.
        site: String,
        /// What is wrong.
        trouble: String,
    },
    /// Too long or too short.
    #[error("write 1 minute to {} as the time until it ends", days(*.0))]
    Expiry(Duration),
    /// Too often.
    #[error("a message can be opened 1 to {0} times")]
    Readings(u32),
    /// The reason is too long or not one line.
    #[error("write the reason in one line of at most 500 bytes")]
    Reason,
    /// The address for news is none.
    #[error("news cannot be mailed to this address")]
    Notify,
    /// The recipient may not get mail.
    #[error("messages may not be mailed to this address: see `recipients` in [messages]")]
    Recipient,
    /// Mail alone would open it.
    #[error("a message that is mailed needs a passphrase, which is told in another way")]
    PassphraseNeeded,
    /// The id is not the sender's, or was used.
    #[error("this id was not given out, or was used")]
    NotReserved,
    /// The envelope is none of this version's, or does not fit its link.
    #[error("the envelope is malformed")]
    Malformed,
    /// It is larger than anything that is sent.
    #[error("text and files together are larger than 10 MiB")]
    TooLarge,
    /// A drop box for nothing, or for more than anything that is put in.
    #[error("a drop box takes 1 byte to 10 MiB")]
    DropSize,
    /// Too much waits.
    #[error("too much waits for the site already; see `core-api site list`")]
    Full,
    /// Too many ids wait.
    #[error("too many ids are waiting for their message")]
    TooMany,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn days(longest: Duration) -> String {
    let hours = longest.as_secs() / 3600;
    match hours {
        0 => format!("{} minutes", longest.as_secs() / 60),
        hours if hours % 24 == 0 => format!("{} days", hours / 24),
        hours => format!("{hours} hours"),
    }
}

impl From<SendError> for UseCaseError {
    fn from(error: SendError) -> Self {
        Self::Refused(match error {
            SendError::Store(error) => return Self::Store(error),
            SendError::UnknownSite(_)
            | SendError::WhichSite
            | SendError::NoSite
            | SendError::NotPaired(_)
            | SendError::Trouble { .. } => ProblemKind::NoSite,
            SendError::Recipient => ProblemKind::RecipientNotAllowed,
            SendError::PassphraseNeeded => ProblemKind::PassphraseNeeded,
            SendError::NotReserved => ProblemKind::Conflict,
            SendError::TooLarge => ProblemKind::TooLarge,
            SendError::TooMany | SendError::Full => ProblemKind::TooMany,
            SendError::Expiry(_)
            | SendError::Readings(_)
            | SendError::Reason
            | SendError::Notify
            | SendError::Malformed
            | SendError::DropSize => ProblemKind::Malformed,
        })
    }
}

impl Plan {
    /// What the link begins with: `#` and the fragment follow.
    pub fn address(&self, id: &Id) -> String {
        format!("{}/m/{}", self.origin, Token::from(*id))
    }
}

/// What comes of a wish now, if anything.
///
/// # Errors
/// What is wrong with it.
pub async fn plan(core: &Core, wish: &Wish) -> Result<Plan, SendError> {
    let plan = allowed(core, wish)?;
    let name = plan.site.clone();
    let known = core.store.read(move |c| site::by_name(c, &name)).await?;
    match known.filter(|site| site.retired_at.is_none()) {
        None => Err(SendError::NotPaired(plan.site)),
        Some(site) => match site.trouble {
            Some(trouble) => Err(SendError::Trouble {
                site: plan.site,
                trouble,
            }),
            None => Ok(plan),
        },
    }
}

/// Gives out an id for a message that its sender will seal.
///
/// # Errors
/// What is wrong with the wish.
pub async fn reserve(core: &Core, sender: &Sender, wish: &Wish) -> Result<(Id, Plan), SendError> {
    let plan = plan(core, wish).await?;
    let (id, name, now) = (core.new_id(), sender.name.clone(), core.now());
    core.store
        .write(move |c| {
            if sending::reserved(c, &name)? >= MOST_RESERVED {
                return Ok(false);
            }
            sending::reserve(c, &id, &name, now).map(|()| true)
        })
        .await?
        .then_some((id, plan))
        .ok_or(SendError::TooMany)
}

/// Takes sealed messages in, all of them or none. Under a `key` that was used before it makes none, and gives those of
/// that time.
///
/// # Errors
/// What is wrong with one of them. Nothing was sent then.
pub async fn send(
    core: &Core,
    sender: &Sender,
    key: Option<&str>,
    handed: Vec<Handed>,
) -> Result<Vec<Id>, SendError> {
    let mut ready = Vec::with_capacity(handed.len());
    for one in handed {
        let plan = plan(core, &one.wish).await?;
        check(&one, &plan)?;
        ready.push(prepare(core, sender, one, &plan)?);
    }
    let (sender, key, now) = (sender.name.clone(), key.map(str::to_owned), core.now());
    let rules = &core.settings.messages;
    let limits = (rules.most_waiting_each, rules.most_waiting);
    let sent = core
        .store
        .write(move |c| {
            if let Some(key) = &key
                && let Some(before) = sending::remembered(c, &sender, key)?
            {
                return Ok(Ok(before));
            }
            // Judged before anything is written, as a refusal does not take the transaction back.
            if !has_room(c, limits, &sender, &ready)? {
                return Ok(Err(SendError::Full));
            }
            for one in &ready {
                if one.is_reserved && !sending::redeem(c, &one.row.id, &sender)? {
                    return Ok(Err(SendError::NotReserved));
                }
            }
            let ids: Vec<Id> = ready.iter().map(|one| one.row.id).collect();
            for one in &ready {
                one.write(c, now)?;
            }
            if let Some(key) = &key {
                sending::remember(c, &sender, key, &ids, now)?;
            }
            Ok(Ok(ids))
        })
        .await?;
    core.step(Step::MessageStored);
    core.wake.sites.notify_waiters();
    sent
}

fn has_room(
    c: &Connection,
    (most_of_one, most_of_all): (u64, u64),
    sender: &str,
    ready: &[Ready],
) -> Result<bool, StoreError> {
    let new: u64 = ready
        .iter()
        .map(|one| u64::try_from(one.body.len()).unwrap_or(u64::MAX))
        .sum();
    let (of_one, of_all) = push::bytes(c, sender)?;
    Ok(of_one + new <= most_of_one && of_all + new <= most_of_all)
}

/// What the rules say, without a look at the site.
fn allowed(core: &Core, wish: &Wish) -> Result<Plan, SendError> {
    let (rules, sites) = (&core.settings.messages, &core.settings.sites);
    let name = match (wish.site.as_ref().or(rules.site.as_ref()), sites.as_slice()) {
        (Some(name), _) => name,
        (None, []) => return Err(SendError::NoSite),
        (None, [only]) => &only.name,
        (None, _) => return Err(SendError::WhichSite),
    };
    let settings = core
        .site(name)
        .ok_or_else(|| SendError::UnknownSite(name.clone()))?;
    let lifetime = wish.expires_in.map_or(rules.default_expiry, Duration::from_secs);
    if lifetime < SHORTEST || lifetime > rules.longest_expiry {
        return Err(SendError::Expiry(rules.longest_expiry));
    }
    let readings = wish.readings.unwrap_or(1);
    if readings == 0 || readings > rules.most_readings {
        return Err(SendError::Readings(rules.most_readings));
    }
    if wish
        .reason
        .as_ref()
        .is_some_and(|reason| reason.len() > LONGEST_REASON || reason.contains(char::is_control))
    {
        return Err(SendError::Reason);
    }
    if wish
        .notify
        .as_ref()
        .is_some_and(|address| !is_usable(address, &[]))
    {
        return Err(SendError::Notify);
    }
    if let Some(to) = &wish.to {
        may_be_mailed(core, wish, to)?;
    }
    Ok(Plan {
        site: settings.name.clone(),
        origin: settings.public_origin.to_string(),
        expires_at: core.now().plus(lifetime),
        readings,
    })
}

fn may_be_mailed(core: &Core, wish: &Wish, to: &str) -> Result<(), SendError> {
    let rules = &core.settings.messages;
    let is_listed = rules.recipients.is_empty() || rules.recipients.iter().any(|domain| is_in(to, domain));
    if !is_usable(to, &[]) || !is_listed {
        return Err(SendError::Recipient);
    }
    let may_do_without = rules.allow_link_only_mail && !wish.is_password;
    if !wish.with_passphrase && !may_do_without {
        return Err(SendError::PassphraseNeeded);
    }
    Ok(())
}

/// The envelope is one of this version's, and agrees with what was wished.
fn check(handed: &Handed, plan: &Plan) -> Result<(), SendError> {
    let profile = header_profile(&handed.envelope.header).ok_or(SendError::Malformed)?;
    let with_passphrase = profile == Profile::P1;
    let size = handed.envelope.ciphertext.len();
    if size > MAX_CIPHERTEXT {
        return Err(SendError::TooLarge);
    }
    if with_passphrase != handed.proofs.open.is_some()
        || with_passphrase != handed.wish.with_passphrase
        || size < TAG
        || handed.link.is_some() != handed.wish.to.is_some()
    {
        return Err(SendError::Malformed);
    }
    let Some(link) = &handed.link else {
        return Ok(());
    };
    let fits = link
        .expose()
        .strip_prefix(&plan.address(&handed.id))
        .and_then(|rest| rest.strip_prefix('#'))
        .and_then(|fragment| LinkSecret::parse(fragment).ok())
        .is_some_and(|(_, of_link)| of_link == profile);
    fits.then_some(()).ok_or(SendError::Malformed)
}

/// A message that only has to be written down.
struct Ready {
    row: NewMessage,
    is_reserved: bool,
    body: Vec<u8>,
    entry: audit::Entry,
}

impl Ready {
    fn write(&self, c: &Connection, now: Timestamp) -> Result<(), StoreError> {
        let digest: [u8; 32] = Sha256::digest(&self.body).into();
        message::insert(c, &self.row)?;
        push::insert(c, &self.row.id, &self.row.site, &digest, &self.body, now)?;
        audit::append(c, &self.entry, now)?;
        Ok(())
    }
}

fn prepare(core: &Core, sender: &Sender, handed: Handed, plan: &Plan) -> Result<Ready, SendError> {
    let (id, wish) = (handed.id, handed.wish);
    let policy = Policy {
        expires_at: plan.expires_at.0,
        readings: plan.readings,
        max_wrong: core.settings.messages.max_wrong,
    };
    let head = PushHead {
        id: Token::from(id),
        header: handed.envelope.header,
        nonce: handed.envelope.nonce.into(),
        link: handed.proofs.link.into(),
        open: handed.proofs.open.map(Digest::from),
        policy,
    };
    let event = Event::MessageSent {
        message: Token::from(id).to_string(),
        site: plan.site.clone(),
        expires_at: plan.expires_at.0,
        readings: plan.readings,
        passphrase: wish.with_passphrase,
        mailed: wish.to.is_some(),
        size: u64::try_from(handed.envelope.ciphertext.len()).unwrap_or(u64::MAX),
    };
    let personal = Personal {
        name: wish.to.clone(),
        operator: Some(sender.name.clone()),
        reason: wish.reason.clone(),
        ..Personal::default()
    };
    let details = Details {
        to: wish.to,
        reason: wish.reason,
        notify: wish.notify.or_else(|| sender.notify.clone()),
        readings: plan.readings,
        with_passphrase: wish.with_passphrase,
    };
    let secret = handed.link.map(|link| {
        core.at_rest
            .lock(&id, link.expose().as_bytes(), &*core.randomness)
    });
    Ok(Ready {
        row: NewMessage {
            id,
            site: plan.site.clone(),
            sender: sender.name.clone(),
            made_at: core.now(),
            expires_at: plan.expires_at,
            state: State::begin(plan.readings, policy.max_wrong),
            details: details.lock(&core.at_rest, &id, &*core.randomness)?,
            secret,
        },
        is_reserved: handed.is_reserved,
        body: push_body(&head, &handed.envelope.ciphertext),
        entry: core.entry(event, &sender.reference, &sender.through, personal),
    })
}
