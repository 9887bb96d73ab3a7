//! How long it is known what became of a message, and under which key until then.

use std::time::Duration;

use contract::sync::End;
use core_api::store::message;
use core_api::usecase::drop_box::open::open;
use core_api::usecase::drop_box::request::{DropWish, request};
use core_api::usecase::message::send::Wish;
use core_api::usecase::message::show::show;
use core_api::worker::reap;
use core_api::worker::rewrap::rewrap_some;

use crate::bench::{Bench, sender, text};

async fn is_known(bench: &Bench, id: contract::sync::Token) -> bool {
    let found = bench
        .core
        .store
        .read(move |c| message::by_id(c, id.as_bytes()))
        .await;
    found.expect("the database works").is_some()
}

#[tokio::test]
async fn what_ended_is_forgotten_after_the_configured_time_and_what_lives_is_not() {
    let bench = Bench::with(|messages| {
        messages.keep = Duration::from_hours(24 * 10);
        messages.longest_expiry = Duration::from_hours(24 * 90);
    })
    .await;
    let (ended, _) = bench
        .send(Wish::default(), &text("x"), None)
        .await
        .expect("it is sent");
    let long = Wish {
        expires_in: Some(90 * 86_400),
        ..Wish::default()
    };
    let (living, _) = bench.send(long, &text("x"), None).await.expect("it is sent");
    bench.push().await;
    bench.site.fake.end(ended, End::Expired);
    bench.pull().await;
    bench.forward(Duration::from_hours(24 * 10 - 1));
    reap::try_one(&bench.core).await.expect("the database works");
    assert!(is_known(&bench, ended).await);
    bench.forward(Duration::from_hours(2));
    reap::try_one(&bench.core).await.expect("the database works");
    assert!(!is_known(&bench, ended).await);
    assert!(is_known(&bench, living).await);
}

#[tokio::test]
async fn secrets_move_under_a_new_at_rest_key() {
    let mut bench = Bench::new().await;
    let to = Wish {
        to: Some("bob@home.example".to_owned()),
        reason: Some("first day".to_owned()),
        ..Wish::default()
    };
    let (id, link) = bench.send(to, &text("x"), Some("p")).await.expect("it is sent");
    let asked = request(&bench.core, &sender(), DropWish::default())
        .await
        .expect("it is allowed");
    bench.collect().await;
    bench.site.drop_in(asked.link.expose(), &text("dropped"));
    bench.collect().await;
    bench.mails().await;
    bench.change_key(true);
    while rewrap_some(&bench.core).await.expect("the former key is known") > 0 {}
    bench.change_key(false);
    let view = show(&bench.core, None, *id.as_bytes())
        .await
        .expect("it is there");
    assert_eq!(view.reason.as_deref(), Some("first day"));
    let opened = open(&bench.core, &sender(), asked.id).await.expect("it opens");
    assert_eq!(opened.text(), "dropped");
    bench.push().await;
    let mails = bench.mails().await;
    assert!(mails.iter().any(|mail| mail.link() == Some(link.expose())));
}
