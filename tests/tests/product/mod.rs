//! What people go through, on real servers.

mod enrolment;
mod forgotten;
mod visitor;
