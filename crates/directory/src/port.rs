//! The port: what the core asks of a directory.

use async_trait::async_trait;
use domain::lockout::BadPasswords;
use domain::password::PasswordPolicy;
use domain::permit::PasswordTryPermit;
use domain::{Account, AccountId, ChangePermit, Lookup, ResetPermit, UnlockPermit};
use secrecy::SecretString;

use crate::answer::{After, CheckLine, PasswordCheck, Receipt, Survey};
use crate::error::DirectoryError;
use crate::evidence::Evidence;

/// A directory of accounts.
///
/// After `find`, every operation is bound to the account's [`AccountId`], which survives renames and moves.
/// A method that writes consumes its permit, reads the account again first, and refuses a protected one
/// unless the permit says otherwise.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The one account that is meant. Two hits are [`DirectoryError::Ambiguous`], never "the first". Computers
    /// and service accounts are found like persons and come back protected, so that all looks alike outside. One that
    /// cannot be read whole is [`DirectoryError::Unreadable`], which is an answer; any other error means that the
    /// directory has to be asked again.
    async fn find(&self, who: &Lookup) -> Result<Option<Account>, DirectoryError>;

    /// The account as it is now; `None` when it is gone.
    async fn read(&self, id: AccountId) -> Result<Option<Account>, DirectoryError>;

    /// The account with its policy and the evidence for a write, asked at once: somebody waits. `None` when it is
    /// gone.
    async fn survey(&self, id: AccountId) -> Result<Option<Survey>, DirectoryError>;

    /// The password policy that applies to the account.
    async fn password_policy(&self, id: AccountId) -> Result<PasswordPolicy, DirectoryError>;

    /// The account's wrong passwords, as counted where the lock is decided (the PDC emulator).
    async fn bad_passwords(&self, id: AccountId) -> Result<BadPasswords, DirectoryError>;

    /// Tries a password that may be wrong. A wrong one counts in the directory like everybody else's, which is
    /// why a permit is needed: the lockout allowance was taken for it.
    async fn check_password(
        &self,
        permit: PasswordTryPermit,
        current: &SecretString,
    ) -> Result<PasswordCheck, DirectoryError>;

    /// What tells later whether a write was done; read before the write and kept with the intent.
    async fn evidence(&self, id: AccountId) -> Result<Evidence, DirectoryError>;

    /// Writes a new password for somebody who does not know the old one, and what `after` asks for, all or
    /// nothing. A reset alone does not unlock.
    async fn reset(
        &self,
        permit: ResetPermit,
        new: &SecretString,
        after: After,
    ) -> Result<Receipt, DirectoryError>;

    /// Removes the lock. Unlocking what is not locked is no error.
    async fn unlock(&self, permit: UnlockPermit) -> Result<Receipt, DirectoryError>;

    /// Replaces a known password; history and minimum age apply, a must-change overrides the minimum age. A
    /// wrong `current` counts in the directory.
    async fn change(
        &self,
        permit: ChangePermit,
        current: &SecretString,
        new: &SecretString,
    ) -> Result<Receipt, DirectoryError>;

    /// Everything that this directory needs, tried: for `core-api check` and for readiness.
    async fn check(&self) -> Vec<CheckLine>;

    /// Whether this is a real directory. A build may refuse to serve with one that is not.
    fn is_real(&self) -> bool;
}
