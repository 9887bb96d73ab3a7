//! core-api
fn main() {}
