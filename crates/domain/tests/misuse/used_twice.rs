use domain::ChangePermit;

fn spend(_: ChangePermit) {}

fn twice(permit: ChangePermit) {
    spend(permit);
    spend(permit);
}

fn main() {}
