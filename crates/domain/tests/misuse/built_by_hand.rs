use domain::{AccountId, OperationId, ResetPermit};

fn main() {
    let _permit = ResetPermit {
        account: AccountId([0; 16]),
        operation: OperationId([0; 16]),
        protected_by_policy: true,
    };
}
