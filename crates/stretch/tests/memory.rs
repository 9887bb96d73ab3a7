//! In a process of its own, because it looks at the memory of the whole one.

use std::thread;

/// Resident memory that is not pages of files, in KiB.
fn own() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))
        .unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn a_run_leaves_nothing_behind() {
    let before = own();
    // Twice in each thread: the allocator changes its mind after the first block that is given back.
    let threads = [1, 2].map(|salt| {
        thread::spawn(move || {
            for _ in 0..2 {
                stretch::hash(b"a secret", &[salt; 16]);
            }
            own()
        })
    });
    let after = threads
        .map(|thread| thread.join().unwrap())
        .into_iter()
        .min()
        .unwrap()
        .min(own());
    assert!(
        after < before + 4 * 1024,
        "{before} KiB before, {after} KiB after"
    );
}
