//! The handle that stores hold.

use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::connection::{open_reader, open_writer};
use crate::error::{CheckpointError, OpenError, ReadError, WriteError};
use crate::file;
use crate::job::tell;
use crate::migration::{Found, Migration, migrate, probe, refuse_deferred_constraints};
use crate::numbers::{Counters, Numbers};
use crate::reader::Readers;
use crate::writer::{Task, Writer};

/// How a database is run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Stands in the file's header and tells our databases from each other and from everybody else's. Not 0.
    pub application_id: i32,
    /// The most writes that wait; a further one waits before it is taken.
    pub queue: usize,
    /// The most jobs that share one commit.
    pub group: usize,
    /// Connections that read at the same time.
    pub readers: usize,
    /// How long a statement waits for somebody else's lock, such as a backup's.
    pub busy_timeout: Duration,
    /// How long a checkpoint (and with it every write) waits for readers to leave an old snapshot.
    pub checkpoint_wait: Duration,
}

impl Options {
    /// The usual numbers, for a database with this application id.
    pub const fn new(application_id: i32) -> Self {
        Self {
            application_id,
            queue: 256,
            group: 64,
            readers: 4,
            busy_timeout: Duration::from_secs(5),
            checkpoint_wait: Duration::from_secs(1),
        }
    }
}

/// An open database. Clones are the same database; it ends with [`close`](Self::close) or with the last clone.
#[derive(Clone)]
pub struct Database {
    tasks: mpsc::Sender<Task>,
    readers: Arc<Readers>,
    counters: Arc<Counters>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Database {
    /// Opens the file, makes it if there is none (mode 0600), and brings its schema up to date. Blocks: call it at
    /// start, not in a handler.
    ///
    /// A file that somebody else holds, of another application or of a newer version is refused and left as it is.
    pub fn open(
        path: impl AsRef<Path>,
        migrations: &'static [Migration],
        options: Options,
    ) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let known = i64::try_from(migrations.len()).expect("a list of migrations is short");
        let lock = file::lock(path)?;
        file::create(path)?;
        let found = probe(path, options.application_id, known)?;
        let conn = open_writer(path, &options, found == Found::Fresh)?;
        let from = match found {
            Found::Fresh => 0,
            Found::Ours(version) => version,
        };
        migrate(&conn, from, options.application_id, migrations)?;
        refuse_deferred_constraints(&conn, path)?;
        let readers = (0..options.readers.max(1))
            .map(|_| open_reader(path, &options))
            .collect::<Result<Vec<_>, _>>()?;

        let (tasks, waiting) = mpsc::channel(options.queue.max(1));
        let counters = Arc::new(Counters::default());
        let writer = Writer::new(conn, waiting, Arc::clone(&counters), options, lock);
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(|source| OpenError::File {
                path: path.to_owned(),
                source,
            })?;
        Ok(Self {
            tasks,
            readers: Arc::new(Readers::new(readers)),
            counters,
            thread: Arc::new(Mutex::new(Some(thread))),
        })
    }

    /// Runs the job on the writer thread and answers when its change is on the disk.
    ///
    /// The job is all or nothing: an error or a panic undoes what it wrote, and nothing else. Once it is queued it
    /// is done, whether or not the caller still waits, so a caller that gives up must be able to ask again. While
    /// the queue is full this waits; put a deadline around it.
    pub async fn write<R, E>(
        &self,
        job: impl FnOnce(&Connection) -> Result<R, E> + Send + 'static,
    ) -> Result<R, WriteError<E>>
    where
        R: Send + 'static,
        E: Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        self.ask(Task::write(job, tell(caller)), answer).await
    }

    /// [Writes](Self::write) here and, once that is on the disk, to another database; answers when both are.
    ///
    /// Once it is queued both are done, whether or not the caller still waits, and those who come after it in this queue are
    /// behind it in the other one, too. This writer waits while the other's queue is full, so two databases that did this to
    /// each other could lock up: keep one order everywhere.
    ///
    /// # Errors
    /// Those of either job. If the second fails, or the other database is closed, what the first did stays.
    pub async fn write_in_turn<R, E>(
        &self,
        other: &Self,
        first: impl FnOnce(&Connection) -> Result<(), E> + Send + 'static,
        second: impl FnOnce(&Connection) -> Result<R, E> + Send + 'static,
    ) -> Result<R, WriteError<E>>
    where
        R: Send + 'static,
        E: Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let others = other.tasks.clone();
        // From one writer to the other: the caller is woken once, at the end.
        let done = move |written: Result<(), WriteError<E>>| match written {
            // If the other database is closed, the job is dropped with its caller, who then learns that it has stopped.
            Ok(()) => drop(others.blocking_send(Task::write(second, tell(caller)))),
            Err(error) => tell(caller)(Err(error)),
        };
        self.ask(Task::write(first, done), answer).await
    }

    /// [Writes](Self::write) here, behind everything that was queued at `first` before and [goes on](Self::write_in_turn) to
    /// here, whatever becomes of that.
    pub async fn write_behind<R, E>(
        &self,
        first: &Self,
        job: impl FnOnce(&Connection) -> Result<R, E> + Send + 'static,
    ) -> Result<R, WriteError<E>>
    where
        R: Send + 'static,
        E: Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let tasks = self.tasks.clone();
        let nothing = |_: &Connection| Ok::<_, Infallible>(());
        let go_on = move |_: Result<(), WriteError<Infallible>>| {
            drop(tasks.blocking_send(Task::write(job, tell(caller))));
        };
        first.ask(Task::write(nothing, go_on), answer).await
    }

    /// Queues a task, and waits for what the caller is told in the end.
    async fn ask<R, E>(
        &self,
        task: Task,
        answer: oneshot::Receiver<Result<R, WriteError<E>>>,
    ) -> Result<R, WriteError<E>> {
        self.tasks.send(task).await.map_err(|_| WriteError::Stopped)?;
        answer.await.unwrap_or(Err(WriteError::Stopped))
    }

    /// [`write`](Self::write) for commands and tests that have no async runtime; panics inside of one.
    pub fn write_blocking<R, E>(
        &self,
        job: impl FnOnce(&Connection) -> Result<R, E> + Send + 'static,
    ) -> Result<R, WriteError<E>>
    where
        R: Send + 'static,
        E: Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let task = Task::write(job, tell(caller));
        self.tasks.blocking_send(task).map_err(|_| WriteError::Stopped)?;
        answer.blocking_recv().unwrap_or(Err(WriteError::Stopped))
    }

    /// Runs the job on a read-only connection, in one snapshot that begins with its first statement.
    ///
    /// It runs to its end even if the caller no longer waits, and keeps its connection until then.
    pub async fn read<R, E>(
        &self,
        job: impl FnOnce(&Connection) -> Result<R, E> + Send + 'static,
    ) -> Result<R, ReadError<E>>
    where
        R: Send + 'static,
        E: Send + 'static,
    {
        self.readers.read(job).await
    }

    /// [Reads](Self::read) here, and then, on the same thread and with what was found, from another database. One order
    /// of two databases must be kept everywhere, for it waits for a connection to the second while it has the first.
    pub async fn read_in_turn<A, R, E>(
        &self,
        other: &Self,
        first: impl FnOnce(&Connection) -> Result<A, E> + Send + 'static,
        second: impl FnOnce(&Connection, A) -> Result<R, E> + Send + 'static,
    ) -> Result<R, ReadError<E>>
    where
        R: Send + 'static,
        E: Send + 'static,
    {
        self.readers.read_in_turn(&other.readers, first, second).await
    }

    /// Moves everything from the write-ahead log into the main file, empties the log and gives free pages back:
    /// after it, what was deleted before stands in neither file (`secure_delete` is on).
    pub async fn checkpoint(&self) -> Result<(), CheckpointError> {
        let (caller, answer) = oneshot::channel();
        self.tasks
            .send(Task::Checkpoint(caller))
            .await
            .map_err(|_| CheckpointError::Stopped)?;
        answer.await.unwrap_or(Err(CheckpointError::Stopped))
    }

    /// Lets reads under way and queued writes finish, refuses new ones, and returns when the file is closed and
    /// its lock is free. What [`write_in_turn`](Self::write_in_turn) brings from another database is refused from then on, so
    /// that one is closed first. For all clones; a second call returns when the first is done or at once.
    pub async fn close(&self) {
        // The readers first: the writer's connection must be the last, for it is the one that can tidy the log.
        self.readers.close().await;
        // An error means that the thread has ended already.
        let _ = self.tasks.send(Task::Stop).await;
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return };
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("the writer thread did not end well");
        }
    }

    /// Figures for the metrics page, as they are now.
    pub fn numbers(&self) -> Numbers {
        let limit = self.tasks.max_capacity();
        self.counters.read(limit - self.tasks.capacity(), limit)
    }
}
