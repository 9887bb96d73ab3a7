//! How many bodies of drop boxes may be on their way at once, and how slowly. Each is held in memory until it is whole.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::web::Payload;
use futures_util::StreamExt as _;
use ipnet::IpNet;
use server::{Leeway, Reason, Refused};

/// At once, from everybody.
const MOST: usize = 8;
/// At once, from one visitor: he must not take the places of all others.
const MOST_EACH: usize = 2;

/// Bytes that a body must get on by in a second, once the deadline is over: ten MiB within ten minutes, which is as long
/// as the page waits.
const LEAST_SPEED: u64 = 20 * 1024;

/// Reads a body of at most so many bytes. Whatever has come adds to the time that the rest may take.
pub(super) async fn read(mut body: Payload, largest: usize, leeway: &Leeway) -> Result<Vec<u8>, Refused> {
    let mut whole = Vec::new();
    while let Some(part) = body.next().await {
        let part = part.map_err(|_| Refused(Reason::Malformed))?;
        if part.len() > largest - whole.len() {
            return Err(Refused(Reason::TooLarge));
        }
        whole.extend_from_slice(&part);
        leeway.grant(Duration::from_secs(whole.len() as u64 / LEAST_SPEED));
    }
    Ok(whole)
}

/// The bodies that are on their way, by visitor.
#[derive(Default)]
pub(super) struct Uploads(Mutex<HashMap<IpNet, usize>>);

/// The place of one body; free again when it is dropped.
pub(super) struct Place {
    uploads: Arc<Uploads>,
    visitor: IpNet,
}

impl Uploads {
    /// A place, if there is one left for this visitor.
    pub(super) fn take(self: &Arc<Self>, visitor: IpNet) -> Option<Place> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, own) = (taken.values().sum::<usize>(), taken.get(&visitor).copied());
        if all >= MOST || own.is_some_and(|own| own >= MOST_EACH) {
            return None;
        }
        *taken.entry(visitor).or_default() += 1;
        Some(Place {
            uploads: Arc::clone(self),
            visitor,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.uploads.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.visitor) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.visitor);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_every_place_and_places_come_back() {
        let uploads = Arc::new(Uploads::default());
        let visitor = |n: u8| IpNet::from(std::net::IpAddr::from([198, 51, 100, n]));
        let places: Vec<_> = (0..MOST_EACH)
            .map(|_| uploads.take(visitor(1)).unwrap())
            .collect();
        assert!(uploads.take(visitor(1)).is_none());
        let others: Vec<_> = (2..).map_while(|n| uploads.take(visitor(n))).collect();
        assert_eq!(places.len() + others.len(), MOST);
        drop((places, others));
        assert!(uploads.0.lock().unwrap().is_empty());
    }
}
