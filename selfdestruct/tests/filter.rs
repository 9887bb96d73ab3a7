//! What the filter takes from a process, tried by one that wants out.

#![expect(clippy::disallowed_methods, reason = "a test stands outside of the site")]

use std::net::TcpListener;
use std::process::Command;

/// Every way that the probe tries, besides threads, which must go on working.
const WAYS: [&str; 9] = [
    "a thread from before",
    "a socket that was open",
    "a fresh stream",
    "a fresh datagram socket",
    "a datagram socket that was open",
    "a fast open",
    "a fast open by message",
    "a ring",
    "another program",
];

/// What the probe told, line by line. `cargo test` builds it along, and where targets are named, `cargo build --examples`
/// does.
fn probe(arguments: &[&str]) -> Vec<String> {
    let own = std::env::current_exe().expect("the path of the running test");
    let profile = own
        .ancestors()
        .nth(2)
        .expect("a test lies in TARGET/PROFILE/deps");
    let out = Command::new(profile.join("examples/hostile_probe"))
        .args(arguments)
        .output()
        .expect("the probe was built: cargo build --workspace --examples");
    assert!(out.status.success(), "{out:?}");
    let text = String::from_utf8(out.stdout).expect("text");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn no_way_leads_out_and_threads_still_work() {
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = target.local_addr().unwrap().to_string();
    let mut expected: Vec<String> = WAYS.map(|way| format!("{way}: refused")).to_vec();
    expected.push("a thread: works".to_owned());
    assert_eq!(probe(&[&address]), expected);
    target.set_nonblocking(true).unwrap();
    assert!(target.accept().is_err(), "something arrived");
}

#[test]
fn without_the_filter_the_same_tries_get_out() {
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = target.local_addr().unwrap().to_string();
    let told = probe(&["open", &address]);
    // Some machines refuse rings to everybody; every other try must be a real one.
    for way in WAYS.iter().filter(|way| **way != "a ring") {
        assert!(told.contains(&format!("{way}: works")), "{way}: {told:?}");
    }
}
