//! A real Active Directory domain: one for each test process, in a folder and on a loopback address of its own.
//!
//! Making it takes about six seconds, putting its accounts back half a second; so the tests of one process share it
//! and take turns. It ends when the process ends, however that happens.

use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex as Held;

use serde::Deserialize;
use tokio::sync::{Mutex, MutexGuard, OnceCell};

use crate::processes::run;
use crate::repository;

/// What `deploy/samba` writes down about a domain; see there for what each account is for.
#[derive(Clone, Deserialize)]
pub struct Domain {
    /// Kerberos realm, in capitals.
    pub realm: String,
    /// The short name of the domain, as in `CORP\alice`.
    pub netbios: String,
    /// The distinguished name of the domain head.
    pub base_dn: String,
    /// The controller's host name, which its certificate states.
    pub host: String,
    /// The loopback address that the controller listens on.
    pub ip: IpAddr,
    /// The authority of the controller's certificate, PEM.
    pub ca: PathBuf,
    /// A Kerberos configuration that finds the controller.
    pub krb5_conf: PathBuf,
    /// The domain's administrator.
    pub admin: Credential,
    /// The least-privilege account that the core uses.
    pub service: Account,
    /// The account that the core may reset to prove that it can.
    pub probe: Account,
    /// The people.
    pub accounts: Vec<Account>,
}

/// A name and its password.
#[derive(Clone, Deserialize)]
pub struct Credential {
    /// sAMAccountName.
    pub username: String,
    /// The password that it was given.
    pub password: String,
}

/// An account as it was made.
#[derive(Clone, Deserialize)]
pub struct Account {
    /// sAMAccountName.
    pub username: String,
    /// userPrincipalName.
    pub upn: String,
    /// Distinguished name.
    pub dn: String,
    /// The password that it was given.
    pub password: String,
    /// The address that the directory has; services have none.
    pub email: Option<String>,
    /// `normal`, `locked`, `disabled`, `expired`, `password-expired`, `must-change` or `privileged`; services have none.
    pub state: Option<String>,
}

impl Domain {
    /// The account of the person called `username`.
    pub fn account(&self, username: &str) -> &Account {
        let mut accounts = self.accounts.iter();
        accounts
            .find(|account| account.username == username)
            .unwrap_or_else(|| panic!("nobody is called {username}"))
    }
}

/// How the domain treats wrong and new passwords. Spans are in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Wrong passwords that lock an account.
    pub lockout_threshold: u32,
    /// How long a lock lasts.
    pub lockout_duration: u32,
    /// How long a wrong password counts.
    pub lockout_window: u32,
    /// How old a password must be before its owner may change it.
    pub min_password_age: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            lockout_threshold: 5,
            lockout_duration: 1800,
            lockout_window: 1800,
            min_password_age: 86400,
        }
    }
}

/// A running domain controller.
pub struct Samba {
    folder: PathBuf,
    domain: Domain,
    /// Its standard input is a pipe from us. When we are gone, the pipe ends and the keeper removes the domain.
    keeper: Held<Child>,
}

fn dc(verb: &str, folder: &Path) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(repository().join("deploy/samba/dc.sh"));
    command.arg(verb).arg(folder);
    command
}

/// A loopback address on which nobody serves LDAP. It depends on our pid, so that processes do not race for one.
fn free_address() -> Ipv4Addr {
    let [.., high, low] = std::process::id().to_be_bytes();
    let candidates = (64..=254).map(|second| Ipv4Addr::new(127, second, high, low.clamp(1, 254)));
    let mut free = candidates.filter(|ip| TcpListener::bind((*ip, 389)).is_ok());
    free.next()
        .expect("a free loopback address; LDAP's port needs root or a user namespace of one's own")
}

impl Samba {
    /// Makes a domain with all its accounts and starts it. Set `TEST_KEEP` to find its folder afterwards.
    ///
    /// # Panics
    /// When Samba is missing or its ports cannot be bound; `tests/run.sh` installs it.
    pub async fn start(policy: Policy) -> Self {
        let parent = tempfile::Builder::new()
            .prefix("sallyport-dc-")
            .tempdir()
            .expect("a temporary folder")
            .keep();
        let folder = parent.join("dc");
        let verb = if std::env::var_os("TEST_KEEP").is_some() {
            "stop"
        } else {
            "down"
        };
        let script = r#"cat >/dev/null; "$0" "$1" "$2"; rmdir "$3" 2>/dev/null"#;
        let mut keeper = Command::new("setsid");
        keeper
            .args(["sh", "-c", script])
            .arg(dc("", &folder).as_std().get_program())
            .arg(verb);
        keeper
            .arg(&folder)
            .arg(&parent)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let keeper = Held::new(keeper.spawn().expect("setsid can be started"));
        run(dc("up", &folder).arg(free_address().to_string()))
            .await
            .expect("a domain");
        put_back(&folder, policy).await;
        let known = std::fs::read_to_string(folder.join("accounts.json")).expect("the accounts were written");
        let domain = serde_json::from_str(&known).expect("accounts.json is what this reads");
        Self {
            folder,
            domain,
            keeper,
        }
    }

    /// What one needs to know to use it.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// Puts policy and accounts back as they were made: passwords, states, locks, addresses.
    pub async fn put_back(&self, policy: Policy) {
        put_back(&self.folder, policy).await;
    }

    /// Stops the controller, as if its machine were switched off.
    pub async fn switch_off(&self) {
        run(&mut dc("stop", &self.folder))
            .await
            .expect("the controller stops");
    }

    /// Starts it again.
    pub async fn switch_on(&self) {
        run(&mut dc("start", &self.folder))
            .await
            .expect("the controller starts");
    }
}

impl Drop for Samba {
    fn drop(&mut self) {
        if let Ok(keeper) = self.keeper.get_mut() {
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
    }
}

async fn put_back(folder: &Path, policy: Policy) {
    let options = [
        ("--lockout-threshold", policy.lockout_threshold),
        ("--lockout-duration", policy.lockout_duration),
        ("--lockout-window", policy.lockout_window),
        ("--min-password-age", policy.min_password_age),
    ];
    let mut command = dc("populate", folder);
    command.args(
        options
            .iter()
            .flat_map(|(name, value)| [(*name).to_owned(), value.to_string()]),
    );
    run(&mut command).await.expect("the domain takes its accounts");
}

/// The exclusive use of the shared domain; the next test waits until this is dropped.
pub struct Turn {
    samba: &'static Samba,
    _turn: MutexGuard<'static, ()>,
}

impl Turn {
    /// What one needs to know to use the domain. It stays true when the turn is over; the accounts' state may not.
    pub fn domain(&self) -> &'static Domain {
        self.samba.domain()
    }
}

impl std::ops::Deref for Turn {
    type Target = Samba;

    fn deref(&self) -> &Samba {
        self.samba
    }
}

/// Waits for one's turn with the domain of this process; every account is then as it was made, under `policy`.
pub async fn turn(policy: Policy) -> Turn {
    static SHARED: OnceCell<Samba> = OnceCell::const_new();
    static TURN: Mutex<()> = Mutex::const_new(());
    let turn = TURN.lock().await;
    if let Some(samba) = SHARED.get() {
        samba.put_back(policy).await;
    }
    let samba = SHARED.get_or_init(|| Samba::start(policy)).await;
    Turn { samba, _turn: turn }
}
