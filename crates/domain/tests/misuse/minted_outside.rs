use domain::{AccountId, OperationId, UnlockPermit};

fn main() {
    let _permit = UnlockPermit::mint(AccountId([0; 16]), OperationId([0; 16]), false);
}
