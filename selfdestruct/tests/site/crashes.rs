//! Whatever is killed when: nothing is read twice, nothing is lost, every end is told once.

use contract::sync::{Command, DropRequest, Order, What};
use selfdestruct::given::Step;
use selfdestruct::site::Site;
use zeroize::Zeroizing;

use crate::support::{DAY, LEASE, Letter, START, World, hash, reader_at, token};

/// Everything that can happen, one after the other. Each part is what its caller would ask again after a lost answer.
async fn live(site: Site, letters: [Letter; 3], new_epoch: contract::sync::NewEpoch, epoch_too: bool) {
    let [read, revoked, guessed] = &letters;
    // The small ones first: their key is stored on the way from one writer to the other (erasing.rs has a large one).
    for letter in letters.iter().rev() {
        site.push(1, letter.id(), &letter.body())
            .await
            .expect("the test stands on it");
    }
    site.open(read.id(), read.proofs(), token("reader"), reader_at(1))
        .await
        .expect("the test stands on it");
    site.done(read.id(), token("reader"))
        .await
        .expect("the test stands on it");
    let wrong = guessed.proofs_with_wrong_passphrase();
    site.open(guessed.id(), wrong, token("guesser"), reader_at(2))
        .await
        .expect("the test stands on it");
    let revoke = Command {
        id: token("revoke"),
        message: revoked.id(),
        order: Order::Revoke,
    };
    site.command(&revoke).await.expect("the test stands on it");
    let asked = DropRequest {
        public_key: [5; 65].into(),
        upload: hash(&[4; 16]).into(),
        largest: 1_000,
        expires_at: START + DAY,
    };
    site.request_drop(1, token("box"), &asked)
        .await
        .expect("the test stands on it");
    site.upload(token("box"), &Zeroizing::new([4; 16]), b"sealed", "192.0.2.3")
        .await
        .expect("the test stands on it");
    site.sweep().await.expect("the test stands on it");
    if epoch_too {
        site.new_epoch(&new_epoch).await.expect("the test stands on it");
    }
}

#[tokio::test]
async fn at_every_step_the_site_may_die_and_all_comes_to_the_same_end() {
    for step in Step::ALL {
        let mut world = World::new().await;
        let letters = [
            Letter::new("read").of_size(300_000),
            Letter::new("revoked"),
            Letter::new("guessed").with_passphrase(),
        ];
        let epoch_too = matches!(step, Step::EpochKeysErased | Step::EpochOpened);
        *world.death.0.lock().unwrap() = Some(step);
        let asked = world.core.new_epoch();
        let life = live(world.site().clone(), letters.clone(), asked.clone(), epoch_too);
        assert!(
            tokio::spawn(life).await.unwrap_err().is_panic(),
            "{step:?} is reached"
        );
        world.restart().await;
        if epoch_too {
            let opened = world.site().new_epoch(&asked).await.unwrap();
            assert_eq!(opened.epoch, 2, "{step:?}");
            assert!(world.site().events(world.core.after(0)).await.is_err());
            continue;
        }
        world.confirm().await;
        let life = live(world.site().clone(), letters.clone(), asked, false);
        tokio::spawn(life).await.unwrap();
        world.hands.go_on(LEASE);
        world.sweep().await;
        world.confirm().await;
        let [read, revoked, guessed] = &letters;
        let count = |letter: &Letter, is: fn(&What) -> bool| {
            world.told(letter).iter().filter(|what| is(what)).count()
        };
        let ended: fn(&What) -> bool = |what| matches!(what, What::Ended { .. });
        assert_eq!(
            count(read, |what| matches!(what, What::Opened { .. })),
            1,
            "{step:?}"
        );
        assert_eq!(
            count(read, |what| matches!(what, What::Delivered { .. })),
            1,
            "{step:?}"
        );
        assert_eq!((count(read, ended), count(revoked, ended)), (1, 1), "{step:?}");
        assert_eq!(count(guessed, ended), 0, "{step:?}");
        let wrong = count(guessed, |what| matches!(what, What::WrongPassphrase { .. }));
        assert!(
            matches!(wrong, 1 | 2),
            "{step:?}: a guess that was counted stays counted"
        );
        let dropped = world
            .core
            .events
            .iter()
            .filter(|event| matches!(event.what, What::Dropped { .. }));
        assert_eq!(dropped.count(), 1, "{step:?}");
        let rest: (i64, i64) = world
            .look()
            .query_row(
                "SELECT (SELECT count(*) FROM piece), (SELECT count(*) FROM message WHERE state = 1)",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        assert_eq!(rest, (2, 0), "{step:?}: what lives, and nothing besides");
    }
}
