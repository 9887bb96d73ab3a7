//! What can be a password at all, judged before anything is sent.

use domain::password::MOST_UTF16;

/// Whether a directory can hold this text as a password: not empty (a bind with an empty one succeeds
/// anonymously, RFC 4513 5.1.2), no NUL, and not above 256 UTF-16 units.
pub(crate) fn is_writable(password: &str) -> bool {
    !password.is_empty() && !password.contains('\0') && password.encode_utf16().count() <= MOST_UTF16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_utf16_units() {
        assert!(is_writable(&"😀".repeat(128)));
        for refused in ["", "a\0b", &"😀".repeat(129), &"x".repeat(257)] {
            assert!(!is_writable(refused), "{} units", refused.encode_utf16().count());
        }
    }
}
