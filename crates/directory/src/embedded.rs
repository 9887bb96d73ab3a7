//! Accounts in `SQLite`, with the semantics of Active Directory and none of its servers.
//!
//! It is for trying the whole system and for tests; it is no directory that anybody signs in with, and it
//! says so ([`Directory::is_real`]).

mod demo;
mod hashing;
mod new_account;
mod record;
mod store;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::lockout::{BadPasswords, LockoutPolicy};
use domain::password::{PasswordPolicy, PolicySource, Writing};
use domain::permit::PasswordTryPermit;
use domain::{
    Account, AccountId, ChangePermit, Clock, Lookup, Randomness, ResetPermit, Timestamp, UnlockPermit,
};
use secrecy::{ExposeSecret, SecretString};
use sqlite::{Database, OpenError};

use crate::answer::{After, CheckLine, PasswordCheck, Receipt, Survey};
use crate::embedded::hashing::{Hash, Hasher};
use crate::embedded::record::Record;
use crate::error::{DirectoryError, PolicyRefusal};
use crate::evidence::Evidence;
use crate::guard::{refuse_protected, refuse_unusable};
use crate::port::Directory;
use crate::secret::is_writable;

pub use demo::DemoAccount;
pub use new_account::{Mark, NewAccount};

/// How the embedded directory names itself where a controller's name is asked for.
const CONTROLLER: &str = "embedded";

/// What an embedded directory is told.
#[derive(Debug, Clone)]
pub struct EmbeddedSettings {
    /// The DNS name of the domain that it plays.
    pub domain: String,
    /// Its `NetBIOS` name, as in `CORP\alice`.
    pub netbios: String,
    /// The policy of every account that has none of its own.
    pub policy: PasswordPolicy,
    /// The groups that the recovery policies name; no others are reported.
    pub policy_groups: BTreeSet<String>,
}

impl EmbeddedSettings {
    /// `corp.example` with the password policy of a fresh Windows domain, but for the minimum age, which would keep
    /// people from trying a change after a reset, and a lock after five wrong passwords.
    pub fn demo(policy_groups: BTreeSet<String>) -> Self {
        let half_an_hour = Duration::from_mins(30);
        Self {
            domain: "corp.example".to_owned(),
            netbios: "CORP".to_owned(),
            policy: PasswordPolicy {
                source: PolicySource::Domain,
                min_length: 7,
                history: 24,
                history_on_reset: false,
                complexity: true,
                min_age: Duration::ZERO,
                max_age: Some(Duration::from_hours(24 * 42)),
                lockout: Some(LockoutPolicy {
                    threshold: 5,
                    window: half_an_hour,
                    duration: Some(half_an_hour),
                }),
            },
            policy_groups,
        }
    }
}

/// The embedded directory.
pub struct Embedded {
    database: Database,
    file: String,
    settings: Arc<EmbeddedSettings>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    hasher: Hasher,
}

impl Embedded {
    /// Opens the file, or makes it. Blocks: call it at start.
    pub fn open(
        path: impl AsRef<Path>,
        settings: EmbeddedSettings,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, OpenError> {
        let database = store::open(path.as_ref())?;
        Ok(Self {
            database,
            file: path.as_ref().display().to_string(),
            settings: Arc::new(settings),
            clock,
            randomness,
            hasher: Hasher::default(),
        })
    }

    /// Lets what is under way finish and closes the file.
    pub async fn close(&self) {
        self.database.close().await;
    }

    async fn record(&self, id: AccountId) -> Result<Record, DirectoryError> {
        store::read(&self.database, move |conn| store::load(conn, id))
            .await?
            .ok_or(DirectoryError::NotFound)
    }

    /// The hash of a password under the account's salt. An account that is gone costs the same.
    async fn hash_for(&self, id: AccountId, password: &SecretString) -> Result<Hash, DirectoryError> {
        let salt = store::read(&self.database, move |conn| store::salt(conn, id))
            .await?
            .unwrap_or_default();
        self.hasher.hash(password, salt).await
    }

    /// Runs one write on the account's record as it then is. The record is saved when `job` refuses, too: a
    /// wrong password is refused and counted.
    async fn on_record<R: Send + 'static>(
        &self,
        id: AccountId,
        job: impl FnOnce(&sqlite::Connection, &mut Record, &EmbeddedSettings, Timestamp) -> Judged<R>
        + Send
        + 'static,
    ) -> Result<R, DirectoryError> {
        let settings = Arc::clone(&self.settings);
        let now = self.clock.now();
        store::write(&self.database, move |conn| {
            let Some(mut record) = store::load(conn, id)? else {
                return Ok(Err(DirectoryError::NotFound));
            };
            let judged = job(conn, &mut record, &settings, now)?;
            store::save(conn, &record)?;
            Ok(judged)
        })
        .await?
    }
}

/// What a job on a record comes to: the database's own trouble outside, the directory's answer inside.
type Judged<R> = Result<Result<R, DirectoryError>, sqlite::rusqlite::Error>;

#[async_trait]
impl Directory for Embedded {
    async fn find(&self, who: &Lookup) -> Result<Option<Account>, DirectoryError> {
        let key = match who {
            Lookup::AccountName(name) => store::Key::Name(name.to_lowercase()),
            Lookup::InDomain { domain, name } => {
                let ours = [&self.settings.domain, &self.settings.netbios];
                if !ours.into_iter().any(|known| known.eq_ignore_ascii_case(domain)) {
                    return Ok(None);
                }
                store::Key::Name(name.to_lowercase())
            }
            Lookup::Address(address) => store::Key::Address(address.to_lowercase()),
        };
        let mut found = store::read(&self.database, move |conn| store::find(conn, &key)).await?;
        match found.len() {
            0 | 1 => Ok(found
                .pop()
                .map(|record| record.account(&self.settings, self.clock.now()))),
            _ => Err(DirectoryError::Ambiguous),
        }
    }

    async fn read(&self, id: AccountId) -> Result<Option<Account>, DirectoryError> {
        let found = store::read(&self.database, move |conn| store::load(conn, id)).await?;
        Ok(found.map(|record| record.account(&self.settings, self.clock.now())))
    }

    async fn password_policy(&self, id: AccountId) -> Result<PasswordPolicy, DirectoryError> {
        Ok(self.record(id).await?.policy(&self.settings).clone())
    }

    async fn bad_passwords(&self, id: AccountId) -> Result<BadPasswords, DirectoryError> {
        let record = self.record(id).await?;
        Ok(BadPasswords {
            count: record.bad_count,
            last: record.bad_time,
            now: self.clock.now(),
        })
    }

    async fn check_password(
        &self,
        permit: PasswordTryPermit,
        current: &SecretString,
    ) -> Result<PasswordCheck, DirectoryError> {
        if !is_writable(current.expose_secret()) {
            return Ok(PasswordCheck::Wrong);
        }
        let id = permit.account();
        let hash = self.hash_for(id, current).await?;
        self.on_record(id, move |_, record, settings, now| {
            Ok(Ok(record.sign_in(&hash, settings, now)))
        })
        .await
    }

    async fn survey(&self, id: AccountId) -> Result<Option<Survey>, DirectoryError> {
        let record = match self.record(id).await {
            Err(DirectoryError::NotFound) => return Ok(None),
            other => other?,
        };
        Ok(Some(Survey {
            account: record.account(&self.settings, self.clock.now()),
            policy: record.policy(&self.settings).clone(),
            evidence: evidence(&record),
        }))
    }

    async fn evidence(&self, id: AccountId) -> Result<Evidence, DirectoryError> {
        Ok(evidence(&self.record(id).await?))
    }

    async fn reset(
        &self,
        permit: ResetPermit,
        new: &SecretString,
        after: After,
    ) -> Result<Receipt, DirectoryError> {
        let (id, lifted) = (permit.account(), permit.protected_by_policy());
        refuse_unwritable(new)?;
        let hash = self.hash_for(id, new).await?;
        let new = new.clone();
        self.on_record(id, move |conn, record, settings, now| {
            if let Err(refused) = refuse_protected(&record.account(settings, now), lifted)
                .and_then(|()| record.refuse_by_rules(&new, Writing::Reset, settings, now))
            {
                return Ok(Err(refused));
            }
            let policy = record.policy(settings);
            if policy.history_on_reset && store::was_used(conn, record.id, &hash, policy.history)? {
                return Ok(Err(DirectoryError::Policy(PolicyRefusal::History)));
            }
            record.set_password(hash, now);
            if after.unlock {
                record.unlock();
            }
            store::remember(conn, record)?;
            Ok(Ok(receipt()))
        })
        .await
    }

    async fn unlock(&self, permit: UnlockPermit) -> Result<Receipt, DirectoryError> {
        let lifted = permit.protected_by_policy();
        self.on_record(permit.account(), move |_, record, settings, now| {
            let allowed = refuse_protected(&record.account(settings, now), lifted);
            Ok(allowed.map(|()| {
                record.unlock();
                receipt()
            }))
        })
        .await
    }

    async fn change(
        &self,
        permit: ChangePermit,
        current: &SecretString,
        new: &SecretString,
    ) -> Result<Receipt, DirectoryError> {
        let (id, lifted) = (permit.account(), permit.protected_by_policy());
        refuse_unwritable(new)?;
        if !is_writable(current.expose_secret()) {
            return Err(DirectoryError::WrongPassword);
        }
        let old_hash = self.hash_for(id, current).await?;
        let hash = self.hash_for(id, new).await?;
        let new = new.clone();
        self.on_record(id, move |conn, record, settings, now| {
            let account = record.account(settings, now);
            if let Err(refused) = refuse_protected(&account, lifted).and_then(|()| refuse_unusable(&account))
            {
                return Ok(Err(refused));
            }
            if !record.try_hash(&old_hash, settings, now) {
                return Ok(Err(DirectoryError::WrongPassword));
            }
            if let Err(refused) = record.refuse_by_rules(&new, Writing::Change, settings, now) {
                return Ok(Err(refused));
            }
            if store::was_used(conn, record.id, &hash, record.policy(settings).history)? {
                return Ok(Err(DirectoryError::Policy(PolicyRefusal::History)));
            }
            record.set_password(hash, now);
            store::remember(conn, record)?;
            Ok(Ok(receipt()))
        })
        .await
    }

    async fn check(&self) -> Vec<CheckLine> {
        let counted = store::read(&self.database, store::count).await;
        vec![CheckLine {
            what: "the embedded directory (no real one) can be read".to_owned(),
            where_: self.file.clone(),
            port: None,
            remedy: counted
                .is_err()
                .then(|| "look at the file and the disk that it is on".to_owned()),
            result: counted
                .map(|accounts| format!("{accounts} accounts"))
                .map_err(|error| error.for_operator()),
        }]
    }

    fn is_real(&self) -> bool {
        false
    }
}

fn refuse_unwritable(new: &SecretString) -> Result<(), DirectoryError> {
    if is_writable(new.expose_secret()) {
        Ok(())
    } else {
        Err(DirectoryError::Policy(PolicyRefusal::Malformed))
    }
}

fn evidence(record: &Record) -> Evidence {
    Evidence {
        controller: CONTROLLER.to_owned(),
        password_set: record.password_set,
        lockout: record.lockout,
    }
}

fn receipt() -> Receipt {
    Receipt {
        controller: CONTROLLER.to_owned(),
    }
}
