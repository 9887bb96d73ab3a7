//! The portal: pages in the DMZ that forward to the core and decide nothing.
//!
//! A request becomes a `visit::Visit`, its form is read by `form`, secrets in it are sealed by `sealing`, the
//! core is asked, and its word becomes a page in `view` or, when it refuses, in `refusal`. Nothing is kept
//! between two requests but the core's published keys.

pub mod check;
pub mod config;
mod cookies;
mod form;
mod http;
mod link;
mod office;
pub mod pages;
mod refusal;
mod renewal;
pub mod routes;
mod sealing;
mod serve;
mod view;
mod visit;

pub use office::Clock;
pub use serve::{Opened, ServeError, Surroundings};
