//! Whoever hangs up takes nothing back, and delays no news.

use std::time::Duration;

use contract::sync::{Command, Digest, DropRequest, Order};
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use crate::support::{DAY, Letter, START, World, hash, token};

/// The longest that somebody stays before he hangs up; what he asked for waits for the writer long before.
const LONGEST: Duration = Duration::from_secs(3);

/// The last event that is written.
fn last(world: &World) -> u64 {
    world
        .look()
        .query_row("SELECT seq FROM chain", [], |row| row.get(0))
        .expect("the test stands on it")
}

/// Everything that is written is announced: the core, which waits for events, is woken.
async fn all_is_announced(world: &World, what: &str) {
    let last = last(world);
    let announced = async {
        while world.site().numbers().await.seq < last {
            sleep(Duration::from_millis(2)).await;
        }
    };
    let announced = timeout(Duration::from_secs(20), announced).await;
    assert!(
        announced.is_ok(),
        "{what}: the event {last} is written, and nobody is told"
    );
}

/// Does `call` while the writer is held up, and hangs up; what waited then is written all the same. Whoever hung up
/// before it waited has to try again.
async fn is_announced(
    what: &str,
    prepare: impl AsyncFn(&World, &Letter),
    call: impl AsyncFn(&World, &Letter),
) {
    let mut stays = Duration::from_millis(50);
    while stays < LONGEST {
        let world = World::new().await;
        let letter = world.pushed(Letter::new(what)).await;
        prepare(&world, &letter).await;
        let before = last(&world);
        let holder = world.look();
        holder
            .execute_batch("BEGIN IMMEDIATE")
            .expect("nobody else writes");
        let answered = timeout(stays, call(&world, &letter)).await;
        assert!(answered.is_err(), "{what} is answered before it is written");
        holder.execute_batch("ROLLBACK").expect("it was begun");
        // The writer does one thing after the other: what was before this is done.
        world.pushed(Letter::new("later")).await;
        all_is_announced(&world, what).await;
        if last(&world) > before {
            return;
        }
        stays *= 2;
    }
    panic!("{what} never got as far as the writer");
}

#[tokio::test]
async fn an_opening_is_announced() {
    let prepare = async |_: &World, _: &Letter| {};
    is_announced("opening", prepare, async |world, letter| {
        drop(world.open(letter, "reader").await);
    })
    .await;
}

#[tokio::test]
async fn a_delivery_is_announced() {
    let prepare = async |world: &World, letter: &Letter| drop(world.open(letter, "reader").await);
    is_announced("delivery", prepare, async |world, letter| {
        world.done(letter, "reader").await;
    })
    .await;
}

#[tokio::test]
async fn a_command_is_announced() {
    let prepare = async |_: &World, _: &Letter| {};
    is_announced("command", prepare, async |world, letter| {
        let command = Command {
            id: token("command"),
            message: letter.id(),
            order: Order::Extend {
                expires_at: START + 2 * DAY,
            },
        };
        drop(world.site().command(&command).await);
    })
    .await;
}

#[tokio::test]
async fn an_upload_is_announced() {
    let (id, proof) = (token("box"), Zeroizing::new([4; 16]));
    let prepare = async |world: &World, _: &Letter| {
        let asked = DropRequest {
            public_key: [5; 65].into(),
            upload: Digest::from(hash(&*proof)),
            largest: 1_000,
            expires_at: START + DAY,
        };
        world.site().request_drop(1, id, &asked).await.unwrap();
    };
    is_announced("upload", prepare, async |world, letter| {
        let sealed = &letter.ciphertext[..900];
        drop(world.site().upload(id, &proof, sealed, "192.0.2.30").await);
    })
    .await;
}
