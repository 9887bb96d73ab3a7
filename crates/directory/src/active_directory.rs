//! An Active Directory domain, over LDAP inside TLS.
//!
//! A least-privilege service account finds, reads and writes on a few kept connections; a user's password is
//! tried on a fresh connection of its own, because a bind changes who everybody on a connection is.
//!
//! One controller is used. Where accounts are locked is decided by the PDC emulator, so with several
//! controllers that is the one to name; discovery and failover are not here yet, and so nothing that is read
//! can lag behind what was written.

mod account;
mod check;
mod connection;
mod edge;
mod entry;
mod facts;
mod fault;
mod filetime;
mod limits;
mod policy;
mod pool;
mod session;
mod settings;
mod sid;

use std::sync::Arc;

use async_trait::async_trait;
use domain::lockout::BadPasswords;
use domain::password::PasswordPolicy;
use domain::permit::PasswordTryPermit;
use domain::{Account, AccountId, ChangePermit, Clock, Lookup, Randomness, ResetPermit, UnlockPermit};
use ldap3::{Scope, ldap_escape};
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Handle;
use tokio::sync::RwLock;
use tokio::time::Instant;

use crate::active_directory::account::{ATTRIBUTES, guid_dn, is_below, is_locked, of_this_account};
use crate::active_directory::connection::{Dialer, NotBound};
use crate::active_directory::edge::{in_time, observed};
use crate::active_directory::entry::Entry;
use crate::active_directory::facts::Facts;
use crate::active_directory::fault::Fault;
use crate::active_directory::pool::Pool;
use crate::active_directory::session::{Change, Session};
use crate::answer::{After, CheckLine, PasswordCheck, Receipt, Survey};
use crate::error::{DirectoryError, PolicyRefusal};
use crate::evidence::Evidence;
use crate::guard::{refuse_protected, refuse_unusable};
use crate::port::Directory;
use crate::secret::is_writable;

pub use settings::{ActiveDirectorySettings, Controller, Security};
pub use sid::Sid;

/// An Active Directory domain.
pub struct ActiveDirectory {
    settings: ActiveDirectorySettings,
    pool: Pool,
    clock: Arc<dyn Clock>,
    facts: RwLock<Option<(Instant, Arc<Facts>)>>,
}

impl ActiveDirectory {
    /// Prepares the adapter; nothing is dialled yet. `runtime` must live as long as the adapter: connections
    /// are driven on it, because the runtime of a request's worker ends with its worker.
    pub fn new(
        mut settings: ActiveDirectorySettings,
        runtime: Handle,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, DirectoryError> {
        let controller = match settings.controllers.as_slice() {
            [one] => one.clone(),
            others => {
                let count = others.len();
                let why =
                    format!("{count} domain controllers are named, and this version works with exactly one");
                return Err(DirectoryError::Misconfigured(why));
            }
        };
        let dialer = Dialer::new(controller, settings.security, &settings.ca_pem, runtime)?;
        let password = std::mem::take(&mut settings.bind_password);
        if !is_writable(password.expose_secret()) {
            return Err(DirectoryError::Misconfigured(
                "the service account's password is no password".to_owned(),
            ));
        }
        let pool = Pool::new(dialer, settings.bind_user.clone(), password);
        Ok(Self {
            settings,
            pool,
            clock,
            facts: RwLock::new(None),
        })
    }

    /// Tries the right to reset, which no attribute tells: sets a random password on the account named `probe`,
    /// which must serve nothing else. For `check` only; the account is refused like any other where it is
    /// protected.
    pub async fn check_reset_right(&self, probe: &str, randomness: &dyn Randomness) -> CheckLine {
        check::reset_right(self, probe, randomness).await
    }

    fn controller(&self) -> &str {
        self.pool.dialer().name()
    }

    /// What is known about the domain, learnt anew now and then.
    async fn facts(&self, session: &mut Session<'_>) -> Result<Arc<Facts>, DirectoryError> {
        if let Some((learnt, facts)) = self.facts.read().await.as_ref()
            && learnt.elapsed() < limits::FACTS
        {
            return Ok(Arc::clone(facts));
        }
        let facts = Arc::new(Facts::learn(session, &self.settings).await?);
        for missing in &facts.missing_groups {
            tracing::warn!(group = %missing, "a group of the recovery policies has no members for us");
        }
        *self.facts.write().await = Some((Instant::now(), Arc::clone(&facts)));
        Ok(facts)
    }

    /// The account's entry, if it is there and below the base.
    async fn entry(&self, session: &mut Session<'_>, id: AccountId) -> Result<Option<Entry>, DirectoryError> {
        let found = session.entry(&guid_dn(id), &ATTRIBUTES).await?;
        Ok(found.filter(|entry| is_below(&entry.dn, &self.settings.base_dn)))
    }

    async fn account(
        &self,
        session: &mut Session<'_>,
        id: AccountId,
    ) -> Result<Option<(Entry, Account)>, DirectoryError> {
        let facts = self.facts(session).await?;
        let Some(entry) = self.entry(session, id).await? else {
            return Ok(None);
        };
        let lockout = if is_locked(&entry) {
            policy::effective(session, &entry, &facts).await?.lockout
        } else {
            None
        };
        let account = account::account(&entry, &self.settings, &facts, lockout, self.clock.now())?;
        Ok(Some((entry, account)))
    }

    async fn find_now(&self, who: &Lookup) -> Result<Option<Account>, DirectoryError> {
        let mut session = Session::open(&self.pool).await?;
        let matching = match who {
            Lookup::AccountName(name) => format!("(sAMAccountName={})", ldap_escape(name)),
            Lookup::InDomain { domain, name } => {
                let facts = self.facts(&mut session).await?;
                let ours = [&self.settings.domain, &facts.netbios];
                if !ours.into_iter().any(|known| known.eq_ignore_ascii_case(domain)) {
                    return Ok(None);
                }
                format!("(sAMAccountName={})", ldap_escape(name))
            }
            Lookup::Address(address) => {
                let address = ldap_escape(address);
                format!("(|(userPrincipalName={address})(mail={address}))")
            }
        };
        // Computers and service accounts are users by class, and found like them.
        let filter = format!("(&(objectClass=user){matching})");
        let base = &self.settings.base_dn;
        let found = session
            .search(base, Scope::Subtree, &filter, &["objectGUID"], 2)
            .await;
        let found = found.map_err(|error| match error {
            DirectoryError::NotFound => DirectoryError::Misconfigured(format!("there is no {base}")),
            other => other,
        })?;
        match found.as_slice() {
            [] => Ok(None),
            [one] => {
                // What is learnt about the domain itself fails as the domain does.
                self.facts(&mut session).await?;
                let found = self.account(&mut session, account::id(one)?).await;
                Ok(found.map_err(of_this_account)?.map(|(_, account)| account))
            }
            _ => Err(DirectoryError::Ambiguous),
        }
    }

    async fn policy_now(&self, id: AccountId) -> Result<PasswordPolicy, DirectoryError> {
        let mut session = Session::open(&self.pool).await?;
        let facts = self.facts(&mut session).await?;
        let entry = self
            .entry(&mut session, id)
            .await?
            .ok_or(DirectoryError::NotFound)?;
        policy::effective(&mut session, &entry, &facts).await
    }

    async fn bad_passwords_now(&self, id: AccountId) -> Result<BadPasswords, DirectoryError> {
        let mut session = Session::open(&self.pool).await?;
        let entry = session
            .entry(&guid_dn(id), &["badPwdCount", "badPasswordTime"])
            .await?;
        let entry = entry.ok_or(DirectoryError::NotFound)?;
        let root = facts::root(&mut session).await?;
        let now = root.text("currentTime").and_then(filetime::generalized);
        Ok(BadPasswords {
            // Every account has one. Where it may not be read, no password may be tried.
            count: entry
                .flags("badPwdCount")
                .ok_or_else(|| account::unreadable("badPwdCount"))?,
            last: entry.number("badPasswordTime").and_then(filetime::moment),
            now: now.ok_or_else(|| DirectoryError::Protocol("the controller tells no time".to_owned()))?,
        })
    }

    async fn evidence_now(&self, id: AccountId) -> Result<Evidence, DirectoryError> {
        let mut session = Session::open(&self.pool).await?;
        let entry = session
            .entry(&guid_dn(id), &["pwdLastSet", "lockoutTime"])
            .await?;
        self.evidence_of(&entry.ok_or(DirectoryError::NotFound)?)
    }

    fn evidence_of(&self, entry: &Entry) -> Result<Evidence, DirectoryError> {
        // Every account has this stamp. Where it may not be read, nothing would show what became of a write.
        let password_set = entry.number("pwdLastSet");
        Ok(Evidence {
            controller: self.controller().to_owned(),
            password_set: password_set.ok_or_else(|| account::unreadable("pwdLastSet"))?,
            lockout: entry.number("lockoutTime").unwrap_or(0),
        })
    }

    /// One search for the account, and beside it one for the domain's policy, which is needed unless the account has
    /// one of its own. Each holds a turn only while it asks, so that they never wait for each other.
    async fn survey_now(&self, id: AccountId) -> Result<Option<Survey>, DirectoryError> {
        let facts = self.facts(&mut Session::open(&self.pool).await?).await?;
        let own = async {
            let mut session = Session::open(&self.pool).await?;
            let Some(entry) = self.entry(&mut session, id).await? else {
                return Ok(None);
            };
            let own = policy::own(&mut session, &entry, &facts).await?;
            Ok(Some((entry, own)))
        };
        let domain = async { policy::domain(&mut Session::open(&self.pool).await?, &facts).await };
        let (found, domain) = tokio::join!(own, domain);
        let Some((entry, own)) = found? else {
            return Ok(None);
        };
        let policy = own.or(domain)?;
        let (settings, now) = (&self.settings, self.clock.now());
        Ok(Some(Survey {
            account: account::account(&entry, settings, &facts, policy.lockout, now)?,
            policy,
            evidence: self.evidence_of(&entry)?,
        }))
    }

    async fn name_to_bind(&self, id: AccountId) -> Result<String, DirectoryError> {
        let mut session = Session::open(&self.pool).await?;
        Ok(self
            .entry(&mut session, id)
            .await?
            .ok_or(DirectoryError::NotFound)?
            .dn)
    }

    async fn check_password_now(
        &self,
        permit: PasswordTryPermit,
        current: &SecretString,
    ) -> Result<PasswordCheck, DirectoryError> {
        let name = in_time(limits::BEFORE_TRY, self.name_to_bind(permit.account())).await?;
        let bound = match self.pool.dialer().bind(name, current.clone()).await {
            Ok(bound) => bound,
            Err(NotBound::NotSent(why)) => return Err(why),
            Err(NotBound::NoAnswer(why)) => return Err(DirectoryError::OutcomeUnknown(why.for_operator())),
        };
        if bound.answer.rc == 0 {
            return Ok(PasswordCheck::Right);
        }
        let fault = Fault::of(&bound.answer);
        fault.password().ok_or_else(|| fault.error())
    }

    /// Writes, if the account as it is now may be written. What comes before the write has its own limit of
    /// time, so that the write's answer still comes within that of the whole.
    async fn write(
        &self,
        id: AccountId,
        lifted: bool,
        may: fn(&Account) -> Result<(), DirectoryError>,
        changes: Vec<Change>,
        of_password: bool,
    ) -> Result<Receipt, DirectoryError> {
        let before = async {
            let turn = self.pool.turn_to_write().await;
            let mut session = Session::open(&self.pool).await?;
            let facts = self.facts(&mut session).await?;
            let entry = self
                .entry(&mut session, id)
                .await?
                .ok_or(DirectoryError::NotFound)?;
            // Until when a lock lasts plays no part, so no policy is asked for.
            let account = account::account(&entry, &self.settings, &facts, None, self.clock.now())?;
            refuse_protected(&account, lifted)?;
            may(&account)?;
            if of_password && self.settings.require_history && !facts.has_policy_hints {
                let why = "require_history is set, and the controller has no policy hints control";
                return Err(DirectoryError::Misconfigured(self.pool.dialer().said(why)));
            }
            Ok((turn, session, of_password && facts.has_policy_hints))
        };
        let (_turn, session, hints) = in_time(limits::BEFORE_WRITE, before).await?;
        session.modify(guid_dn(id), changes, hints).await?;
        Ok(Receipt {
            controller: self.controller().to_owned(),
        })
    }
}

#[async_trait]
impl Directory for ActiveDirectory {
    async fn find(&self, who: &Lookup) -> Result<Option<Account>, DirectoryError> {
        observed(
            self.controller(),
            "find",
            in_time(limits::WHOLE, self.find_now(who)),
        )
        .await
    }

    async fn read(&self, id: AccountId) -> Result<Option<Account>, DirectoryError> {
        let work = async {
            let mut session = Session::open(&self.pool).await?;
            Ok(self.account(&mut session, id).await?.map(|(_, account)| account))
        };
        observed(self.controller(), "read", in_time(limits::WHOLE, work)).await
    }

    async fn survey(&self, id: AccountId) -> Result<Option<Survey>, DirectoryError> {
        observed(
            self.controller(),
            "survey",
            in_time(limits::WHOLE, self.survey_now(id)),
        )
        .await
    }

    async fn password_policy(&self, id: AccountId) -> Result<PasswordPolicy, DirectoryError> {
        observed(
            self.controller(),
            "password-policy",
            in_time(limits::WHOLE, self.policy_now(id)),
        )
        .await
    }

    async fn bad_passwords(&self, id: AccountId) -> Result<BadPasswords, DirectoryError> {
        observed(
            self.controller(),
            "bad-passwords",
            in_time(limits::WHOLE, self.bad_passwords_now(id)),
        )
        .await
    }

    async fn check_password(
        &self,
        permit: PasswordTryPermit,
        current: &SecretString,
    ) -> Result<PasswordCheck, DirectoryError> {
        if !is_writable(current.expose_secret()) {
            return Ok(PasswordCheck::Wrong);
        }
        observed(
            self.controller(),
            "check-password",
            self.check_password_now(permit, current),
        )
        .await
    }

    async fn evidence(&self, id: AccountId) -> Result<Evidence, DirectoryError> {
        observed(
            self.controller(),
            "evidence",
            in_time(limits::WHOLE, self.evidence_now(id)),
        )
        .await
    }

    async fn reset(
        &self,
        permit: ResetPermit,
        new: &SecretString,
        after: After,
    ) -> Result<Receipt, DirectoryError> {
        if !is_writable(new.expose_secret()) {
            return Err(DirectoryError::Policy(PolicyRefusal::Malformed));
        }
        let mut changes = vec![session::set_password(new)];
        if after.unlock {
            changes.push(session::set("lockoutTime", "0"));
        }
        let write = self.write(
            permit.account(),
            permit.protected_by_policy(),
            |_| Ok(()),
            changes,
            true,
        );
        observed(self.controller(), "reset", write).await
    }

    async fn unlock(&self, permit: UnlockPermit) -> Result<Receipt, DirectoryError> {
        let changes = vec![session::set("lockoutTime", "0")];
        let write = self.write(
            permit.account(),
            permit.protected_by_policy(),
            |_| Ok(()),
            changes,
            false,
        );
        observed(self.controller(), "unlock", write).await
    }

    async fn change(
        &self,
        permit: ChangePermit,
        current: &SecretString,
        new: &SecretString,
    ) -> Result<Receipt, DirectoryError> {
        if !is_writable(new.expose_secret()) {
            return Err(DirectoryError::Policy(PolicyRefusal::Malformed));
        }
        if !is_writable(current.expose_secret()) {
            return Err(DirectoryError::WrongPassword);
        }
        let changes = session::swap_password(current, new).into();
        // No hints here: a change is held to the whole policy anyway.
        let write = self.write(
            permit.account(),
            permit.protected_by_policy(),
            refuse_unusable,
            changes,
            false,
        );
        observed(self.controller(), "change", write).await
    }

    async fn check(&self) -> Vec<CheckLine> {
        check::lines(self).await
    }

    fn is_real(&self) -> bool {
        true
    }
}
