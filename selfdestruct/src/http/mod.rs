//! The two listeners: what people see, and what the core asks. Neither knows the other's addresses.

pub mod drawn;
mod handed_out;
pub mod public;
pub mod sync;
mod uploads;
