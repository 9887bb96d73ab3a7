//! How many requests one visitor may make.

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use ipnet::IpNet;

use crate::source::Source;

/// Visitors remembered at once. About 100 bytes each.
const MOST_VISITORS: usize = 50_000;

type Keyed<C> = RateLimiter<IpNet, DefaultKeyedStateStore<IpNet>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// A limit of requests per visitor, shared by all workers, in bounded memory.
pub(crate) struct Limits<C: Clock = DefaultClock> {
    visitors: Keyed<C>,
    /// Who comes when no more visitors can be remembered is counted together with the others who do.
    crowd: Keyed<C>,
    most: usize,
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

impl<C: Clock + Clone> Limits<C> {
    fn with_clock(per_minute: NonZeroU32, burst: NonZeroU32, most: usize, clock: C) -> Self {
        let quota = Quota::per_minute(per_minute).allow_burst(burst);
        Self {
            visitors: RateLimiter::dashmap_with_clock(quota, clock.clone()),
            crowd: RateLimiter::dashmap_with_clock(quota, clock),
            most,
        }
    }

    /// Counts one request; `false` if it is one too many.
    pub(crate) fn admit(&self, source: Source) -> bool {
        if self.visitors.len() < self.most {
            self.visitors.check_key(&source.group()).is_ok()
        } else {
            self.crowd.check_key(&IpNet::default()).is_ok()
        }
    }

    /// Forgets visitors whose count has run out. Call it about once a minute.
    pub(crate) fn forget(&self) {
        self.visitors.retain_recent();
        self.visitors.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
        let (a, b, c) = (
            source("198.51.100.1"),
            source("2001:db8::1"),
            source("198.51.100.3"),
        );
        assert!(limits.admit(a) && limits.admit(a) && !limits.admit(a));
        assert!(limits.admit(b), "another visitor is counted by himself");

        // Two are remembered, which is all: everybody shares the crowd's count now.
        assert!(limits.admit(c) && limits.admit(c) && !limits.admit(c));
        assert_eq!(limits.visitors.len(), 2);

        clock.advance(Duration::from_mins(2));
        limits.forget();
        assert_eq!(limits.visitors.len(), 0);
        assert!(limits.admit(a));
    }
}
