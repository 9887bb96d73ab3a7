//! Everything that a use case needs, put together once at the start.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use directory::Directory;
use domain::budget::Limits;
use domain::clock::random_bytes;
use domain::password::OwnRules;
use domain::policy::Policies;
use domain::{Clock, Randomness, Timestamp};
use seal::{BlockKey, KeyRing, OpenError, SignedDocument, SigningKey};
use tokio::sync::{Mutex, Notify, Semaphore};
use zeroize::Zeroizing;

use crate::config::SiteSettings;
use crate::factor::hashing::Hashing;
use crate::keys::{AtRest, Derived};
use crate::site::SiteLink;
use crate::steps::{Step, Steps};
use crate::store::audit::{Entry, Event, Personal};
use crate::store::{Id, Store};
use crate::usecase::recovery::{RefusedBeginnings, Tries};

/// Messages that are sealed here at one time.
const SEALING: usize = 4;

/// The core: rules, store, directory and keys.
pub struct Core {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives randomness.
    pub randomness: Arc<dyn Randomness>,
    /// What it remembers.
    pub store: Store,
    /// The domain.
    pub directory: Arc<dyn Directory>,
    /// Keys for secrets at rest; shared, because store jobs seal within their transaction.
    pub at_rest: Arc<AtRest>,
    /// Keys for what is compared or derived.
    pub derived: Derived,
    /// What it may do for whom.
    pub settings: Settings,
    /// The organisation's own password rules.
    pub own_rules: Arc<dyn OwnRules>,
    /// Wakes the workers.
    pub wake: Wake,
    /// Accounts with an uncertain password under way.
    pub tries: Tries,
    /// Gives turns to hash with Argon2id.
    pub hashing: Hashing,
    /// Our end of the links to sites.
    pub link: Arc<dyn SiteLink>,
    /// Who watches its steps.
    pub steps: Arc<dyn Steps>,
    /// Turns for messages that are sealed here: each takes memory and time.
    pub sealing: Arc<Semaphore>,
    /// What did not begin, until it is written down.
    pub refused_beginnings: RefusedBeginnings,
    /// Whoever has a site begin an epoch has it alone: what a site answered last must be what is kept.
    pub rekeying: Mutex<()>,
    signing: SigningKey,
    ring: RwLock<KeyRing>,
}

/// What the configuration says about recoveries.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long a recovery lasts.
    pub lifetime: Duration,
    /// When answers leave before the first proof: at this time after arrival, or a multiple of it.
    pub answer_after: Duration,
    /// How long a proof waits for the directory to say whom the identifier means.
    pub resolve_within: Duration,
    /// How long a new factor waits before it counts.
    pub hold: Duration,
    /// How long an invitation is good.
    pub invitation_lifetime: Duration,
    /// Who may do what.
    pub policies: Policies,
    /// Budgets.
    pub limits: Limits,
    /// Mail domains whose mailboxes these accounts open; never used for codes.
    pub own_mail_domains: Vec<String>,
    /// The public origin of each portal, by the name in its certificate.
    pub portals: BTreeMap<String, String>,
    /// The sites of one-time messages.
    pub sites: Vec<SiteSettings>,
    /// Tools that may send one-time messages, by the name in their certificate: whom to tell what became of them.
    pub senders: BTreeMap<String, Option<String>>,
    /// What may be sent as a one-time message.
    pub messages: MessageSettings,
    /// What people read as the organisation's name, in mails and authenticator apps.
    pub organisation: String,
    /// Whether this is the demo, with its low holds and limits.
    pub demo: bool,
    /// How long the audit keeps what is personal.
    pub retention: Retention,
    /// Mail addresses of those who are told of an alarm.
    pub operators: Vec<String>,
}

/// How long the audit keeps what is personal; the records themselves stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Whom a record concerns.
    pub names: Duration,
    /// From where.
    pub addresses: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            names: Duration::from_hours(400 * 24),
            addresses: Duration::from_hours(90 * 24),
        }
    }
}

/// What the configuration says about one-time messages.
#[derive(Debug, Clone)]
pub struct MessageSettings {
    /// How long a message can be opened, unless its sender says otherwise.
    pub default_expiry: Duration,
    /// How long at most.
    pub longest_expiry: Duration,
    /// How often at most.
    pub most_readings: u32,
    /// After how many wrong passphrases a message is locked.
    pub max_wrong: u32,
    /// Whether a message without a passphrase may be mailed, if it is no password.
    pub allow_link_only_mail: bool,
    /// Domains that messages may be mailed to, with what is below them; any if there is none.
    pub recipients: Vec<String>,
    /// The site for messages whose sender names none.
    pub site: Option<String>,
    /// Whom to tell what became of messages that were sent on the command line.
    pub notify: Option<String>,
    /// The language of the mails, as a tag.
    pub language: String,
    /// How long after its end it is known what became of a message.
    pub keep: Duration,
    /// What may wait for sites, of one sender, in bytes. While a site is away it fills the disk on which recoveries are
    /// kept, too.
    pub most_waiting_each: u64,
    /// What may wait for sites, of all senders, in bytes.
    pub most_waiting: u64,
}

impl Default for MessageSettings {
    fn default() -> Self {
        const DAY: Duration = Duration::from_hours(24);
        Self {
            default_expiry: DAY,
            longest_expiry: 30 * DAY,
            most_readings: 10,
            max_wrong: 5,
            allow_link_only_mail: false,
            recipients: vec![],
            site: None,
            notify: None,
            language: "en".to_owned(),
            keep: 400 * DAY,
            most_waiting_each: 256 * 1024 * 1024,
            most_waiting: 2 * 1024 * 1024 * 1024,
        }
    }
}

/// Wakes workers and waiters when there is something new.
#[derive(Default)]
pub struct Wake {
    /// A recovery began: ask the directory whom it means.
    pub resolve: Notify,
    /// A recovery was resolved, or an operation settled: whoever waits looks again.
    pub settled: Notify,
    /// Something lies in the outbox.
    pub outbox: Notify,
    /// Something waits for a site, or a site was paired, began a new epoch or was retired: who serves one looks.
    pub sites: Notify,
    /// A site that was away has answered: whoever waits for it asks at once.
    pub back: Notify,
    /// A drop box was asked for, or something was put into one.
    pub drops: Notify,
}

/// What a core is made of.
pub struct Parts {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives randomness.
    pub randomness: Arc<dyn Randomness>,
    /// What it remembers.
    pub store: Store,
    /// The domain.
    pub directory: Arc<dyn Directory>,
    /// Keys for secrets at rest.
    pub at_rest: AtRest,
    /// Signs documents.
    pub signing: SigningKey,
    /// What it may do for whom.
    pub settings: Settings,
    /// The organisation's own password rules.
    pub own_rules: Arc<dyn OwnRules>,
    /// Our end of the links to sites.
    pub link: Arc<dyn SiteLink>,
    /// Who watches its steps.
    pub steps: Arc<dyn Steps>,
}

impl Core {
    /// Puts a core together, with a fresh pair of sealing keys.
    pub fn new(parts: Parts) -> Self {
        let ring = KeyRing::generate(parts.clock.now().0, &mut |bytes| parts.randomness.fill(bytes));
        Self {
            derived: Derived::new(&parts.at_rest),
            clock: parts.clock,
            randomness: parts.randomness,
            store: parts.store,
            directory: parts.directory,
            at_rest: Arc::new(parts.at_rest),
            settings: parts.settings,
            own_rules: parts.own_rules,
            wake: Wake::default(),
            tries: Tries::default(),
            hashing: Hashing::default(),
            link: parts.link,
            steps: parts.steps,
            sealing: Arc::new(Semaphore::new(SEALING)),
            refused_beginnings: RefusedBeginnings::default(),
            rekeying: Mutex::default(),
            signing: parts.signing,
            ring: RwLock::new(ring),
        }
    }

    /// The current moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A step is reached.
    pub fn step(&self, step: Step) {
        self.steps.reached(step);
    }

    /// A fresh random id.
    pub fn new_id(&self) -> Id {
        random_bytes(&*self.randomness)
    }

    /// A fresh salt for an audit record's side row.
    pub fn new_salt(&self) -> [u8; 32] {
        random_bytes(&*self.randomness)
    }

    /// What the configuration says about a site.
    pub fn site(&self, name: &str) -> Option<&SiteSettings> {
        self.settings.sites.iter().find(|site| site.name == name)
    }

    /// A fresh reference, for what no request began.
    pub fn new_reference(&self) -> String {
        let randomness = Arc::clone(&self.randomness);
        let fill: server::Randomness = Arc::new(move |bytes| randomness.fill(bytes));
        server::Reference::new(&fill).to_string()
    }

    /// An entry for the audit, with a fresh salt.
    pub fn entry(&self, event: Event, reference: &str, through: &str, personal: Personal) -> Entry {
        Entry {
            event,
            reference: reference.to_owned(),
            through: through.to_owned(),
            personal,
            salt: self.new_salt(),
        }
    }

    /// The public key for new seal blocks.
    pub fn block_key(&self) -> BlockKey {
        self.ring
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .block_key()
    }

    /// Opens a box that was sealed for this block.
    pub fn open_box(&self, block: &str, boxed: &str) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        self.ring
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .open(block, boxed)
    }

    /// Replaces the sealing key if it has served its day.
    pub fn rotate_if_due(&self) {
        let now = self.now().0;
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        if ring.due(now) {
            ring.rotate(now, &mut |bytes| self.randomness.fill(bytes));
        }
    }

    /// The signed document with the sealing keys, for this generation of the core.
    pub fn key_document(&self, generation: u64) -> SignedDocument {
        self.ring
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .document(generation)
            .sign(&self.signing)
    }

    /// The key that signs documents and checkpoints.
    pub fn signing(&self) -> &SigningKey {
        &self.signing
    }
}
