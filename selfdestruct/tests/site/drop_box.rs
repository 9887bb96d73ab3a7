//! The way back: one thing into one box, for whoever holds its link.

use contract::sync::{Digest, DropRequest, What};
use selfdestruct::site::{Limits, SiteError, Uploaded};
use zeroize::Zeroizing;

use crate::support::{DAY, Letter, START, World, hash, token};

const PROOF: [u8; 16] = [4; 16];

fn asked() -> DropRequest {
    DropRequest {
        public_key: [5; 65].into(),
        upload: Digest::from(hash(&PROOF)),
        largest: 1_000_000,
        expires_at: START + DAY,
    }
}

async fn upload(world: &World, name: &str, proof: [u8; 16], sealed: &[u8]) -> Result<Uploaded, SiteError> {
    world
        .site()
        .upload(token(name), &Zeroizing::new(proof), sealed, "192.0.2.30")
        .await
}

#[tokio::test]
async fn one_thing_comes_in_and_is_erased_once_it_has_arrived() {
    let mut world = World::new().await;
    let id = token("box");
    let site = world.site().clone();
    site.request_drop(1, id, &asked()).await.unwrap();
    site.request_drop(1, id, &asked()).await.expect("repeated");
    let mut other = asked();
    other.largest += 1;
    assert!(matches!(
        site.request_drop(1, id, &other).await,
        Err(SiteError::Conflict)
    ));
    assert_eq!(
        site.drop_box(id).await.unwrap().unwrap().public_key,
        asked().public_key
    );

    let sealed = b"sealed, found nowhere else. ".repeat(20_000);
    let before = site.numbers().await.site.written;
    let wrong = upload(&world, "box", [0; 16], &sealed).await.unwrap();
    assert_eq!(wrong, Uploaded::Neutral);
    assert_eq!(
        upload(&world, "none", PROOF, &sealed).await.unwrap(),
        Uploaded::Neutral
    );
    let large = vec![0; 1_000_001];
    assert_eq!(
        upload(&world, "box", PROOF, &large).await.unwrap(),
        Uploaded::TooLarge
    );
    assert_eq!(
        site.numbers().await.site.written,
        before,
        "nothing reached the writer"
    );

    for expected in [Uploaded::Taken, Uploaded::Again] {
        assert_eq!(upload(&world, "box", PROOF, &sealed).await.unwrap(), expected);
    }
    assert_eq!(
        upload(&world, "box", PROOF, b"another").await.unwrap(),
        Uploaded::Neutral
    );
    assert_eq!(site.drop_box(id).await.unwrap(), None);
    drop(site);
    world.restart().await;
    let site = world.site().clone();
    let drops = site.drops(None).await.unwrap();
    assert_eq!(drops.drops.len(), 1);
    assert_eq!(drops.drops[0].digest, Digest::from(hash(&sealed)));
    assert_eq!(site.fetch_drop(id).await.unwrap(), sealed);
    let stored: Vec<u8> = world
        .look()
        .query_row("SELECT substr(bytes, 1, 64) FROM piece", [], |row| row.get(0))
        .unwrap();
    assert!(world.stands_in_a_file(&stored));
    site.erase_drop(id).await.unwrap();
    site.erase_drop(id).await.unwrap();
    world.sweep().await;
    assert!(!world.stands_in_a_file(&stored));
    assert!(matches!(site.fetch_drop(id).await, Err(SiteError::Unknown)));
    assert!(site.drops(None).await.unwrap().drops.is_empty());
    assert_eq!(
        upload(&world, "box", PROOF, &sealed).await.unwrap(),
        Uploaded::Neutral
    );
    world.confirm().await;
    let dropped = |event: &&contract::sync::Event| matches!(event.what, What::Dropped { .. });
    assert_eq!(world.core.events.iter().filter(dropped).count(), 1);
}

#[tokio::test]
async fn of_several_at_once_one_is_taken() {
    let world = World::new().await;
    world
        .site()
        .request_drop(1, token("race"), &asked())
        .await
        .unwrap();
    let uploads = (0..8_u8).map(|number| {
        let site = world.site().clone();
        tokio::spawn(async move {
            let sealed = vec![number; 300_000];
            let proof = Zeroizing::new(PROOF);
            site.upload(token("race"), &proof, &sealed, "192.0.2.31")
                .await
                .unwrap()
        })
    });
    let mut taken = 0;
    for upload in uploads.collect::<Vec<_>>() {
        taken += usize::from(upload.await.unwrap() == Uploaded::Taken);
    }
    assert_eq!(taken, 1);
    world.sweep().await;
    let pieces: i64 = world
        .look()
        .query_row("SELECT count(*) FROM piece", [], |row| row.get(0))
        .unwrap();
    assert_eq!(pieces, 2, "what came too late is erased");
}

#[tokio::test]
async fn boxes_have_a_quota_of_their_own_and_an_end() {
    let mut world = World::with(Limits {
        drop_bytes: 1_000_000,
        ..Limits::default()
    })
    .await;
    let site = world.site().clone();
    for name in ["one", "two"] {
        site.request_drop(1, token(name), &asked()).await.unwrap();
    }
    let sealed = vec![1; 600_000];
    assert_eq!(
        upload(&world, "one", PROOF, &sealed).await.unwrap(),
        Uploaded::Taken
    );
    assert!(matches!(
        upload(&world, "two", PROOF, &sealed).await,
        Err(SiteError::Full)
    ));
    world.pushed(Letter::new("has room")).await;
    site.erase_drop(token("one")).await.unwrap();
    world.sweep().await;
    world.hands.go_on(DAY);
    assert_eq!(
        upload(&world, "two", PROOF, &sealed).await.unwrap(),
        Uploaded::Neutral
    );
    world.sweep().await;
    world.confirm().await;
    let boxes: i64 = world
        .look()
        .query_row("SELECT count(*) FROM request", [], |row| row.get(0))
        .unwrap();
    assert_eq!(boxes, 0);
}

/// It comes, and is fetched, as one body.
#[tokio::test]
async fn a_box_is_no_larger_than_a_message_may_be() {
    let world = World::with(Limits {
        largest: 500_000,
        ..Limits::default()
    })
    .await;
    let of = |largest| DropRequest { largest, ..asked() };
    let too_large = world.site().request_drop(1, token("large"), &of(500_001)).await;
    assert!(matches!(too_large, Err(SiteError::Refused)));
    world
        .site()
        .request_drop(1, token("fits"), &of(500_000))
        .await
        .unwrap();
}
