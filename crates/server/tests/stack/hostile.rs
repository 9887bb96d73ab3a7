//! Clients that are slow on purpose, and clients from where nobody should come.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use server::Places;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{interval, timeout};

use crate::support::{
    Authority, Client, Kind, ORIGIN, Running, browsers, client_config, settings, start, start_beside,
};

/// Whoever drips is sent away after three seconds, and without a limit never; the rest is for a busy machine.
const ENDED_WITHIN: Duration = Duration::from_secs(15);
/// Whoever connects and says nothing is sent away after five seconds: what is to happen at once happens before that.
const BEFORE_HANDSHAKE_ENDS: Duration = Duration::from_secs(4);

/// Sends one byte of `text` every 100 ms, over and over, until the server closes; answers what came back and when.
async fn drip(client: &mut Client, text: &str) -> (Option<u16>, Duration) {
    let began = Instant::now();
    let mut ticks = interval(Duration::from_millis(100));
    let mut letters = text.chars().cycle();
    let mut bytes = Vec::new();
    let closed = timeout(Duration::from_secs(20), async {
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    let letter = letters.next().expect("a cycle never ends").to_string();
                    if client.send(&letter).await.is_err() {
                        return;
                    }
                }
                read = client.stream.read_buf(&mut bytes) => {
                    if read.is_err() || read.is_ok_and(|length| length == 0) {
                        return;
                    }
                }
            }
        }
    });
    closed.await.expect("the connection is still open after 20 s");
    let status = String::from_utf8_lossy(&bytes)
        .get(9..12)
        .and_then(|status| status.parse().ok());
    (status, began.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_first_head_is_closed() {
    let authority = Authority::new();
    let site = start(
        &settings(&authority.issue("localhost", Kind::Server), None),
        browsers(),
    );
    let mut client = Client::new(site.address, &authority.ca()).await;
    client.send("GET /page HTTP/1.1\r\nX-Slow: ").await.unwrap();
    let (_, took) = drip(&mut client, "a").await;
    assert!(took < ENDED_WITHIN, "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_second_head_is_closed() {
    let authority = Authority::new();
    let site = start(
        &settings(&authority.issue("localhost", Kind::Server), None),
        browsers(),
    );
    let mut client = Client::new(site.address, &authority.ca()).await;
    assert_eq!(client.get("/page").await.status, 200);
    client.send("GET /page HTTP/1.1\r\nX-Slow: ").await.unwrap();
    let (_, took) = drip(&mut client, "a").await;
    assert!(took < ENDED_WITHIN, "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_body_is_told_so_and_closed() {
    let authority = Authority::new();
    let site = start(
        &settings(&authority.issue("localhost", Kind::Server), None),
        browsers(),
    );
    let mut client = Client::new(site.address, &authority.ca()).await;
    let head = format!(
        "POST /form HTTP/1.1\r\nHost: x\r\nOrigin: {ORIGIN}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n"
    );
    client.send(&head).await.unwrap();
    let (status, took) = drip(&mut client, "number=1&").await;
    assert_eq!(status, Some(408));
    assert!(took < ENDED_WITHIN, "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_holds_so_many_connections_and_no_more() {
    let authority = Authority::new();
    let mut settings = settings(&authority.issue("localhost", Kind::Server), None);
    settings.connections = NonZeroU32::new(2);
    let site = start(&settings, browsers());
    let mut first = Client::new(site.address, &authority.ca()).await;
    assert_eq!(first.get("/page").await.status, 200);
    // Of two who only connect one gets the other place; which of them, the workers decide.
    let mut second = TcpStream::connect(site.address).await.unwrap();
    let mut third = TcpStream::connect(site.address).await.unwrap();
    let ended = timeout(BEFORE_HANDSHAKE_ENDS, async {
        tokio::select! {
            read = second.read_u8() => (read, true),
            read = third.read_u8() => (read, false),
        }
    });
    let (read, is_second) = ended.await.expect("both are open");
    assert!(read.is_err(), "nothing is said to whoever is one too many");
    let left = [if is_second { third } else { second }];
    still_there(&left);
    assert_eq!(first.get("/page").await.status, 200, "who is in stays in");

    drop(left);
    let config = client_config(&authority.ca(), None, rustls::DEFAULT_VERSIONS);
    let next = timeout(BEFORE_HANDSHAKE_ENDS, async {
        loop {
            match Client::with(site.address, Arc::clone(&config)).await {
                Ok(next) => return next,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    });
    let mut next = next.await.expect("a place that was left is free");
    assert_eq!(next.get("/page").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_has_as_many_connections_as_its_visitors_need() {
    let authority = Authority::new();
    let mut settings = settings(&authority.issue("localhost", Kind::Server), None);
    settings.connections = NonZeroU32::new(1);
    settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    let site = start(&settings, browsers());
    let mut first = Client::new(site.address, &authority.ca()).await;
    let mut second = Client::new(site.address, &authority.ca()).await;
    assert_eq!(first.get("/page").await.status, 200);
    assert_eq!(second.get("/page").await.status, 200);
}

/// Visitors who only connect, more than there are places. What shows that another listener did not have to wait until some
/// of them were sent away is that the first of them are still there.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_on_one_listener_does_not_keep_anybody_from_another() {
    const PLACES: Places = Places {
        workers: 1,
        each: 20,
        kept: 5,
    };
    let authority = Authority::new();
    let inner = settings(&authority.issue("localhost", Kind::Server), None);
    let mut public = inner.clone();
    public.tls = None;
    public.connections = Some(NonZeroU32::MAX);
    let (site, inner) = start_beside(&public, &inner, PLACES);

    let mut crowd = Vec::new();
    for _ in 0..2 * PLACES.each {
        crowd.push(TcpStream::connect(site.address).await.unwrap());
    }
    let mut core = Client::new(inner, &authority.ca()).await;
    assert_eq!(core.get("/page").await.status, 200);
    still_there(&crowd[..PLACES.kept]);
}

const BESIDE: Places = Places {
    workers: 1,
    each: 60,
    kept: 40,
};

/// A site for browsers, and beside it the address of a listener for our servers.
fn beside_our_servers(authority: &Authority) -> (Running, SocketAddr) {
    let server = authority.issue("localhost", Kind::Server);
    let mut inner = settings(&server, Some(authority.ca()));
    inner.connections = NonZeroU32::new(64);
    start_beside(&settings(&server, None), &inner, BESIDE)
}

/// Strangers who only connect to a listener for our servers, more than all listeners have places: a server of ours with an
/// address of its own is let in, and so are visitors of another listener, and nobody had to wait.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_shows_no_key_keeps_neither_our_servers_nor_visitors_out() {
    let authority = Authority::new();
    let (site, inner) = beside_our_servers(&authority);

    let mut crowd = Vec::new();
    for _ in 0..2 * BESIDE.each {
        crowd.push(TcpStream::connect(inner).await.unwrap());
    }
    let key = authority.issue("core.corp.example", Kind::Client);
    let config = client_config(&authority.ca(), Some(&key), rustls::DEFAULT_VERSIONS);
    let own = [127, 0, 0, 2].into();
    let mut core = Client::from(own, inner, Arc::clone(&config)).await.unwrap();
    assert_eq!(core.get("/page").await.status, 200);
    let mut visitor = Client::new(site.address, &authority.ca()).await;
    assert_eq!(visitor.get("/page").await.status, 200);
    still_there(&crowd[..2]);

    // A handshake that is over is counted no more.
    let mut held = Vec::new();
    for _ in 0..20 {
        let mut another = Client::from(own, inner, Arc::clone(&config)).await.unwrap();
        assert_eq!(another.get("/page").await.status, 200);
        held.push(another);
    }
}

/// The same from many addresses: they may keep our servers out for as long as they go on, but not visitors.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_many_addresses_that_shows_no_key_keeps_no_visitor_out() {
    let authority = Authority::new();
    let (site, inner) = beside_our_servers(&authority);

    let mut crowd = Vec::new();
    for turn in 0..2 * BESIDE.each {
        let stranger = TcpSocket::new_v4().unwrap();
        let last = u8::try_from(2 + turn % 10).unwrap();
        stranger.bind(([127, 0, 0, last], 0).into()).unwrap();
        crowd.push(stranger.connect(inner).await.unwrap());
    }
    let mut visitor = Client::new(site.address, &authority.ca()).await;
    assert_eq!(visitor.get("/page").await.status, 200);
    still_there(&crowd[..2]);
}

fn still_there(silent: &[TcpStream]) {
    for stream in silent {
        let read = stream.try_read(&mut [0]);
        assert!(
            read.as_ref()
                .is_err_and(|error| error.kind() == ErrorKind::WouldBlock),
            "{read:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_network_is_refused_before_a_byte_is_read() {
    let authority = Authority::new();
    let mut settings = settings(&authority.issue("localhost", Kind::Server), None);
    settings.sources = vec!["10.1.0.0/24".parse().unwrap()];
    let site = start(&settings, browsers());
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let mut bytes = Vec::new();
    // Nothing is sent, and yet the server ends the connection.
    let read = timeout(BEFORE_HANDSHAKE_ENDS, stream.read_to_end(&mut bytes))
        .await
        .expect("still open");
    assert!(read.is_err() || bytes.is_empty());

    settings.sources.push("127.0.0.1/32".parse().unwrap());
    let site = start(&settings, browsers());
    assert_eq!(
        Client::new(site.address, &authority.ca())
            .await
            .get("/page")
            .await
            .status,
        200
    );
}
