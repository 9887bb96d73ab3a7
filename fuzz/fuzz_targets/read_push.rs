//! A push, as the site takes it apart.

#![no_main]

use contract::sync::{push_body, read_push};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some((head, ciphertext)) = read_push(data) {
        let again = push_body(&head, ciphertext);
        assert_eq!(read_push(&again), Some((head, ciphertext)));
    }
});
