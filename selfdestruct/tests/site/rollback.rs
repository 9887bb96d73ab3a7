//! A site that was put back to an earlier state hands out nothing, until the core begins a new epoch.

use std::fs;
use std::path::Path;

use contract::sync::{After, Digest, DropRequest, Position, Pushed};
use selfdestruct::site::{Opening, SiteError, StartError};

use crate::support::{DAY, Letter, NAME, START, World, hash};

fn copy(from: &Path, to: &Path) {
    for ending in ["", "-wal"] {
        let (from, to) = (
            format!("{}{ending}", from.display()),
            format!("{}{ending}", to.display()),
        );
        if fs::exists(&from).expect("the test stands on it") {
            fs::copy(&from, &to).expect("the test stands on it");
        } else if fs::exists(&to).expect("the test stands on it") {
            fs::remove_file(&to).expect("the test stands on it");
        }
    }
    let index = format!("{}-shm", to.display());
    if fs::exists(&index).expect("the test stands on it") {
        fs::remove_file(index).expect("the test stands on it");
    }
}

/// Puts `site.db` back to what it was before the message was read.
async fn put_back(world: &mut World) -> Letter {
    let letter = world.pushed(Letter::new("put back").with_readings(2)).await;
    world.confirm().await;
    let kept = world.folder.path().join("copy.db");
    copy(&world.site_db(), &kept);
    assert!(letter.is_in(&world.open(&letter, "reader").await));
    world.confirm().await;
    world.site().close().await;
    world.stop();
    copy(&kept, &world.site_db());
    world.come_up().await;
    letter
}

#[tokio::test]
async fn a_restored_site_stops_and_serves_nothing_until_a_new_epoch() {
    let mut world = World::new().await;
    let letter = put_back(&mut world).await;
    assert_eq!(world.open(&letter, "reader").await, Opening::NotConfirmed);
    for round in ["now", "after a restart"] {
        let site = world.site().clone();
        let position = world.core.position();
        assert_eq!(
            world.open(&letter, "reader").await,
            Opening::NotConfirmed,
            "{round}"
        );
        assert!(matches!(world.core.pull(&site).await, Err(SiteError::Fork)));
        let body = letter.body();
        assert!(matches!(
            site.push(1, letter.id(), &body).await,
            Err(SiteError::Fork)
        ));
        assert!(matches!(site.ack(position).await, Err(SiteError::Fork)));
        assert!(matches!(site.inventory(None).await, Err(SiteError::Fork)));
        assert!(matches!(site.sweep().await, Err(SiteError::Fork)));
        site.head().await.expect("where it stands can be seen");
        drop(site);
        world.restart().await;
    }
    let site = world.site().clone();
    let asked = world.core.new_epoch();
    world.core.begin_epoch(&site).await;
    let again = site.new_epoch(&asked).await.unwrap();
    assert_eq!(again.site_key.as_bytes(), world.core.key.as_bytes(), "repeated");
    world.confirm().await;
    assert_eq!(world.core.link.seq, 0, "it starts empty");
    assert_eq!(world.open(&letter, "reader").await, Opening::Neutral);

    let late = site.push(1, letter.id(), &letter.body()).await;
    assert!(
        matches!(late, Err(SiteError::OtherEpoch)),
        "it was sent before, and is told as lost"
    );
    let bodies = [letter.body()];
    let late = site.push_batch(1, &bodies.each_ref().map(Vec::as_slice)).await;
    assert!(matches!(late, Err(SiteError::OtherEpoch)));
    assert_eq!(world.open(&letter, "reader").await, Opening::Neutral);
    let asked = DropRequest {
        public_key: [4; 65].into(),
        upload: [1; 32].into(),
        largest: 100,
        expires_at: START + DAY,
    };
    let late = site.request_drop(1, letter.id(), &asked).await;
    assert!(matches!(late, Err(SiteError::OtherEpoch)));

    let fresh = world.pushed(Letter::new("in the new epoch")).await;
    assert!(fresh.is_in(&world.open(&fresh, "reader").await));
    drop(site);
    world.restart().await;
    world.confirm().await;
    assert!(matches!(world.push(&fresh).await, Pushed::Ended(_)));
}

#[tokio::test]
async fn a_restored_site_stops_even_if_it_went_on_by_itself() {
    let mut world = World::new().await;
    let letter = put_back(&mut world).await;
    // It appended other events than those that the core knows, and as many.
    for _ in 0..3 {
        world.restart().await;
    }
    let site = world.site().clone();
    assert!(world.core.link.seq <= site.numbers().await.seq);
    assert!(matches!(world.core.pull(&site).await, Err(SiteError::Fork)));
    assert_eq!(world.open(&letter, "reader").await, Opening::NotConfirmed);
}

#[tokio::test]
async fn an_older_copy_is_found_out_even_if_the_core_never_saw_the_readings() {
    let mut world = World::new().await;
    let letter = world.pushed(Letter::new("never pulled").with_readings(2)).await;
    world.confirm().await;
    let kept = world.folder.path().join("copy.db");
    copy(&world.site_db(), &kept);
    assert!(letter.is_in(&world.open(&letter, "reader").await));
    world.sweep().await;
    world.restart().await;
    world.confirm().await;
    assert!(
        letter.is_in(&world.open(&letter, "reader").await),
        "it is the latest"
    );
    world.sweep().await;
    world.site().close().await;
    world.stop();
    copy(&kept, &world.site_db());
    world.come_up().await;
    let site = world.site().clone();
    assert!(site.numbers().await.stopped, "before anybody asked");
    assert!(matches!(world.core.pull(&site).await, Err(SiteError::Fork)));
    assert_eq!(world.open(&letter, "reader").await, Opening::NotConfirmed);
}

#[tokio::test]
async fn without_its_keys_a_site_stands_still() {
    let mut world = World::new().await;
    let letter = world.pushed(Letter::new("keyless")).await;
    world.site().close().await;
    world.stop();
    fs::remove_file(world.keys_db()).unwrap();
    world.come_up().await;
    let site = world.site().clone();
    assert!(matches!(world.core.pull(&site).await, Err(SiteError::Fork)));
    assert_eq!(world.open(&letter, "reader").await, Opening::NotConfirmed);
    world.core.begin_epoch(&site).await;
    world.confirm().await;
}

#[tokio::test]
async fn a_hash_that_lies_elsewhere_is_a_fork_and_an_earlier_epoch_is_none() {
    let mut world = World::new().await;
    let site = world.site().clone();
    let former = world.core.clone();
    world.core.begin_epoch(&site).await;
    world.confirm().await;
    assert!(matches!(
        site.events(former.after(0)).await,
        Err(SiteError::Outdated)
    ));
    assert!(matches!(
        site.new_epoch(&former.new_epoch())
            .await
            .map(|opened| opened.epoch),
        Ok(2)
    ));
    world.confirm().await;
    let elsewhere = Position {
        hash: hash(b"elsewhere").into(),
        ..world.core.position()
    };
    assert!(matches!(site.ack(elsewhere).await, Err(SiteError::Fork)));
    assert!(matches!(world.core.pull(&site).await, Err(SiteError::Fork)));
}

#[expect(
    clippy::disallowed_methods,
    reason = "each database has a thread of its own, and no clock moves it"
)]
fn databases_get_on() {
    std::thread::sleep(std::time::Duration::from_micros(50));
}

#[tokio::test]
async fn an_epoch_whose_asker_hung_up_is_whole() {
    for patience in 1..=100 {
        let world = World::new().await;
        world.pushed(Letter::new("of the former epoch")).await;
        let (site, asked) = (world.site().clone(), world.core.new_epoch());
        let mut opening = Box::pin(site.new_epoch(&asked));
        for _ in 0..patience {
            if futures_util::poll!(&mut opening).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
            databases_get_on();
        }
        drop(opening);
        let opened = site.new_epoch(&asked).await.expect("it is asked again");
        assert_eq!(opened.epoch, asked.epoch, "after {patience}");
        let inventory = site.inventory(None).await.expect("it goes on");
        let key = journal::VerifyingKey::from_bytes(opened.site_key.as_bytes()).expect("a key");
        let signed: journal::Signed = inventory.parse().expect("a statement");
        let listed = <journal::site::Inventory as journal::Statement>::open(&signed, &key);
        let listed = listed.expect("signed with the key that was answered");
        assert_eq!((listed.epoch, listed.live.len()), (asked.epoch, 0));
        site.close().await;
    }
}

/// The core was away when the site had begun the epoch, was told to retire it, and offers the same number for the next
/// pairing.
#[tokio::test]
async fn a_pairing_under_the_number_of_an_epoch_that_the_core_gave_up_begins_anew() {
    let mut world = World::new().await;
    let asked = world.core.new_epoch();
    world.site().new_epoch(&asked).await.expect("it is asked");
    let letter = Letter::new("of the epoch that was given up");
    world.pushed(letter).await;
    world.stop();
    let again = async |ratchet| loop {
        match world.start_with(asked.epoch, ratchet).await {
            Ok(site) => break site,
            Err(StartError::Database(sqlite::OpenError::InUse { .. })) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    };
    // A start in the middle of the same pairing goes on, twice.
    let site = again([7; 32]).await;
    let origin = journal::site::origin(NAME, asked.epoch, None);
    let begun = After {
        epoch: asked.epoch,
        after: 0,
        hash: Digest::from(*journal::Chain::begin(&origin).end().hash.as_bytes()),
        limit: 10,
        wait: 0,
    };
    let events = site
        .events(begun)
        .await
        .expect("the chain is that of the pairing")
        .events;
    assert_eq!(events.len(), 1, "the start: {events:?}");
    drop(site);
    let site = again([7; 32]).await;
    let events = site.events(begun).await.expect("it is the same chain").events;
    assert_eq!(events.len(), 2, "another start: {events:?}");
}

/// A core from an older copy counts from where it was then.
#[tokio::test]
async fn a_pairing_under_a_lower_number_begins_anew_too() {
    let mut world = World::new().await;
    let site = world.site().clone();
    for _ in 0..2 {
        world.core.begin_epoch(&site).await;
    }
    drop(site);
    assert_eq!(world.site().epoch().await, 3);
    world.pushed(Letter::new("of the third epoch")).await;
    world.stop();
    let site = loop {
        match world.start_with(2, [8; 32]).await {
            Ok(site) => break site,
            Err(StartError::Database(sqlite::OpenError::InUse { .. })) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(site.epoch().await, 2);
    let listed = site.inventory(None).await.expect("it goes on");
    assert!(!listed.contains(r#""id""#), "nothing is left: {listed}");
    drop(site);
    world.come_up().await;
    assert_eq!(world.site().epoch().await, 2, "and it goes on");
    let keys = sqlite::Connection::open(world.keys_db()).unwrap();
    let of = |db: &sqlite::Connection, sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(of(&keys, "SELECT count(*) FROM data_key"), 0);
    assert_eq!(of(&world.look(), "SELECT count(*) FROM piece"), 0);
}
