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

/// A job with the closure that does it and the caller who waits for it.
pub(crate) struct Pending<W, R, E> {
    work: Option<W>,
    result: Result<R, WriteError<E>>,
    caller: oneshot::Sender<Result<R, WriteError<E>>>,
}

impl<W, R, E> Pending<W, R, E>
where
    W: FnOnce(&Connection) -> Result<R, E> + Send,
{
    pub(crate) fn new(work: W, caller: oneshot::Sender<Result<R, WriteError<E>>>) -> Self {
        Self {
            work: Some(work),
            result: Err(WriteError::Stopped),
            caller,
        }
    }
}

impl<W, R, E> Job for Pending<W, R, E>
where
    W: FnOnce(&Connection) -> Result<R, E> + Send,
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
        let result = fate.map_err(WriteError::Database).and(self.result);
        // The caller may have hung up; the work is done all the same.
        let _ = self.caller.send(result);
    }
}
