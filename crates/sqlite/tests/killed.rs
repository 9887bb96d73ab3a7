//! An answer means that the change is stored: a process is killed in the middle of writing, and everything that
//! it was told is stored is there. (That a commit is synced before it is answered, which a kill cannot show, is
//! `synchronous = FULL`, asserted when a file is opened.)

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use sqlite::{Connection, Database, Migration, Options};

const SCHEMA: &[Migration] = &[Migration {
    name: "rows",
    sql: "CREATE TABLE rows (id INTEGER PRIMARY KEY) STRICT",
}];

/// Names the database to the child that is to be killed: this same test, started once more.
const CHILD: &str = "SQLITE_TEST_KILLED_CHILD";

/// Writes for ever and says each number once it was answered.
fn write_until_killed(path: PathBuf) -> ! {
    let database = Database::open(path, SCHEMA, Options::new(7)).expect("a new file");
    for worker in 0..4_i64 {
        let database = database.clone();
        std::thread::spawn(move || {
            for turn in 0.. {
                let id = turn * 4 + worker;
                let put = move |conn: &Connection| conn.execute("INSERT INTO rows (id) VALUES (?1)", [id]);
                if let Err(error) = database.write_blocking(put) {
                    // Not a panic, which would end this thread alone and leave the parent waiting.
                    let _ = writeln!(std::io::stderr(), "a write failed: {error}");
                    std::process::exit(1);
                }
                writeln!(std::io::stdout(), "answered {id}").expect("the parent reads");
            }
        });
    }
    loop {
        std::thread::park();
    }
}

#[test]
fn what_was_answered_survives_a_kill() {
    if let Some(path) = std::env::var_os(CHILD) {
        write_until_killed(PathBuf::from(path));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["what_was_answered_survives_a_kill", "--exact", "--nocapture"])
        .env(CHILD, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut answered: Vec<i64> = Vec::new();
    for line in lines {
        let line = line.unwrap();
        let Some((_, id)) = line.split_once("answered ") else {
            continue;
        };
        answered.push(id.parse().unwrap());
        if answered.len() == 200 {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(answered.len() >= 200);

    let database = Database::open(&path, SCHEMA, Options::new(7)).unwrap();
    for id in answered {
        let there = database.write_blocking(move |conn| {
            conn.query_row("SELECT count(*) FROM rows WHERE id = ?1", [id], |row| {
                row.get::<_, i64>(0)
            })
        });
        assert_eq!(there.unwrap(), 1, "{id} was answered and is not stored");
    }
}
