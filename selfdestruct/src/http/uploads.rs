//! How many bodies of drop boxes may be on their way at once. Each is held in memory until it is whole.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;

/// At once, from everybody.
const MOST: usize = 8;
/// At once, from one visitor: he must not take the places of all others.
const MOST_EACH: usize = 2;

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
