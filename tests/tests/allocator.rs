//! The programs that strangers connect to use the allocator that gives memory back, tuned as `.cargo/config.toml` says.

use std::process::Command;

use tests::processes::binary;

/// What a server says on standard error when its allocator is asked how it is tuned.
fn told(server: &str) -> String {
    let output = Command::new(binary(server))
        .arg("--version")
        .env("MALLOC_CONF", "confirm_conf:true")
        .output()
        .expect("the server starts");
    assert!(output.status.success());
    String::from_utf8(output.stderr).expect("it says it in UTF-8")
}

#[test]
fn servers_in_the_dmz_use_the_allocator_that_was_tuned() {
    for server in ["portal", "selfdestruct"] {
        let told = told(server);
        let used: Vec<_> = told
            .lines()
            .filter_map(|line| line.strip_prefix("<jemalloc>: -- Set conf value: "))
            .collect();
        let tuned = [
            "narenas:1",
            "lg_tcache_max:10",
            "dirty_decay_ms:1000",
            "muzzy_decay_ms:0",
            "background_thread:true",
        ];
        assert_eq!(
            used.split_last(),
            Some((&"confirm_conf:true", &tuned[..])),
            "{server}: {told}"
        );
        assert!(!told.contains("Invalid"), "{server}: {told}");
    }
}

/// It takes memory at rest that the core has not got to spare.
#[test]
fn the_core_has_the_c_librarys() {
    assert_eq!(told("core-api"), "");
}
