//! What crosses between our servers: requests, answers, problems. Types only, no I/O.
//!
//! Every type is part of `/v1`: fields may be added, never renamed or given another meaning.

pub mod enrolment;
pub mod message;
pub mod pairing;
pub mod paths;
pub mod problem;
pub mod recovery;
pub mod sync;

pub use problem::{Problem, ProblemKind};
pub use recovery::{Action, Method, Purpose};
