//! The journal: nothing in it is changed unnoticed, visits do not fill it, and it is kept as long as it must be.

use contract::sync::What;
use journal::{Break, Chain, Hash, Link, Record, VerifyError, verify};
use selfdestruct::site::{Opening, SiteError};

use crate::support::{DAY, Letter, NAME, World, link_of};

fn records(world: &World) -> Vec<Record> {
    let look = world.look();
    let mut rows = look
        .prepare("SELECT seq, event, hash FROM event ORDER BY seq")
        .expect("the test stands on it");
    rows.query_map([], |row| {
        Ok(Record {
            seq: row.get(0)?,
            event: row.get::<_, String>(1)?.into_bytes(),
            hash: Hash::from(row.get::<_, [u8; 32]>(2)?),
        })
    })
    .expect("the test stands on it")
    .map(|row| row.expect("the test stands on it"))
    .collect()
}

fn verified(world: &World, witness: Link) -> Result<Chain, VerifyError<()>> {
    let start = Chain::begin(&journal::site::origin(NAME, 1, None));
    verify(start, records(world).into_iter().map(Ok), &[witness])
}

#[tokio::test]
async fn each_kind_of_tampering_has_its_own_name() {
    let tamperings = [
        (
            "UPDATE event SET event = replace(event, '192.0.2.7', '192.0.2.9') WHERE seq = 3",
            Break::Changed { seq: 3 },
        ),
        (
            "DELETE FROM event WHERE seq = 3",
            Break::Missing { seq: 3, next: 4 },
        ),
        (
            "UPDATE event SET seq = -3 WHERE seq = 3; UPDATE event SET seq = 3 WHERE seq = 4;
             UPDATE event SET seq = 4 WHERE seq = -3",
            Break::Swapped { seq: 3, with: 4 },
        ),
        (
            "DELETE FROM event WHERE seq >= 4",
            Break::Truncated { seq: 4, witnessed: 5 },
        ),
    ];
    for (sql, expected) in tamperings {
        let mut world = World::new().await;
        for number in 0..4 {
            let letter = world.pushed(Letter::new(&format!("tampered {number}"))).await;
            world.open(&letter, "reader").await;
        }
        world.confirm().await;
        let witness = link_of(world.core.position());
        assert_eq!(witness.seq, 5, "the start and four openings");
        assert_eq!(verified(&world, witness).unwrap().end(), witness);
        world.look().execute_batch(sql).unwrap();
        assert_eq!(verified(&world, witness), Err(VerifyError::Broken(expected)));
    }
}

#[tokio::test]
async fn a_flood_adds_one_event_a_minute_and_stops_no_reading() {
    let mut world = World::new().await;
    let unknown = Letter::new("never pushed");
    let before = world.core.link.seq;
    for minute in 0..3 {
        for _ in 0..500 {
            world.site().page_seen();
            world.open_with(&unknown, unknown.proofs()).await;
        }
        let letter = world.pushed(Letter::new(&format!("in the flood {minute}"))).await;
        assert!(letter.is_in(&world.open(&letter, "reader").await));
        for _ in 0..4 {
            world.hands.go_on(15_000);
            world.sweep().await;
        }
        world.confirm().await;
    }
    let noise: Vec<_> = world
        .core
        .events
        .iter()
        .filter_map(|event| match event.what {
            What::Noise { pages, misses } => Some((pages, misses)),
            _ => None,
        })
        .collect();
    assert_eq!(noise, [(500, 500); 3]);
    // Besides them three openings, and the ends of those whose leases are over.
    assert!(world.core.link.seq - before <= 9);
}

#[tokio::test]
async fn a_reading_is_told_without_being_asked_again() {
    let mut world = World::new().await;
    let letter = world.pushed(Letter::new("long poll")).await;
    let site = world.site().clone();
    let mut core = world.core.clone();
    let poll = tokio::spawn(async move {
        let count = core.pull_once(&site, 30).await.unwrap();
        (count, core)
    });
    while !poll.is_finished() {
        if matches!(world.open(&letter, "reader").await, Opening::Opened(_)) {
            tokio::task::yield_now().await;
        }
    }
    let (count, core) = poll.await.unwrap();
    assert_eq!(count, 1);
    world.core = core;
    assert_eq!(world.told(&letter).len(), 1);
}

#[tokio::test]
async fn events_are_kept_until_the_core_has_them_and_thirty_days_beyond() {
    let mut world = World::new().await;
    let letter = world.pushed(Letter::new("old")).await;
    world.open(&letter, "reader").await;
    world.confirm().await;
    let early = world.core.clone();
    world.hands.go_on(31 * DAY);
    world.sweep().await;
    assert!(records(&world).len() >= 2, "not acked");
    let kept = world.core.position();
    world.site().ack(kept).await.unwrap();
    world.sweep().await;
    assert!(records(&world).iter().all(|record| record.seq > kept.seq));
    world.confirm().await;
    world.restart().await;
    world.confirm().await;
    // A core of that time cannot go on from there, and its question is no fork.
    let mut older = early.clone();
    older.link = Chain::begin(&journal::site::origin(NAME, 1, None)).end();
    assert!(matches!(older.pull(world.site()).await, Err(SiteError::Outdated)));
    let mut exact = early;
    exact.pull(world.site()).await.unwrap();
    world.confirm().await;
}
