//! The programs that strangers connect to use the allocator that gives memory back, tuned as `.cargo/config.toml` says.

use std::process::Command;

use tests::processes::binary;

/// It takes memory at rest that the core has not got to spare.
#[test]
fn the_core_has_the_c_librarys() {
    let output = Command::new(binary("core-api"))
        .arg("--version")
        .env("MALLOC_CONF", "confirm_conf:true")
        .output()
        .unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn servers_in_the_dmz_use_the_allocator_that_was_tuned() {
    for server in ["portal", "selfdestruct"] {
        let output = Command::new(binary(server))
            .arg("--version")
            .env("MALLOC_CONF", "confirm_conf:true")
            .output()
            .unwrap();
        assert!(output.status.success());
        let told = String::from_utf8(output.stderr).unwrap();
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
