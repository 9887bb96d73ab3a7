//! A few read-only connections, lent to one read each.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connection::Guarded;
use crate::error::ReadError;

pub(crate) struct Readers {
    idle: Mutex<Vec<Guarded>>,
    /// One permit for each connection: who has a permit finds a connection.
    permits: Arc<Semaphore>,
    size: u32,
}

/// A connection away from the pool. Comes back by itself, also when the read panicked.
struct Lent {
    conn: Option<Guarded>,
    readers: Arc<Readers>,
    _permit: OwnedSemaphorePermit,
}

impl Readers {
    pub(crate) fn new(connections: Vec<Guarded>) -> Self {
        let size = u32::try_from(connections.len()).expect("a pool is a handful of connections");
        Self {
            permits: Arc::new(Semaphore::new(connections.len())),
            idle: Mutex::new(connections),
            size,
        }
    }

    /// Waits for a connection, then runs the read on a thread that may block.
    pub(crate) async fn read<R, E>(
        self: &Arc<Self>,
        job: impl FnOnce(&Connection) -> Result<R, E> + Send + 'static,
    ) -> Result<R, ReadError<E>>
    where
        R: Send + 'static,
        E: Send + 'static,
    {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| ReadError::Stopped)?;
        let lent = self.lend(permit);
        // A blocking task fails to join only when its runtime is shut down, for panics are caught inside.
        tokio::task::spawn_blocking(move || lent.read(job))
            .await
            .unwrap_or(Err(ReadError::Stopped))
    }

    fn lend(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Lent {
        let conn = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Lent {
            conn,
            readers: Arc::clone(self),
            _permit: permit,
        }
    }

    /// Lets the reads under way finish, refuses further ones and closes the connections.
    pub(crate) async fn close(&self) {
        let all = self.permits.acquire_many(self.size).await;
        self.permits.close();
        drop(all);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Lent {
    fn read<R, E>(self, job: impl FnOnce(&Connection) -> Result<R, E>) -> Result<R, ReadError<E>> {
        let Some(conn) = &self.conn else {
            return Err(ReadError::Stopped);
        };
        conn.control("BEGIN DEFERRED").map_err(ReadError::Database)?;
        let Ok(result) = catch_unwind(AssertUnwindSafe(|| job(conn.lend()))) else {
            tracing::error!("a read panicked");
            return Err(ReadError::Panicked);
        };
        result.map_err(ReadError::Job)
    }
}

impl Drop for Lent {
    /// Ends the snapshot, or it would hold up every later checkpoint, and gives the connection back before the
    /// permit goes.
    fn drop(&mut self) {
        let Some(conn) = self.conn.take() else { return };
        if !conn.lend().is_autocommit()
            && let Err(error) = conn.control("ROLLBACK")
        {
            tracing::error!(%error, "a snapshot could not be ended");
        }
        self.readers
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(conn);
    }
}
