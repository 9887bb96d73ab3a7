//! Clients that send further requests before they have an answer.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::support::{Authority, Kind, ORIGIN, Running, browsers, settings, start};

/// What is sent ahead: more than the buffers of the system would hide, and less than they hold.
const SENT: usize = 1024 * 1024;
/// What may be read of it.
const READ: usize = 64 * 1024;

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

/// A request with as much in its head as is taken.
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

/// Sends `first` and then requests without end; how much the server has read of these when it reads no more.
async fn read_ahead(first: &str) -> usize {
    let site = site();
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    stream.write_all(first.as_bytes()).await.unwrap();
    sleep(Duration::from_millis(300)).await;
    let more = large().repeat(SENT / large().len());
    stream.write_all(more.as_bytes()).await.unwrap();
    let mut read = 0;
    // It goes on reading for as long as it likes, and is found out if it ever gets further.
    for _ in 0..10 {
        sleep(Duration::from_millis(100)).await;
        read = more.len() - under_way(stream.local_addr().unwrap(), site.address);
    }
    read
}

#[tokio::test(flavor = "multi_thread")]
async fn little_is_read_while_an_answer_is_awaited_or_not_taken() {
    let body = "x".repeat(1000);
    for first in [
        head("GET /never", 0),
        format!("{}{body}", head("POST /never", body.len())),
        head("GET /large", 0),
    ] {
        let read = read_ahead(&first).await;
        assert!(read <= READ, "{read} of {SENT} bytes were read: {first:.20}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_ahead_is_answered_in_its_turn() {
    let site = site();
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let body = "x".repeat(300_000);
    let mut sent = head("GET /half-a-second", 0);
    sent.push_str(&large());
    sent.push_str(&head("POST /body", body.len()));
    sent.push_str(&body);
    sent.push_str(&head("GET /half-a-second", 0));
    sent.push_str(&large());
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut told = String::new();
    let answered = timeout(Duration::from_secs(20), async {
        while told.matches("HTTP/1.1 200").count() < 5 || told.matches("<p>page</p>").count() < 2 {
            let mut bytes = [0; 4096];
            let length = stream.read(&mut bytes).await.unwrap();
            assert_ne!(length, 0, "{told}");
            told.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
    });
    answered.await.expect("it stands still");
    assert!(told.contains("\r\n300000"), "{told}");
}
