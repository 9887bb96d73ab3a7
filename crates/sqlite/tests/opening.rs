//! Which files are opened, which are refused untouched, and what a migration leaves behind.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sqlite::{Connection, Database, Migration, OpenError, Options, rusqlite};

const ID: i32 = 0x53_41_4c_59;

const ONE: Migration = Migration {
    name: "one",
    sql: "CREATE TABLE one (v TEXT NOT NULL) STRICT",
};
const TWO: Migration = Migration {
    name: "two",
    sql: "ALTER TABLE one ADD COLUMN w TEXT",
};
/// Its first statement works, its second does not.
const HALF: Migration = Migration {
    name: "half",
    sql: "ALTER TABLE one ADD COLUMN w TEXT; INSERT INTO one (v, w) VALUES (NULL, 'x');",
};
const COMMITS: Migration = Migration {
    name: "commits",
    sql: "CREATE TABLE two (v TEXT) STRICT; COMMIT;",
};
const DEFERS: Migration = Migration {
    name: "defers",
    sql: "CREATE TABLE two (id INTEGER PRIMARY KEY,
          up INTEGER REFERENCES two DEFERRABLE INITIALLY DEFERRED) STRICT",
};

async fn version_and_columns(database: &Database) -> (i64, i64) {
    let read = database.read(|conn| {
        let version = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let columns = conn.query_row("SELECT count(*) FROM pragma_table_info('one')", [], |row| {
            row.get(0)
        })?;
        Ok::<_, rusqlite::Error>((version, columns))
    });
    read.await.expect("the table is there")
}

async fn make(path: &Path, migrations: &'static [Migration]) {
    let database = Database::open(path, migrations, Options::new(ID)).expect("the migrations are good");
    let put = |conn: &Connection| conn.execute("INSERT INTO one (v) VALUES ('kept')", []);
    database.write(put).await.expect("the row is good");
    database.close().await;
}

/// Every database of the folder and every log with something in it. Looking into a database makes `SQLite` put an
/// index and an empty log beside it; neither says anything.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(folder)
        .expect("the folder is the test's own")
        .map(|entry| entry.expect("the folder is the test's own").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|ending| ending == "db" || ending == "db-wal")
        })
        .map(|path| (path.clone(), fs::read(&path).expect("the file is the test's own")))
        .filter(|(_, bytes)| !bytes.is_empty())
        .collect();
    all.sort();
    all
}

#[tokio::test]
async fn a_database_grows_with_its_migrations_and_keeps_its_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    make(&path, &[ONE]).await;
    let database = Database::open(&path, &[ONE, TWO], Options::new(ID)).unwrap();
    assert_eq!(version_and_columns(&database).await, (2, 2));
    let kept = database.read(|conn| conn.query_row("SELECT v FROM one", [], |row| row.get::<_, String>(0)));
    assert_eq!(kept.await.unwrap(), "kept");
}

#[tokio::test]
async fn a_newer_version_and_a_foreign_application_are_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    make(&path, &[ONE, TWO]).await;
    let before = contents(folder.path());
    let newer = Database::open(&path, &[ONE], Options::new(ID)).err().unwrap();
    assert!(
        matches!(
            newer,
            OpenError::Newer {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{newer}"
    );
    let foreign = Database::open(&path, &[ONE, TWO], Options::new(ID + 1))
        .err()
        .unwrap();
    assert!(
        matches!(foreign, OpenError::Foreign { found: ID, .. }),
        "{foreign}"
    );
    assert!(contents(folder.path()) == before, "changed by looking at it");
}

#[tokio::test]
async fn a_newer_version_whose_log_was_not_tidied_up_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let crashed = tempfile::tempdir().unwrap();
    let copy = crashed.path().join("t.db");
    let database = Database::open(&path, &[ONE, TWO], Options::new(ID)).unwrap();
    for ending in ["", "-wal"] {
        let name = |base: &Path| format!("{}{ending}", base.display());
        fs::copy(name(&path), name(&copy)).unwrap();
    }
    database.close().await;
    let wal = crashed.path().join("t.db-wal");
    let before = (fs::read(&copy).unwrap(), fs::read(&wal).unwrap());
    assert!(!before.1.is_empty(), "the version stands in the log only");
    let newer = Database::open(&copy, &[ONE], Options::new(ID)).err().unwrap();
    assert!(
        matches!(
            newer,
            OpenError::Newer {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{newer}"
    );
    assert!(
        (fs::read(&copy).unwrap(), fs::read(&wal).unwrap()) == before,
        "changed by looking at it"
    );
}

#[test]
fn files_of_others_are_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join("theirs.db");
    let conn = Connection::open(&theirs).unwrap();
    conn.execute_batch("CREATE TABLE theirs (v)").unwrap();
    conn.close().unwrap();
    let text = folder.path().join("text.db");
    fs::write(
        &text,
        "this is a letter and no database, however long one looks at it",
    )
    .unwrap();
    let before = contents(folder.path());
    let refused = Database::open(&theirs, &[ONE], Options::new(ID)).err().unwrap();
    assert!(
        matches!(refused, OpenError::Foreign { found: 0, .. }),
        "{refused}"
    );
    let refused = Database::open(&text, &[ONE], Options::new(ID)).err().unwrap();
    assert!(refused.to_string().contains("not a database"), "{refused}");
    assert!(contents(folder.path()) == before, "changed by looking at it");
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_version_before_it() {
    for (bad, migrations) in [
        ("half", &[ONE, HALF] as &'static [_]),
        ("commits", &[ONE, COMMITS]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.db");
        make(&path, &[ONE]).await;
        let failed = Database::open(&path, migrations, Options::new(ID)).err().unwrap();
        assert!(
            matches!(failed, OpenError::Migration { version: 2, name, .. } if name == bad),
            "{failed}"
        );
        let database = Database::open(&path, &[ONE], Options::new(ID)).unwrap();
        assert_eq!(version_and_columns(&database).await, (1, 1));
        let tables = database.read(|conn| {
            conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| {
                row.get::<_, i64>(0)
            })
        });
        assert_eq!(tables.await.unwrap(), 1);
    }
}

#[test]
fn a_deferred_constraint_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = Database::open(folder.path().join("t.db"), &[DEFERS], Options::new(ID))
        .err()
        .unwrap();
    assert!(matches!(refused, OpenError::Deferred { table } if table == "two"));
}

#[tokio::test]
async fn one_holder_at_a_time_and_the_error_says_who() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let database = Database::open(&path, &[ONE], Options::new(ID)).unwrap();
    let refused = Database::open(&path, &[ONE], Options::new(ID)).err().unwrap();
    assert!(
        refused
            .to_string()
            .contains(&format!("process {}", std::process::id())),
        "{refused}"
    );
    database.close().await;
    Database::open(&path, &[ONE], Options::new(ID)).unwrap();
}

#[tokio::test]
async fn only_the_owner_can_read_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let database = Database::open(&path, &[ONE], Options::new(ID)).unwrap();
    let put = |conn: &Connection| conn.execute("INSERT INTO one (v) VALUES ('x')", []);
    database.write(put).await.unwrap();
    for ending in ["", "-wal", "-shm", ".lock"] {
        let file = format!("{}{ending}", path.display());
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{file}");
    }
}

#[test]
fn a_folder_that_is_missing_is_named() {
    let refused = Database::open("/nonexistent/t.db", &[ONE], Options::new(ID))
        .err()
        .unwrap();
    assert!(refused.to_string().starts_with("/nonexistent/t.db"), "{refused}");
}

#[tokio::test]
async fn every_connection_has_our_settings() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(folder.path().join("t.db"), &[ONE], Options::new(ID)).unwrap();
    let settings = |conn: &Connection| -> rusqlite::Result<Vec<i64>> {
        [
            "synchronous",
            "foreign_keys",
            "secure_delete",
            "trusted_schema",
            "temp_store",
            "auto_vacuum",
        ]
        .iter()
        .map(|name| conn.pragma_query_value(None, name, |row| row.get(0)))
        .collect()
    };
    assert_eq!(database.write(settings).await.unwrap(), [2, 1, 1, 0, 2, 2]);
    assert_eq!(database.read(settings).await.unwrap(), [2, 1, 1, 0, 2, 2]);
    let quoted = database
        .read(|conn| conn.query_row("SELECT \"nowhere\"", [], |_| Ok(())))
        .await;
    assert!(quoted.is_err(), "a mistyped column is no string");
}

#[tokio::test]
async fn the_library_is_built_without_the_parts_that_nobody_here_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(folder.path().join("t.db"), &[ONE], Options::new(ID)).unwrap();
    let options: Vec<String> = database
        .read(|conn| {
            let mut options = conn.prepare("PRAGMA compile_options")?;
            let options = options.query_map([], |row| row.get(0))?;
            options.collect::<Result<_, rusqlite::Error>>()
        })
        .await
        .unwrap();
    for wanted in ["OMIT_LOAD_EXTENSION", "DQS=0", "DEFAULT_MEMSTATUS=0"] {
        assert!(
            options.iter().any(|option| option == wanted),
            "{wanted}: .cargo/config.toml is not followed"
        );
    }
    for part in ["ENABLE_LOAD_EXTENSION", "ENABLE_FTS", "ENABLE_RTREE"] {
        assert!(!options.iter().any(|option| option.starts_with(part)), "{part}");
    }
}
