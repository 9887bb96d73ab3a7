//! Padding: a box's length says nothing about the length of the password inside.

use zeroize::Zeroizing;

/// Boxes come in multiples of this many plain bytes.
const BLOCK: usize = 1024;
/// The u32 length that stands before the JSON.
const PREFIX: usize = 4;
/// Most plain bytes of a box, padding included.
pub(crate) const MAX_PADDED: usize = 8 * BLOCK;
/// Longest JSON, in bytes, that fits into a box.
pub const MAX_PLAIN: usize = MAX_PADDED - PREFIX;

/// `u32 big-endian length || json || zeros` up to the next multiple of 1024; `None` if `json` is longer
/// than [`MAX_PLAIN`].
pub(crate) fn pad(json: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let length = u32::try_from(json.len())
        .ok()
        .filter(|_| json.len() <= MAX_PLAIN)?;
    // Allocated once at full size: a growing buffer would leave copies of the secret behind.
    let mut padded = Zeroizing::new(vec![0; (PREFIX + json.len()).next_multiple_of(BLOCK)]);
    padded[..PREFIX].copy_from_slice(&length.to_be_bytes());
    padded[PREFIX..PREFIX + json.len()].copy_from_slice(json);
    Some(padded)
}

/// The JSON inside `padded`; `None` unless it is padded exactly as [`pad`] does.
pub(crate) fn unpad(padded: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (prefix, rest) = padded.split_first_chunk::<PREFIX>()?;
    let length = usize::try_from(u32::from_be_bytes(*prefix)).ok()?;
    let (json, zeros) = rest.split_at_checked(length)?;
    let exact = (PREFIX + length).next_multiple_of(BLOCK) == padded.len();
    (exact && zeros.iter().all(|&byte| byte == 0)).then(|| Zeroizing::new(json.to_vec()))
}

/// Whether some plain text pads to `length` bytes.
pub(crate) fn is_padded_length(length: usize) -> bool {
    length > 0 && length <= MAX_PADDED && length.is_multiple_of(BLOCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_go_in_steps() {
        for (json, padded) in [(0, 1024), (1020, 1024), (1021, 2048), (MAX_PLAIN, MAX_PADDED)] {
            let made = pad(&vec![b'x'; json]).expect("within the limit");
            assert_eq!(made.len(), padded);
            assert!(is_padded_length(made.len()));
            assert_eq!(unpad(&made).expect("just padded").len(), json);
        }
        assert!(pad(&[b'x'; MAX_PLAIN + 1]).is_none());
    }

    #[test]
    fn only_the_one_padding_is_accepted() {
        let good = pad(b"{}").expect("short");
        let with = |at: usize, byte: u8| {
            let mut bad = good.to_vec();
            bad[at] = byte;
            bad
        };
        assert!(unpad(&with(1023, 1)).is_none(), "a padding byte that is not zero");
        assert!(
            unpad(&with(3, 1)).is_none(),
            "a length that leaves JSON in the padding"
        );
        assert!(unpad(&with(0, 0xff)).is_none(), "a length beyond the end");
        assert!(
            unpad(&[&good[..], &[0; 1024]].concat()).is_none(),
            "more padding than needed"
        );
        assert!(unpad(&[0, 0, 0]).is_none(), "shorter than the length");
    }
}
