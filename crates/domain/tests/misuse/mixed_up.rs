use domain::{ResetPermit, UnlockPermit};

fn reset(_: ResetPermit) {}

fn with_the_wrong_one(permit: UnlockPermit) {
    reset(permit);
}

fn main() {}
