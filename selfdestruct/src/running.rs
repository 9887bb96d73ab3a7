//! What a running site is made of. The use cases work on it; nobody else sees it.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use journal::SigningKey;
use sqlite::Connection;
use tokio::runtime::Handle;
use tokio::sync::{Notify, OwnedRwLockReadGuard, OwnedSemaphorePermit, RwLock, Semaphore, watch};

use crate::given::{Given, Step};
use crate::places::Places;
use crate::site::{Settings, SiteError};
use crate::store::Store;
use crate::store::chain::Owner;

/// Messages that wait to be erased and are enough not to wait for the next second.
pub(crate) const HURRY: usize = 256;

/// A running site.
pub(crate) struct Running {
    /// That in which the site was started. It outlives those of the listeners' threads.
    pub(crate) runtime: Handle,
    pub(crate) settings: Settings,
    pub(crate) given: Given,
    pub(crate) site: Store,
    pub(crate) keys: Store,
    /// Whatever goes on shares it; the call that ends the epoch has it alone.
    pub(crate) epoch: Arc<RwLock<Arc<Epoch>>>,
    pub(crate) time: Time,
    pub(crate) rows: Arc<Rows>,
    pub(crate) noise: Noise,
    /// The highest generation of the core that was seen.
    pub(crate) generation: AtomicU64,
    /// When the core last confirmed the chain, by the clock that nobody sets. Never stored: a machine that is
    /// restored or restarted has to be confirmed anew.
    pub(crate) confirmed: Mutex<Option<Duration>>,
    /// The last event, for those who wait for the next.
    pub(crate) head: watch::Sender<u64>,
    /// How far the chain is known to the other database.
    pub(crate) anchored: AtomicU64,
    pub(crate) public_queue: Arc<Semaphore>,
    pub(crate) push_queue: Arc<Semaphore>,
    pub(crate) sync_queue: Arc<Semaphore>,
    /// Large contents that are held in memory for those who open a message.
    pub(crate) openings: Arc<Places>,
    /// And for those who ask again within their lease: whoever has no place then loses what he opened, so neither takes the
    /// other's.
    pub(crate) repeats: Arc<Places>,
    /// Messages that ended since the last round of erasing.
    pub(crate) ended: AtomicUsize,
    /// Wakes the eraser ahead of time.
    pub(crate) hurry: Notify,
}

/// On whose behalf something is changed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Side {
    /// The Internet's.
    Public,
    /// The core's, who pushes.
    Push,
    /// The core's, for all else.
    Sync,
}

/// Whoever has it takes part in an epoch, which lasts until it is dropped. What goes on to its end takes it along.
pub(crate) type InEpoch = OwnedRwLockReadGuard<Arc<Epoch>>;

/// An epoch of a site.
pub(crate) struct Epoch {
    pub(crate) owner: Owner,
    pub(crate) key: SigningKey,
    /// The chain is not the one that the core knows: the site stands still.
    pub(crate) stopped: AtomicBool,
}

impl Epoch {
    /// Whether the site stands still.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }
}

/// Time that never goes back, not even over a restart.
pub(crate) struct Time {
    /// The latest moment that was seen.
    mark: AtomicI64,
    /// The one that is stored.
    pub(crate) stored: AtomicI64,
    /// The machine's two clocks when the wall clock was last known to be right.
    right: Mutex<(i64, Duration)>,
}

/// How far the wall clock may run ahead of the clock that nobody sets until the core is asked again, in milliseconds: as
/// far as it may be off for the core to be believed.
const LEAP_MS: i64 = 5 * 60 * 1000;

impl Time {
    /// Goes on from a stored moment. `monotonic`: the clock that nobody sets, now.
    pub(crate) fn resume(stored: i64, monotonic: Duration) -> Self {
        Self {
            mark: AtomicI64::new(stored),
            stored: AtomicI64::new(stored),
            right: Mutex::new((stored, monotonic)),
        }
    }

    /// The wall clock, unless it has leapt ahead since it was right: what expires by a leap is erased for good.
    fn seen(&self, wall: i64, monotonic: Duration) -> i64 {
        let (right, at) = *self.right.lock().unwrap_or_else(PoisonError::into_inner);
        let since = i64::try_from(monotonic.saturating_sub(at).as_millis()).unwrap_or(i64::MAX);
        let expected = right.saturating_add(since);
        if wall > expected.saturating_add(LEAP_MS) {
            expected
        } else {
            wall
        }
    }

    fn is_right(&self, wall: i64, monotonic: Duration) {
        *self.right.lock().unwrap_or_else(PoisonError::into_inner) = (wall, monotonic);
    }
}

/// Row numbers, and those that perhaps belong to nothing.
pub(crate) struct Rows {
    next: AtomicI64,
    /// Rows of changes that were given up half-way.
    loose: Mutex<Vec<i64>>,
    /// The last one that was there at the start, and how far the search for what a crash left behind has got.
    pub(crate) at_start: i64,
    pub(crate) searched: AtomicI64,
}

impl Rows {
    /// Goes on behind the last that is in use.
    pub(crate) fn resume(last: i64) -> Self {
        Self {
            next: AtomicI64::new(last + 1),
            loose: Mutex::new(Vec::new()),
            at_start: last,
            searched: AtomicI64::new(0),
        }
    }

    /// A row that never was: whatever is stored under it is erased again, unless it is [kept](Loose::keep).
    pub(crate) fn take(self: &Arc<Self>) -> Loose {
        Loose {
            rows: Arc::clone(self),
            row: self.next.fetch_add(1, Ordering::Relaxed),
            kept: false,
        }
    }

    /// The rows that were given up since the last call.
    pub(crate) fn take_loose(&self) -> Vec<i64> {
        std::mem::take(&mut *self.loose.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// They are to be looked at again.
    pub(crate) fn add_loose(&self, rows: &[i64]) {
        let mut loose = self.loose.lock().unwrap_or_else(PoisonError::into_inner);
        loose.extend_from_slice(rows);
    }
}

/// A row that belongs to nothing yet. A caller who hangs up half-way drops it; what goes on to its end takes it along.
pub(crate) struct Loose {
    rows: Arc<Rows>,
    pub(crate) row: i64,
    kept: bool,
}

impl Loose {
    /// It belongs to something, durably.
    pub(crate) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Loose {
    fn drop(&mut self) {
        if !self.kept {
            self.rows.add_loose(&[self.row]);
        }
    }
}

/// Visits that concern no message, counted and not written down one by one.
#[derive(Default)]
pub(crate) struct Noise {
    pub(crate) pages: AtomicU64,
    pub(crate) misses: AtomicU64,
    /// When they were last written down, by the clock that nobody sets.
    pub(crate) told: Mutex<Duration>,
}

impl Running {
    /// The site's time.
    pub(crate) fn now(&self) -> i64 {
        let clock = &self.given.clock;
        let now = self.time.seen(clock.now_ms(), clock.monotonic());
        self.time.mark.fetch_max(now, Ordering::Relaxed).max(now)
    }

    /// The wall clock is right: the core was believed by it just now.
    pub(crate) fn trust_clock(&self) {
        let clock = &self.given.clock;
        self.time.is_right(clock.now_ms(), clock.monotonic());
    }

    /// Nothing is left of what was timed before: time begins with the wall clock, by which the core was believed.
    pub(crate) fn begin_time(&self, wall: i64) {
        self.trust_clock();
        self.time.mark.store(wall, Ordering::Relaxed);
        self.time.stored.store(wall, Ordering::Relaxed);
    }

    /// A step is reached.
    pub(crate) fn step(&self, step: Step) {
        self.given.steps.reached(step);
    }

    /// Takes part in the epoch.
    pub(crate) async fn enter(&self) -> Result<InEpoch, SiteError> {
        let epoch = Arc::clone(&self.epoch).read_owned().await;
        if epoch.is_stopped() {
            return Err(SiteError::Fork);
        }
        Ok(epoch)
    }

    /// The same for what was sent in an epoch and may have been long under way.
    pub(crate) async fn enter_epoch(&self, number: u64) -> Result<InEpoch, SiteError> {
        let epoch = self.enter().await?;
        if epoch.owner.epoch != number {
            return Err(SiteError::OtherEpoch);
        }
        Ok(epoch)
    }

    /// Whether the core confirmed the chain lately.
    pub(crate) fn is_confirmed(&self) -> bool {
        let confirmed = *self.confirmed.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.given.clock.monotonic();
        confirmed.is_some_and(|at| now.saturating_sub(at) < self.settings.confirm_within)
    }

    /// The core has confirmed the chain, or (with `None`) what it said no longer counts.
    pub(crate) fn set_confirmed(&self, at: Option<Duration>) {
        *self.confirmed.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    /// A change, once there is a place for it. The Internet's is refused when too many wait, so that the core's has
    /// room; the core's waits for its place.
    pub(crate) async fn write<R: Send + 'static>(
        &self,
        behalf: Side,
        job: impl FnOnce(&Connection) -> Result<R, SiteError> + Send + 'static,
    ) -> Result<R, SiteError> {
        let _place = self.place(behalf).await?;
        self.site.write(job).await
    }

    /// A place among those who wait to change something. Whoever goes on to his end takes it before, while he can hang up.
    pub(crate) async fn place(&self, behalf: Side) -> Result<OwnedSemaphorePermit, SiteError> {
        let place = match behalf {
            Side::Public => Arc::clone(&self.public_queue).try_acquire_owned().ok(),
            Side::Push => Arc::clone(&self.push_queue).acquire_owned().await.ok(),
            Side::Sync => Arc::clone(&self.sync_queue).acquire_owned().await.ok(),
        };
        place.ok_or(SiteError::Busy)
    }

    /// An event was committed: whoever waits for it is told.
    pub(crate) fn announce(&self, seq: u64) {
        self.head.send_if_modified(|head| {
            let newer = seq > *head;
            *head = seq.max(*head);
            newer
        });
    }

    /// So many messages have ended and are to be erased.
    pub(crate) fn count_ended(&self, count: usize) {
        if self.ended.fetch_add(count, Ordering::Relaxed) + count >= HURRY {
            self.hurry.notify_one();
        }
    }
}
