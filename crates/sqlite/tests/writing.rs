//! Groups, neighbours, the queue, and what a job may not do.

use std::sync::mpsc;
use std::time::Duration;

use proptest::prelude::*;
use sqlite::{Connection, Database, Migration, Options, WriteError, rusqlite};
use tempfile::TempDir;

const SCHEMA: &[Migration] = &[Migration {
    name: "things",
    sql: "CREATE TABLE things (id INTEGER PRIMARY KEY, spent_by INTEGER) STRICT;
          CREATE TABLE parts (thing INTEGER NOT NULL REFERENCES things) STRICT;",
}];

fn open(options: Options) -> (TempDir, Database) {
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::open(folder.path().join("t.db"), SCHEMA, options).expect("a new file");
    (folder, database)
}

fn insert(id: i64) -> impl FnOnce(&Connection) -> rusqlite::Result<usize> + Send + 'static {
    move |conn| conn.execute("INSERT INTO things (id) VALUES (?1)", [id])
}

async fn ids(database: &Database) -> Vec<i64> {
    let all = database.read(|conn| {
        conn.prepare("SELECT id FROM things ORDER BY id")?
            .query_map([], |row| row.get(0))?
            .collect()
    });
    all.await.expect("the table is there")
}

/// Keeps the writer inside a job until the sender is dropped or used, so that what comes next shares its group.
async fn hold(database: &Database) -> (mpsc::Sender<()>, tokio::task::JoinHandle<()>) {
    let (go, wait) = mpsc::channel::<()>();
    let (started, has_started) = tokio::sync::oneshot::channel();
    let database = database.clone();
    let held = tokio::spawn(async move {
        let job = move |_: &Connection| {
            started.send(()).expect("the test waits for it");
            let _ = wait.recv();
            Ok::<_, rusqlite::Error>(())
        };
        database.write(job).await.expect("the group is committed");
    });
    has_started.await.expect("the writer took the job");
    (go, held)
}

async fn until_queued(database: &Database, count: u64) {
    while database.numbers().queued < count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_who_spend_the_same_thing_one_wins() {
    let (_folder, database) = open(Options::new(7));
    database.write(insert(1)).await.unwrap();
    let tries = (0..20_i64).map(|who| {
        let database = database.clone();
        tokio::spawn(async move {
            let spend = move |conn: &Connection| {
                conn.execute(
                    "UPDATE things SET spent_by = ?1 WHERE id = 1 AND spent_by IS NULL",
                    [who],
                )
            };
            database.write(spend).await.unwrap()
        })
    });
    let tries: Vec<_> = tries.collect();
    let mut winners = 0;
    for one in tries {
        winners += one.await.unwrap();
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn who_fails_or_panics_takes_nobody_along() {
    let (_folder, database) = open(Options::new(7));
    let (go, held) = hold(&database).await;
    let fails = |conn: &Connection| -> rusqlite::Result<usize> {
        insert(2)(conn)?;
        insert(2)(conn)
    };
    let panics = |conn: &Connection| -> rusqlite::Result<usize> {
        insert(3)(conn)?;
        panic!("as a mistake in a store would");
    };
    let orphan = |conn: &Connection| conn.execute("INSERT INTO parts (thing) VALUES (99)", []);
    let (one, two, three, orphaned, four, ()) = tokio::join!(
        database.write(insert(1)),
        database.write(fails),
        database.write(panics),
        database.write(orphan),
        database.write(insert(4)),
        async {
            until_queued(&database, 5).await;
            go.send(()).unwrap();
        },
    );
    assert_eq!((one.unwrap(), four.unwrap()), (1, 1));
    assert!(matches!(two, Err(WriteError::Job(_))));
    assert!(matches!(three, Err(WriteError::Panicked)));
    assert!(
        matches!(orphaned, Err(WriteError::Job(_))),
        "a broken reference is the job's own failure"
    );
    held.await.unwrap();
    assert_eq!(ids(&database).await, [1, 4]);
    let numbers = database.numbers();
    assert_eq!(
        (numbers.groups, numbers.largest_group),
        (1, 6),
        "all six shared one commit"
    );
    assert_eq!(
        (numbers.written, numbers.undone, numbers.failed_groups),
        (3, 3, 0)
    );
}

#[tokio::test]
async fn a_transaction_that_sqlite_ends_is_lost_for_all_who_were_in_it() {
    let (_folder, database) = open(Options::new(7));
    database.write(insert(1)).await.unwrap();
    let (go, held) = hold(&database).await;
    let ends = |conn: &Connection| -> rusqlite::Result<usize> {
        let refused = conn.execute("INSERT OR ROLLBACK INTO things (id) VALUES (1)", []);
        assert!(refused.is_err());
        Ok(0)
    };
    let (before, ender, after, ()) = tokio::join!(
        database.write(insert(2)),
        database.write(ends),
        database.write(insert(3)),
        async {
            until_queued(&database, 3).await;
            go.send(()).unwrap();
        },
    );
    assert!(
        held.await.is_err(),
        "the job that began the group lost its transaction too"
    );
    assert!(matches!(before, Err(WriteError::Database(_))));
    assert!(matches!(ender, Err(WriteError::Database(_))));
    assert_eq!(after.unwrap(), 1);
    assert_eq!(ids(&database).await, [1, 3]);
}

#[tokio::test]
async fn jobs_can_neither_end_their_transaction_nor_change_a_setting() {
    let (folder, database) = open(Options::new(7));
    let other = folder.path().join("other.db");
    let mut forbidden: Vec<String> = [
        "COMMIT",
        "END",
        "ROLLBACK",
        "BEGIN",
        "SAVEPOINT x",
        "RELEASE job",
        "ROLLBACK TO job",
        "PRAGMA foreign_keys = OFF",
        "PRAGMA defer_foreign_keys = ON",
        "PRAGMA synchronous = OFF",
        "PRAGMA user_version = 9",
        "DETACH main",
    ]
    .map(str::to_owned)
    .into();
    forbidden.push(format!("ATTACH '{}' AS other", other.display()));
    for sql in forbidden {
        let tried = sql.clone();
        let job = move |conn: &Connection| conn.execute_batch(&tried);
        assert!(
            matches!(database.write(job).await, Err(WriteError::Job(_))),
            "{sql} must be refused"
        );
        let tried = sql.clone();
        let kept = database
            .write(move |conn| conn.prepare_cached(&tried).map(drop))
            .await;
        assert!(
            matches!(kept, Err(WriteError::Job(_))),
            "{sql} must not be found among what is kept prepared"
        );
        let tried = sql.clone();
        let read = database.read(move |conn| conn.execute_batch(&tried)).await;
        assert!(
            matches!(read, Err(sqlite::ReadError::Job(_))),
            "{sql} must be refused to a reader"
        );
    }
    let columns = database.write(|conn| {
        conn.query_row("SELECT count(*) FROM pragma_table_info('things')", [], |row| {
            row.get::<_, i64>(0)
        })
    });
    assert_eq!(columns.await.unwrap(), 2, "looking is allowed");
}

#[tokio::test]
async fn the_queue_is_bounded_and_whoever_comes_late_waits() {
    let (_folder, database) = open(Options {
        queue: 3,
        ..Options::new(7)
    });
    let (go, held) = hold(&database).await;
    let queued: Vec<_> = (1..=3)
        .map(|id| {
            let database = database.clone();
            tokio::spawn(async move { database.write(insert(id)).await.unwrap() })
        })
        .collect();
    until_queued(&database, 3).await;
    let late = tokio::time::timeout(Duration::from_millis(50), database.write(insert(4))).await;
    assert!(late.is_err(), "the queue was full");
    assert_eq!(database.numbers().queued, 3);
    go.send(()).unwrap();
    held.await.unwrap();
    for one in queued {
        one.await.unwrap();
    }
    assert_eq!(
        ids(&database).await,
        [1, 2, 3],
        "who was never queued wrote nothing"
    );
}

#[tokio::test]
async fn closing_finishes_what_is_queued_and_refuses_the_rest() {
    let (folder, database) = open(Options::new(7));
    let (go, held) = hold(&database).await;
    let queued = {
        let database = database.clone();
        tokio::spawn(async move { database.write(insert(1)).await })
    };
    until_queued(&database, 1).await;
    let closing = {
        let database = database.clone();
        tokio::spawn(async move { database.close().await })
    };
    until_queued(&database, 2).await;
    go.send(()).unwrap();
    closing.await.unwrap();
    held.await.unwrap();
    assert_eq!(queued.await.unwrap().unwrap(), 1);
    assert!(matches!(
        database.write(insert(2)).await,
        Err(WriteError::Stopped)
    ));
    assert!(matches!(
        database.read(|_| Ok::<_, rusqlite::Error>(())).await,
        Err(sqlite::ReadError::Stopped)
    ));
    assert!(matches!(
        database.checkpoint().await,
        Err(sqlite::CheckpointError::Stopped)
    ));
    database.close().await;
    let again = Database::open(folder.path().join("t.db"), SCHEMA, Options::new(7)).unwrap();
    assert_eq!(ids(&again).await, [1]);
}

#[test]
fn commands_write_without_a_runtime() {
    let (_folder, database) = open(Options::new(7));
    assert_eq!(database.write_blocking(insert(1)).unwrap(), 1);
    assert!(matches!(
        database.write_blocking(insert(1)),
        Err(WriteError::Job(_))
    ));
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Insert(i64),
    InsertThenFail(i64),
    InsertThenPanic(i64),
    Delete(i64),
}

fn step() -> impl Strategy<Value = Step> {
    (0..8_i64, 0..4).prop_map(|(id, kind)| match kind {
        0 => Step::Insert(id),
        1 => Step::InsertThenFail(id),
        2 => Step::InsertThenPanic(id),
        _ => Step::Delete(id),
    })
}

fn take(step: Step, conn: &Connection) -> rusqlite::Result<usize> {
    let put = |id: i64| conn.execute("INSERT OR REPLACE INTO things (id) VALUES (?1)", [id]);
    match step {
        Step::Insert(id) => put(id),
        Step::InsertThenFail(id) => put(id).and(Err(rusqlite::Error::QueryReturnedNoRows)),
        Step::InsertThenPanic(id) => {
            put(id)?;
            panic!("as a mistake in a store would")
        }
        Step::Delete(id) => conn.execute("DELETE FROM things WHERE id = ?1", [id]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is grouped with whatever: the table is what the successful jobs make of it, in their order.
    #[test]
    fn groups_do_what_single_jobs_would_do(steps in prop::collection::vec(step(), 1..40), group in 1..9_usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_folder, database) = open(Options { group, ..Options::new(7) });
            let (go, held) = hold(&database).await;
            let mut expected = std::collections::BTreeSet::new();
            let mut answers = Vec::new();
            for (count, &step) in (1..).zip(&steps) {
                match step {
                    Step::Insert(id) => { expected.insert(id); }
                    Step::Delete(id) => { expected.remove(&id); }
                    Step::InsertThenFail(_) | Step::InsertThenPanic(_) => {}
                }
                let writer = database.clone();
                answers.push((step, tokio::spawn(async move { writer.write(move |conn| take(step, conn)).await })));
                until_queued(&database, count).await;
            }
            go.send(()).unwrap();
            held.await.unwrap();
            for (step, answer) in answers {
                let answer = answer.await.unwrap();
                match step {
                    Step::Insert(_) | Step::Delete(_) => assert!(answer.is_ok()),
                    Step::InsertThenFail(_) => assert!(matches!(answer, Err(WriteError::Job(_)))),
                    Step::InsertThenPanic(_) => assert!(matches!(answer, Err(WriteError::Panicked))),
                }
            }
            assert_eq!(ids(&database).await, expected.into_iter().collect::<Vec<_>>());
            assert!(database.numbers().largest_group <= group as u64);
            database.close().await;
        });
    }
}

/// Two databases, the second of which is written after the first.
fn open_two() -> (TempDir, Database, Database) {
    let folder = tempfile::tempdir().expect("a folder");
    let [first, second] = ["first.db", "second.db"].map(|name| {
        let options = Options::new(7);
        Database::open(folder.path().join(name), SCHEMA, options).expect("a new file")
    });
    (folder, first, second)
}

fn insert_only(id: i64) -> impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static {
    move |conn| insert(id)(conn).map(drop)
}

#[tokio::test]
async fn the_second_database_is_written_when_the_first_is_on_the_disk() {
    let (folder, first, second) = open_two();
    let path = folder.path().join("first.db");
    let count_first_and_insert = move |conn: &Connection| {
        let count = "SELECT count(*) FROM things";
        let in_first: usize = Connection::open(&path)?.query_row(count, [], |row| row.get(0))?;
        insert(2)(conn)?;
        Ok::<_, rusqlite::Error>(in_first)
    };
    let in_first = first.write_in_turn(&second, insert_only(1), count_first_and_insert);
    assert_eq!(in_first.await.unwrap(), 1);
    assert_eq!((ids(&first).await, ids(&second).await), (vec![1], vec![2]));
}

#[tokio::test]
async fn an_error_in_the_first_leaves_the_second_alone_and_one_in_the_second_leaves_what_the_first_did() {
    let (_folder, first, second) = open_two();
    first.write(insert(1)).await.unwrap();
    let refused = first.write_in_turn(&second, insert_only(1), insert(2)).await;
    assert!(matches!(refused, Err(WriteError::Job(_))), "{refused:?}");
    assert_eq!((ids(&first).await, ids(&second).await), (vec![1], vec![]));

    second.write(insert(3)).await.unwrap();
    let refused = first.write_in_turn(&second, insert_only(2), insert(3)).await;
    assert!(matches!(refused, Err(WriteError::Job(_))), "{refused:?}");
    assert_eq!((ids(&first).await, ids(&second).await), (vec![1, 2], vec![3]));
}

#[tokio::test]
async fn when_the_second_is_closed_the_caller_is_told_and_the_first_stays_written() {
    let (_folder, first, second) = open_two();
    second.close().await;
    let stopped = first.write_in_turn(&second, insert_only(1), insert(1)).await;
    assert!(matches!(stopped, Err(WriteError::Stopped)), "{stopped:?}");
    assert_eq!(ids(&first).await, [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_whose_caller_hung_up_stays_ahead_of_later_ones_in_the_second_database() {
    let (_folder, first, second) = open_two();
    let (go, held) = hold(&first).await;
    tokio::select! {
        biased;
        _ = first.write_in_turn(&second, insert_only(1), insert(1)) => panic!("the writer is held"),
        () = until_queued(&first, 1) => {} // and hangs up
    }
    let count = |conn: &Connection| conn.query_row("SELECT count(*) FROM things", [], |row| row.get(0));
    let later = first.write_in_turn(&second, |_| Ok(()), count);
    let behind = second.write_behind(&first, count);
    go.send(()).unwrap();
    let (later, behind): (Result<i64, WriteError<_>>, Result<i64, WriteError<_>>) =
        tokio::join!(later, behind);
    assert_eq!((later.unwrap(), behind.unwrap()), (1, 1));
    held.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_written_behind_a_group_that_is_lost_is_written() {
    let (_folder, first, second) = open_two();
    let (go, held) = hold(&first).await;
    let lost = first.write_in_turn(
        &second,
        |conn| conn.execute_batch("INSERT OR ROLLBACK INTO things (id, spent_by) VALUES (1, 2), (1, 3)"),
        insert(1),
    );
    let behind = second.write_behind(&first, insert(2));
    let outcome = async {
        until_queued(&first, 2).await;
        go.send(()).unwrap();
    };
    let (lost, behind, ()) = tokio::join!(lost, behind, outcome);
    assert!(lost.is_err(), "{lost:?}");
    behind.unwrap();
    assert_eq!((ids(&first).await, ids(&second).await), (vec![], vec![2]));
    assert!(held.await.is_err(), "whoever was in the lost group is told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_the_second_queue_is_full_the_first_writer_waits_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = [("first.db", 64), ("second.db", 1)].map(|(name, queue)| {
        let options = Options {
            queue,
            ..Options::new(7)
        };
        Database::open(folder.path().join(name), SCHEMA, options).unwrap()
    });
    let (go, held) = hold(&second).await;
    let writes = (0..20).map(|id| {
        let (first, second) = (first.clone(), second.clone());
        tokio::spawn(async move { first.write_in_turn(&second, insert_only(id), insert(id)).await })
    });
    let writes: Vec<_> = writes.collect();
    until_queued(&second, 1).await;
    go.send(()).unwrap();
    held.await.unwrap();
    for write in writes {
        write.await.unwrap().unwrap();
    }
    let all: Vec<i64> = (0..20).collect();
    assert_eq!((ids(&first).await, ids(&second).await), (all.clone(), all));
}
