//! A network that fails: a loopback port that leads to a server, and refuses connections, loses requests and answers, cuts
//! or holds them up, by a schedule that a seed decides.
//!
//! What passes is encrypted, but who speaks shows: a *turn* is what the client says until the server answers, and that
//! answer. Faults are drawn for each turn and not for each connection, so that none lives long without one.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::ports::listen;

/// The longest that a request is held up, in milliseconds.
const LONGEST_DELAY: u64 = 300;
/// Less than this from a client begins no turn: it is the end of a TLS session, which loses nothing.
const SHORTEST: usize = 64;
/// What is longer than this has a large body.
const LARGE: u64 = 32 * 1024;
/// A large body is cut within so many bytes.
const LATEST_CUT: u64 = 280 * 1024;

/// What can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is closed at once.
    Refused,
    /// Nothing of what the client says arrives.
    RequestLost,
    /// Half of the first piece of it arrives.
    RequestCut,
    /// All of it arrives, and nothing comes back: what was done is not told.
    AnswerLost,
    /// Half of the first piece of the answer comes back.
    AnswerCut,
    /// What the client says is held up.
    Delayed,
    /// A large body ends amid its way to the server.
    LargeRequestCut,
    /// A large body ends amid its way to the client.
    LargeAnswerCut,
}

impl Fault {
    /// Those that come upon any client.
    pub const OF_ANY: [Self; 6] = [
        Self::Refused,
        Self::RequestLost,
        Self::RequestCut,
        Self::AnswerLost,
        Self::AnswerCut,
        Self::Delayed,
    ];
}

/// A failing network; it ends with the test's runtime.
pub struct FaultyNetwork {
    port: u16,
    schedule: Arc<Schedule>,
}

impl FaultyNetwork {
    /// Leads to this port of 127.0.0.1.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(target: u16, seed: u64) -> Self {
        let (listener, port) = listen(0).await;
        let schedule = Arc::new(Schedule::new(seed));
        let shared = Arc::clone(&schedule);
        tokio::spawn(async move {
            while let Ok((incoming, _)) = listener.accept().await {
                if !shared.refuses() {
                    tokio::spawn(carry(incoming, target, Arc::clone(&shared)));
                }
            }
        });
        Self { port, schedule }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Nothing fails any more.
    pub fn heal(&self) {
        self.schedule.is_healed.store(true, Ordering::Relaxed);
    }

    /// How often this came upon somebody so far.
    pub fn count(&self, fault: Fault) -> u64 {
        self.schedule.happened[fault as usize].load(Ordering::Relaxed)
    }

    /// What a failing test prints, so that it can be run again as it was.
    pub fn story(&self) -> String {
        let large = [Fault::LargeRequestCut, Fault::LargeAnswerCut];
        let counts = Fault::OF_ANY.into_iter().chain(large);
        let counts: Vec<_> = counts
            .map(|fault| format!("{fault:?} {}", self.count(fault)))
            .collect();
        let schedule = &self.schedule;
        let [connections, turns] =
            [&schedule.connections, &schedule.turns].map(|count| count.load(Ordering::Relaxed));
        format!(
            "seed {} after {connections} connections and {turns} turns: {}",
            schedule.seed,
            counts.join(", ")
        )
    }
}

/// Which connection, turn and large body fails: the same for the same seed and number.
struct Schedule {
    seed: u64,
    is_healed: AtomicBool,
    connections: AtomicU64,
    turns: AtomicU64,
    large: AtomicU64,
    happened: [AtomicU64; 8],
}

impl Schedule {
    fn new(seed: u64) -> Self {
        Self {
            seed,
            is_healed: AtomicBool::new(false),
            connections: AtomicU64::new(0),
            turns: AtomicU64::new(0),
            large: AtomicU64::new(0),
            happened: Default::default(),
        }
    }

    /// Draws for the next of what is counted here: its number, and dice; nothing once all is healed.
    fn draw(&self, counted: &AtomicU64) -> Option<(u64, u64)> {
        let number = counted.fetch_add(1, Ordering::Relaxed);
        let is_healed = self.is_healed.load(Ordering::Relaxed);
        (!is_healed).then(|| (number, mix(self.seed ^ mix(number))))
    }

    /// Deals one of `cards` (a power of two) to the next of what is counted here, as from a pack that is shuffled anew when
    /// it is used up: whoever asks so often has had each of them. With dice for what the card leaves open.
    fn deal(&self, counted: &AtomicU64, cards: u64) -> Option<(u64, u64)> {
        let (number, dice) = self.draw(counted)?;
        let shuffle = mix(!self.seed ^ mix(number / cards));
        // An odd factor takes no two numbers to the same card.
        let card = (number % cards) * (2 * (shuffle % 8) + 1) + shuffle / 8 % cards;
        Some((card % cards, dice))
    }

    fn happens(&self, fault: Fault) {
        self.happened[fault as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Whether the next connection is refused.
    fn refuses(&self) -> bool {
        let is_refused = matches!(self.deal(&self.connections, 8), Some((0, _)));
        if is_refused {
            self.happens(Fault::Refused);
        }
        is_refused
    }

    fn next_turn(&self) -> Turn {
        let (fault, delay) = self.deal(&self.turns, 32).map_or((None, 0), |(card, dice)| {
            let fault = match card {
                0 => Some(Fault::RequestLost),
                1 => Some(Fault::RequestCut),
                2 => Some(Fault::AnswerLost),
                3 => Some(Fault::AnswerCut),
                4 => Some(Fault::Delayed),
                _ => None,
            };
            (fault, dice % LONGEST_DELAY)
        });
        Turn {
            fault,
            delay: Duration::from_millis(delay),
            asked: Way::default(),
            answered: Way::default(),
        }
    }

    /// Where the next large body ends early: every other one does, so that each arrives when it is sent again.
    fn large_cut(&self) -> u64 {
        match self.draw(&self.large) {
            Some((number, dice)) if number % 2 == 0 => LARGE + dice % (LATEST_CUT - LARGE),
            _ => u64::MAX,
        }
    }
}

/// A number that looks random and is always the same for the same one (the finaliser of `SplitMix64`, Steele et al. 2014).
fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// What a client says until it is answered, and the answer.
struct Turn {
    fault: Option<Fault>,
    delay: Duration,
    asked: Way,
    answered: Way,
}

/// One way of a turn.
#[derive(Default)]
struct Way {
    passed: u64,
    cut: Option<u64>,
}

impl Way {
    fn is_fresh(&self) -> bool {
        self.passed == 0
    }

    /// So many bytes more; says whether they are too many for a large body that is cut.
    fn is_over(&mut self, bytes: usize, schedule: &Schedule) -> bool {
        self.passed += u64::try_from(bytes).unwrap_or(u64::MAX);
        if self.passed > LARGE && self.cut.is_none() {
            self.cut = Some(schedule.large_cut());
        }
        self.cut.is_some_and(|cut| self.passed > cut)
    }
}

impl Turn {
    /// How many of these bytes from the client pass before everything ends; nothing when all pass and it goes on.
    async fn ask(&mut self, bytes: usize, schedule: &Schedule) -> Option<usize> {
        let first = self.asked.is_fresh().then_some(self.fault).flatten();
        let (fault, most) = match first {
            Some(fault @ Fault::RequestLost) => (fault, 0),
            Some(fault @ Fault::RequestCut) => (fault, bytes / 2),
            other => {
                if other == Some(Fault::Delayed) {
                    schedule.happens(Fault::Delayed);
                    sleep(self.delay).await;
                }
                if !self.asked.is_over(bytes, schedule) {
                    return None;
                }
                (Fault::LargeRequestCut, 0)
            }
        };
        schedule.happens(fault);
        Some(most)
    }

    /// The same for bytes from the server.
    fn answer(&mut self, bytes: usize, schedule: &Schedule) -> Option<usize> {
        let first = self.answered.is_fresh().then_some(self.fault).flatten();
        let (fault, most) = match first {
            Some(fault @ Fault::AnswerLost) => (fault, 0),
            Some(fault @ Fault::AnswerCut) => (fault, bytes / 2),
            _ if self.answered.is_over(bytes, schedule) => (Fault::LargeAnswerCut, 0),
            _ => return None,
        };
        schedule.happens(fault);
        Some(most)
    }
}

/// Carries one connection until it ends or something goes wrong, which ends it both ways.
async fn carry(mut client: TcpStream, target: u16, schedule: Arc<Schedule>) -> Option<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, target));
    let mut server = TcpStream::connect(address).await.ok()?;
    let (mut from_client, mut from_server) = (vec![0; 4096], vec![0; 4096]);
    let mut turn: Option<Turn> = None;
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => {
                let bytes = &from_client[..read.ok().filter(|read| *read > 0)?];
                let is_begun = turn.as_ref().is_some_and(|turn| turn.answered.is_fresh());
                if !is_begun && bytes.len() >= SHORTEST {
                    turn = Some(schedule.next_turn());
                }
                let most = match &mut turn {
                    Some(turn) => turn.ask(bytes.len(), &schedule).await,
                    None => None,
                };
                pass(bytes, most, &mut server).await?;
            }
            read = server.read(&mut from_server) => {
                let bytes = &from_server[..read.ok().filter(|read| *read > 0)?];
                let most = turn.as_mut().and_then(|turn| turn.answer(bytes.len(), &schedule));
                pass(bytes, most, &mut client).await?;
            }
        }
    }
}

/// Passes all of it, or so much and nothing more; gives nothing when the connection is over.
async fn pass(bytes: &[u8], most: Option<usize>, to: &mut TcpStream) -> Option<()> {
    to.write_all(&bytes[..most.unwrap_or(bytes.len())]).await.ok()?;
    most.is_none().then_some(())
}
