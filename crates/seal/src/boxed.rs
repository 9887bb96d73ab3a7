//! Boxes as text: shape and limits, and the inward direction's sealing half. The opening half is the
//! [`KeyRing`](crate::KeyRing)'s, because only it has the private keys.
//!
//! A box is base64url of `enc (65 bytes) || ciphertext || tag (16 bytes)`.

use zeroize::Zeroizing;

use crate::random::Fill;
use crate::suite::{self, BoxAead, POINT, PrivateKey, TAG, UNCOMPRESSED};
use crate::{SealBlock, base64url, padding};

/// Longest block, in bytes, that anybody looks at.
pub const MAX_BLOCK: usize = 4096;
/// Longest box, in characters, that anybody looks at.
pub const MAX_BOX_TEXT: usize = ((POINT + padding::MAX_PADDED + TAG) * 4).div_ceil(3);

/// HPKE's `info` of the inward direction, before the key id.
const INWARD: &[u8] = b"sallyport/recovery/1\0";

/// Why nothing was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The block, or the key to seal to, is not one.
    #[error("malformed seal block or key")]
    Malformed,
    /// The plain text is above [`MAX_PLAIN`](crate::MAX_PLAIN).
    #[error("plain text too long to seal")]
    TooLong,
}

/// Why a box was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Sealed to a key that is retired or was never ours: the page must be loaded again.
    #[error("sealed to an unknown key")]
    UnknownKey,
    /// Not a block, not a box, or sealed with the wrong padding.
    #[error("malformed box or block")]
    Malformed,
    /// The box does not open: it, or its block, was changed, or it was sealed for another block.
    #[error("the box does not fit its block")]
    Forged,
}

/// Seals `json` to the key that `block` names, as the page's script does: for the portal when a browser
/// without JavaScript sent plain fields. `block` is the exact text that the core made.
pub fn seal_to(block: &str, json: &[u8], fill: &mut Fill<'_>) -> Result<String, SealError> {
    let parsed = SealBlock::parse(block).map_err(|_| SealError::Malformed)?;
    let kid = parsed.key_id().ok_or(SealError::Malformed)?;
    let recipient = parsed.public_key().ok_or(SealError::Malformed)?;
    seal_text(&recipient, &inward_info(&kid), block, json, fill)
}

/// HPKE's `info` for a box to the core's key `kid`.
pub(crate) fn inward_info(kid: &[u8; 16]) -> Vec<u8> {
    [INWARD, kid].concat()
}

/// Pads, seals and writes a box.
pub(crate) fn seal_text(
    recipient: &[u8; POINT],
    info: &[u8],
    block: &str,
    json: &[u8],
    fill: &mut Fill<'_>,
) -> Result<String, SealError> {
    let padded = padding::pad(json).ok_or(SealError::TooLong)?;
    // What is left to fail is a point that is not on the curve.
    let sealed = suite::seal::<BoxAead>(recipient, info, block.as_bytes(), &padded, fill)
        .map_err(|_| SealError::Malformed)?;
    Ok(base64url::encode(&sealed))
}

/// Reads and opens a box. Its shape is checked before anything is computed with a key.
pub(crate) fn open_text(
    secret: &PrivateKey,
    info: &[u8],
    block: &str,
    box_text: &str,
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let sealed = decode(box_text).ok_or(OpenError::Malformed)?;
    let padded =
        suite::open::<BoxAead>(secret, info, block.as_bytes(), &sealed).map_err(|_| OpenError::Forged)?;
    padding::unpad(&padded).ok_or(OpenError::Malformed)
}

/// The bytes of a box whose length is possible and whose encapsulated key is an uncompressed point.
fn decode(box_text: &str) -> Option<Vec<u8>> {
    if box_text.len() > MAX_BOX_TEXT {
        return None;
    }
    let sealed = base64url::decode(box_text)?;
    let length = sealed.len().checked_sub(POINT + TAG)?;
    (padding::is_padded_length(length) && sealed[0] == UNCOMPRESSED).then_some(sealed)
}
