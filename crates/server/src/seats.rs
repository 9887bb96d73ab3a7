//! How many connections one visitor may hold open, so that one address cannot take the places of all others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;

/// The open connections of a listener by visitor, over all workers.
pub(crate) struct Seats {
    most: usize,
    taken: Mutex<HashMap<IpNet, usize>>,
}

/// The place of one connection; free again when it is dropped.
pub(crate) struct Seat {
    seats: Arc<Seats>,
    visitor: IpNet,
}

impl Seats {
    /// `most` connections for each visitor.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            taken: Mutex::default(),
        })
    }

    /// A place for one more connection; `None` when the visitor holds all of his.
    pub(crate) fn take(self: &Arc<Self>, visitor: IpNet) -> Option<Seat> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.entry(visitor).or_default();
        if *own >= self.most {
            return None;
        }
        *own += 1;
        Some(Seat {
            seats: Arc::clone(self),
            visitor,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
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
    fn each_visitor_has_so_many_places_and_none_is_remembered_for_nothing() {
        let seats = Seats::new(2);
        let (a, b): (IpNet, IpNet) = (
            "198.51.100.1/32".parse().unwrap(),
            "2001:db8::/64".parse().unwrap(),
        );
        let (first, second) = (seats.take(a), seats.take(a));
        assert!(first.is_some() && second.is_some());
        assert!(seats.take(a).is_none());
        assert!(seats.take(b).is_some(), "another visitor has places of his own");
        drop(first);
        assert!(seats.take(a).is_some());
        drop(second);
        assert!(seats.taken.lock().unwrap().is_empty());
    }
}
