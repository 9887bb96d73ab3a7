//! Starts a site, with or without a past.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex};

use contract::sync::{Digest, Position, What};
use journal::SigningKey;
use tokio::runtime::Handle;
use tokio::sync::{Notify, RwLock, Semaphore, watch};
use zeroize::Zeroizing;

use super::events::{Fit, place};
use super::new_epoch::{First, begin};
use crate::given::{Given, random_bytes};
use crate::places::Places;
use crate::running::{Epoch, Noise, Rows, Running, Time};
use crate::site::{Beginning, Settings, SiteError, StartError};
use crate::store::chain::Owner;
use crate::store::standing::{self, Standing};
use crate::store::{Garbled, Store, chain, keys, message, piece};

/// Opens the databases, begins or goes on, and writes down that the site started.
pub(crate) async fn start(
    settings: Settings,
    given: Given,
    beginning: Option<Beginning>,
) -> Result<Running, StartError> {
    let site = Store::site(&settings.data_dir, &settings.limits)?;
    let data_keys = Store::keys(&settings.keys_dir, &settings.limits)?;
    let past = site.read(standing::get).await?;
    if let Some(past) = &past
        && past.name != settings.name
    {
        return Err(StartError::AnotherSite(past.name.clone()));
    }
    let epoch = match (past, beginning) {
        (None, None) => return Err(StartError::NotPaired),
        (Some(past), None) => go_on(&site, &data_keys, &past, None, &given).await?,
        (past, Some(beginning)) => {
            let first = First {
                name: &settings.name,
                epoch: beginning.epoch,
                follows: None,
                ratchet: beginning.ratchet.expose(),
                generation: beginning.generation,
                key: &beginning.key,
                clock: given.clock.now_ms(),
            };
            // Whatever the number: of an epoch that the core gave up on the way it offers the number again, and a lower one
            // when it is from an older copy itself. Only whoever repeats a pairing that was cut short goes on.
            let is_begun = |past: &Standing| past.opened_by == first.fingerprint();
            match past.filter(is_begun) {
                Some(begun) => go_on(&site, &data_keys, &begun, Some(beginning), &given).await?,
                None => begin(&site, &data_keys, first, || {}).await?,
            }
        }
    };
    Ok(run(settings, given, site, data_keys, epoch).await?)
}

/// Goes on with a past, or with a `beginning` that was cut short. If it is an older copy, or the keys that belong to it are
/// missing, the site stands still until a new epoch: what it would hand out may have been read.
async fn go_on(
    site: &Store,
    data_keys: &Store,
    past: &Standing,
    beginning: Option<Beginning>,
    given: &Given,
) -> Result<Epoch, SiteError> {
    let epoch = past.epoch;
    let stored = data_keys.read(move |c| keys::signing(c, epoch)).await?;
    let is_whole = stored.is_some() && is_latest(site, data_keys).await?;
    if !is_whole && !past.stopped {
        tracing::error!(
            "this is an older copy of the site, or its keys are missing: it stands still until a new epoch"
        );
        site.write(standing::stop).await?;
    }
    Ok(Epoch {
        owner: Owner {
            name: past.name.clone(),
            epoch,
        },
        key: stored.unwrap_or_else(|| lost_key(beginning.filter(|new| new.epoch == epoch), given)),
        stopped: AtomicBool::new(past.stopped || !is_whole),
    })
}

/// Whether the chain has reached what the other database remembers of it.
async fn is_latest(site: &Store, data_keys: &Store) -> Result<bool, SiteError> {
    let Some((epoch, link)) = data_keys.read(keys::anchor).await? else {
        return Ok(true);
    };
    let anchor = Position {
        epoch,
        seq: link.seq,
        hash: Digest::from(*link.hash.as_bytes()),
    };
    // What was pruned since lies before, and an epoch that is over said nothing about this one.
    Ok(site.read(move |c| place(c, anchor)).await? != Fit::Off)
}

fn lost_key(beginning: Option<Beginning>, given: &Given) -> SigningKey {
    beginning.map_or_else(
        || SigningKey::from_bytes(&Zeroizing::new(random_bytes(&*given.randomness))),
        |beginning| beginning.key,
    )
}

async fn run(
    settings: Settings,
    given: Given,
    site: Store,
    data_keys: Store,
    epoch: Epoch,
) -> Result<Running, SiteError> {
    let standing = site.read(standing::get).await?.ok_or(Garbled)?;
    let last_event = site.read(chain::last_at).await?;
    let last_row = site
        .read(|c| Ok(message::last_row(c)?.max(piece::last_row(c)?)))
        .await?
        .max(data_keys.read(keys::last_row).await?);
    let limits = settings.limits;
    let running = Running {
        runtime: Handle::current(),
        settings,
        site,
        keys: data_keys,
        time: Time::resume(standing.clock.max(last_event), given.clock.monotonic()),
        rows: Arc::new(Rows::resume(last_row)),
        noise: Noise {
            told: Mutex::new(given.clock.monotonic()),
            ..Noise::default()
        },
        given,
        generation: AtomicU64::new(standing.generation),
        confirmed: Mutex::new(None),
        head: watch::Sender::new(0),
        public_queue: Arc::new(Semaphore::new(limits.public_queue)),
        push_queue: Arc::new(Semaphore::new(limits.push_queue)),
        sync_queue: Arc::new(Semaphore::new(limits.sync_queue)),
        openings: Places::new(24, 4),
        repeats: Places::new(8, 2),
        anchored: AtomicU64::new(0),
        ended: AtomicUsize::new(0),
        hurry: Notify::new(),
        epoch: Arc::new(RwLock::new(Arc::new(epoch))),
    };
    tell(&running).await?;
    Ok(running)
}

/// A site that stopped appends nothing: its chain is to stay as it was found.
async fn tell(running: &Running) -> Result<(), SiteError> {
    let epoch = Arc::clone(&*running.epoch.read().await);
    let seq = if epoch.is_stopped() {
        running.site.read(chain::end).await?.seq
    } else {
        let now = running.now();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let job =
            move |c: &sqlite::Connection| chain::append(c, &epoch.owner, now, What::Started { version });
        running.site.write(job).await?
    };
    running.announce(seq);
    Ok(())
}
