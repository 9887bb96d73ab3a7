//! Ids, digests and secrets: bytes of a known length that travel as text.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

/// `N` bytes that travel as base64url without padding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Bytes<const N: usize>([u8; N]);

/// 128 random bits that the core chose: a message, a drop request, a command.
pub type Token = Bytes<16>;
/// A SHA-256 value.
pub type Digest = Bytes<32>;

/// The text is not base64url of the right length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadBytes;

impl fmt::Display for BadBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not base64url of the right length")
    }
}

impl std::error::Error for BadBytes {}

impl<const N: usize> Bytes<N> {
    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> From<[u8; N]> for Bytes<N> {
    fn from(bytes: [u8; N]) -> Self {
        Self(bytes)
    }
}

impl<const N: usize> FromStr for Bytes<N> {
    type Err = BadBytes;

    fn from_str(text: &str) -> Result<Self, BadBytes> {
        // Decoded in place: these are on the path of every message.
        let mut bytes = [0; N];
        if BASE64URL_NOPAD.decode_len(text.len()) != Ok(N) {
            return Err(BadBytes);
        }
        BASE64URL_NOPAD
            .decode_mut(text.as_bytes(), &mut bytes)
            .map_err(|_| BadBytes)?;
        Ok(Self(bytes))
    }
}

impl<const N: usize> TryFrom<String> for Bytes<N> {
    type Error = BadBytes;

    fn try_from(text: String) -> Result<Self, BadBytes> {
        text.parse()
    }
}

impl<const N: usize> From<Bytes<N>> for String {
    fn from(bytes: Bytes<N>) -> Self {
        bytes.to_string()
    }
}

impl<const N: usize> fmt::Display for Bytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl<const N: usize> fmt::Debug for Bytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A secret that the two sides exchange. It does not print itself.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(Bytes<32>);

impl Secret {
    /// Wraps it.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(Bytes(bytes))
    }

    /// The bytes.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_22_characters_and_no_second_spelling() {
        let id = Token::from([0xff; 16]);
        assert_eq!(id.to_string(), "_____________________w");
        assert_eq!("_____________________w".parse(), Ok(id));
        for text in [
            "",
            "_____________________x",
            "_____________________w=",
            "____________________",
            "é",
        ] {
            assert_eq!(text.parse::<Token>(), Err(BadBytes), "{text}");
        }
    }

    #[test]
    fn a_secret_does_not_print_itself() {
        assert_eq!(format!("{:?}", Secret::new([1; 32])), "Secret(..)");
    }
}
