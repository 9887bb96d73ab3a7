//! How long each step may take, and how much may happen at once.

use std::time::Duration;

/// A name's addresses.
pub(super) const DNS: Duration = Duration::from_secs(1);
/// A TCP connection.
pub(super) const TCP: Duration = Duration::from_secs(2);
/// TLS and the bind together.
pub(super) const TLS_AND_BIND: Duration = Duration::from_secs(3);
/// One search.
pub(super) const SEARCH: Duration = Duration::from_secs(3);
/// One modify.
pub(super) const WRITE: Duration = Duration::from_secs(5);
/// One operation of the port, whatever it takes.
pub(super) const WHOLE: Duration = Duration::from_secs(12);
/// What comes before a modify, so that there is still time for its answer.
pub(super) const BEFORE_WRITE: Duration = WHOLE.saturating_sub(WRITE);
/// What comes before a try of a password, likewise.
pub(super) const BEFORE_TRY: Duration = WHOLE
    .saturating_sub(DNS)
    .saturating_sub(TCP)
    .saturating_sub(TLS_AND_BIND);

/// Kept connections.
pub(super) const CONNECTIONS: usize = 3;
/// How old a kept connection may become: a renewed certificate or a changed right shows soon.
pub(super) const OLDEST: Duration = Duration::from_mins(10);
/// Operations at the same time.
pub(super) const AT_ONCE: usize = 16;
/// Writes at the same time; a controller takes them one by one anyway.
pub(super) const WRITES_AT_ONCE: usize = 2;

/// After a failed connection, how long nobody dials again.
pub(super) const PAUSE: Duration = Duration::from_secs(1);
/// After a refused sign-in of the service account for another reason than its password.
pub(super) const PAUSE_REFUSED: Duration = Duration::from_mins(1);
/// After a wrong password of the service account: so rare that we never lock it.
pub(super) const PAUSE_WRONG_PASSWORD: Duration = Duration::from_hours(1);
/// How long what was learnt about the domain (its name, its policy groups) is believed.
pub(super) const FACTS: Duration = Duration::from_mins(10);
