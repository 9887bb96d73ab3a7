//! The core: it proves who asks, applies the rules and talks to the domain.
//!
//! `http/` turns bytes into values and back, `usecase/` has one file for each thing that somebody can do and is
//! the only place that opens a transaction, `store/` has the SQL, `factor/` judges proofs, `worker/` does what
//! nobody waits for.

pub mod admin;
pub mod cli;
pub mod clock;
pub mod config;
pub mod core;
pub mod demo;
pub mod factor;
pub mod firewall;
pub mod http;
pub mod keys;
pub mod mail;
pub mod own_rules;
pub mod pki;
pub mod serve;
pub mod site;
mod source;
pub mod steps;
pub mod store;
pub mod usecase;
pub mod worker;
