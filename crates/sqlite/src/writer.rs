//! The one thread that writes: a group of jobs, one commit, then the answers.

use std::sync::Arc;

use rusqlite::{Connection, ffi};
use tokio::sync::{mpsc, oneshot};

use crate::connection::{Frame, Guarded};
use crate::database::Options;
use crate::error::CheckpointError;
use crate::error::WriteError;
use crate::file::Lock;
use crate::job::{Job, Pending};
use crate::numbers::Counters;

/// Free pages given back to the file system by one checkpoint, so that it stays short.
const PAGES_GIVEN_BACK: u32 = 1_000;

/// What the writer can be asked.
pub(crate) enum Task {
    Write(Box<dyn Job>),
    Checkpoint(oneshot::Sender<Result<(), CheckpointError>>),
    /// Take nothing new, finish what waits, end.
    Stop,
}

impl Task {
    /// A write that does `work` and gives its outcome to `done`.
    pub(crate) fn write<R: Send + 'static, E: Send + 'static>(
        work: impl FnOnce(&Connection) -> Result<R, E> + Send + 'static,
        done: impl FnOnce(Result<R, WriteError<E>>) + Send + 'static,
    ) -> Self {
        Self::Write(Box::new(Pending::new(work, done)))
    }
}

pub(crate) struct Writer {
    // The fields drop in this order: the lock goes last, when the file is closed.
    conn: Guarded,
    tasks: mpsc::Receiver<Task>,
    /// A task other than a write that ended a group and comes next.
    next: Option<Task>,
    counters: Arc<Counters>,
    options: Options,
    _lock: Lock,
}

/// The jobs of one transaction that ran, and how many of them were kept.
#[derive(Default)]
struct Group {
    ran: Vec<Box<dyn Job>>,
    kept: u64,
}

impl Writer {
    pub(crate) fn new(
        conn: Guarded,
        tasks: mpsc::Receiver<Task>,
        counters: Arc<Counters>,
        options: Options,
        lock: Lock,
    ) -> Self {
        Self {
            conn,
            tasks,
            next: None,
            counters,
            options,
            _lock: lock,
        }
    }

    /// Serves until it is told to stop or every handle is gone; both leave nothing undone that was queued.
    pub(crate) fn run(mut self) {
        while let Some(task) = self.next.take().or_else(|| self.tasks.blocking_recv()) {
            match task {
                Task::Write(job) => self.write(job),
                Task::Checkpoint(caller) => {
                    let _ = caller.send(self.checkpoint());
                }
                Task::Stop => self.tasks.close(),
            }
        }
    }

    /// One transaction, begun for `first` and joined by what comes while it runs.
    fn write(&mut self, first: Box<dyn Job>) {
        let mut group = Group::default();
        let fate = match self.conn.frame(Frame::BeginWrite) {
            Ok(()) => self
                .fill(&mut group, first)
                .and_then(|()| self.conn.frame(Frame::Commit)),
            Err(error) => {
                group.ran.push(first);
                Err(error)
            }
        };
        self.close(group, fate);
    }

    fn fill(&mut self, group: &mut Group, first: Box<dyn Job>) -> rusqlite::Result<()> {
        let mut job = Some(first);
        while let Some(mut current) = job {
            let kept = if group.kept == 0 {
                run_alone(&self.conn, current.as_mut())
            } else {
                run_in_savepoint(&self.conn, current.as_mut())
            };
            group.ran.push(current);
            if kept? {
                group.kept += 1;
            }
            job = if group.ran.len() < self.options.group {
                self.another()
            } else {
                None
            };
        }
        Ok(())
    }

    /// A further write that waits already. Anything else is kept for after the commit.
    fn another(&mut self) -> Option<Box<dyn Job>> {
        match self.tasks.try_recv() {
            Ok(Task::Write(job)) => Some(job),
            Ok(other) => {
                self.next = Some(other);
                None
            }
            Err(_) => None,
        }
    }

    /// Only here does anybody learn anything: the commit has been synced, or nothing happened.
    fn close(&mut self, group: Group, fate: rusqlite::Result<()>) {
        let jobs = group.ran.len() as u64;
        let fate = fate.map_err(Arc::new);
        match &fate {
            Ok(()) => self.counters.committed(group.kept, jobs - group.kept),
            Err(error) => {
                self.abandon();
                self.counters.lost(jobs);
                tracing::error!(%error, jobs, "a group of writes was lost");
            }
        }
        for job in group.ran {
            job.answer(fate.clone());
        }
    }

    fn abandon(&self) {
        if self.conn.lend().is_autocommit() {
            return;
        }
        if let Err(error) = self.conn.frame(Frame::Rollback) {
            tracing::error!(%error, "the lost group could not be rolled back");
        }
    }

    fn checkpoint(&self) -> Result<(), CheckpointError> {
        self.give_pages_back()?;
        self.conn.lend().busy_timeout(self.options.checkpoint_wait)?;
        let busy = self.conn.exempt(|conn| {
            conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0))
        });
        self.conn.lend().busy_timeout(self.options.busy_timeout)?;
        if busy? { Err(CheckpointError::Busy) } else { Ok(()) }
    }

    /// Each step of this pragma frees one page, so it is asked until it has no more to say.
    fn give_pages_back(&self) -> rusqlite::Result<()> {
        self.conn.exempt(|conn| {
            let mut pragma = conn.prepare(&format!("PRAGMA incremental_vacuum({PAGES_GIVEN_BACK})"))?;
            let mut steps = pragma.query([])?;
            while steps.next()?.is_some() {}
            Ok(())
        })
    }
}

/// Whether the job's changes were kept. An error means that the transaction around it is gone or cannot go on.
///
/// Nobody else's changes are in the transaction yet, so that it can be undone as a whole: a savepoint would copy every page
/// that the job changes.
fn run_alone(conn: &Guarded, job: &mut dyn Job) -> rusqlite::Result<bool> {
    let keep = run(conn, job)?;
    if !keep {
        conn.frame(Frame::Rollback)?;
        conn.frame(Frame::BeginWrite)?;
    }
    Ok(keep)
}

/// The same beside the changes of others, which stay whatever becomes of this job's.
fn run_in_savepoint(conn: &Guarded, job: &mut dyn Job) -> rusqlite::Result<bool> {
    conn.frame(Frame::Savepoint)?;
    let keep = run(conn, job)?;
    if !keep {
        conn.control("ROLLBACK TO job")?;
    }
    conn.frame(Frame::Release)?;
    Ok(keep)
}

fn run(conn: &Guarded, job: &mut dyn Job) -> rusqlite::Result<bool> {
    let keep = job.run(conn.lend());
    if conn.lend().is_autocommit() {
        // SQLite ends the whole transaction by itself on a full disk, an I/O error and `OR ROLLBACK`.
        return Err(transaction_gone());
    }
    Ok(keep)
}

fn transaction_gone() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(
        ffi::Error::new(ffi::SQLITE_ABORT_ROLLBACK),
        Some("the transaction was rolled back while a job ran".to_owned()),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::job::tell;

    type Answer = oneshot::Receiver<Result<usize, WriteError<rusqlite::Error>>>;

    fn insert(value: i64) -> (Task, Answer) {
        let (caller, answer) = oneshot::channel();
        let work = move |conn: &Connection| conn.execute("INSERT INTO t VALUES (?1)", [value]);
        (Task::write(work, tell(caller)), answer)
    }

    #[test]
    fn when_the_commit_fails_everybody_is_told_and_nothing_is_stored() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.db");
        let lock = crate::file::lock(&path).unwrap();
        let mut conn = Connection::open(&path).unwrap();
        conn.execute_batch("CREATE TABLE t (v INTEGER) STRICT").unwrap();
        let fails = Arc::new(AtomicBool::new(true));
        let hook = Arc::clone(&fails);
        conn.commit_hook(Some(move || hook.load(Ordering::Relaxed)))
            .unwrap();
        let (tasks, waiting) = mpsc::channel(8);
        let counters = Arc::new(Counters::default());
        let guarded = Guarded::new(conn).unwrap();
        let mut writer = Writer::new(guarded, waiting, Arc::clone(&counters), Options::new(1), lock);

        let (first, mut first_answer) = insert(1);
        let (second, mut second_answer) = insert(2);
        tasks.blocking_send(second).unwrap();
        let Task::Write(first) = first else {
            panic!("a write")
        };
        writer.write(first);
        for answer in [&mut first_answer, &mut second_answer] {
            assert!(matches!(answer.try_recv(), Ok(Err(WriteError::Database(_)))));
        }
        assert_eq!(counters.read(0, 8).failed_groups, 1);

        fails.store(false, Ordering::Relaxed);
        let (third, mut third_answer) = insert(3);
        let Task::Write(third) = third else {
            panic!("a write")
        };
        writer.write(third);
        assert!(matches!(third_answer.try_recv(), Ok(Ok(1))));
        let stored: i64 = writer
            .conn
            .lend()
            .query_row("SELECT group_concat(v) = '3' FROM t", [], |row| row.get(0))
            .unwrap();
        assert_eq!(
            stored, 1,
            "the lost group left nothing and did no harm to the next"
        );
    }
}
