//! One-time messages from whoever sends them to the site and back, and drop boxes the other way, on a real database
//! and a site that is held to the contract's types.

mod bench;
mod commands;
mod drops;
#[path = "../sites/fake.rs"]
mod fake;
mod keeping;
mod mailing;
mod news;
mod post;
mod secrets;
mod sending;
mod site;
mod tools;
