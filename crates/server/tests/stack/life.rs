//! Reload and stop, while requests are under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::{HttpResponse, web};
use server::{Ended, Life, Order};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{interval, sleep, timeout};

use crate::support::{Authority, Client, Kind, browsers, settings, start, start_life, start_with};

fn shown(client: &Client) -> Vec<u8> {
    client.stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_gives_new_connections_the_new_certificate_and_keeps_the_old_ones() {
    let authority = Authority::new();
    let pair = authority.issue("localhost", Kind::Server);
    let site = start(&settings(&pair, None), browsers());
    let mut before = Client::new(site.address, &authority.ca()).await;
    assert_eq!(before.get("/page").await.status, 200);

    authority.issue("localhost", Kind::Server);
    site.orders.send(Order::Reload).await.unwrap();
    let mut ticks = interval(Duration::from_millis(20));
    let renewed = timeout(Duration::from_mins(1), async {
        loop {
            ticks.tick().await;
            let client = Client::new(site.address, &authority.ca()).await;
            if shown(&client) != shown(&before) {
                return shown(&client);
            }
        }
    });
    let renewed = renewed.await.expect("the new certificate is never shown");
    assert_eq!(
        before.get("/page").await.status,
        200,
        "the old connection goes on"
    );

    std::fs::write(&pair.cert, "no certificate").unwrap();
    assert!(!site.reloads.certificates());
    let mut after = Client::new(site.address, &authority.ca()).await;
    assert_eq!(shown(&after), renewed, "a broken file changes nothing");
    assert_eq!(after.get("/page").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_written_certificate_is_noticed_without_a_signal() {
    let authority = Authority::new();
    let pair = authority.issue("localhost", Kind::Server);
    let site = start(&settings(&pair, None), browsers());
    let first = shown(&Client::new(site.address, &authority.ca()).await);
    site.reloads.tick();
    assert_eq!(shown(&Client::new(site.address, &authority.ca()).await), first);
    authority.issue("localhost", Kind::Server);
    // The clock of a file system may be coarse: say explicitly that the file is newer.
    let file = std::fs::File::options().write(true).open(&pair.cert).unwrap();
    let written = file.metadata().unwrap().modified().unwrap();
    file.set_modified(written + Duration::from_secs(2)).unwrap();
    site.reloads.tick();
    assert_ne!(shown(&Client::new(site.address, &authority.ca()).await), first);
}

/// A request that is under way for as long as a test wants.
#[derive(Clone, Default)]
struct Slow {
    begun: Arc<Notify>,
    goes_on: Arc<Notify>,
}

async fn answer_slowly(slow: web::Data<Slow>) -> &'static str {
    slow.begun.notify_one();
    slow.goes_on.notified().await;
    "done"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_finishes_what_is_under_way_and_takes_nothing_new() {
    let authority = Authority::new();
    let life = Life::new();
    let jobs = Arc::new(AtomicUsize::new(0));
    let done = Arc::clone(&jobs);
    life.spawn("worker", move |stop| {
        let done = Arc::clone(&done);
        async move {
            stop.ordered().await;
            done.fetch_add(1, Ordering::SeqCst); // the job at hand is finished first
        }
    });
    let mut settings = settings(&authority.issue("localhost", Kind::Server), None);
    settings.deadline = Duration::from_secs(30);
    let slow = Slow::default();
    let state = web::Data::new(slow.clone());
    let routes = move |config: &mut web::ServiceConfig| {
        config
            .app_data(state.clone())
            .route("/slow", web::get().to(answer_slowly))
            .route("/page", web::get().to(HttpResponse::Ok));
    };
    let site = start_with(&settings, browsers(), routes, &life);
    let mut client = Client::new(site.address, &authority.ca()).await;
    client
        .send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    slow.begun.notified().await;
    let mut idle = Client::new(site.address, &authority.ca()).await;
    assert_eq!(idle.get("/page").await.status, 200);

    site.orders.send(Order::Stop).await.unwrap();
    life.ending().ordered().await;
    sleep(Duration::from_millis(500)).await; // a request that is cut short would be by now
    slow.goes_on.notify_one();
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "done"));
    assert!(life.is_ending());
    let ended = timeout(Duration::from_secs(10), site.ended)
        .await
        .expect("never ends")
        .unwrap();
    assert_eq!(ended, Ended::Drained);
    assert_eq!(jobs.load(Ordering::SeqCst), 1);
    assert!(TcpStream::connect(site.address).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_stop_ends_at_once() {
    let authority = Authority::new();
    let life = Life::new();
    life.spawn("stubborn", |_| std::future::pending());
    let site = start_life(
        &settings(&authority.issue("localhost", Kind::Server), None),
        &life,
    );
    site.orders.send(Order::Stop).await.unwrap();
    site.orders.send(Order::Stop).await.unwrap();
    let ended = timeout(Duration::from_secs(5), site.ended)
        .await
        .expect("waits all the same")
        .unwrap();
    assert_eq!(ended, Ended::CutShort);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_panics_begins_again() {
    let life = Life::new();
    let runs = Arc::new(AtomicUsize::new(0));
    let (counted, (again, mut begun)) = (Arc::clone(&runs), tokio::sync::mpsc::channel(1));
    life.spawn("worker", move |_| {
        let (runs, again) = (Arc::clone(&counted), again.clone());
        async move {
            assert!(runs.fetch_add(1, Ordering::SeqCst) > 0, "the first run fails");
            again.send(()).await.unwrap();
        }
    });
    assert!(
        timeout(Duration::from_mins(1), begun.recv())
            .await
            .expect("never begins again")
            .is_some()
    );
}
