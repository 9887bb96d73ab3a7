//! Starts a site, with or without a past.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex};

use contract::sync::What;
use ed25519_dalek::SigningKey;
use tokio::sync::{Notify, RwLock, Semaphore, watch};
use zeroize::Zeroizing;

use super::new_epoch::{First, begin};
use crate::given::{Given, random_bytes};
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
        (Some(past), beginning) if beginning.as_ref().is_none_or(|new| new.epoch <= past.epoch) => {
            go_on(&site, &data_keys, &past, beginning, &given).await?
        }
        (_, Some(beginning)) => {
            let first = First {
                name: &settings.name,
                epoch: beginning.epoch,
                follows: None,
                ratchet: beginning.ratchet.expose(),
                generation: beginning.generation,
                key: &beginning.key,
                clock: given.clock.now_ms(),
            };
            begin(&site, &data_keys, first, || {}).await?
        }
        (Some(_), None) => return Err(SiteError::from(Garbled).into()),
    };
    Ok(run(settings, given, site, data_keys, epoch).await?)
}

/// Goes on with a past. Without the keys that belong to it nothing can be handed out nor signed: it is a copy of a site,
/// and stands still until a new epoch.
async fn go_on(
    site: &Store,
    data_keys: &Store,
    past: &Standing,
    beginning: Option<Beginning>,
    given: &Given,
) -> Result<Epoch, SiteError> {
    let epoch = past.epoch;
    let mut stopped = past.stopped;
    let key = match data_keys.read(move |c| keys::signing(c, epoch)).await? {
        Some(key) => key,
        None => {
            tracing::error!("the keys of this site are missing: it stands still until a new epoch");
            stopped = true;
            site.write(standing::stop).await?;
            lost_key(beginning.filter(|new| new.epoch == epoch), given)
        }
    };
    Ok(Epoch {
        owner: Owner {
            name: past.name.clone(),
            epoch,
        },
        key,
        stopped: AtomicBool::new(stopped),
    })
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
        settings,
        site,
        keys: data_keys,
        time: Time::resume(standing.clock.max(last_event)),
        rows: Rows::resume(last_row),
        noise: Noise {
            told: Mutex::new(given.clock.monotonic()),
            ..Noise::default()
        },
        given,
        generation: AtomicU64::new(standing.generation),
        confirmed: Mutex::new(None),
        head: watch::Sender::new(0),
        public_queue: Semaphore::new(limits.public_queue),
        sync_queue: Semaphore::new(limits.sync_queue),
        ended: AtomicUsize::new(0),
        hurry: Notify::new(),
        epoch: RwLock::new(Arc::new(epoch)),
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
