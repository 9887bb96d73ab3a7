//! What has ended is in no file.

use std::time::Duration;

use contract::sync::{Command, Commanded, End, Order, Pushed, What};
use selfdestruct::given::Step;
use selfdestruct::site::Opening;

use crate::support::{DAY, Letter, World, token};

/// Every data key that is stored now.
fn data_keys(world: &World) -> Vec<Vec<u8>> {
    let keys = sqlite::Connection::open(world.keys_db()).expect("the test stands on it");
    let mut keys = keys
        .prepare("SELECT key FROM data_key")
        .expect("the test stands on it");
    keys.query_map([], |row| row.get(0))
        .expect("the test stands on it")
        .map(|row| row.expect("the test stands on it"))
        .collect()
}

/// Bytes of the message as they lie in the database: under its data key.
fn pieces(world: &World) -> Vec<Vec<u8>> {
    let look = world.look();
    let mut pieces = look
        .prepare("SELECT substr(bytes, 1, 64) FROM piece")
        .expect("the test stands on it");
    pieces
        .query_map([], |row| row.get(0))
        .expect("the test stands on it")
        .map(|row| row.expect("the test stands on it"))
        .collect()
}

#[tokio::test]
async fn after_the_end_neither_key_nor_ciphertext_is_in_any_file() {
    let mut world = World::new().await;
    let read = world.pushed(Letter::new("read").of_size(700_000)).await;
    let revoked = world.pushed(Letter::new("revoked")).await;
    let keys = data_keys(&world);
    let pieces = pieces(&world);
    assert_eq!((keys.len(), pieces.len()), (2, 4));
    for bytes in keys.iter().chain(&pieces) {
        assert!(world.stands_in_a_file(bytes), "the search finds it where it is");
    }
    assert!(
        !world.stands_in_a_file(&read.ciphertext[..40]),
        "the envelope itself is never in clear in a file"
    );
    world.open(&read, "reader").await;
    world.done(&read, "reader").await;
    let revoke = Command {
        id: token("revoke"),
        message: revoked.id(),
        order: Order::Revoke,
    };
    world.site().command(&revoke).await.unwrap();
    world.confirm().await;
    let reported = |world: &World, letter: &Letter| {
        let told = world.told(letter);
        told.iter().any(|what| matches!(what, What::Ended { .. }))
    };
    assert!(
        !reported(&world, &read) && !reported(&world, &revoked),
        "not before it is true"
    );
    world.sweep().await;
    for bytes in keys.iter().chain(&pieces) {
        assert!(!world.stands_in_a_file(bytes));
    }
    world.confirm().await;
    assert!(reported(&world, &read) && reported(&world, &revoked));
}

#[tokio::test]
async fn a_push_that_died_half_way_leaves_nothing() {
    let mut world = World::new().await;
    for step in [Step::KeyStored, Step::PieceStored] {
        let letter = Letter::new(&format!("{step:?}")).of_size(600_000);
        *world.death.0.lock().unwrap() = Some(step);
        let site = world.site().clone();
        let body = letter.body();
        let id = letter.id();
        let push = tokio::spawn(async move { site.push(1, id, &body).await.map(drop) });
        assert!(push.await.unwrap_err().is_panic());
        assert!(!data_keys(&world).is_empty());
        world.restart().await;
        world.sweep().await;
        assert!(
            data_keys(&world).is_empty() && pieces(&world).is_empty(),
            "{step:?}"
        );
        world.confirm().await;
        assert!(matches!(world.push(&letter).await, Pushed::Stored(_)));
        assert!(letter.is_in(&world.open(&letter, "reader").await));
        world.done(&letter, "reader").await;
        world.sweep().await;
    }
}

#[tokio::test]
async fn a_push_whose_caller_hung_up_leaves_nothing() {
    let world = World::new().await;
    let letter = Letter::new("hung up").of_size(2_000_000);
    let body = letter.body();
    let push = world.site().push(1, letter.id(), &body);
    let cut = tokio::time::timeout(Duration::from_millis(3), push).await;
    world.sweep().await;
    let left = if cut.is_ok() { 1 } else { data_keys(&world).len() };
    let messages: usize = world
        .look()
        .query_row("SELECT count(*) FROM message", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, messages);
}

/// Queues pushes behind a lock on `keys.db` and hangs up. Gives the connection that holds it, until it is rolled back.
async fn hang_up_while_keys_are_held(world: &World, letters: &[Letter]) -> sqlite::Connection {
    let holder = sqlite::Connection::open(world.keys_db()).expect("the test stands on it");
    holder
        .execute_batch("BEGIN IMMEDIATE")
        .expect("nobody else writes");
    for letter in letters {
        let body = letter.body();
        let push = world.site().push(1, letter.id(), &body);
        let cut = tokio::time::timeout(Duration::from_millis(5), push).await;
        assert!(cut.is_err(), "the keys are held");
    }
    // One is with the writer, the others wait.
    let waiting = letters.len() as u64 - 1;
    while world.site().numbers().await.keys.queued < waiting {
        tokio::task::yield_now().await;
    }
    holder
}

#[tokio::test]
async fn what_is_pushed_by_a_caller_who_hung_up_keeps_its_key() {
    let world = World::new().await;
    let letters: Vec<_> = (0..4).map(|n| Letter::new(&format!("hung up {n}"))).collect();
    let holder = hang_up_while_keys_are_held(&world, &letters).await;
    let site = world.site().clone();
    let sweep = tokio::spawn(async move { site.sweep().await });
    // Behind the pushes there is the sweep's note of how far the chain is: it has looked for rows of nobody.
    while world.site().numbers().await.keys.queued < letters.len() as u64 {
        tokio::task::yield_now().await;
    }
    holder.execute_batch("ROLLBACK").unwrap();
    sweep.await.unwrap().unwrap();
    for letter in &letters {
        let again = world.site().push(1, letter.id(), &letter.body()).await.unwrap();
        assert!(!again.new, "it was stored although its caller hung up");
        assert!(letter.is_in(&world.open(letter, "reader").await));
    }
}

#[tokio::test]
async fn what_is_pushed_by_a_caller_who_hung_up_does_not_get_into_the_next_epoch() {
    let world = World::new().await;
    let letters: Vec<_> = (0..4).map(|n| Letter::new(&format!("late {n}"))).collect();
    let holder = hang_up_while_keys_are_held(&world, &letters).await;
    let (site, asked) = (world.site().clone(), world.core.new_epoch());
    let begun = tokio::spawn(async move { site.new_epoch(&asked).await });
    tokio::time::sleep(Duration::from_millis(100)).await; // by then it waits, for the epoch or for the keys
    holder.execute_batch("ROLLBACK").unwrap();
    begun.await.unwrap().unwrap();
    let messages: usize = world
        .look()
        .query_row("SELECT count(*) FROM message", [], |row| row.get(0))
        .unwrap();
    assert_eq!((messages, data_keys(&world).len()), (0, 0));
}

#[tokio::test]
async fn a_revocation_comes_after_a_push_whose_caller_hung_up() {
    let world = World::new().await;
    let letters = [Letter::new("revoked"), Letter::new("another")];
    let holder = hang_up_while_keys_are_held(&world, &letters).await;
    let [letter, _] = &letters;
    let revoke = Command {
        id: token("revoke"),
        message: letter.id(),
        order: Order::Revoke,
    };
    let site = world.site().clone();
    let revoked = tokio::spawn(async move { site.command(&revoke).await });
    tokio::time::sleep(Duration::from_millis(100)).await; // by then it would be carried out if it could
    holder.execute_batch("ROLLBACK").unwrap();
    assert_eq!(revoked.await.unwrap().unwrap(), Commanded::Done);
    let opening = world.open(letter, "reader").await;
    assert!(matches!(opening, Opening::Ended(ended) if ended.state == End::Revoked));
}

#[tokio::test]
async fn a_full_batch_wakes_nobody_twice_and_all_end_once() {
    let mut world = World::new().await;
    let letters: Vec<_> = (0..300).map(|n| Letter::new(&format!("many {n}"))).collect();
    let bodies: Vec<_> = letters.iter().map(Letter::body).collect();
    let bodies: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
    world.site().push_batch(1, &bodies).await.unwrap();
    for letter in &letters {
        world.open(letter, "reader").await;
        world.done(letter, "reader").await;
    }
    world.sweep().await;
    world.sweep().await;
    world.confirm().await;
    let ends = world
        .core
        .events
        .iter()
        .filter(|event| matches!(event.what, What::Ended { state: End::Read, .. }))
        .count();
    assert_eq!(ends, 300);
    assert!(data_keys(&world).is_empty() && pieces(&world).is_empty());
    let size = std::fs::metadata(world.site_db()).unwrap().len();
    assert!(size < 1_000_000, "{size} bytes: the pages went back");
}

#[tokio::test]
async fn when_all_is_forgotten_the_files_are_as_small_as_at_first() {
    let mut world = World::new().await;
    let size = |world: &World| {
        let files = [world.site_db(), world.keys_db()];
        let files = files
            .iter()
            .flat_map(|path| [path.clone(), path.with_extension("db-wal")]);
        files
            .map(|path| std::fs::metadata(path).unwrap().len())
            .sum::<u64>()
    };
    world.sweep().await;
    let first = size(&world);
    let letters: Vec<_> = (0..2000).map(|n| Letter::new(&format!("many {n}"))).collect();
    let bodies: Vec<_> = letters.iter().map(Letter::body).collect();
    let bodies: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
    world.site().push_batch(1, &bodies).await.unwrap();
    for days in [2, 91] {
        assert!(size(&world) > 2 * first, "there is something to be forgotten");
        world.hands.go_on(days * DAY);
        for _ in 0..4 {
            world.sweep().await;
            world.confirm().await;
            world.site().ack(world.core.position()).await.unwrap();
        }
    }
    world.sweep().await;
    let last = size(&world);
    assert!(last * 10 <= first * 11, "{first} bytes at first, {last} at last");
}
