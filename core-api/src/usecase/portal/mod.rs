//! What is done with a portal: its certificate is renewed, it is paused and allowed again.

pub mod pause;
pub mod renew_certificate;
