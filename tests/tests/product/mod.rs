//! What people go through, on real servers.

mod away;
mod domain;
mod enrolment;
mod forgotten;
mod link;
mod mail;
mod portals;
mod states;
mod visitor;
