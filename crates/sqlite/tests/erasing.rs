//! What was deleted is gone from the files.

use std::fs;
use std::path::Path;

use sqlite::{Connection, Database, Migration, Options, rusqlite};

const SCHEMA: &[Migration] = &[Migration {
    name: "secrets",
    sql: "CREATE TABLE secrets (id INTEGER PRIMARY KEY, body BLOB NOT NULL, label TEXT NOT NULL) STRICT;
          CREATE INDEX secrets_label ON secrets (label);",
}];

const MARK: &[u8] = b"a secret that must not outlive its row";

fn holds_mark(path: &Path, ending: &str) -> bool {
    let bytes = fs::read(format!("{}{ending}", path.display())).unwrap_or_default();
    bytes.windows(MARK.len()).any(|window| window == MARK)
}

#[tokio::test]
async fn deleted_bytes_are_in_neither_file_after_a_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let database = Database::open(&path, SCHEMA, Options::new(7)).unwrap();
    let put = |conn: &Connection| -> rusqlite::Result<()> {
        let label = String::from_utf8(MARK.to_vec()).expect("the mark is text");
        for pages in 0..12 {
            let body = MARK.repeat(1 + pages * 200);
            conn.execute(
                "INSERT INTO secrets (body, label) VALUES (?1, ?2)",
                (body, &label),
            )?;
        }
        Ok(())
    };
    database.write(put).await.unwrap();
    assert!(holds_mark(&path, "-wal"), "the search finds it where it is");
    database.checkpoint().await.unwrap();
    assert!(holds_mark(&path, ""), "the search finds it where it is");

    let most = |conn: &Connection| conn.execute("DELETE FROM secrets WHERE id < 12", []);
    database.write(most).await.unwrap();
    let last = |conn: &Connection| conn.execute("UPDATE secrets SET body = x'00', label = '-'", []);
    database.write(last).await.unwrap();
    let before = fs::metadata(&path).unwrap().len();
    database.checkpoint().await.unwrap();
    assert!(!holds_mark(&path, "") && !holds_mark(&path, "-wal"));
    let free =
        |conn: &Connection| conn.pragma_query_value(None, "freelist_count", |row| row.get::<_, i64>(0));
    assert_eq!(
        database.read(free).await.unwrap(),
        0,
        "free pages went back to the file system"
    );
    assert!(fs::metadata(&path).unwrap().len() < before);
}
