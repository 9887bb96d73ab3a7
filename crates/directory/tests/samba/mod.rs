//! A Samba domain that is made for these tests and thrown away with them, and people in it.

mod admin;
mod domain;
mod outages;
mod people;

pub(crate) use admin::{Admin, BASE};
pub(crate) use domain::runtime;
pub(crate) use people::{InDomain, WallClock, adapter, administrator, in_domain};
