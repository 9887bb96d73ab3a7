//! Permits: a dangerous call demands one, only a recovery can make one, and using it spends it.
//!
//! No permit is `Clone` or `Copy`, none can be built outside this crate, and each names the account that it
//! is for; so "forgot to check" and "checked somebody else" do not compile or do not work.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;

/// Names one attempt to change something in the directory. It stands in the audit's intent and outcome.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OperationId(pub [u8; 16]);

impl fmt::Debug for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperationId(")?;
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
    }
}

macro_rules! permit {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        #[must_use = "a permit that is dropped did nothing"]
        pub struct $name {
            account: AccountId,
            operation: OperationId,
            protected_by_policy: bool,
        }

        impl $name {
            pub(crate) fn mint(account: AccountId, operation: OperationId, protected_by_policy: bool) -> Self {
                Self { account, operation, protected_by_policy }
            }

            /// The one account that this permit is for.
            pub fn account(&self) -> AccountId {
                self.account
            }

            /// The attempt that it belongs to.
            pub fn operation(&self) -> OperationId {
                self.operation
            }

            /// Whether it may touch a protected account: only a policy that demands a passkey and a second
            /// operator mints such a permit.
            pub fn protected_by_policy(&self) -> bool {
                self.protected_by_policy
            }
        }
    };
}

permit! {
    /// Allows one administrative reset of one account's password.
    ResetPermit
}
permit! {
    /// Allows one removal of a lock.
    UnlockPermit
}
permit! {
    /// Allows one change of a password by its owner, who gives the current one.
    ChangePermit
}
permit! {
    /// Allows one try of a password that may be wrong, after the lockout allowance was taken for it.
    PasswordTryPermit
}
