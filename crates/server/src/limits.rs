//! How many requests one visitor may make.

use std::hash::{BuildHasher as _, RandomState};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::{DashMapStateStore, ShrinkableKeyedStateStore};
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use ipnet::IpNet;

use crate::source::Source;

/// Visitors remembered at once. About 100 bytes each.
const MOST_VISITORS: usize = 50_000;
/// Counts that are shared by the neighbourhoods of those who come when no more can be remembered.
const CROWD: usize = 4096;

/// A limit of requests per visitor, shared by all workers, in bounded memory.
pub(crate) struct Limits<C: Clock = DefaultClock> {
    limiter: RateLimiter<IpNet, Visitors, C, NoOpMiddleware<C::Instant>>,
}

impl Limits {
    /// `per_minute` requests in the long run, `burst` at once.
    pub(crate) fn new(per_minute: NonZeroU32, burst: NonZeroU32) -> Arc<Self> {
        Arc::new(Self::with_clock(
            per_minute,
            burst,
            MOST_VISITORS,
            DefaultClock::default(),
        ))
    }
}

impl<C: Clock> Limits<C> {
    fn with_clock(per_minute: NonZeroU32, burst: NonZeroU32, most: usize, clock: C) -> Self {
        let quota = Quota::per_minute(per_minute).allow_burst(burst);
        Self {
            limiter: RateLimiter::new(quota, Visitors::new(most), clock),
        }
    }

    /// Counts one request; one too many is told when there will be room for it.
    pub(crate) fn admit(&self, source: Source) -> Result<(), Duration> {
        self.limiter
            .check_key(&source.group())
            .map_err(|not_yet| not_yet.wait_time_from(self.limiter.clock().now()))
    }

    /// Forgets visitors whose count has run out. Call it about once a minute.
    pub(crate) fn forget(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

/// The counts. Who is remembered keeps a count of his own, however many others come; those for whom there is no
/// room share one with their neighbourhood, so that a crowd from one network wears out itself and not everybody.
struct Visitors {
    remembered: DashMapStateStore<IpNet>,
    most: usize,
    crowd: Vec<InMemoryState>,
    hasher: RandomState,
}

impl Visitors {
    fn new(most: usize) -> Self {
        Self {
            remembered: DashMapStateStore::default(),
            most,
            crowd: std::iter::repeat_with(InMemoryState::default)
                .take(CROWD)
                .collect(),
            hasher: RandomState::new(),
        }
    }

    fn shared(&self, visitor: &IpNet) -> &InMemoryState {
        let hash = self.hasher.hash_one(neighbourhood(visitor));
        let place = usize::try_from(hash % CROWD as u64).expect("less than the crowd's size");
        &self.crowd[place]
    }
}

/// The network that is usually in one hand: an IPv4 /24, an IPv6 /48.
fn neighbourhood(visitor: &IpNet) -> IpNet {
    let length = match visitor {
        IpNet::V4(_) => 24,
        IpNet::V6(_) => 48,
    };
    IpNet::new(visitor.addr(), length)
        .expect("24 and 48 are prefix lengths")
        .trunc()
}

impl StateStore for Visitors {
    type Key = IpNet;

    fn measure_and_replace<T, F, E>(&self, visitor: &IpNet, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        // Workers that look at the same moment may remember one visitor more each.
        if self.remembered.contains_key(visitor) || self.remembered.len() < self.most {
            self.remembered.measure_and_replace(visitor, measure)
        } else {
            self.shared(visitor)
                .measure_and_replace(&NotKeyed::NonKey, measure)
        }
    }
}

impl ShrinkableKeyedStateStore<IpNet> for Visitors {
    fn retain_recent(&self, drop_below: Nanos) {
        self.remembered.retain_recent(drop_below);
    }

    fn shrink_to_fit(&self) {
        self.remembered.shrink_to_fit();
    }

    fn len(&self) -> usize {
        self.remembered.len()
    }

    fn is_empty(&self) -> bool {
        self.remembered.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderMap;
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn source(text: &str) -> Source {
        Source::of(text.parse().unwrap(), &HeaderMap::new(), &[])
    }

    #[test]
    fn counts_each_visitor_and_never_remembers_more_than_it_may() {
        let two = NonZeroU32::new(2).unwrap();
        let clock = FakeRelativeClock::default();
        let limits = Limits::with_clock(two, two, 2, clock.clone());
        let (a, b) = (source("198.51.100.1"), source("2001:db8::1"));
        assert!(limits.admit(a).is_ok() && limits.admit(a).is_ok() && !limits.admit(a).is_ok());
        assert!(limits.admit(b).is_ok(), "another visitor is counted by himself");

        // Two are remembered, which is all: neighbours among the others share a count.
        let (c, d) = (source("203.0.113.3"), source("203.0.113.4"));
        assert!(
            limits.admit(c).is_ok()
                && limits.admit(d).is_ok()
                && !limits.admit(c).is_ok()
                && !limits.admit(d).is_ok()
        );
        assert_eq!(limits.limiter.len(), 2);
        assert!(
            limits.admit(b).is_ok() && !limits.admit(b).is_ok(),
            "who is remembered keeps his own count"
        );
        let far = (0..8)
            .filter(|n| limits.admit(source(&format!("192.0.{n}.1"))).is_ok())
            .count();
        assert!(far >= 7, "other networks are not worn out by these: {far} of 8");

        assert_eq!(
            limits.admit(a),
            Err(Duration::from_secs(30)),
            "two a minute: when there is room again"
        );
        clock.advance(Duration::from_secs(30));
        assert!(limits.admit(a).is_ok());

        clock.advance(Duration::from_mins(2));
        limits.forget();
        assert_eq!(limits.limiter.len(), 0);
        assert!(limits.admit(a).is_ok());
    }
}
