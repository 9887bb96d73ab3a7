//! The site of one-time messages: it stands in the DMZ, shows each message as often as it may be read and no more, and
//! never opens a connection to anyone. The core pushes messages in and pulls back what happened.

pub mod believe;
pub mod check;
pub mod config;
mod files;
pub mod filter;
pub mod given;
pub mod http;
pub mod machine;
pub mod pages;
pub mod pair;
mod places;
pub mod public_certificate;
mod room;
mod running;
pub mod serve;
pub mod site;
mod store;
mod usecase;
