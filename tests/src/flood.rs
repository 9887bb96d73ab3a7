//! Many visitors at once who ask a site for what never was there, each as fast as it is let.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::reader::Reader;

/// Whoever is told that it was too much tries again so soon.
const AGAIN: Duration = Duration::from_millis(50);

/// A flood; it goes on until it is ended.
pub struct Flood {
    shared: Arc<Shared>,
    visitors: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    is_over: AtomicBool,
    answered: AtomicU64,
    limited: AtomicU64,
    others: AtomicU64,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answers {
    /// So many were told that there is no such message.
    pub answered: u64,
    /// So many were told that it was too much.
    pub limited: u64,
    /// So many were told something else.
    pub others: u64,
}

impl Flood {
    /// Begins one from so many addresses of the loopback network.
    pub fn start(reader: &Reader, sources: u8) -> Self {
        let shared = Arc::new(Shared::default());
        let visitors = (1..=sources).map(|number| {
            let visitor = reader.clone().coming_from(Ipv4Addr::new(127, 0, 9, number));
            tokio::spawn(ask(visitor, number, Arc::clone(&shared)))
        });
        Self {
            visitors: visitors.collect(),
            shared,
        }
    }

    /// What came of it so far.
    pub fn answers(&self) -> Answers {
        let [answered, limited, others] = [&self.shared.answered, &self.shared.limited, &self.shared.others]
            .map(|count| count.load(Ordering::Relaxed));
        Answers {
            answered,
            limited,
            others,
        }
    }

    /// Ends it and waits until nobody asks any more.
    pub async fn end(self) -> Answers {
        self.shared.is_over.store(true, Ordering::Relaxed);
        let answers = self.answers();
        join_all(self.visitors).await;
        answers
    }
}

async fn ask(visitor: Reader, number: u8, shared: Arc<Shared>) {
    let is_over = || shared.is_over.load(Ordering::Relaxed);
    let mut asked = 0_u64;
    while !is_over() {
        let Ok(mut guesser) = visitor.call().await else {
            sleep(AGAIN).await;
            continue;
        };
        while !is_over() {
            asked += 1;
            let mut id = [number; 16];
            id[..8].copy_from_slice(&asked.to_be_bytes());
            let Ok(status) = guesser.guess(id).await else {
                break;
            };
            let count = match status {
                410 => &shared.answered,
                429 => &shared.limited,
                _ => &shared.others,
            };
            count.fetch_add(1, Ordering::Relaxed);
            if status != 410 {
                sleep(AGAIN).await;
            }
        }
    }
}
