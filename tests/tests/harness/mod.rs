//! Each part of the harness does what the scenarios trust it to do.

mod browser;
mod https;
mod mail;
mod ports;
mod processes;
mod samba;
