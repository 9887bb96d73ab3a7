//! What every server does alike.

pub mod config;
