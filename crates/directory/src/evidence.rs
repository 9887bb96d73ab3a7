//! What tells whether a write that got no answer was done.

use domain::policy::Action;
use serde::{Deserialize, Serialize};

/// The two stamps that the directory moves when it writes, read before the write and again afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The controller that they were read on; others may lag behind.
    pub controller: String,
    /// `pwdLastSet` as the directory keeps it; zero while the password must be changed.
    pub password_set: i64,
    /// `lockoutTime` as the directory keeps it; zero while not locked.
    pub lockout: i64,
}

/// What the evidence shows about a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Settled {
    /// It was done.
    Done,
    /// It was not done.
    NotDone,
    /// The stamps fit both, or somebody else wrote in between.
    CannotTell,
}

impl Evidence {
    /// What `after`, read when the write was sure to be over, shows about `action`; `self` is from before.
    ///
    /// A moved `pwdLastSet` is taken for our write. Somebody else's reset in the same seconds would look the
    /// same, and the answer "done" then still tells the person to use the newest password.
    #[must_use]
    pub fn shows(&self, after: &Self, action: Action) -> Settled {
        if self.controller != after.controller {
            return Settled::CannotTell;
        }
        match action {
            Action::Unlock => self.shows_unlock(after),
            Action::Reset | Action::Change => self.shows_password(after),
        }
    }

    fn shows_unlock(&self, after: &Self) -> Settled {
        match (self.lockout, after.lockout) {
            (_, 0) => Settled::Done,
            (before, now) if before == now => Settled::NotDone,
            // Unlocked and locked again, or locked for the first time: both are told apart by nothing.
            _ => Settled::CannotTell,
        }
    }

    fn shows_password(&self, after: &Self) -> Settled {
        match (self.password_set, after.password_set) {
            (before, now) if before == now => Settled::NotDone,
            // Somebody demanded a change since, after our write or without one.
            (_, 0) => Settled::CannotTell,
            _ => Settled::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(password_set: i64, lockout: i64) -> Evidence {
        Evidence {
            controller: "dc1".into(),
            password_set,
            lockout,
        }
    }

    #[test]
    fn a_moved_stamp_shows_the_write() {
        assert_eq!(at(5, 0).shows(&at(6, 0), Action::Reset), Settled::Done);
        assert_eq!(at(0, 0).shows(&at(6, 0), Action::Change), Settled::Done);
        assert_eq!(at(5, 9).shows(&at(5, 0), Action::Unlock), Settled::Done);
        assert_eq!(
            at(5, 0).shows(&at(5, 0), Action::Unlock),
            Settled::Done,
            "it was open all the time"
        );
    }

    #[test]
    fn an_unmoved_stamp_shows_that_nothing_was_written() {
        assert_eq!(at(5, 0).shows(&at(5, 0), Action::Reset), Settled::NotDone);
        assert_eq!(at(0, 0).shows(&at(0, 0), Action::Change), Settled::NotDone);
        assert_eq!(at(0, 0).shows(&at(0, 0), Action::Reset), Settled::NotDone);
        assert_eq!(at(5, 9).shows(&at(5, 9), Action::Unlock), Settled::NotDone);
    }

    #[test]
    fn what_fits_both_is_not_guessed() {
        assert_eq!(at(5, 0).shows(&at(0, 0), Action::Change), Settled::CannotTell);
        assert_eq!(at(5, 9).shows(&at(5, 12), Action::Unlock), Settled::CannotTell);
        let elsewhere = Evidence {
            controller: "dc2".into(),
            ..at(6, 0)
        };
        assert_eq!(at(5, 0).shows(&elsewhere, Action::Reset), Settled::CannotTell);
    }
}
