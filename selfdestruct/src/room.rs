//! Room on the disk.

use std::path::Path;

use rustix::fs::statvfs;

/// With less than this a site is not ready: erasing needs room, too.
pub(crate) const LEAST: u64 = 64 << 20;

/// Bytes that may still be written there; `None` when that cannot be told.
pub(crate) fn free(path: &Path) -> Option<u64> {
    let room = statvfs(path).ok()?;
    Some(room.f_bavail.saturating_mul(room.f_frsize))
}
