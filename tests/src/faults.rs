//! A network that fails: a loopback port that leads to a server, and cuts, holds up or refuses connections by a schedule
//! that a seed decides.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// The longest that bytes are held up.
const LONGEST_DELAY: u64 = 300;
/// A cut comes within so many bytes: some within the handshake, most behind a request or before the end of its answer.
const LATEST_CUT: u64 = 12 * 1024;

/// What becomes of a connection.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// Nothing.
    None,
    /// It is closed at once.
    Refused,
    /// After so many bytes of requests everything ends: what is behind them never arrives.
    RequestCut(u64),
    /// After so many bytes of answers everything ends: what was done is not told.
    AnswerCut(u64),
    /// Each piece waits so many milliseconds, either way.
    Delay(u64),
}

/// A failing network; it ends with the test's runtime.
pub struct FaultyNetwork {
    port: u16,
    seed: u64,
    heals: Arc<AtomicBool>,
    connections: Arc<AtomicU64>,
}

impl FaultyNetwork {
    /// Leads to this port of 127.0.0.1.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(target: u16, seed: u64) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let port = listener
            .local_addr()
            .expect("a bound socket has an address")
            .port();
        let heals = Arc::new(AtomicBool::new(false));
        let connections = Arc::new(AtomicU64::new(0));
        let (healed, counted) = (Arc::clone(&heals), Arc::clone(&connections));
        tokio::spawn(async move {
            while let Ok((incoming, _)) = listener.accept().await {
                let number = counted.fetch_add(1, Ordering::Relaxed);
                let fault = if healed.load(Ordering::Relaxed) {
                    Fault::None
                } else {
                    fault(seed, number)
                };
                tokio::spawn(carry(incoming, target, fault));
            }
        });
        Self {
            port,
            seed,
            heals,
            connections,
        }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// New connections fail no more.
    pub fn heal(&self) {
        self.heals.store(true, Ordering::Relaxed);
    }

    /// What a failing test prints, so that it can be run again as it was.
    pub fn story(&self) -> String {
        let connections = self.connections.load(Ordering::Relaxed);
        format!("seed {} after {connections} connections", self.seed)
    }
}

/// The fault of the connection with this number: the same for the same seed.
fn fault(seed: u64, number: u64) -> Fault {
    let dice = mix(seed ^ mix(number));
    let far = mix(dice);
    match dice % 10 {
        0..=2 => Fault::None,
        3 => Fault::Refused,
        4 | 5 => Fault::RequestCut(far % LATEST_CUT),
        6..=8 => Fault::AnswerCut(far % LATEST_CUT),
        _ => Fault::Delay(far % LONGEST_DELAY),
    }
}

/// A number that looks random and is always the same for the same one (the finaliser of `SplitMix64`, Steele et al. 2014).
fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

async fn carry(incoming: TcpStream, target: u16, fault: Fault) {
    let Ok(server) = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, target))).await else {
        return;
    };
    let (most_asked, most_answered, delay) = match fault {
        Fault::Refused => return,
        Fault::None => (u64::MAX, u64::MAX, 0),
        Fault::RequestCut(bytes) => (bytes, u64::MAX, 0),
        Fault::AnswerCut(bytes) => (u64::MAX, bytes, 0),
        Fault::Delay(milliseconds) => (u64::MAX, u64::MAX, milliseconds),
    };
    let delay = Duration::from_millis(delay);
    let (from_client, to_client) = incoming.into_split();
    let (from_server, to_server) = server.into_split();
    // Whichever way ends first takes the other one with it.
    tokio::select! {
        () = pass(from_client, to_server, most_asked, delay) => {}
        () = pass(from_server, to_client, most_answered, delay) => {}
    }
}

async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, most: u64, delay: Duration) {
    let mut left = most;
    let mut buffer = vec![0; 4096];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer).await else {
            return;
        };
        if !delay.is_zero() {
            sleep(delay).await;
        }
        let passing = u64::try_from(read).map_or(left, |read| read.min(left));
        let passing_bytes = usize::try_from(passing).unwrap_or(read);
        if to.write_all(&buffer[..passing_bytes]).await.is_err() {
            return;
        }
        left -= passing;
        if left == 0 {
            return;
        }
    }
}
