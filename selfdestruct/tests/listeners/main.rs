//! A paired site on real sockets: what people are answered, and what the core is.

#![expect(clippy::disallowed_methods, reason = "a test stands outside of the site")]

#[cfg(test)]
mod core;
#[cfg(test)]
mod drop_box;
#[cfg(test)]
mod line;
#[cfg(test)]
mod pairing;
#[cfg(test)]
mod process;
#[cfg(test)]
mod public;
#[cfg(test)]
mod site;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod sync;
