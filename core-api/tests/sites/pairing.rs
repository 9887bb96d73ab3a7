//! Pairing, retiring, and beginning anew.

use std::sync::{Arc, OnceLock, Weak};

use contract::pairing::PairingAnswer;
use core_api::core::Core;
use core_api::steps::{Step, Steps};
use core_api::usecase::site::new_epoch::new_epoch;
use core_api::usecase::site::pair::{PairError, offer, take_answer};
use core_api::usecase::site::retire::retire;
use core_api::worker::pull::Next;
use journal::SigningKey;

use crate::bench::{Bench, Tried};

#[tokio::test]
async fn a_file_is_made_for_configured_sites_and_its_secret_is_at_rest_sealed() {
    let bench = Bench::unpaired(&["dmz1"]);
    assert!(matches!(
        offer(&bench.core, "dmz2").await,
        Err(PairError::NotConfigured)
    ));
    let pairing = offer(&bench.core, "dmz1").await.unwrap();
    assert_eq!(
        (pairing.epoch, pairing.generation, pairing.core_pins.len()),
        (1, 1, 2)
    );
    assert_eq!(pairing.look.public_origin, "https://secret.corp.example");
    let stored: Vec<u8> = bench
        .core
        .store
        .read(|c| Ok(c.query_row("SELECT ratchet FROM site_offer", [], |row| row.get(0))?))
        .await
        .unwrap();
    assert!(!stored.windows(32).any(|part| part == pairing.ratchet.expose()));
    assert_eq!(bench.pull("dmz1").await, Next::Wait, "nobody is dialled yet");
}

#[tokio::test]
async fn only_the_answer_to_the_last_file_is_taken() {
    let bench = Bench::unpaired(&["dmz1", "dmz2"]);
    let pairing = offer(&bench.core, "dmz1").await.unwrap();
    let answer = bench.site().pair(&pairing);
    let core = &bench.core;
    let taken = take_answer(core, "dmz2", &answer, "", "").await;
    assert!(matches!(taken, Err(PairError::NothingOffered)));
    offer(core, "dmz2").await.unwrap();
    let taken = take_answer(core, "dmz2", &answer, "", "").await;
    assert!(matches!(taken, Err(PairError::Another { .. })));
    let mut weak = answer.clone();
    weak.site_key = [0; 32].into();
    assert!(matches!(
        take_answer(core, "dmz1", &weak, "", "").await,
        Err(PairError::Keys)
    ));
    let changes: [fn(&mut PairingAnswer); 3] = [
        |answer| answer.site_key = SigningKey::from_bytes(&[3; 32]).verifying_key().to_bytes().into(),
        |answer| answer.site_pins.push([3; 32].into()),
        |answer| answer.proof = [3; 32].into(),
    ];
    for change in changes {
        let mut other = answer.clone();
        change(&mut other);
        let taken = take_answer(core, "dmz1", &other, "", "").await;
        assert!(matches!(taken, Err(PairError::Unproven)), "{other:?}");
    }
    assert_eq!(take_answer(core, "dmz1", &answer, "", "").await.unwrap(), 1);
    let again = take_answer(core, "dmz1", &answer, "", "").await;
    assert!(matches!(again, Err(PairError::NothingOffered)));
    assert_eq!(bench.pull("dmz1").await, Next::GoOn);
    assert_eq!(bench.audited("site-epoch").await, 1);
}

#[tokio::test]
async fn keyed_anew_it_goes_on_with_what_never_left_and_gives_up_the_rest() {
    let bench = Bench::new().await;
    let (there, ended) = (bench.send("dmz1").await, bench.send("dmz1").await);
    assert_eq!(bench.push("dmz1").await, Tried::Settled(2));
    bench.site().open(ended);
    bench.site().done(ended);
    bench.pull("dmz1").await;
    bench.site().state().away = true;
    let tried = bench.send("dmz1").await;
    assert!(matches!(bench.push("dmz1").await, Tried::Away(_)));
    let untried = bench.send("dmz1").await;
    bench.site().state().away = false;
    bench.forward(std::time::Duration::from_secs(1));

    assert_eq!(new_epoch(&bench.core, "dmz1", "REF", "uid 0").await.unwrap(), 2);
    let mut stages = vec![];
    for id in [there, ended, tried, untried] {
        stages.push(bench.stage(id).await);
    }
    assert_eq!(stages, ["lost", "read", "lost", "waiting"]);
    assert_eq!(bench.push("dmz1").await, Tried::Settled(1));
    bench.site().open(untried);
    assert_eq!(bench.pull("dmz1").await, Next::GoOn);
    assert_eq!(bench.stage(untried).await, "opened");
    assert!(bench.alarms("dmz1").await.is_empty());
}

#[tokio::test]
async fn a_lost_answer_to_a_new_epoch_is_asked_for_again_with_the_same_key() {
    let mut bench = Bench::new().await;
    bench.site().state().lose_answers = 1;
    assert!(matches!(
        new_epoch(&bench.core, "dmz1", "", "").await,
        Err(PairError::Site(_))
    ));
    assert_eq!(bench.stored("dmz1").await.epoch, 1);
    bench.restart().await;
    assert_eq!(new_epoch(&bench.core, "dmz1", "", "").await.unwrap(), 2);
    let id = bench.send("dmz1").await;
    bench.push("dmz1").await;
    bench.site().open(id);
    assert_eq!(bench.pull("dmz1").await, Next::GoOn);
    assert_eq!(bench.stage(id).await, "opened");
}

#[tokio::test]
async fn a_retired_site_is_dialled_no_more_and_what_lived_there_is_given_up() {
    let bench = Bench::new().await;
    let there = bench.send("dmz1").await;
    bench.push("dmz1").await;
    let waiting = bench.send("dmz1").await;
    assert_eq!(retire(&bench.core, "dmz1", "", "").await.unwrap(), 2);
    let calls = bench.site().state().calls;
    assert_eq!(bench.stage(there).await, "lost");
    assert_eq!(bench.stage(waiting).await, "not-sent");
    assert_eq!(bench.pull("dmz1").await, Next::Wait);
    assert_eq!(bench.push("dmz1").await, Tried::Nothing);
    assert_eq!(bench.site().state().calls, calls);
    assert!(matches!(
        retire(&bench.core, "dmz1", "", "").await,
        Err(PairError::NotPaired)
    ));
}

#[tokio::test]
async fn two_who_key_anew_at_once_do_so_one_after_the_other() {
    let bench = Bench::new().await;
    let begin = || new_epoch(&bench.core, "dmz1", "", "");
    let (one, other) = tokio::join!(begin(), begin());
    assert_eq!((one.unwrap(), other.unwrap()), (2, 3));
    let id = bench.send("dmz1").await;
    bench.push("dmz1").await;
    bench.site().open(id);
    assert_eq!(bench.pull("dmz1").await, Next::GoOn);
    assert_eq!(bench.stage(id).await, "opened");
}

/// Retires the site while its answer to a new epoch is on its way.
#[derive(Default)]
struct Retires(OnceLock<Weak<Core>>);

impl Steps for Retires {
    fn reached(&self, step: Step) {
        if step != Step::EpochAnswered {
            return;
        }
        let core = self.0.get().and_then(Weak::upgrade).expect("it is set");
        let retiring = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("threads can be begun");
            runtime.block_on(retire(&core, "dmz1", "", ""))
        });
        let retired = retiring.join().expect("it does not panic");
        retired.expect("it is paired");
    }
}

#[tokio::test]
async fn what_was_retired_in_the_meantime_is_not_brought_back_by_a_late_answer() {
    let mut bench = Bench::new().await;
    let retires = Arc::new(Retires::default());
    Arc::get_mut(&mut bench.core).expect("nobody else has it").steps = Arc::<Retires>::clone(&retires);
    retires.0.set(Arc::downgrade(&bench.core)).unwrap();

    let begun = new_epoch(&bench.core, "dmz1", "", "").await;
    assert!(matches!(begun, Err(PairError::Overtaken)), "{begun:?}");
    let stored = bench.stored("dmz1").await;
    assert!(stored.retired_at.is_some());
    assert_eq!(stored.epoch, 1);
    assert_eq!(bench.audited("site-epoch").await, 1, "that of the pairing");
}
