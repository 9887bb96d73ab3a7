//! A few read-only connections, lent to one read each.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connection::{Frame, Guarded};
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
        let lent = self.wait().await?;
        // A blocking task fails to join only when its runtime is shut down, for panics are caught inside.
        tokio::task::spawn_blocking(move || lent.read(job))
            .await
            .unwrap_or(Err(ReadError::Stopped))
    }

    /// Two reads one after the other, each on its own pool, on the same thread: the second is given what the first
    /// found.
    pub(crate) async fn read_in_turn<A, R, E>(
        self: &Arc<Self>,
        other: &Arc<Self>,
        first: impl FnOnce(&Connection) -> Result<A, E> + Send + 'static,
        second: impl FnOnce(&Connection, A) -> Result<R, E> + Send + 'static,
    ) -> Result<R, ReadError<E>>
    where
        R: Send + 'static,
        E: Send + 'static,
    {
        let (lent, next) = (self.wait().await?, other.wait().await?);
        let both = move || {
            let found = lent.read(first)?;
            next.read(|conn| second(conn, found))
        };
        tokio::task::spawn_blocking(both)
            .await
            .unwrap_or(Err(ReadError::Stopped))
    }

    async fn wait<E>(self: &Arc<Self>) -> Result<Lent, ReadError<E>> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        permit
            .map(|permit| self.lend(permit))
            .map_err(|_| ReadError::Stopped)
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
        conn.frame(Frame::BeginRead).map_err(ReadError::Database)?;
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
            && let Err(error) = conn.frame(Frame::Rollback)
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
