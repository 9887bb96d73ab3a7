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

    /// Tells the caller, once it is known what became of the transaction.
    fn answer(self: Box<Self>, fate: Result<(), Arc<rusqlite::Error>>);
}

/// Who waits for what becomes of a job.
pub(crate) type Caller<R, E> = oneshot::Sender<Result<R, WriteError<E>>>;

/// Tells the caller. He may have hung up; the work is done all the same.
pub(crate) fn tell<R, E>(caller: Caller<R, E>) -> impl FnOnce(Result<R, WriteError<E>>) {
    move |result| drop(caller.send(result))
}

/// A job with the closure that does it, and the one that gets to know what became of it.
pub(crate) struct Pending<W, R, E, T> {
    work: Option<W>,
    result: Result<R, WriteError<E>>,
    then: T,
}

impl<W, R, E, T> Pending<W, R, E, T>
where
    W: FnOnce(&Connection) -> Result<R, E> + Send,
    T: FnOnce(Result<R, WriteError<E>>) + Send,
{
    pub(crate) fn new(work: W, then: T) -> Self {
        Self {
            work: Some(work),
            result: Err(WriteError::Stopped),
            then,
        }
    }
}

impl<W, R, E, T> Job for Pending<W, R, E, T>
where
    W: FnOnce(&Connection) -> Result<R, E> + Send,
    T: FnOnce(Result<R, WriteError<E>>) + Send,
    R: Send,
    E: Send,
{
    fn run(&mut self, conn: &Connection) -> bool {
        let Some(work) = self.work.take() else {
            return false;
        };
        // The savepoint is rolled back after a panic, so nothing half done is seen through the reference.
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
        (self.then)(fate.map_err(WriteError::Database).and(self.result));
    }
}
