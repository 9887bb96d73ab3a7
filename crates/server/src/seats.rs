//! How many connections visitors may hold open: each of them, so that one address cannot take the places of all others,
//! and all together, so that places are left for the other listeners of the process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;

/// The open connections of a listener, over all workers.
pub(crate) struct Seats {
    each: usize,
    all: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_visitor: HashMap<IpNet, usize>,
}

/// The place of one connection; free again when it is dropped.
pub(crate) struct Seat {
    seats: Arc<Seats>,
    visitor: Option<IpNet>,
}

/// Why there is no place for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoSeat {
    /// The visitor holds all of his.
    Crowded,
    /// Visitors hold all that there are for them.
    Full,
}

impl Seats {
    /// `each` connections for each visitor, and `all` for all of them.
    pub(crate) fn new(each: usize, all: usize) -> Arc<Self> {
        Arc::new(Self {
            each,
            all,
            taken: Mutex::default(),
        })
    }

    /// A place for one more connection. `None` is a proxy, which stands for many visitors.
    pub(crate) fn take(self: &Arc<Self>, visitor: Option<IpNet>) -> Result<Seat, NoSeat> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.all {
            return Err(NoSeat::Full);
        }
        if let Some(visitor) = visitor {
            let own = taken.by_visitor.entry(visitor).or_default();
            if *own >= self.each {
                return Err(NoSeat::Crowded);
            }
            *own += 1;
        }
        taken.all += 1;
        Ok(Seat {
            seats: Arc::clone(self),
            visitor,
        })
    }
}

impl NoSeat {
    /// For the metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Crowded => "crowded",
            Self::Full => "full",
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        let Some(visitor) = self.visitor else { return };
        if let Some(own) = taken.by_visitor.get_mut(&visitor) {
            *own -= 1;
            if *own == 0 {
                taken.by_visitor.remove(&visitor);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(network: &str) -> IpNet {
        network.parse().unwrap()
    }

    #[test]
    fn each_visitor_has_so_many_places_and_none_is_remembered_for_nothing() {
        let seats = Seats::new(2, 9);
        let (a, b) = (Some(visitor("198.51.100.1/32")), Some(visitor("2001:db8::/64")));
        let (first, second) = (seats.take(a), seats.take(a));
        assert!(first.is_ok() && second.is_ok());
        assert_eq!(seats.take(a).err(), Some(NoSeat::Crowded));
        assert!(seats.take(b).is_ok(), "another visitor has places of his own");
        drop(first);
        assert!(seats.take(a).is_ok());
        drop(second);
        assert!(seats.taken.lock().unwrap().by_visitor.is_empty());
    }

    #[test]
    fn all_together_leave_places_for_others() {
        let seats = Seats::new(2, 3);
        let early = Some(visitor("198.51.100.1/32"));
        let held = [seats.take(early), seats.take(None), seats.take(None)];
        assert!(
            held.iter().all(Result::is_ok),
            "a proxy may have more than a visitor"
        );
        let late = Some(visitor("198.51.100.2/32"));
        assert_eq!(seats.take(late).err(), Some(NoSeat::Full));
        assert_eq!(seats.take(None).err(), Some(NoSeat::Full));
        drop(held);
        assert!(seats.take(late).is_ok());
        assert_eq!(
            seats.taken.lock().unwrap().all,
            0,
            "and what is given back counts no more"
        );
    }
}
