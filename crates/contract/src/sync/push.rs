//! Messages go to a site: what stands in a push, and what became of it.

use serde::{Deserialize, Serialize};

use super::{Bytes, Digest, Ended, Policy, Token};

/// What the site is told of a message. It never learns the link's secret, nor what is in the ciphertext.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushHead {
    /// The message.
    pub id: Token,
    /// What the sealer wrote: version, profile, content kind. Carried unchanged, for it is authenticated as it stands.
    pub header: String,
    /// The nonce of the ciphertext.
    pub nonce: Bytes<12>,
    /// SHA-256 of the proof that somebody holds the link.
    pub link: Digest,
    /// SHA-256 of the proof that he knows the passphrase, too; `None` where there is none.
    pub open: Option<Digest>,
    /// The rules that the core gave it.
    pub policy: Policy,
}

/// The body of a push: u32 big-endian length of the head, the head (JSON), the ciphertext. Its digest is the SHA-256
/// of the whole.
pub fn push_body(head: &PushHead, ciphertext: &[u8]) -> Vec<u8> {
    let head = serde_json::to_vec(head).expect("texts and numbers always become JSON");
    let length = u32::try_from(head.len()).expect("a head has some hundred bytes");
    [&length.to_be_bytes(), head.as_slice(), ciphertext].concat()
}

/// Takes a push apart; `None` if it is not one.
pub fn read_push(body: &[u8]) -> Option<(PushHead, &[u8])> {
    let (length, rest) = body.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (head, ciphertext) = rest.split_at_checked(length)?;
    Some((serde_json::from_slice(head).ok()?, ciphertext))
}

/// What became of a push. Alone: 201 or 200 if it was stored, 410 if it has ended; in a batch, one for each in the
/// order in which they came. A batch is each push body behind its length (u32, big-endian).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Pushed {
    /// It is on the site, now or since an earlier push of the same: the signed receipt, as a line of text.
    Stored(String),
    /// It was there and has ended. A repeated push never brings it back.
    Ended(Ended),
    /// The id is taken by another message (alone: 409).
    Conflict,
    /// It is malformed, too large, or expired already (alone: 400 or 413).
    Refused,
    /// No room is left; later (alone: 507).
    Full,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> PushHead {
        PushHead {
            id: Token::from([1; 16]),
            header: r#"{"v":1,"p":"","k":"text"}"#.to_owned(),
            nonce: [2; 12].into(),
            link: [3; 32].into(),
            open: None,
            policy: Policy {
                expires_at: 4,
                readings: 1,
                max_wrong: 5,
            },
        }
    }

    #[test]
    fn a_push_is_taken_apart_as_it_was_put_together() {
        let body = push_body(&head(), b"ciphertext");
        assert_eq!(read_push(&body), Some((head(), b"ciphertext".as_slice())));
        for cut in 0..body.len() - b"ciphertext".len() {
            assert_eq!(read_push(&body[..cut]), None, "{cut} bytes");
        }
        assert_eq!(read_push(&[0xff; 100]), None, "a length beyond the end");
    }
}
