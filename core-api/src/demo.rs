//! Gives the demo its people: accounts with passwords that are known, enrolled with factors that are known.
//!
//! Everything here is what a real installation must never do: passwords and factors' secrets are written down in
//! clear, for whoever tries the system out. So it refuses any configuration that does not say `demo = true`.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use directory::{Directory, DirectoryError, Embedded};
use domain::clock::random_bytes;
use domain::{Account, Clock, Lookup, Method, Randomness, Timestamp};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sqlite::Connection;

use crate::clock::{HighWaterClock, SystemClock};
use crate::config::Config;
use crate::factor::totp;
use crate::keys::{AtRest, OsRandomness};
use crate::mail::address::masked;
use crate::serve::{KeyError, Opened, open_directory, open_keys};
use crate::store::audit::{Entry, Event, FactorChange, Personal};
use crate::store::factor::{self, Factor};
use crate::store::{Store, StoreError, audit, fact};

/// Who is left without factors, so that somebody can be invited.
const UNENROLLED: &str = "grace";

/// A person of the demo, as written down for people and tools.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The sAMAccountName.
    pub username: String,
    /// The userPrincipalName.
    pub upn: String,
    /// The first password. Whoever changed it knows the new one.
    pub password: String,
    /// A private mail address.
    pub email: String,
    /// The authenticator app's secret, base32; nobody has one who has no app.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub totp_secret: Option<String>,
    /// What is the matter with the account.
    pub state: String,
}

/// The people of a Samba domain, as `deploy/samba` writes them down among much else.
#[derive(Deserialize)]
struct Population {
    accounts: Vec<Person>,
}

/// Why the demo has no people.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The configuration is not one of a demo.
    #[error("this writes passwords down in clear, which only a demo may do: `demo = true` is not set")]
    NoDemo,
    /// A real directory is not asked for its people, so they must be named.
    #[error("write --people: this directory does not tell its passwords")]
    PeopleMissing,
    /// A file cannot be read or written.
    #[error("{}: {wrong}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        wrong: std::io::Error,
    },
    /// A file does not hold people.
    #[error("{}: {wrong}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        wrong: serde_json::Error,
    },
    /// The account is there from an earlier start whose list is lost.
    #[error("the password of {0} is not known any more; remove the demo's data and start it anew")]
    PasswordLost(String),
    /// The directory does not have the person.
    #[error("the directory has nobody called {0}")]
    Nobody(String),
    /// The directory cannot be used.
    #[error("the directory cannot be used: {}", .0.for_operator())]
    Directory(DirectoryError),
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] sqlite::OpenError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key is missing or wrong.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Makes what is missing of the demo's people, enrols them, and writes them down in `out` (mode 0600). `people` names
/// those of a real domain; the embedded directory is given its own. Called again, it finds what is there.
///
/// # Errors
/// In words for whoever started the demo. It refuses while a core runs on the data directory.
pub async fn prepare(config: Config, people: Option<&Path>, out: &Path) -> Result<Vec<Person>, DemoError> {
    if !config.settings.demo {
        return Err(DemoError::NoDemo);
    }
    let store = Store::open(&config.data_dir)?;
    let clock: Arc<dyn Clock> = Arc::new(HighWaterClock::new(
        SystemClock,
        store.read(fact::high_water).await?,
    ));
    let randomness: Arc<dyn Randomness> = Arc::new(OsRandomness);
    let at_rest = Arc::new(open_keys(&config.data_dir, &config.keys, &*randomness)?.at_rest);
    let opened = open_directory(&config.data_dir, config.directory, Arc::clone(&clock), randomness)
        .await
        .map_err(DemoError::Directory)?;
    let mut named = match (&opened, people) {
        (Opened::Embedded(directory), _) => seeded(directory, &known_passwords(out)?).await?,
        (Opened::Real(_), Some(file)) => read::<Population>(file)?.accounts,
        (Opened::Real(_), None) => return Err(DemoError::PeopleMissing),
    };
    for person in &mut named {
        let account = find(&*opened.directory(), &person.username).await?;
        person.totp_secret = enrol(&store, &at_rest, account, person.email.clone(), clock.now()).await?;
    }
    write(out, &named)?;
    store.database().close().await;
    opened.close().await;
    Ok(named)
}

async fn seeded(directory: &Embedded, known: &BTreeMap<String, String>) -> Result<Vec<Person>, DemoError> {
    let passwords = Arc::new(Mutex::new(known.clone()));
    let given = Arc::clone(&passwords);
    let password = move |name: &str| {
        let mut given = given.lock().unwrap_or_else(PoisonError::into_inner);
        SecretString::from(given.entry(name.to_owned()).or_insert_with(new_password).clone())
    };
    let accounts = directory
        .seed_demo(password)
        .await
        .map_err(DemoError::Directory)?;
    let passwords = passwords.lock().unwrap_or_else(PoisonError::into_inner);
    accounts
        .into_iter()
        .map(|account| {
            let password = passwords.get(account.username);
            Ok(Person {
                username: account.username.to_owned(),
                upn: account.upn,
                password: password
                    .ok_or_else(|| DemoError::PasswordLost(account.username.to_owned()))?
                    .clone(),
                email: account.email,
                totp_secret: None,
                state: account.state.to_owned(),
            })
        })
        .collect()
}

/// Three of the five classes of characters, and long enough for the stricter policy.
fn new_password() -> String {
    let bytes: [u8; 10] = random_bytes(&OsRandomness);
    format!("Aa1-{}", data_encoding::BASE32_NOPAD.encode(&bytes))
}

/// The passwords that an earlier start wrote down.
fn known_passwords(out: &Path) -> Result<BTreeMap<String, String>, DemoError> {
    match read::<Vec<Person>>(out) {
        Ok(people) => Ok(people
            .into_iter()
            .map(|person| (person.username, person.password))
            .collect()),
        Err(DemoError::File { wrong, .. }) if wrong.kind() == ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(other) => Err(other),
    }
}

async fn find(directory: &dyn Directory, username: &str) -> Result<Account, DemoError> {
    let found = directory
        .find(&Lookup::AccountName(username.to_owned()))
        .await
        .map_err(DemoError::Directory)?;
    found.ok_or_else(|| DemoError::Nobody(username.to_owned()))
}

/// Gives the account its factors, unless it has some; returns its authenticator app's secret.
async fn enrol(
    store: &Store,
    at_rest: &Arc<AtRest>,
    account: Account,
    email: String,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let at_rest = Arc::clone(at_rest);
    let wanted = account.name != UNENROLLED;
    store
        .write(move |c| {
            let mut factors = factor::of_account(c, account.id)?;
            if factors.is_empty() && wanted {
                insert(
                    c,
                    &at_rest,
                    &account,
                    Method::Totp,
                    "",
                    &*totp::new_secret(&OsRandomness),
                    now,
                )?;
                insert(
                    c,
                    &at_rest,
                    &account,
                    Method::EmailCode,
                    &masked(&email),
                    email.as_bytes(),
                    now,
                )?;
                factors = factor::of_account(c, account.id)?;
            }
            let app = factors
                .iter()
                .rfind(|known| known.method == Method::Totp && known.counts_from.is_some());
            let secret = app.map(|app| at_rest.open(&app.id, &app.secret)).transpose()?;
            Ok(secret.map(|secret| totp::base32(&secret).to_string()))
        })
        .await
}

/// A factor that counts at once, and the record that there is one.
fn insert(
    c: &Connection,
    at_rest: &AtRest,
    account: &Account,
    method: Method,
    label: &str,
    secret: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    let id = random_bytes(&OsRandomness);
    factor::insert(
        c,
        &Factor {
            id,
            account: account.id,
            method,
            label: label.to_owned(),
            secret: at_rest.lock(&id, secret, &OsRandomness),
            since: now,
            counts_from: Some(now),
            last_step: 0,
        },
    )?;
    let entry = Entry {
        event: Event::Factor {
            method,
            change: FactorChange::Confirmed,
        },
        reference: String::new(),
        through: "command".to_owned(),
        personal: Personal::of(Some(account.id), &account.name, ""),
        salt: random_bytes(&OsRandomness),
    };
    audit::append(c, &entry, now).map(drop)
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, DemoError> {
    let bytes = std::fs::read(path).map_err(|wrong| DemoError::File {
        path: path.to_owned(),
        wrong,
    })?;
    serde_json::from_slice(&bytes).map_err(|wrong| DemoError::Unreadable {
        path: path.to_owned(),
        wrong,
    })
}

/// Replaces the list as a whole: passwords that an earlier start wrote down must not get lost half-way.
fn write(path: &Path, people: &[Person]) -> Result<(), DemoError> {
    let fresh = path.with_extension("part");
    let text = serde_json::to_vec_pretty(people).expect("texts always become JSON");
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)
        .and_then(|mut file: File| file.write_all(&text).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&fresh, path))
        .map_err(|wrong| DemoError::File {
            path: path.to_owned(),
            wrong,
        })
}
