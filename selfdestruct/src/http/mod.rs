//! The two listeners: what people see, and what the core asks. Neither knows the other's addresses.

pub mod drawn;
mod handed_out;
mod places;
pub mod public;
pub mod sync;
mod uploads;

/// Bytes that a large body must get on by in a second, either way: ten MiB within ten minutes, which is as long as a page
/// waits.
const LEAST_SPEED: u64 = 20 * 1024;
