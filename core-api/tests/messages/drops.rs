//! What an outsider puts in comes inside once, is opened once, and is gone then.

use std::time::Duration;

use contract::sync::Token;
use core_api::store::drop_box::{self, Stage};
use core_api::store::site_event::{self, Place};
use core_api::usecase::UseCaseError;
use core_api::usecase::drop_box::open::{erase, list, open};
use core_api::usecase::drop_box::request::{DropWish, Requested, request};
use core_api::usecase::site::new_epoch::new_epoch;
use core_api::usecase::site::retire::retire;
use core_api::worker::reap;
use domain::Timestamp;
use seal::{Content, File};
use zeroize::Zeroizing;

use crate::bench::{Bench, SITE, sender, text};

async fn asked(bench: &Bench) -> Requested {
    let wish = DropWish {
        reason: Some("their key".to_owned()),
        ..DropWish::default()
    };
    request(&bench.core, &sender(), wish)
        .await
        .expect("it is allowed")
}

async fn stage(bench: &Bench, id: [u8; 16]) -> Stage {
    let found = bench.core.store.read(move |c| drop_box::by_id(c, &id)).await;
    found
        .expect("it works in a test")
        .expect("it was asked for")
        .stage
}

async fn has_body(bench: &Bench, id: [u8; 16]) -> bool {
    let found = bench.core.store.read(move |c| drop_box::body(c, &id)).await;
    found.expect("it works in a test").is_some()
}

#[tokio::test]
async fn a_drop_comes_inside_is_erased_outside_and_opened_once() {
    let bench = Bench::new().await;
    let asked = asked(&bench).await;
    assert_eq!(stage(&bench, asked.id).await, Stage::Waiting);
    assert_eq!(bench.collect().await, 0);
    assert_eq!(stage(&bench, asked.id).await, Stage::OnSite);
    let file = File::new("key.pem", "", Zeroizing::new(b"hunter3".to_vec()));
    let content = Content::new(Zeroizing::new("hunter2".to_owned()), vec![file]).expect("small");
    bench.site.drop_in(asked.link.expose(), &content);
    assert_eq!(bench.collect().await, 1);
    assert!(bench.site.lying.lock().unwrap().is_empty(), "erased outside");
    assert_eq!(stage(&bench, asked.id).await, Stage::Arrived);
    let mails = bench.mails().await;
    assert!(mails.len() == 1 && mails[0].says("drop box") && mails[0].says("their key"));

    let opened = open(&bench.core, &sender(), asked.id).await.expect("it opens");
    assert_eq!(
        (opened.text(), opened.files()[0].bytes()),
        ("hunter2", b"hunter3".as_slice())
    );
    let again = open(&bench.core, &sender(), asked.id).await;
    assert!(again.is_ok(), "it is kept until it is kept elsewhere");
    erase(&bench.core, &sender(), asked.id)
        .await
        .expect("it was there");
    assert_eq!(stage(&bench, asked.id).await, Stage::Opened);
    assert!(!has_body(&bench, asked.id).await);
    assert!(matches!(
        open(&bench.core, &sender(), asked.id).await,
        Err(UseCaseError::Refused(contract::ProblemKind::MessageOver))
    ));
    assert!(erase(&bench.core, &sender(), asked.id).await.is_err());
    assert_eq!(
        list(&bench.core).await.unwrap()[0].reason.as_deref(),
        Some("their key")
    );
    let audit = bench.audit().await;
    for words in ["drop-requested", "drop-arrived", "drop-opened"] {
        assert!(audit.contains(words), "{words}");
    }
}

#[tokio::test]
async fn several_come_at_once_and_one_that_nobody_asked_for_is_erased_only() {
    let bench = Bench::new().await;
    let (first, second) = (asked(&bench).await, asked(&bench).await);
    bench.collect().await;
    bench.site.drop_in(first.link.expose(), &text("1"));
    bench.site.drop_in(second.link.expose(), &text("2"));
    let foreign = Token::from([0; 16]);
    bench.site.lying.lock().unwrap().insert(foreign, vec![1; 100]);
    assert_eq!(bench.collect().await, 3);
    assert!(bench.site.lying.lock().unwrap().is_empty());
    for (asked, expected) in [(&first, "1"), (&second, "2")] {
        let opened = open(&bench.core, &sender(), asked.id).await.expect("it opens");
        assert_eq!(opened.text(), expected);
    }
}

#[tokio::test]
async fn requests_that_the_site_does_not_take_hold_up_none() {
    let bench = Bench::new().await;
    let first = asked(&bench).await;
    bench.collect().await;
    bench.site.drop_in(first.link.expose(), &text("1"));
    let mut refused = vec![];
    for _ in 0..40 {
        let id = asked(&bench).await.id;
        bench.site.refuses.lock().unwrap().insert(Token::from(id));
        refused.push(id);
    }
    let last = asked(&bench).await;
    assert_eq!(bench.collect().await, 1, "what came in comes inside");
    assert_eq!(stage(&bench, last.id).await, Stage::OnSite);
    assert_eq!(stage(&bench, refused[0]).await, Stage::Waiting);
    bench.site.refuses.lock().unwrap().clear();
    bench.collect().await;
    for id in refused {
        assert_eq!(stage(&bench, id).await, Stage::OnSite);
    }
}

#[tokio::test]
async fn a_drop_that_cannot_be_fetched_holds_up_none() {
    let bench = Bench::new().await;
    let mut both = [asked(&bench).await, asked(&bench).await];
    both.sort_by_key(|asked| asked.id);
    let [first, second] = both;
    bench.collect().await;
    bench.site.drop_in(first.link.expose(), &text("1"));
    bench.site.drop_in(second.link.expose(), &text("2"));
    bench.site.refuses.lock().unwrap().insert(Token::from(first.id));
    assert_eq!(bench.collect().await, 1);
    assert_eq!(stage(&bench, second.id).await, Stage::Arrived);
    bench.site.refuses.lock().unwrap().clear();
    assert_eq!(bench.collect().await, 1);
    assert_eq!(stage(&bench, first.id).await, Stage::Arrived);
}

#[tokio::test]
async fn after_an_end_between_keeping_and_erasing_it_is_erased_and_not_kept_twice() {
    let bench = Bench::new().await;
    let (first, other) = (asked(&bench).await, asked(&bench).await);
    bench.collect().await;
    bench.site.drop_in(first.link.expose(), &text("1"));
    let lying = bench.site.lying.lock().unwrap().clone();
    bench.collect().await;
    // The core ended before its order to erase arrived.
    *bench.site.lying.lock().unwrap() = lying;
    bench.collect().await;
    assert!(bench.site.lying.lock().unwrap().is_empty());
    assert_eq!(bench.audit().await.matches("drop-arrived").count(), 1);
    assert_eq!(stage(&bench, other.id).await, Stage::OnSite);
}

#[tokio::test]
async fn what_is_not_what_the_site_announced_is_damaged() {
    let bench = Bench::new().await;
    let asked = asked(&bench).await;
    bench.collect().await;
    bench.site.drop_in(asked.link.expose(), &text("1"));
    *bench.site.garbles.lock().unwrap() = true;
    bench.collect().await;
    assert_eq!(stage(&bench, asked.id).await, Stage::Damaged);
    assert!(!has_body(&bench, asked.id).await);
    assert_eq!(bench.audit().await.matches("drop-ended").count(), 1);
    let mails = bench.mails().await;
    assert!(mails.len() == 1 && mails[0].says("damaged") && mails[0].says("their key"));
}

#[tokio::test]
async fn a_site_that_begins_anew_gets_its_requests_again_and_their_links_work() {
    let bench = Bench::new().await;
    let asked = asked(&bench).await;
    bench.collect().await;
    new_epoch(&bench.core, SITE, "REF", "uid 0")
        .await
        .expect("it answers");
    assert!(bench.site.requests.lock().unwrap().is_empty());
    assert_eq!(stage(&bench, asked.id).await, Stage::Waiting);
    bench.collect().await;
    assert_eq!(stage(&bench, asked.id).await, Stage::OnSite);
    bench.site.drop_in(asked.link.expose(), &text("1"));
    assert_eq!(bench.collect().await, 1);
    let opened = open(&bench.core, &sender(), asked.id).await.expect("it opens");
    assert_eq!(opened.text(), "1");
    assert!(!bench.audit().await.contains("drop-ended"));
}

#[tokio::test]
async fn what_was_put_in_and_forgotten_by_the_site_is_lost_and_told_once() {
    let bench = Bench::new().await;
    let (dropped, other) = (asked(&bench).await, asked(&bench).await);
    bench.collect().await;
    let id = dropped.id;
    let pulled = bench.core.store.write(move |c| {
        let place = Place {
            site: SITE,
            epoch: 1,
            seq: 9,
        };
        site_event::insert(c, place, 1, Some(&id), "{}", Timestamp(1))
    });
    assert!(pulled.await.expect("it works in a test"));
    for _ in 0..2 {
        new_epoch(&bench.core, SITE, "REF", "uid 0")
            .await
            .expect("it answers");
        assert_eq!(stage(&bench, id).await, Stage::Lost);
        assert_eq!(stage(&bench, other.id).await, Stage::Waiting);
    }
    assert_eq!(bench.audit().await.matches("drop-ended").count(), 1);
    let mails = bench.mails().await;
    assert!(mails.len() == 1 && mails[0].says("lost") && mails[0].says("their key"));
    let opened = open(&bench.core, &sender(), id).await;
    assert!(matches!(
        opened,
        Err(UseCaseError::Refused(contract::ProblemKind::MessageOver))
    ));
}

#[tokio::test]
async fn drop_boxes_of_a_site_that_is_retired_are_lost_and_what_came_in_is_not() {
    let bench = Bench::new().await;
    let (arrived, on_site) = (asked(&bench).await, asked(&bench).await);
    bench.collect().await;
    bench.site.drop_in(arrived.link.expose(), &text("1"));
    bench.collect().await;
    let waiting = asked(&bench).await;
    retire(&bench.core, SITE, "REF", "uid 0")
        .await
        .expect("it is paired");
    assert_eq!(stage(&bench, on_site.id).await, Stage::Lost);
    assert_eq!(stage(&bench, waiting.id).await, Stage::Lost);
    assert_eq!(stage(&bench, arrived.id).await, Stage::Arrived);
    assert_eq!(bench.mails().await.len(), 3);
}

#[tokio::test]
async fn what_comes_in_though_the_sites_answer_to_the_request_was_lost_is_kept() {
    let bench = Bench::new().await;
    let asked = asked(&bench).await;
    *bench.site.mumbles.lock().unwrap() = true;
    bench.collect().await;
    assert_eq!(stage(&bench, asked.id).await, Stage::Waiting);
    bench.site.drop_in(asked.link.expose(), &text("1"));
    assert_eq!(bench.collect().await, 1);
    assert_eq!(stage(&bench, asked.id).await, Stage::Arrived);
}

#[tokio::test]
async fn what_was_sealed_to_another_key_is_damaged_and_erased() {
    let bench = Bench::new().await;
    let asked = asked(&bench).await;
    bench.collect().await;
    let other = seal::DropKey::generate(&mut seal::os_random);
    let sealed = seal::seal_drop(&asked.id, other.public(), &text("1"), &mut seal::os_random).unwrap();
    bench
        .site
        .lying
        .lock()
        .unwrap()
        .insert(Token::from(asked.id), sealed);
    bench.collect().await;
    assert!(open(&bench.core, &sender(), asked.id).await.is_err());
    assert_eq!(stage(&bench, asked.id).await, Stage::Damaged);
    assert!(!has_body(&bench, asked.id).await);
}

#[tokio::test]
async fn a_request_ends_with_its_time_and_its_key_with_it() {
    let bench = Bench::new().await;
    let asked = asked(&bench).await;
    bench.collect().await;
    let size = |row: Option<drop_box::Request>| row.expect("it is there").details.bytes.len();
    let id = asked.id;
    let before = size(
        bench
            .core
            .store
            .read(move |c| drop_box::by_id(c, &id))
            .await
            .unwrap(),
    );
    bench.forward(Duration::from_hours(73));
    // Whether or not a site is configured still.
    reap::try_one(&bench.core).await.expect("it works in a test");
    assert_eq!(stage(&bench, id).await, Stage::Expired);
    assert!(bench.mails().await.is_empty());
    let after = size(
        bench
            .core
            .store
            .read(move |c| drop_box::by_id(c, &id))
            .await
            .unwrap(),
    );
    assert!(after < before, "the key is gone: {before} {after}");
}

#[tokio::test]
async fn what_arrived_waits_to_be_opened_after_the_requests_end() {
    let bench = Bench::new().await;
    let asked = asked(&bench).await;
    bench.collect().await;
    bench.site.drop_in(asked.link.expose(), &text("1"));
    bench.collect().await;
    bench.forward(Duration::from_hours(73));
    reap::try_one(&bench.core).await.expect("it works in a test");
    assert_eq!(
        open(&bench.core, &sender(), asked.id)
            .await
            .expect("it opens")
            .text(),
        "1"
    );
    bench.forward(Duration::from_hours(31 * 24));
    reap::try_one(&bench.core).await.expect("it works in a test");
    assert_eq!(stage(&bench, asked.id).await, Stage::Expired);
    assert!(!has_body(&bench, asked.id).await);
}
