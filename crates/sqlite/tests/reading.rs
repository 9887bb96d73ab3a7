//! Snapshots, and readers that cannot write.

use std::sync::mpsc;

use sqlite::{CheckpointError, Connection, Database, Migration, Options, ReadError, rusqlite};
use tempfile::TempDir;

const SCHEMA: &[Migration] = &[Migration {
    name: "rows",
    sql: "CREATE TABLE rows (id INTEGER PRIMARY KEY) STRICT",
}];

fn open(options: Options) -> (TempDir, Database) {
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::open(folder.path().join("t.db"), SCHEMA, options).expect("a new file");
    (folder, database)
}

fn count(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("SELECT count(*) FROM rows", [], |row| row.get(0))
}

fn insert(conn: &Connection) -> rusqlite::Result<usize> {
    conn.execute("INSERT INTO rows DEFAULT VALUES", [])
}

#[tokio::test]
async fn a_read_sees_one_moment_and_holds_up_nobody_but_a_checkpoint() {
    let options = Options {
        checkpoint_wait: std::time::Duration::from_millis(10),
        ..Options::new(7)
    };
    let (_folder, database) = open(options);
    database.write(insert).await.unwrap();
    let (go, wait) = mpsc::channel::<()>();
    let (began, has_begun) = tokio::sync::oneshot::channel();
    let reader = database.clone();
    let long = tokio::spawn(async move {
        let look_twice = move |conn: &Connection| {
            let first = count(conn)?;
            began.send(()).unwrap();
            wait.recv().unwrap();
            Ok::<_, rusqlite::Error>((first, count(conn)?))
        };
        reader.read(look_twice).await.unwrap()
    });
    has_begun.await.unwrap();
    database.write(insert).await.unwrap();
    assert_eq!(
        database.read(count).await.unwrap(),
        2,
        "a read that begins later sees the write"
    );
    assert!(matches!(database.checkpoint().await, Err(CheckpointError::Busy)));
    go.send(()).unwrap();
    assert_eq!(
        long.await.unwrap(),
        (1, 1),
        "the read that began earlier does not"
    );
    database.checkpoint().await.unwrap();
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let (_folder, database) = open(Options::new(7));
    assert!(matches!(database.read(insert).await, Err(ReadError::Job(_))));
    assert_eq!(database.read(count).await.unwrap(), 0);
}

#[tokio::test]
async fn a_read_that_panics_gives_its_connection_back() {
    let (_folder, database) = open(Options {
        readers: 1,
        ..Options::new(7)
    });
    for _ in 0..3 {
        let panics = |conn: &Connection| -> rusqlite::Result<()> {
            count(conn)?;
            panic!("as a mistake in a store would")
        };
        assert!(matches!(database.read(panics).await, Err(ReadError::Panicked)));
    }
    database.write(insert).await.unwrap();
    assert_eq!(
        database.read(count).await.unwrap(),
        1,
        "and its snapshot has ended"
    );
    database.checkpoint().await.unwrap();
}

#[tokio::test]
async fn the_second_of_two_reads_is_given_what_the_first_found_in_another_database() {
    let ((_first, one), (_second, other)) = (open(Options::new(7)), open(Options::new(8)));
    one.write(insert).await.unwrap();
    other.write(insert).await.unwrap();
    other.write(insert).await.unwrap();
    let both = one.read_in_turn(&other, count, |conn, found| Ok((found, count(conn)?)));
    assert_eq!(both.await.unwrap(), (1, 2));

    let refused = one.read_in_turn(
        &other,
        |_| Err::<(), _>(rusqlite::Error::InvalidQuery),
        |_, ()| -> rusqlite::Result<()> { panic!("nothing was found") },
    );
    assert!(matches!(refused.await, Err(ReadError::Job(_))));
    one.checkpoint().await.unwrap(); // no snapshot is left open in either
    other.checkpoint().await.unwrap();
}
