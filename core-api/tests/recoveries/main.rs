//! Recoveries from the first page to the last, on a real database and the embedded directory.

mod alike;
mod allowance;
mod auditing;
mod bench;
mod codes;
mod crash;
mod enrolling;
mod enrolment;
mod noted;
mod notices;
mod openapi;
mod outbox;
mod post;
mod repeats;
mod reset;
mod spray;
mod unreadable;
