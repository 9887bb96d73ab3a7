use domain::ResetPermit;

fn twice(permit: ResetPermit) -> (ResetPermit, ResetPermit) {
    (permit.clone(), permit)
}

fn main() {}
