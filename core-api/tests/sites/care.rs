//! What is looked after besides: inventory, witness, clocks, silence, and ends that are late.

use std::time::Duration;

use contract::sync::{Order, Token, What};
use core_api::store::audit::{Entry, Event, Personal};
use core_api::store::site;
use core_api::usecase::audit::verify::verify;
use core_api::usecase::message::command::{By, Ordered, order};
use core_api::usecase::site::acknowledge::acknowledge;
use core_api::usecase::site::list::list;
use core_api::usecase::site::new_epoch::new_epoch;
use core_api::usecase::site::retire::retire;
use core_api::worker::checkpoint::{self, NAME, witness_key};
use core_api::worker::pull::{GRACE, Next, SOON, STALE};
use domain::Timestamp;
use journal::{Hash, Head, Link, Statement as _};

use crate::bench::{Bench, NOON, Tried};
use crate::fake::Held;

#[tokio::test]
async fn what_lives_there_and_should_not_is_revoked() {
    let bench = Bench::new().await;
    let ids = bench.send_many("dmz1", 7).await;
    assert_eq!(bench.push("dmz1").await, Tried::Settled(7));
    bench.forward(Duration::from_secs(1));
    let strange = ids[3];
    bench
        .core
        .store
        .write(move |c| Ok(c.execute("DELETE FROM message WHERE id = ?1", [strange.as_bytes()])?))
        .await
        .unwrap();
    bench.pull("dmz1").await;
    assert_eq!(bench.alarms("dmz1").await, ["unknown-message"]);
    assert_eq!(bench.push("dmz1").await, Tried::Settled(1));
    bench.pull("dmz1").await;
    assert_eq!(bench.stage(ids[4]).await, "on-site");
}

/// What the push worker settles until nothing waits.
async fn pushed(bench: &Bench, site: &str) -> usize {
    let mut all = 0;
    while let Tried::Settled(some) = bench.push(site).await {
        all += some;
    }
    all
}

async fn forget(bench: &Bench, ids: &[Token]) {
    let ids = ids.to_vec();
    let forgotten = bench.core.store.write(move |c| {
        for id in &ids {
            c.execute("DELETE FROM message WHERE id = ?1", [id.as_bytes()])?;
        }
        Ok(())
    });
    forgotten.await.expect("the database works");
}

/// As after a restore of the core from an older copy.
#[tokio::test]
async fn many_that_are_odd_are_seen_to_soon_and_those_that_last_take_no_place() {
    let bench = Bench::new().await;
    let ids = bench.send_many("dmz1", 120).await;
    assert_eq!(pushed(&bench, "dmz1").await, 120);
    bench.forward(Duration::from_secs(1));
    let (strange, differing) = ids.split_at(70);
    forget(&bench, strange).await;
    for id in differing {
        bench.site().state().held.get_mut(id).unwrap().tries_left += 1;
    }
    let kept = bench.site().state().held[&strange[0]].clone();
    let mut puller = bench.puller("dmz1");
    for told in [50, 100, 120] {
        puller.try_one(0).await.unwrap();
        assert_eq!(bench.alarms("dmz1").await.len(), told);
        bench.forward(SOON);
    }
    assert_eq!(pushed(&bench, "dmz1").await, 70);

    // One lives on, whatever the site answered.
    bench.site().state().held.insert(strange[0], kept);
    let audited = bench.audited("unknown-message").await;
    puller.try_one(0).await.unwrap();
    assert_eq!(
        pushed(&bench, "dmz1").await,
        0,
        "there is no more, and it is taken each hour again"
    );
    bench.forward(Duration::from_hours(1));
    puller.try_one(0).await.unwrap();
    assert_eq!(pushed(&bench, "dmz1").await, 1);
    assert_eq!(bench.audited("unknown-message").await, audited, "told once");
}

async fn is_also_on(bench: &Bench, site: &str, id: Token) {
    let held = bench.site().state().held[&id].clone();
    bench.sites[site].state().held.insert(id, held);
    bench.forward(Duration::from_secs(1));
    bench.pull(site).await;
    assert!(bench.subjects(site).await.contains(&id.to_string()));
}

#[tokio::test]
async fn what_lives_on_another_site_is_revoked_there_and_nowhere_else() {
    let bench = Bench::with(&["dmz1", "dmz2"]).await;
    let id = bench.send("dmz1").await;
    bench.push("dmz1").await;
    is_also_on(&bench, "dmz2", id).await;
    assert_eq!(bench.push("dmz1").await, Tried::Nothing);
    assert_eq!(bench.push("dmz2").await, Tried::Settled(1));
    bench.pull("dmz2").await;
    assert_eq!(bench.stage(id).await, "on-site");
    assert!(bench.alarms("dmz1").await.is_empty());
    bench.site().open(id);
    bench.site().done(id);
    bench.pull("dmz1").await;
    assert_eq!(bench.stage(id).await, "read");

    // Nor is that an order to the site where it lives.
    let other = bench.send("dmz1").await;
    bench.push("dmz1").await;
    is_also_on(&bench, "dmz2", other).await;
    let (message, state) = (other, contract::sync::End::Revoked);
    bench.site().happened(What::Ended { message, state });
    bench.pull("dmz1").await;
    assert_eq!(bench.alarms("dmz1").await, ["contradiction"]);
    assert_eq!(bench.stage(other).await, "lost");
}

#[tokio::test]
async fn an_order_of_the_sender_goes_to_the_right_site_while_a_message_is_revoked_on_another() {
    let bench = Bench::with(&["dmz1", "dmz2"]).await;
    let id = bench.send("dmz1").await;
    bench.push("dmz1").await;
    is_also_on(&bench, "dmz2", id).await;
    let by = By {
        operator: "uid 1000".to_owned(),
        through: "command".to_owned(),
        reference: "REF".to_owned(),
    };
    let ordered = order(&bench.core, *id.as_bytes(), Order::Revoke, by).await;
    assert!(matches!(ordered, Ok(Ordered::Queued(_))));
    assert_eq!(bench.push("dmz1").await, Tried::Settled(1));
    bench.pull("dmz1").await;
    assert_eq!(bench.stage(id).await, "revoked");
    assert_eq!(bench.push("dmz2").await, Tried::Settled(1));
}

#[tokio::test]
async fn what_waits_for_its_site_still_waits_when_another_does_not_have_it_any_more() {
    let bench = Bench::with(&["dmz1", "dmz2"]).await;
    let id = bench.send("dmz1").await;
    bench.site().state().lose_answers = 1;
    assert!(matches!(bench.push("dmz1").await, Tried::Away(_)));
    is_also_on(&bench, "dmz2", id).await;
    bench.sites["dmz2"].state().held.clear();
    assert_eq!(bench.push("dmz2").await, Tried::Settled(1));
    assert_eq!(bench.stage(id).await, "waiting");
    assert_eq!(bench.push("dmz1").await, Tried::Settled(1));
    assert_eq!(bench.stage(id).await, "on-site");
}

#[tokio::test]
async fn what_should_live_there_and_does_not_is_lost() {
    let bench = Bench::new().await;
    let ids = bench.send_many("dmz1", 5).await;
    bench.push("dmz1").await;
    bench.forward(Duration::from_secs(1));
    bench.site().state().held.remove(&ids[2]);
    let mut puller = bench.puller("dmz1");
    puller.try_one(0).await.unwrap();
    assert_eq!(bench.stage(ids[2]).await, "on-site", "its end may be on its way");
    bench.forward(SOON);
    puller.try_one(0).await.unwrap();
    assert_eq!(bench.alarms("dmz1").await, ["message-gone"]);
    assert_eq!(bench.stage(ids[2]).await, "lost");
    assert_eq!(bench.stage(ids[1]).await, "on-site");
}

#[tokio::test]
async fn what_ended_between_the_last_pull_and_the_inventory_is_neither() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    bench.push("dmz1").await;
    bench.forward(Duration::from_secs(1));
    bench.site().open(id);
    bench.site().done(id);
    bench.pull("dmz1").await;
    assert!(bench.alarms("dmz1").await.is_empty());
    assert_eq!(bench.stage(id).await, "read");
}

#[tokio::test]
async fn a_site_that_tells_other_figures_of_a_message_than_its_events_did_is_an_alarm() {
    let changes: [fn(&mut Held); 4] = [
        |held| held.readings_left += 1,
        |held| held.readings_left -= 1,
        |held| held.tries_left += 1,
        |held| held.expires_at += 1,
    ];
    for change in changes {
        let bench = Bench::new().await;
        let ids = bench.send_many("dmz1", 5).await;
        bench.push("dmz1").await;
        bench.site().wrong_passphrase(ids[3]);
        let mut puller = bench.puller("dmz1");
        puller.try_one(0).await.unwrap();
        assert!(bench.alarms("dmz1").await.is_empty());
        change(bench.site().state().held.get_mut(&ids[3]).unwrap());
        bench.forward(Duration::from_hours(1));
        puller.try_one(0).await.unwrap();
        assert_eq!(bench.alarms("dmz1").await, ["figures-differ"]);
        assert_eq!(bench.audited(&ids[3].to_string()).await, 1);
        bench.forward(Duration::from_hours(1));
        puller.try_one(0).await.unwrap();
        assert_eq!(
            bench.audited(&ids[3].to_string()).await,
            1,
            "once, while it stands"
        );
    }
}

#[tokio::test]
async fn what_happens_while_an_inventory_is_taken_is_no_difference() {
    let bench = Bench::new().await;
    let ids = bench.send_many("dmz1", 2).await;
    bench.push("dmz1").await;
    bench.site().state().opened_before_inventory = Some(ids[0]);
    bench.site().state().opened_after_inventory = Some(ids[1]);
    let mut puller = bench.puller("dmz1");
    puller.try_one(0).await.unwrap();
    for id in ids {
        assert_eq!(bench.stage(id).await, "opened");
    }
    assert!(bench.alarms("dmz1").await.is_empty());
    bench.forward(Duration::from_hours(1));
    puller.try_one(0).await.unwrap();
    assert!(bench.alarms("dmz1").await.is_empty());
}

#[tokio::test]
async fn the_site_keeps_checkpoints_of_our_audit_and_gives_the_one_before() {
    let bench = Bench::new().await;
    let first = checkpoint::try_one(&bench.core)
        .await
        .unwrap()
        .expect("the chain grew");
    let mut puller = bench.puller("dmz1");
    puller.try_one(0).await.unwrap();
    assert_eq!(bench.site().state().witness.as_deref(), Some(first.as_str()));
    let id = bench.send("dmz1").await;
    bench.push("dmz1").await;
    bench.site().open(id);
    puller.try_one(0).await.unwrap();
    checkpoint::try_one(&bench.core)
        .await
        .unwrap()
        .expect("the chain grew");
    puller.try_one(0).await.unwrap();
    assert_eq!(bench.stored("dmz1").await.witness, Some(first));
    assert!(bench.alarms("dmz1").await.is_empty());
}

#[tokio::test]
async fn an_audit_that_was_written_anew_does_not_fit_what_the_site_kept() {
    let bench = Bench::new().await;
    checkpoint::try_one(&bench.core)
        .await
        .unwrap()
        .expect("the chain grew");
    let mut puller = bench.puller("dmz1");
    puller.try_one(0).await.unwrap();
    bench
        .core
        .store
        .write(|c| {
            c.execute_batch("DELETE FROM checkpoint; UPDATE audit SET hash = zeroblob(32) WHERE seq = 1")?;
            core_api::store::audit::insert_checkpoint(c, 1, "another line")
        })
        .await
        .unwrap();
    puller.try_one(0).await.unwrap();
    assert_eq!(bench.alarms("dmz1").await, ["witness"]);
    let (shown, kept) = (
        bench.stored("dmz1").await.witness,
        bench.site().state().witness.clone(),
    );
    // The audit grows, and so would what the site keeps: it stays as it is until somebody has looked.
    checkpoint::try_one(&bench.core)
        .await
        .unwrap()
        .expect("the chain grew");
    puller.try_one(0).await.unwrap();
    puller.try_one(0).await.unwrap();
    assert_eq!(bench.alarms("dmz1").await, ["witness"]);
    assert_eq!(bench.stored("dmz1").await.witness, shown);
    assert_eq!(bench.site().state().witness, kept);
    let report = verify(&bench.core.store, witness_key(bench.core.signing()), vec![])
        .await
        .unwrap();
    assert!(!report.faults.is_empty());
}

#[tokio::test]
async fn a_line_that_we_never_signed_is_the_sites_lie_and_not_kept_as_ours() {
    let bench = Bench::new().await;
    checkpoint::try_one(&bench.core)
        .await
        .unwrap()
        .expect("the chain grew");
    bench.site().state().witness = Some("not a line of anybody".to_owned());
    bench.pull("dmz1").await;
    assert_eq!(bench.alarms("dmz1").await, ["witness"]);
    assert_eq!(bench.stored("dmz1").await.witness, None);
    let key = witness_key(bench.core.signing());
    let report = verify(&bench.core.store, key, vec![]).await.unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    let lowered = acknowledge(&bench.core, "dmz1", "REF", "uid 0").await.unwrap();
    assert_eq!(lowered, 1);
    assert!(bench.alarms("dmz1").await.is_empty());
    assert_eq!(bench.audited("site-acknowledged").await, 1);
    bench.pull("dmz1").await;
    assert!(bench.alarms("dmz1").await.is_empty(), "our own line is there now");
}

async fn faults(bench: &Bench) -> Vec<String> {
    let key = witness_key(bench.core.signing());
    verify(&bench.core.store, key, vec![])
        .await
        .expect("the database works")
        .faults
}

/// Something happens, and a checkpoint is made of it.
async fn next_checkpoint(bench: &Bench) -> String {
    bench
        .core
        .store
        .write(|c| {
            let entry = happening();
            core_api::store::audit::append(c, &entry, Timestamp(NOON)).map(drop)
        })
        .await
        .expect("the database works");
    checkpoint::try_one(&bench.core)
        .await
        .expect("the database works")
        .expect("the chain grew")
}

fn happening() -> Entry {
    Entry {
        event: Event::Freeze { frozen: true },
        reference: "REF".to_owned(),
        through: "core".to_owned(),
        personal: Personal::default(),
        salt: [7; 32],
    }
}

#[tokio::test]
async fn an_audit_that_was_put_back_does_not_fit_what_the_site_kept_until_an_operator_says_so() {
    let bench = Bench::new().await;
    next_checkpoint(&bench).await;
    let last = next_checkpoint(&bench).await;
    let mut puller = bench.puller("dmz1");
    puller.try_one(0).await.unwrap();
    bench
        .core
        .store
        .write(|c| {
            c.execute_batch(
                "DELETE FROM checkpoint WHERE seq = (SELECT max(seq) FROM checkpoint);
                 DELETE FROM audit_personal WHERE seq = (SELECT max(seq) FROM audit);
                 DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",
            )?;
            Ok(())
        })
        .await
        .unwrap();
    // A core that begins again finds out, and goes on finding it while its audit grows.
    let mut puller = bench.puller("dmz1");
    puller.try_one(0).await.unwrap();
    let left = bench.site().state().witness.clone();
    for _ in 0..3 {
        next_checkpoint(&bench).await;
        puller.try_one(0).await.unwrap();
        bench.puller("dmz1").try_one(0).await.unwrap();
        assert_eq!(bench.alarms("dmz1").await, ["witness"]);
        assert_eq!(bench.stored("dmz1").await.witness.as_ref(), Some(&last));
        assert_eq!(bench.site().state().witness, left, "nothing new is left there");
    }
    let found = faults(&bench).await;
    assert!(found.iter().any(|fault| fault.contains("site dmz1")), "{found:?}");

    // Nor does a new epoch take it back, but a word of an operator does.
    new_epoch(&bench.core, "dmz1", "REF", "uid 0").await.unwrap();
    puller.try_one(0).await.unwrap();
    assert_eq!(bench.alarms("dmz1").await, ["witness"]);
    assert_eq!(bench.stored("dmz1").await.witness, Some(last));
    acknowledge(&bench.core, "dmz1", "REF", "uid 0").await.unwrap();
    puller.try_one(0).await.unwrap();
    assert!(bench.alarms("dmz1").await.is_empty());
    assert_eq!(bench.stored("dmz1").await.witness, left);
    assert!(faults(&bench).await.is_empty());
}

#[tokio::test]
async fn of_whatever_a_site_gives_nothing_is_kept_that_is_not_ours() {
    let bench = Bench::new().await;
    let line = next_checkpoint(&bench).await;
    let stranger = journal::SigningKey::from_bytes(&[9; 32]);
    let invented = Link {
        seq: 1,
        hash: Hash::from([0; 32]),
    };
    let forged = Head::of(NAME, 1, invented, NOON).sign(&stranger).to_string();
    let too_long = format!("{line}{}", " ".repeat(4096));
    for lie in [forged, too_long, "no line".to_owned()] {
        bench.site().state().witness = Some(lie);
        bench.puller("dmz1").try_one(0).await.unwrap();
        assert_eq!(bench.alarms("dmz1").await, ["witness"]);
        assert_eq!(bench.stored("dmz1").await.witness, None);
        assert!(faults(&bench).await.is_empty());
        acknowledge(&bench.core, "dmz1", "REF", "uid 0").await.unwrap();
    }
}

#[tokio::test]
async fn of_a_site_that_is_retired_no_checkpoint_is_held_against_the_audit() {
    let bench = Bench::new().await;
    next_checkpoint(&bench).await;
    bench.puller("dmz1").try_one(0).await.unwrap();
    bench
        .core
        .store
        .write(|c| site::set_witness(c, "dmz1", "not a line of ours"))
        .await
        .unwrap();
    let found = faults(&bench).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("site dmz1"), "{found:?}");
    retire(&bench.core, "dmz1", "REF", "uid 0").await.unwrap();
    assert!(faults(&bench).await.is_empty());
}

#[tokio::test]
async fn silence_is_an_alarm_after_three_polls_and_over_with_the_next_head() {
    let bench = Bench::new().await;
    bench.pull("dmz1").await;
    bench.site().state().away = true;
    bench.forward(STALE);
    assert!(matches!(bench.pull("dmz1").await, Next::Patience(_)));
    assert!(bench.alarms("dmz1").await.is_empty());
    bench.forward(Duration::from_secs(1));
    bench.pull("dmz1").await;
    bench.pull("dmz1").await;
    assert_eq!(bench.alarms("dmz1").await, ["stale"]);
    assert_eq!(bench.audited("stale").await, 1);
    let shown = list(&bench.core).await.unwrap();
    assert!(!shown[0].fine && shown[0].state.contains("stale"), "{shown:?}");
    bench.site().state().away = false;
    bench.pull("dmz1").await;
    assert!(bench.alarms("dmz1").await.is_empty());
    assert_eq!(list(&bench.core).await.unwrap()[0].state, "well");
}

#[tokio::test]
async fn clocks_that_are_apart_are_shown() {
    let bench = Bench::new().await;
    bench.site().state().skew = -31_000;
    bench.pull("dmz1").await;
    assert_eq!(bench.alarms("dmz1").await, ["skew"]);
    bench.site().state().skew = 0;
    bench.pull("dmz1").await;
    assert!(bench.alarms("dmz1").await.is_empty());
    bench.site().state().unbelieving = Some(3_600_000);
    assert!(matches!(bench.pull("dmz1").await, Next::Patience(_)));
    assert_eq!(bench.stored("dmz1").await.skew_ms, Some(3_600_000));
    assert_eq!(bench.alarms("dmz1").await, ["skew"]);
}

#[tokio::test]
async fn an_end_that_does_not_come_is_an_alarm() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    bench.push("dmz1").await;
    bench.forward(Duration::from_hours(24) + GRACE);
    bench.pull("dmz1").await;
    assert!(bench.alarms("dmz1").await.is_empty());
    bench.forward(Duration::from_mins(2));
    bench.pull("dmz1").await;
    assert_eq!(bench.alarms("dmz1").await, ["overdue"]);
    bench.site().end(id, contract::sync::End::Expired);
    bench.pull("dmz1").await;
    assert_eq!(bench.stage(id).await, "expired");
    assert!(bench.alarms("dmz1").await.is_empty());
}
