//! Base64url without padding (RFC 4648 section 5), strict in both directions: one text for one value, so
//! that a box compared by its text is compared by its bytes.

use data_encoding::BASE64URL_NOPAD;

/// Text of `bytes`.
pub(crate) fn encode(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// Bytes of `text`; `None` for padding, white space, foreign characters or stray trailing bits.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}

/// Bytes of `text` where exactly `N` of them are due.
pub(crate) fn decode_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    decode(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_text() {
        assert_eq!(decode("-_8"), Some(vec![0xfb, 0xff]));
        for stray in ["-_8=", "-_9", "-_8 ", "+/8", "-_8\n", "-"] {
            assert_eq!(decode(stray), None, "{stray:?}");
        }
    }
}
