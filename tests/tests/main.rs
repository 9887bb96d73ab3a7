//! The scenarios, and a proof of each part of the harness. They need the real servers that `tests/run.sh` installs.

mod harness;
mod product;
