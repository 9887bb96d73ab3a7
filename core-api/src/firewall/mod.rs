//! Which paths there are between the parts of an installation, and the rules that close every other one.
//!
//! Nothing is looked up: a name for which no address was given is said, and its path stays closed.

mod nft;
mod plan;
#[cfg(test)]
mod tests;

pub use self::nft::{Place, rules};
pub use self::plan::{Addresses, End, Party, Path, Plan, plan};
