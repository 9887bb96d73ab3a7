//! A directory that leaves a trace of each call, so that a test can see that a request made none.

use std::sync::Arc;

use directory::{After, CheckLine, Directory, DirectoryError, Embedded, Evidence, PasswordCheck, Receipt};
use domain::lockout::BadPasswords;
use domain::password::PasswordPolicy;
use domain::permit::PasswordTryPermit;
use domain::{Account, AccountId, ChangePermit, Lookup, ResetPermit, UnlockPermit};
use secrecy::SecretString;

pub(crate) struct Noted(pub(crate) Arc<Embedded>);

fn note(call: &'static str) {
    tracing::trace!(target: "directory", call);
}

#[async_trait::async_trait]
impl Directory for Noted {
    async fn find(&self, who: &Lookup) -> Result<Option<Account>, DirectoryError> {
        note("directory.find");
        self.0.find(who).await
    }
    async fn read(&self, id: AccountId) -> Result<Option<Account>, DirectoryError> {
        note("directory.read");
        self.0.read(id).await
    }
    async fn password_policy(&self, id: AccountId) -> Result<PasswordPolicy, DirectoryError> {
        note("directory.password_policy");
        self.0.password_policy(id).await
    }
    async fn bad_passwords(&self, id: AccountId) -> Result<BadPasswords, DirectoryError> {
        note("directory.bad_passwords");
        self.0.bad_passwords(id).await
    }
    async fn check_password(
        &self,
        permit: PasswordTryPermit,
        current: &SecretString,
    ) -> Result<PasswordCheck, DirectoryError> {
        note("directory.check_password");
        self.0.check_password(permit, current).await
    }
    async fn evidence(&self, id: AccountId) -> Result<Evidence, DirectoryError> {
        note("directory.evidence");
        self.0.evidence(id).await
    }
    async fn reset(
        &self,
        permit: ResetPermit,
        new: &SecretString,
        after: After,
    ) -> Result<Receipt, DirectoryError> {
        note("directory.reset");
        self.0.reset(permit, new, after).await
    }
    async fn unlock(&self, permit: UnlockPermit) -> Result<Receipt, DirectoryError> {
        note("directory.unlock");
        self.0.unlock(permit).await
    }
    async fn change(
        &self,
        permit: ChangePermit,
        current: &SecretString,
        new: &SecretString,
    ) -> Result<Receipt, DirectoryError> {
        note("directory.change");
        self.0.change(permit, current, new).await
    }
    async fn check(&self) -> Vec<CheckLine> {
        note("directory.check");
        self.0.check().await
    }
    fn is_real(&self) -> bool {
        self.0.is_real()
    }
}
