//! In a process of its own, because it looks at the memory of the whole one.

use std::thread;

/// Resident memory that is not pages of files, in KiB.
fn own() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the kernel tells about us");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .expect("a number of KiB")
}

#[test]
fn a_run_leaves_nothing_behind() {
    let before = own();
    // Twice in each thread: the allocator changes its mind after the first block that is given back.
    for thread in [1, 2].map(|salt| {
        thread::spawn(move || {
            for _ in 0..2 {
                stretch::hash(b"a secret", &[salt; 16]);
            }
        })
    }) {
        thread.join().expect("it ran to its end");
    }
    let after = own();
    assert!(
        after < before + 4 * 1024,
        "{before} KiB before, {after} KiB after"
    );
}
