use domain::OperationId;
use domain::clock::Timestamp;
use domain::policy::Action;
use domain::recovery::Proved;

fn two_permits_from_one_proof(proved: Proved) {
    let _first = proved.begin(Action::Reset, OperationId([0; 16]), Timestamp(0));
    let _second = proved.begin(Action::Reset, OperationId([0; 16]), Timestamp(0));
}

fn main() {}
