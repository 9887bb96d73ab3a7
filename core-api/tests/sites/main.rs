//! The core's side of the sync protocol, against a site that is held to the contract's types and can be made to fail,
//! to forget and to lie.

mod authority;
mod bench;
mod care;
mod certificate;
mod commands;
mod fake;
mod many;
mod pages;
mod pairing;
mod plausible;
mod pulling;
mod pushing;
mod real;
mod replay;
mod restart;
mod tampering;
