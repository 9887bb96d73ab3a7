//! A site below its listeners: what can be asked of it, and what it answers.
//!
//! Whoever calls has checked who asks: everything but [`open`](Site::open), [`done`](Site::done), [`upload`](Site::upload)
//! and what pages need is for the core alone, behind a request that is signed, fresh and [admitted](Site::admit). An
//! answer means that what it says is on the disk.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use contract::sync::{
    After, Bytes, Command, Commanded, DropRequest, Drops, Ended, EpochOpened, Events, NewEpoch, Position,
    Pushed, Secret, Token, Witnessed,
};
use journal::site::SiteTime;
use journal::{SigningKey, Statement};
use server::Source;
use tokio::time::timeout;
use zeroize::Zeroizing;

pub use crate::given::Given;
use crate::places::Place;
use crate::running::Running;
use crate::usecase::{
    ack, admit, command, done, drop_box, events, inventory, new_epoch, noise, open, push, start, sweep,
    upload, witness,
};

/// How a site is run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where `site.db` is.
    pub data_dir: PathBuf,
    /// Where `keys.db` is: a path that no backup and no snapshot covers.
    pub keys_dir: PathBuf,
    /// What the core calls the site.
    pub name: String,
    /// How old the core's last confirmation of the chain may be while messages are handed out.
    pub confirm_within: Duration,
    /// How long the same reader may ask again for what he opened.
    pub lease: Duration,
    /// What it bears.
    pub limits: Limits,
}

/// How long the last visits may wait to be written down at the end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What a site bears.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The largest ciphertext, in bytes.
    pub largest: u64,
    /// Ciphertext of all messages together, in bytes.
    pub bytes: u64,
    /// Messages that are not erased yet.
    pub messages: u64,
    /// What may lie in all drop boxes together, in bytes.
    pub drop_bytes: u64,
    /// Changes for the public listener that wait at the same time; a further one is refused.
    pub public_queue: usize,
    /// Places of the same queue that are kept for what the core pushes.
    pub push_queue: usize,
    /// And for all else that it asks: however many pushes wait for a disk, a revocation and an ack get through.
    pub sync_queue: usize,
}

/// Where the configuration does not say.
impl Default for Limits {
    fn default() -> Self {
        Self {
            largest: 12 * 1024 * 1024,
            bytes: 10 * 1024 * 1024 * 1024,
            messages: 1_000_000,
            drop_bytes: 1024 * 1024 * 1024,
            public_queue: 768,
            push_queue: 224,
            sync_queue: 32,
        }
    }
}

/// What the pairing says: with it a site begins, and everything that it stored before is erased. Only what the same pairing
/// began already goes on.
pub struct Beginning {
    /// The epoch.
    pub epoch: u64,
    /// The first key of its ratchet.
    pub ratchet: Secret,
    /// The core's generation.
    pub generation: u64,
    /// The site's Ed25519 key, which the core was told. A later epoch has another, which the site makes and keeps.
    pub key: SigningKey,
}

/// Why a site could not begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A database cannot be opened.
    #[error(transparent)]
    Database(#[from] sqlite::OpenError),
    /// There is no past and no pairing.
    #[error("this site is not paired: `selfdestruct pair FILE` takes the file that the core wrote")]
    NotPaired,
    /// What is stored belongs to a site with another name.
    #[error("the data is that of the site {0}: give the right data directory, or the right name")]
    AnotherSite(String),
    /// The database did not take the first writes.
    #[error(transparent)]
    Site(#[from] SiteError),
}

/// Why a site did not do something. Nothing of it was done.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// Its chain is not the one that the core knows (409). It stands still until a new epoch.
    #[error("the chain is not the one that the core knows")]
    Fork,
    /// A request of a core that was restored since, or an epoch that is over.
    #[error("the request is of an earlier time of the core")]
    Outdated,
    /// The request is of another epoch than this (503): the core asks again when it knows better.
    #[error("the request is of another epoch")]
    OtherEpoch,
    /// The id is taken by something else (409).
    #[error("the id is taken")]
    Conflict,
    /// There is no such thing (404).
    #[error("there is no such thing")]
    Unknown,
    /// The request cannot be meant (400).
    #[error("the request is not one that can be carried out")]
    Refused,
    /// The disk or a quota is full (507).
    #[error("there is no room left")]
    Full,
    /// As many commands for unknown messages as may be are remembered (507). Commands for others are taken.
    #[error("too many commands for unknown messages are remembered")]
    TooManyUnknown,
    /// Too many wait (503).
    #[error("too many wait")]
    Busy,
    /// Something failed, which is for the operator (503).
    #[error("{0}")]
    Failed(String),
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// What the core is told.
    pub pushed: Pushed,
    /// Whether it is new (201 instead of 200).
    pub new: bool,
}

/// What somebody shows who wants to open a message. It does not print itself.
pub struct Proofs {
    /// A1: that he has the link.
    pub link: Zeroizing<[u8; 32]>,
    /// A2: that he knows the passphrase, too.
    pub open: Option<Zeroizing<[u8; 32]>>,
}

impl fmt::Debug for Proofs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proofs(..)")
    }
}

/// What became of an opening.
#[derive(Debug, PartialEq, Eq)]
pub enum Opening {
    /// Here it is (200).
    Opened(Opened),
    /// The neutral answer (410): there is no such message, or the proof of the link is wrong. Nobody can tell which.
    Neutral,
    /// The link is right, the passphrase is not (403); with none left, the message is locked.
    WrongPassphrase {
        /// How many more are borne.
        tries_left: u32,
    },
    /// The link is right, and the message has ended (410 with state and time). For one that was read, the time is when
    /// it was opened last.
    Ended(Ended),
    /// Nothing is handed out now, whatever the id (503 with Retry-After).
    NotConfirmed,
    /// It is large, and too much that is large is on its way, to everybody, to this visitor or to this claim (503 with
    /// Retry-After). No reading was taken by this.
    NoRoom,
}

/// A message as it was pushed.
pub struct Opened {
    /// What the sealer wrote.
    pub header: String,
    /// The nonce.
    pub nonce: Bytes<12>,
    /// The envelope's ciphertext.
    pub ciphertext: Vec<u8>,
    /// Its place among what is large and held in memory.
    pub(crate) place: Option<Place>,
}

/// Two that say the same.
impl PartialEq for Opened {
    fn eq(&self, other: &Self) -> bool {
        let said = |opened: &Self| (opened.header.clone(), opened.nonce);
        said(self) == said(other) && self.ciphertext == other.ciphertext
    }
}

impl Eq for Opened {}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opened({}, {} bytes)", self.header, self.ciphertext.len())
    }
}

/// A drop box that awaits its one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropBox {
    /// The core's public key for it.
    pub public_key: Bytes<65>,
    /// How large the sealed thing may be, in bytes.
    pub largest: u64,
    /// When it ends.
    pub expires_at: i64,
}

/// What became of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uploaded {
    /// It is in the box now (201).
    Taken,
    /// It is in the box since an earlier upload of the same (200).
    Again,
    /// The neutral answer: no such box, a wrong proof, over, or used already.
    Neutral,
    /// It is larger than this box takes. Said only behind a right proof.
    TooLarge,
}

/// Figures for the metrics page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// `site.db`.
    pub site: sqlite::Numbers,
    /// `keys.db`.
    pub keys: sqlite::Numbers,
    /// Whether messages are handed out: the chain was confirmed lately.
    pub confirmed: bool,
    /// Whether the site stands still until a new epoch.
    pub stopped: bool,
    /// The last event.
    pub seq: u64,
}

/// A site. Clones are the same site.
#[derive(Clone)]
pub struct Site(Arc<Running>);

impl Site {
    /// Opens the databases, or makes them, and writes down that the site started. Until the core has confirmed the
    /// chain nothing is handed out.
    ///
    /// # Errors
    /// When a database cannot be used, or there is neither a past nor a pairing.
    pub async fn start(
        settings: Settings,
        given: Given,
        beginning: Option<Beginning>,
    ) -> Result<Self, StartError> {
        let running = start::start(settings, given, beginning).await?;
        Ok(Self(Arc::new(running)))
    }

    /// Does until the end what nobody waits for: ends, erasing, pruning, roll-ups.
    pub async fn tend(&self, stop: server::Stop) {
        sweep::run(&self.0, stop).await;
    }

    /// One round of [`tend`](Self::tend), by hand.
    pub async fn sweep(&self) -> Result<(), SiteError> {
        sweep::once(&self.0).await
    }

    /// Writes the noise down, lets what is under way finish, and closes the files.
    pub async fn close(&self) {
        // A new epoch that is just beginning may take minutes: it ends with the databases.
        if let Ok(Ok(epoch)) = timeout(LAST_WORDS, self.0.enter()).await
            && let Err(error) = noise::roll_up(&self.0, &epoch, true).await
        {
            tracing::warn!(%error, "the last visits are not written down");
        }
        // The keys first: a push goes from there to the other one.
        self.0.keys.database().close().await;
        self.0.site.database().close().await;
    }

    /// Its epoch.
    pub async fn epoch(&self) -> u64 {
        self.0.epoch.read().await.owner.epoch
    }

    /// What the core calls the site.
    pub fn name(&self) -> &str {
        &self.0.settings.name
    }

    /// The site's time: milliseconds since the Unix epoch, never going back.
    pub fn now_ms(&self) -> i64 {
        self.0.now()
    }

    /// The site's signed time, for a request that is not believed.
    pub async fn time(&self, nonce: &str) -> String {
        let time = SiteTime {
            site: self.0.settings.name.clone(),
            nonce: nonce.to_owned(),
            // The machine's own, however wrong: from it the core shows how far the clocks are apart.
            time_ms: self.0.given.clock.now_ms(),
        };
        time.sign(&self.0.epoch.read().await.key).to_string()
    }

    /// Whether messages are handed out: the chain was confirmed lately.
    pub fn is_confirmed(&self) -> bool {
        self.0.is_confirmed()
    }

    /// Figures for the metrics page.
    pub async fn numbers(&self) -> Numbers {
        Numbers {
            site: self.0.site.database().numbers(),
            keys: self.0.keys.database().numbers(),
            confirmed: self.0.is_confirmed(),
            stopped: self.0.epoch.read().await.is_stopped(),
            seq: *self.0.head.borrow(),
        }
    }

    // --- for the public listener ---

    /// A page of a message or a drop box was looked at.
    pub fn page_seen(&self) {
        self.0.noise.pages.fetch_add(1, Ordering::Relaxed);
    }

    /// Opens a message: takes a reading, or says why not. `source` is the reader's address, for the event and for the
    /// bounds of one visitor.
    ///
    /// # Errors
    /// [`SiteError::Busy`], [`SiteError::Full`] and [`SiteError::Failed`], all of them 503: no reading was taken.
    pub async fn open(
        &self,
        id: Token,
        proofs: Proofs,
        claim: Token,
        source: Source,
    ) -> Result<Opening, SiteError> {
        open::open(&self.0, id, proofs, claim, source).await
    }

    /// The reader with this claim has decrypted. Always the same answer, whoever asks (204).
    pub async fn done(&self, id: Token, claim: Token) -> Result<(), SiteError> {
        done::done(&self.0, id, claim).await
    }

    /// The drop box with this id while it awaits something.
    pub async fn drop_box(&self, id: Token) -> Result<Option<DropBox>, SiteError> {
        drop_box::look(&self.0, id).await
    }

    /// How large in bytes what is put into a drop box may be, for whoever shows the right proof; `None`: the neutral
    /// answer. Asked before a body is read.
    pub async fn largest_upload(
        &self,
        id: Token,
        proof: &Zeroizing<[u8; 16]>,
    ) -> Result<Option<u64>, SiteError> {
        upload::largest(&self.0, id, proof).await
    }

    /// Puts something into a drop box.
    pub async fn upload(
        &self,
        id: Token,
        proof: &Zeroizing<[u8; 16]>,
        sealed: &[u8],
        source: &str,
    ) -> Result<Uploaded, SiteError> {
        upload::upload(&self.0, id, proof, sealed, source).await
    }

    // --- for the sync listener: the request is signed, fresh, and was admitted ---

    /// Whether a request of a core of this generation is taken. Remembers the highest.
    ///
    /// # Errors
    /// [`SiteError::Outdated`] for a lower one than was seen.
    pub async fn admit(&self, generation: u64) -> Result<(), SiteError> {
        admit::admit(&self.0, generation).await
    }

    /// Takes a message that was pushed into this epoch. `id` is the one in the path, `body` that of
    /// `contract::sync::push_body`.
    pub async fn push(&self, epoch: u64, id: Token, body: &[u8]) -> Result<Push, SiteError> {
        push::push(&self.0, epoch, Some(id), body).await
    }

    /// Takes several.
    pub async fn push_batch(&self, epoch: u64, bodies: &[&[u8]]) -> Result<Vec<Pushed>, SiteError> {
        push::push_batch(&self.0, epoch, bodies).await
    }

    /// Does something to a message.
    pub async fn command(&self, command: &Command) -> Result<Commanded, SiteError> {
        command::run(&self.0, command).await
    }

    /// Waits for events. Confirms the chain up to what the core has, or finds the fork.
    pub async fn events(&self, after: After) -> Result<Events, SiteError> {
        events::after(&self.0, after).await
    }

    /// The events that there are, for whoever has waited: without waiting, and without confirming a second time by what was
    /// asked before.
    pub async fn events_so_far(&self, after: After) -> Result<Events, SiteError> {
        events::so_far(&self.0, after).await
    }

    /// The core keeps the events up to here.
    pub async fn ack(&self, position: Position) -> Result<(), SiteError> {
        ack::ack(&self.0, position).await
    }

    /// The signed head of the chain.
    pub async fn head(&self) -> Result<String, SiteError> {
        events::head(&self.0).await
    }

    /// One page of what lives here, signed.
    pub async fn inventory(&self, after: Option<Token>) -> Result<String, SiteError> {
        inventory::page(&self.0, after).await
    }

    /// Erases everything and begins a new epoch. The one thing besides [`head`](Self::head) that a stopped site does.
    pub async fn new_epoch(&self, epoch: &NewEpoch) -> Result<EpochOpened, SiteError> {
        // A caller who hangs up leaves no epoch half begun, nor does a listener's thread that ends.
        let (site, epoch) = (Arc::clone(&self.0), epoch.clone());
        let opened = self
            .0
            .runtime
            .spawn(async move { new_epoch::open(&site, &epoch).await });
        opened
            .await
            .map_err(|error| SiteError::Failed(error.to_string()))?
    }

    /// Keeps a signed head of the core's audit. The caller has checked its signature.
    pub async fn witness(&self, line: &str) -> Result<Witnessed, SiteError> {
        let before = witness::keep(&self.0, line).await?;
        Ok(Witnessed { before })
    }

    /// Opens a drop box that was asked for in this epoch.
    pub async fn request_drop(&self, epoch: u64, id: Token, request: &DropRequest) -> Result<(), SiteError> {
        drop_box::open(&self.0, epoch, id, request).await
    }

    /// One page of what came in.
    pub async fn drops(&self, after: Option<Token>) -> Result<Drops, SiteError> {
        drop_box::list(&self.0, after).await
    }

    /// The bytes of one thing that came in.
    pub async fn fetch_drop(&self, id: Token) -> Result<Vec<u8>, SiteError> {
        drop_box::fetch(&self.0, id).await
    }

    /// It has arrived inside: erases it. Repeated, it does nothing more.
    pub async fn erase_drop(&self, id: Token) -> Result<(), SiteError> {
        drop_box::erase(&self.0, id).await
    }
}
