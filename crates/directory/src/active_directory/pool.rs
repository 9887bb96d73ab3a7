//! A few kept connections of the service account, shared by everybody; users are never bound on them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ldap3::Ldap;
use secrecy::SecretString;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::active_directory::connection::{Dialer, NotBound};
use crate::active_directory::fault::Fault;
use crate::active_directory::limits;
use crate::answer::PasswordCheck;
use crate::error::DirectoryError;

pub(super) struct Pool {
    dialer: Dialer,
    user: String,
    password: SecretString,
    slots: [Mutex<Option<Kept>>; limits::CONNECTIONS],
    turn: AtomicUsize,
    /// Who holds it dials, one at a time; in it stands why nobody shall dial for a while.
    dialling: tokio::sync::Mutex<Option<Pause>>,
    reads: Arc<Semaphore>,
    writes: Arc<Semaphore>,
}

#[derive(Clone)]
struct Kept {
    ldap: Ldap,
    since: Instant,
}

struct Pause {
    why: DirectoryError,
    until: Instant,
}

/// A connection on loan, with the turn that it takes.
pub(super) struct Lent {
    pub ldap: Ldap,
    pub slot: usize,
    /// It was kept from before, so the controller may have closed it meanwhile.
    pub is_used: bool,
    since: Instant,
}

impl Pool {
    pub(super) fn new(dialer: Dialer, user: String, password: SecretString) -> Self {
        Self {
            dialer,
            user,
            password,
            slots: std::array::from_fn(|_| Mutex::new(None)),
            turn: AtomicUsize::new(0),
            dialling: tokio::sync::Mutex::new(None),
            reads: Arc::new(Semaphore::new(limits::AT_ONCE)),
            writes: Arc::new(Semaphore::new(limits::WRITES_AT_ONCE)),
        }
    }

    pub(super) fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    /// Waits until one more operation may run.
    pub(super) async fn turn(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.reads)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed")
    }

    /// Waits until one more write may run.
    pub(super) async fn turn_to_write(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.writes)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed")
    }

    /// A connection on which the service account is signed in.
    pub(super) async fn lend(&self) -> Result<Lent, DirectoryError> {
        let slot = self.turn.fetch_add(1, Ordering::Relaxed) % limits::CONNECTIONS;
        if let Some(lent) = self.kept(slot) {
            return Ok(lent);
        }
        let mut pause = self.dialling.lock().await;
        // Somebody else may have filled the slot, or failed to, while this waited.
        if let Some(lent) = self.kept(slot) {
            return Ok(lent);
        }
        if let Some(pause) = pause.as_ref().filter(|pause| pause.until > Instant::now()) {
            return Err(pause.why.clone());
        }
        match self.sign_in().await {
            Ok(ldap) => {
                *pause = None;
                let since = Instant::now();
                *self.slot(slot) = Some(Kept {
                    ldap: ldap.clone(),
                    since,
                });
                Ok(Lent {
                    ldap,
                    slot,
                    is_used: false,
                    since,
                })
            }
            Err((why, span)) => {
                *pause = Some(Pause {
                    why: why.clone(),
                    until: Instant::now() + span,
                });
                Err(why)
            }
        }
    }

    /// Forgets a connection that failed, unless another stands in its place already.
    pub(super) fn discard(&self, lent: &Lent) {
        let mut kept = self.slot(lent.slot);
        if kept.as_ref().is_some_and(|kept| kept.since == lent.since) {
            *kept = None;
        }
    }

    /// Forgets every kept connection: a controller that closed one has mostly closed them all.
    pub(super) fn forget(&self) {
        for slot in 0..limits::CONNECTIONS {
            *self.slot(slot) = None;
        }
    }

    fn slot(&self, slot: usize) -> std::sync::MutexGuard<'_, Option<Kept>> {
        self.slots[slot].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self, slot: usize) -> Option<Lent> {
        let mut place = self.slot(slot);
        let kept = place.as_mut()?;
        if kept.since.elapsed() > limits::OLDEST || kept.ldap.is_closed() {
            *place = None;
            return None;
        }
        let Kept { ldap, since } = kept.clone();
        Some(Lent {
            ldap,
            slot,
            is_used: true,
            since,
        })
    }

    /// Signs the service account in; on failure says for how long it is not tried again.
    async fn sign_in(&self) -> Result<Ldap, (DirectoryError, Duration)> {
        let bound = match self.dialer.bind(self.user.clone(), self.password.clone()).await {
            Ok(bound) => bound,
            Err(NotBound::NotSent(why) | NotBound::NoAnswer(why)) => return Err((why, limits::PAUSE)),
        };
        if bound.answer.rc == 0 {
            return Ok(bound.ldap);
        }
        let fault = Fault::of(&bound.answer);
        Err(match fault.password() {
            None => (fault.error(), limits::PAUSE),
            Some(told) => {
                let why = format!("the service account may not sign in: {told:?}, {}", fault.codes());
                let why = DirectoryError::ServiceCredentials(self.dialer.said(&why));
                let wrong = told == PasswordCheck::Wrong;
                (
                    why,
                    if wrong {
                        limits::PAUSE_WRONG_PASSWORD
                    } else {
                        limits::PAUSE_REFUSED
                    },
                )
            }
        })
    }
}
