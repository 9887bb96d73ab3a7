//! What a directory under test must be able to set up.

use async_trait::async_trait;
use directory::Directory;
use domain::{Account, AccountId, Lookup};
use secrecy::SecretString;

/// What is the matter with an account from the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Condition {
    #[default]
    Fine,
    Disabled,
    Expired,
    MustChange,
    PasswordExpired,
}

/// What kind of account it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Person,
    Privileged,
    SmartCardOnly,
    Computer,
}

/// An account to be made. Its password is too young to be changed only under the strict policy.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) condition: Condition,
    pub(crate) kind: Kind,
    /// Under the fine-grained policy "Strict": at least 14 characters, a minimum age of one day.
    pub(crate) strict: bool,
    /// Shared by whoever asks for it; otherwise it is the account's own.
    pub(crate) mail: Option<String>,
}

/// An account that was made.
pub(crate) struct Person {
    pub(crate) id: AccountId,
    pub(crate) name: String,
    pub(crate) upn: String,
    pub(crate) mail: String,
    pub(crate) password: SecretString,
}

/// A directory with the domain `corp.example` (`CORP`), whose own policy is: 7 characters, complexity, history
/// 24, no minimum age, lock after five wrong passwords within half an hour for half an hour. `STAFF` is the one
/// group of the recovery policies, and every person belongs to it through another group.
#[async_trait]
pub(crate) trait Fixture: Send + Sync {
    fn directory(&self) -> &dyn Directory;

    async fn make(&self, wanted: Wanted) -> Person;

    /// Whether the person signs in with that password, by other means than ours where there are any.
    async fn signs_in(&self, person: &Person, password: &str) -> bool;
}

/// The group of the policies, as configured: in a spelling of its own.
pub(crate) const STAFF: &str = "cn=staff,OU=Groups,DC=corp,DC=EXAMPLE";

/// The account as the directory tells it now.
pub(crate) async fn read(fixture: &dyn Fixture, person: &Person) -> Account {
    fixture
        .directory()
        .read(person.id)
        .await
        .expect("can be read")
        .expect("is there")
}

pub(crate) async fn find(fixture: &dyn Fixture, who: Lookup) -> Option<Account> {
    fixture.directory().find(&who).await.expect("can be searched")
}
