//! Whoever hangs up takes nothing back, and delays no news.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use contract::sync::{Command, Digest, DropRequest, Order};
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use crate::support::{DAY, Letter, START, World, hash, token};

/// More awaits than there are in any of the calls.
const MOST_POLLS: usize = 12;

/// Polls so many times and then drops; whether it came to its end.
async fn hang_up_after(polls: usize, call: impl Future) -> bool {
    let mut call = pin!(call);
    let mut left = polls;
    poll_fn(|cx| {
        if call.as_mut().poll(cx).is_ready() {
            return Poll::Ready(true);
        }
        left -= 1;
        if left == 0 {
            Poll::Ready(false)
        } else {
            Poll::Pending
        }
    })
    .await
}

/// Everything that is written is announced: the core, which waits for events, is woken.
async fn all_is_announced(world: &World, what: &str) {
    // The writer does one thing after the other: what was before this is done.
    let name = format!("{what} and later");
    world.pushed(Letter::new(&name)).await;
    let last: u64 = world
        .look()
        .query_row("SELECT seq FROM chain", [], |row| row.get(0))
        .expect("the test stands on it");
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

/// Does `call` with a fresh letter, hanging up at each of its awaits.
async fn at_each_await(what: &str, call: impl AsyncFn(&World, &Letter, usize) -> bool) {
    let mut ended = false;
    for polls in 1..=MOST_POLLS {
        let world = World::new().await;
        let letter = world.pushed(Letter::new(what)).await;
        ended = call(&world, &letter, polls).await;
        all_is_announced(&world, &format!("{what}, given up after {polls}")).await;
    }
    assert!(ended, "{what} has more awaits");
}

#[tokio::test]
async fn an_opening_is_announced() {
    at_each_await("opening", async |world, letter, polls| {
        let claim = token("reader");
        let call = world
            .site()
            .open(letter.id(), letter.proofs(), claim, "192.0.2.9");
        hang_up_after(polls, call).await
    })
    .await;
}

#[tokio::test]
async fn a_delivery_is_announced() {
    at_each_await("delivery", async |world, letter, polls| {
        world.open(letter, "reader").await;
        hang_up_after(polls, world.site().done(letter.id(), token("reader"))).await
    })
    .await;
}

#[tokio::test]
async fn a_command_is_announced() {
    at_each_await("command", async |world, letter, polls| {
        let command = Command {
            id: token("command"),
            message: letter.id(),
            order: Order::Extend {
                expires_at: START + 2 * DAY,
            },
        };
        hang_up_after(polls, world.site().command(&command)).await
    })
    .await;
}

#[tokio::test]
async fn an_upload_is_announced() {
    at_each_await("upload", async |world, letter, polls| {
        let proof = Zeroizing::new([4; 16]);
        let asked = DropRequest {
            public_key: [5; 65].into(),
            upload: Digest::from(hash(&*proof)),
            largest: 1_000,
            expires_at: START + DAY,
        };
        let id = token("box");
        world.site().request_drop(id, &asked).await.unwrap();
        let call = world
            .site()
            .upload(id, &proof, &letter.ciphertext[..900], "192.0.2.30");
        hang_up_after(polls, call).await
    })
    .await;
}
