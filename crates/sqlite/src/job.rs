//! One write on its way through the writer thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::WriteError;

/// A write whose types the writer need not know.
pub(crate) trait Job: Send {
    /// Does the work. False: what it wrote must be undone.
    fn run(&mut self, conn: &Connection) -> bool;

    /// Says what became of the transaction: to the caller, or by queueing what comes next with another writer, which may
    /// wait for a place.
    fn answer(self: Box<Self>, fate: Result<(), Arc<rusqlite::Error>>);
}

/// Tells the caller. He may have hung up; the work is done all the same.
pub(crate) fn tell<R, E>(
    caller: oneshot::Sender<Result<R, WriteError<E>>>,
) -> impl FnOnce(Result<R, WriteError<E>>) {
    move |result| drop(caller.send(result))
}

/// A job: the closure that does it, and the one that is told its result.
pub(crate) struct Pending<W, R, E, D> {
    work: Option<W>,
    result: Result<R, WriteError<E>>,
    done: D,
}

impl<W, R, E, D> Pending<W, R, E, D>
where
    W: FnOnce(&Connection) -> Result<R, E> + Send,
    D: FnOnce(Result<R, WriteError<E>>) + Send,
{
    pub(crate) fn new(work: W, done: D) -> Self {
        Self {
            work: Some(work),
            result: Err(WriteError::Stopped),
            done,
        }
    }
}

impl<W, R, E, D> Job for Pending<W, R, E, D>
where
    W: FnOnce(&Connection) -> Result<R, E> + Send,
    D: FnOnce(Result<R, WriteError<E>>) + Send,
    R: Send,
    E: Send,
{
    fn run(&mut self, conn: &Connection) -> bool {
        let Some(work) = self.work.take() else {
            return false;
        };
        // What it wrote is rolled back after a panic, so nothing half done is seen through the reference.
        self.result = match catch_unwind(AssertUnwindSafe(|| work(conn))) {
            Ok(result) => result.map_err(WriteError::Job),
            Err(_) => Err(WriteError::Panicked),
        };
        if matches!(self.result, Err(WriteError::Panicked)) {
            tracing::error!("a write panicked and was undone");
        }
        self.result.is_ok()
    }

    fn answer(self: Box<Self>, fate: Result<(), Arc<rusqlite::Error>>) {
        // A refusal too may rest on what a neighbour wrote, so it is worth nothing if the transaction is not.
        (self.done)(fate.map_err(WriteError::Database).and(self.result));
    }
}
