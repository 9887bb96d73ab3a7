//! People in the domain, made as the contract asks for them.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use directory::{ActiveDirectory, ActiveDirectorySettings, Directory, Security};
use domain::{AccountId, Clock, Lookup, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OwnedRwLockReadGuard;

use super::admin::{Admin, BASE};
use super::domain::{Domain, domain, runtime};
use crate::contract::{Condition, Fixture, Kind, Person, STAFF, Wanted};

/// The domain's time is the machine's, so this is ours too.
pub(crate) struct WallClock;

impl Clock for WallClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "a real domain controller has no clock to move by hand"
    )]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        Timestamp(i64::try_from(since.as_millis()).expect("before the year 292 million"))
    }
}

/// The adapter against the domain.
pub(crate) struct InDomain {
    pub(crate) directory: ActiveDirectory,
    pub(crate) domain: &'static Domain,
    _in_use: Option<OwnedRwLockReadGuard<()>>,
}

impl Domain {
    pub(crate) fn settings(&self) -> ActiveDirectorySettings {
        ActiveDirectorySettings {
            domain: "corp.example".into(),
            netbios: None,
            base_dn: format!("OU=People,{BASE}"),
            controllers: vec![
                format!("dc1.corp.example={}", self.address)
                    .parse()
                    .expect("a controller"),
            ],
            security: Security::Ldaps,
            bind_user: self.service.0.clone(),
            bind_password: self.service.1.clone(),
            ca_pem: self.ca_pem.clone(),
            protected_sids: [].into(),
            policy_groups: [STAFF.to_owned(), format!("CN=Helpdesk,OU=Groups,{BASE}")].into(),
            require_history: false,
        }
    }
}

impl InDomain {
    /// With these settings, and without keeping the controller from being stopped.
    pub(crate) fn with(domain: &'static Domain, settings: ActiveDirectorySettings) -> Self {
        Self {
            directory: adapter(settings),
            domain,
            _in_use: None,
        }
    }
}

/// Somebody whom every domain has.
pub(crate) fn administrator() -> Lookup {
    Lookup::AccountName("Administrator".into())
}

/// The adapter with these settings.
pub(crate) fn adapter(settings: ActiveDirectorySettings) -> ActiveDirectory {
    ActiveDirectory::new(settings, runtime(), Arc::new(WallClock)).expect("fine settings")
}

pub(crate) async fn in_domain() -> Box<InDomain> {
    let domain = domain().await;
    let in_use = Arc::clone(&domain.in_use).read_owned().await;
    Box::new(InDomain {
        _in_use: Some(in_use),
        ..InDomain::with(domain, domain.settings())
    })
}

fn group(name: &str) -> String {
    format!("CN={name},OU=Groups,{BASE}")
}

fn utf16(password: &str) -> Vec<u8> {
    format!("\"{password}\"")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect()
}

/// What the scripts do not make: a group within Staff, and a minimum age under the strict policy.
pub(crate) async fn prepare(domain: &Domain) {
    let mut admin = Admin::of(domain).await;
    admin
        .add(
            &group("Inner"),
            &[("objectClass", b"group"), ("sAMAccountName", b"Inner")],
        )
        .await;
    admin.join(&group("Staff"), &group("Inner")).await;
    let strict = format!("CN=Strict,CN=Password Settings Container,CN=System,{BASE}");
    admin
        .set(&strict, &[("msDS-MinimumPasswordAge", b"-864000000000")])
        .await;
}

#[async_trait]
impl Fixture for InDomain {
    fn directory(&self) -> &dyn Directory {
        &self.directory
    }

    async fn make(&self, wanted: Wanted) -> Person {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::SeqCst);
        let is_computer = wanted.kind == Kind::Computer;
        let name = if is_computer {
            format!("HOST{number}$")
        } else {
            format!("person{number}")
        };
        let dn = format!("CN=Person {number},OU=People,{BASE}");
        let upn = format!("person{number}@corp.example");
        let mail = wanted
            .mail
            .unwrap_or_else(|| format!("person{number}@home.example"));
        let password = SecretString::from(format!("First-Password-{number}"));
        let (class, control) = match (wanted.kind, wanted.condition) {
            (Kind::Computer, _) => ("computer", 0x1000_u32),
            (Kind::SmartCardOnly, _) => ("user", 0x4_0200),
            (_, Condition::Disabled) => ("user", 0x202),
            _ => ("user", 0x200),
        };
        let mut admin = Admin::of(self.domain).await;
        admin
            .add(
                &dn,
                &[
                    ("objectClass", class.as_bytes()),
                    ("sAMAccountName", name.as_bytes()),
                    ("userPrincipalName", upn.as_bytes()),
                    ("mail", mail.as_bytes()),
                    ("userAccountControl", control.to_string().as_bytes()),
                    ("unicodePwd", &utf16(password.expose_secret())),
                ],
            )
            .await;
        let mut groups = vec![group("Inner")];
        groups.extend(wanted.strict.then(|| group("Finance")));
        groups.extend((wanted.kind == Kind::Privileged).then(|| format!("CN=Domain Admins,CN=Users,{BASE}")));
        for group in groups {
            admin.join(&group, &dn).await;
        }
        match wanted.condition {
            Condition::Expired => admin.set(&dn, &[("accountExpires", b"125911584000000000")]).await,
            Condition::MustChange => admin.set(&dn, &[("pwdLastSet", b"0")]).await,
            Condition::PasswordExpired => self.domain.set_password_long_ago(&dn),
            Condition::Fine | Condition::Disabled => {}
        }
        let guid = admin.bytes(&dn, "objectGUID").await;
        let id = AccountId(guid.try_into().expect("sixteen bytes"));
        Person {
            id,
            name,
            upn,
            mail,
            password,
        }
    }

    /// By MIT's `kinit`, which shares nothing with us.
    async fn signs_in(&self, person: &Person, password: &str) -> bool {
        let folder = &self.domain.folder;
        let mut kinit = Command::new("kinit")
            .arg("-c")
            .arg(format!("MEMORY:{}", person.name))
            .arg(format!("{}@CORP.EXAMPLE", person.name))
            .env("KRB5_CONFIG", folder.join("krb5.conf"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("kinit is installed (krb5-user)");
        let mut input = kinit.stdin.take().expect("is piped");
        writeln!(input, "{password}").expect("kinit reads the password");
        drop(input);
        tokio::task::spawn_blocking(move || kinit.wait())
            .await
            .expect("waits")
            .expect("ends")
            .success()
    }
}
