//! Recoveries from the first page to the last, on a real database and the embedded directory.

mod allowance;
mod bench;
mod codes;
mod crash;
mod notices;
mod outbox;
mod post;
mod enrolling;
mod enrolment;
mod reset;
mod noted;
mod openapi;
mod repeats;
