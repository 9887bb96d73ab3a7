//! Pipelining: clients that send further requests before they have an answer.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::support::{Authority, Kind, ORIGIN, Running, browsers, settings, start};

/// What is sent ahead: more than the buffers of the system would hide, and less than they hold.
const SENT: usize = 1024 * 1024;
/// What may be read of it.
const READ: usize = 24 * 1024;

/// Without TLS, so that the system tells how much was read.
fn site() -> Running {
    let mut settings = settings(&Authority::new().issue("localhost", Kind::Server), None);
    settings.tls = None;
    settings.deadline = Duration::from_mins(1);
    settings.body_limit = SENT;
    start(&settings, browsers())
}

fn head(line: &str, length: usize) -> String {
    format!("{line} HTTP/1.1\r\nHost: x\r\nOrigin: {ORIGIN}\r\nContent-Length: {length}\r\n\r\n")
}

/// A request whose head is nearly as large as is taken.
fn large() -> String {
    head(&format!("GET /page?{}", "a".repeat(50_000)), 0).replace(
        "Content-Length",
        &format!("X-Large: {}\r\nContent-Length", "b".repeat(50_000)),
    )
}

/// Bytes that the client has sent and the server has not read: those that are to go out at the one end, and those that
/// wait at the other (`proc_pid_net(5)`).
fn under_way(client: SocketAddr, server: SocketAddr) -> usize {
    let hex = |address: SocketAddr| format!(":{:04X}", address.port());
    let (client, server) = (hex(client), hex(server));
    let queued = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let (here, there) = (*fields.get(1)?, *fields.get(2)?);
        let (out, waits) = fields.get(4)?.split_once(':')?;
        let queue = if here.ends_with(&client) && there.ends_with(&server) {
            out
        } else if here.ends_with(&server) && there.ends_with(&client) {
            waits
        } else {
            return None;
        };
        usize::from_str_radix(queue, 16).ok()
    };
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    table.lines().filter_map(queued).sum()
}

/// Sends `first` and in the same breath many more requests; how much of all the server has read when it reads no more.
async fn read_ahead(first: &str) -> usize {
    let site = site();
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let sent = format!("{first}{}", large().repeat(SENT / large().len()));
    let written = timeout(Duration::from_secs(10), stream.write_all(sent.as_bytes()));
    written.await.expect("the system's buffers hold it").unwrap();
    let client = stream.local_addr().unwrap();
    let (mut read, mut steady, mut taken) = (0, 0, vec![0; 512 * 1024]);
    // Whoever would read on does so at once.
    while steady < 5 {
        sleep(Duration::from_millis(100)).await;
        // Takes a little of an answer that is ready, so that the server gets on with it.
        let _ = stream.try_read(&mut taken);
        let now = sent.len() - under_way(client, site.address);
        steady = if now == read && now > 0 { steady + 1 } else { 0 };
        read = now;
    }
    read
}

#[tokio::test(flavor = "multi_thread")]
async fn little_is_read_while_an_answer_is_awaited_or_not_taken() {
    let chunked = head("GET /never", 0).replace("Content-Length: 0", "Transfer-Encoding: chunked");
    for first in [
        head("GET /never", 0),
        format!("{}{}", head("POST /never", 1000), "x".repeat(1000)),
        // A body that nobody asks for.
        format!("{}x", head("GET /never", 1)),
        format!("{chunked}1\r\nx\r\n0\r\n\r\n"),
        head("POST /gives-up", 1000),
        head("GET /large", 0),
    ] {
        let read = read_ahead(&first).await;
        assert!(read <= READ, "{read} bytes were read: {first}");
    }
}

/// Sends and reads until so many answers were good; gives what came.
async fn answers(stream: &mut TcpStream, sent: &str, count: usize) -> String {
    let mut told = String::new();
    let answered = timeout(Duration::from_secs(20), async {
        stream.write_all(sent.as_bytes()).await.unwrap();
        while told.matches("HTTP/1.1 200").count() < count || !told.ends_with("<p>page</p>") {
            let mut bytes = [0; 4096];
            let length = stream.read(&mut bytes).await.unwrap();
            assert_ne!(length, 0, "{told}");
            told.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
    });
    answered.await.expect("it stands still");
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_ahead_is_answered_in_its_turn() {
    let site = site();
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let body = "x".repeat(200_000);
    let sent = [
        head("GET /half-a-second", 0),
        large(),
        head("POST /body", body.len()),
        body,
        head("GET /half-a-second", 0),
        large(),
    ];
    let told = answers(&mut stream, &sent.concat(), 5).await;
    assert!(told.contains("\r\n200000"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_may_take_its_time_before_it_asks_for_the_body() {
    let site = site();
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let body = "x".repeat(200_000);
    for _ in 0..2 {
        let sent = format!("{}{body}", head("POST /late-body", body.len()));
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut told = String::new();
        while !told.ends_with("\r\n200000") {
            let mut bytes = [0; 4096];
            let read = timeout(Duration::from_secs(20), stream.read(&mut bytes));
            let length = read.await.expect("it stands still").unwrap();
            assert_ne!(length, 0, "{told}");
            told.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
        answers(&mut stream, &large(), 1).await;
    }
}
