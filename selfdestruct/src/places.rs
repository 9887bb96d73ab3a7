//! How many large bodies may be on their way at once: each is held in memory while it is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;

/// Who holds places.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    Visitor(IpNet),
    /// By its hash, the claim of a reader who asks again.
    Claim([u8; 32]),
}

/// The bodies that are on their way, by holder.
pub(crate) struct Places {
    /// At once, of everybody.
    most: usize,
    /// At once, of one holder: he must not take the places of all others.
    each: usize,
    taken: Mutex<HashMap<Holder, usize>>,
}

/// The place of one body; free again when it is dropped.
pub(crate) struct Place {
    places: Arc<Places>,
    holder: Holder,
}

impl Places {
    pub(crate) fn new(most: usize, each: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            each,
            taken: Mutex::default(),
        })
    }

    /// A place, if there is one left for this holder.
    pub(crate) fn take(self: &Arc<Self>, holder: Holder) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, own) = (taken.values().sum::<usize>(), taken.get(&holder).copied());
        if all >= self.most || own.is_some_and(|own| own >= self.each) {
            return None;
        }
        *taken.entry(holder).or_default() += 1;
        Some(Place {
            places: Arc::clone(self),
            holder,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.holder) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.holder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_every_place_and_places_come_back() {
        let places = Places::new(8, 2);
        let visitor = |n: u8| Holder::Visitor(IpNet::from(std::net::IpAddr::from([198, 51, 100, n])));
        let own: Vec<_> = (0..2).map(|_| places.take(visitor(1)).unwrap()).collect();
        assert!(places.take(visitor(1)).is_none());
        let others: Vec<_> = (2..).map_while(|n| places.take(visitor(n))).collect();
        assert_eq!(own.len() + others.len(), 8);
        drop((own, others));
        assert!(places.taken.lock().unwrap().is_empty());
    }
}
