//! A directory that leaves a trace of each call, so that a test can see that a request made none.

use std::sync::{Arc, Mutex, MutexGuard};

use directory::{
    After, CheckLine, Directory, DirectoryError, Embedded, Evidence, PasswordCheck, Receipt, Survey,
};
use domain::lockout::BadPasswords;
use domain::password::PasswordPolicy;
use domain::permit::PasswordTryPermit;
use domain::{Account, AccountId, ChangePermit, Lookup, ResetPermit, UnlockPermit};
use secrecy::SecretString;
use tokio::sync::Notify;

pub(crate) struct Noted {
    inner: Arc<Embedded>,
    line: Arc<Line>,
    asked: Asked,
}

/// What the directory was asked, in order.
pub(crate) type Asked = Arc<Mutex<Vec<&'static str>>>;

/// Where the line to the directory is cut during a write, for good.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Nowhere.
    #[default]
    Nowhere,
    /// Nowhere, but what is found may not be read.
    Unreadable,
    /// Before the write arrives.
    Before,
    /// After it was done, before the answer.
    After,
}

/// The line to the directory.
#[derive(Default)]
pub(crate) struct Line {
    cut: Mutex<Cut>,
    reached: Notify,
}

impl Line {
    /// Cuts it there from now on, and nowhere else.
    pub(crate) fn cut(&self, place: Cut) {
        *self.place() = place;
    }

    /// Waits until a write has come to where the line is cut.
    pub(crate) async fn reached(&self) {
        self.reached.notified().await;
    }

    fn place(&self) -> MutexGuard<'_, Cut> {
        self.cut.lock().expect("nobody panicked")
    }

    async fn pass(&self, place: Cut) {
        let is_cut = *self.place() == place;
        if is_cut {
            self.reached.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

impl Noted {
    pub(crate) fn new(inner: Arc<Embedded>, line: Arc<Line>, asked: Asked) -> Self {
        Self { inner, line, asked }
    }

    fn note(&self, call: &'static str) {
        tracing::trace!(target: "directory", call);
        self.asked.lock().expect("nobody panicked").push(call);
    }
}

#[async_trait::async_trait]
impl Directory for Noted {
    async fn find(&self, who: &Lookup) -> Result<Option<Account>, DirectoryError> {
        self.note("directory.find");
        let found = self.inner.find(who).await?;
        let unreadable = *self.line.place() == Cut::Unreadable;
        match found {
            Some(_) if unreadable => Err(DirectoryError::Unreadable("userAccountControl".to_owned())),
            found => Ok(found),
        }
    }
    async fn read(&self, id: AccountId) -> Result<Option<Account>, DirectoryError> {
        self.note("directory.read");
        self.inner.read(id).await
    }
    async fn survey(&self, id: AccountId) -> Result<Option<Survey>, DirectoryError> {
        self.note("directory.survey");
        self.inner.survey(id).await
    }
    async fn password_policy(&self, id: AccountId) -> Result<PasswordPolicy, DirectoryError> {
        self.note("directory.password_policy");
        self.inner.password_policy(id).await
    }
    async fn bad_passwords(&self, id: AccountId) -> Result<BadPasswords, DirectoryError> {
        self.note("directory.bad_passwords");
        self.inner.bad_passwords(id).await
    }
    async fn check_password(
        &self,
        permit: PasswordTryPermit,
        current: &SecretString,
    ) -> Result<PasswordCheck, DirectoryError> {
        self.note("directory.check_password");
        self.inner.check_password(permit, current).await
    }
    async fn evidence(&self, id: AccountId) -> Result<Evidence, DirectoryError> {
        self.note("directory.evidence");
        self.inner.evidence(id).await
    }
    async fn reset(
        &self,
        permit: ResetPermit,
        new: &SecretString,
        after: After,
    ) -> Result<Receipt, DirectoryError> {
        self.note("directory.reset");
        self.line.pass(Cut::Before).await;
        let done = self.inner.reset(permit, new, after).await;
        self.line.pass(Cut::After).await;
        done
    }
    async fn unlock(&self, permit: UnlockPermit) -> Result<Receipt, DirectoryError> {
        self.note("directory.unlock");
        self.inner.unlock(permit).await
    }
    async fn change(
        &self,
        permit: ChangePermit,
        current: &SecretString,
        new: &SecretString,
    ) -> Result<Receipt, DirectoryError> {
        self.note("directory.change");
        self.line.pass(Cut::Before).await;
        let done = self.inner.change(permit, current, new).await;
        self.line.pass(Cut::After).await;
        done
    }
    async fn check(&self) -> Vec<CheckLine> {
        self.note("directory.check");
        self.inner.check().await
    }
    fn is_real(&self) -> bool {
        self.inner.is_real()
    }
}
