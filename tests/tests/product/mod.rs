//! What people go through, on real servers.

mod away;
mod domain;
mod enrolment;
mod factors;
mod forgotten;
mod link;
mod mail;
mod messages;
mod network;
mod not_me;
mod portals;
mod states;
mod visitor;
