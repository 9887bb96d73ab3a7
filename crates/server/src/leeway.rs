//! More time than the deadline, for a request that gets on.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

/// How much longer than its listener's deadline the request under way may take. Nothing, unless its handler grants it:
/// what it grants must have an end.
#[derive(Clone, Default)]
pub struct Leeway(Arc<AtomicU64>);

impl Leeway {
    /// So much in all, in whole milliseconds.
    pub fn grant(&self, time: Duration) {
        let time = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.0.store(time, Ordering::Relaxed);
    }

    pub(crate) fn granted(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }

    /// The next request of the connection is granted nothing yet.
    pub(crate) fn end(&self) {
        self.grant(Duration::ZERO);
    }

    /// That of the connection by which the request came in.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        request.conn_data().cloned().unwrap_or_default()
    }
}

impl FromRequest for Leeway {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}
