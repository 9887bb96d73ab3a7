//! A text with an Ed25519 signature over exactly its bytes.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{SigningKey, VerifyingKey};

/// What was signed, as it was signed, on its way from the signer to whoever keeps it. Nothing in it is trusted
/// before it is opened with the signer's key.
///
/// Its printed form is one line, fit for syslog and mail: the text, a space, the signature in base64url.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    text: String,
    signature: [u8; 64],
}

/// Why a signed text was not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignedError {
    /// The line is cut or garbled.
    #[error("this is not a signed line: a text, a space and a signature")]
    Malformed,
    /// The signature is not this key's over this text for this purpose.
    #[error("the signature does not fit")]
    Forged,
    /// Signed, and not of the form that this release knows.
    #[error("the signed text has another form: it was written by another release")]
    Unknown,
}

impl Signed {
    /// Puts together what was stored in two columns.
    pub const fn from_parts(text: String, signature: [u8; 64]) -> Self {
        Self { text, signature }
    }

    /// The text whose bytes were signed. Not to be believed as such.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature (RFC 8032).
    pub const fn signature(&self) -> &[u8; 64] {
        &self.signature
    }

    /// Writes the value down and signs what it wrote. `purpose` keeps a signature from being taken for another.
    pub(crate) fn seal(purpose: &str, value: &impl Serialize, key: &SigningKey) -> Self {
        let text = serde_json::to_string(value).expect("numbers, texts and lists always become JSON");
        let signature = key.sign(&message(purpose, &text));
        Self { text, signature }
    }

    /// Reads the value if, and only if, the signature fits.
    pub(crate) fn open<T: DeserializeOwned>(
        &self,
        purpose: &str,
        key: &VerifyingKey,
    ) -> Result<T, SignedError> {
        if !key.verify(&message(purpose, &self.text), &self.signature) {
            return Err(SignedError::Forged);
        }
        serde_json::from_str(&self.text).map_err(|_| SignedError::Unknown)
    }
}

fn message(purpose: &str, text: &str) -> Vec<u8> {
    [purpose.as_bytes(), b"\0", text.as_bytes()].concat()
}

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.text, BASE64URL_NOPAD.encode(&self.signature))
    }
}

impl FromStr for Signed {
    type Err = SignedError;

    fn from_str(line: &str) -> Result<Self, SignedError> {
        let (text, signature) = line.trim_end().rsplit_once(' ').ok_or(SignedError::Malformed)?;
        let signature = BASE64URL_NOPAD
            .decode(signature.as_bytes())
            .map_err(|_| SignedError::Malformed)?;
        let signature = signature.try_into().map_err(|_| SignedError::Malformed)?;
        Ok(Self {
            text: text.to_owned(),
            signature,
        })
    }
}
