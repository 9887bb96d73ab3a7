//! What crosses between the core and a site of one-time messages. The core always dials.
//!
//! Every request carries [`SIGNATURE_HEADER`]: a `CoreRequest` of the journal, signed with the core's key. A site that
//! does not believe it answers 401 with [`Unbelieved`]; whatever else it refuses is a problem (RFC 9457). Bodies that
//! are hashed or signed are kept and carried as the bytes they are.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

/// The header that carries the core's signed statement about the request.
pub const SIGNATURE_HEADER: &str = "sallyport-core-signature";

/// The most events of one answer to [`After`].
pub const MOST_EVENTS: u32 = 1_000;

/// The longest that a site waits for the first of them, in seconds.
pub const LONGEST_WAIT: u32 = 30;

/// Where the calls are. `{id}` is a [`Token`].
pub mod paths {
    /// `PUT`: one message, see [`push_body`](super::push_body).
    pub const MESSAGE: &str = "/sync/v1/messages/{id}";
    /// `POST`: several, see [`Pushed`](super::Pushed).
    pub const MESSAGES: &str = "/sync/v1/messages";
    /// `POST`: [`Command`](super::Command).
    pub const COMMANDS: &str = "/sync/v1/commands";
    /// `GET` with the query [`After`](super::After): [`Events`](super::Events).
    pub const EVENTS: &str = "/sync/v1/events";
    /// `POST`: [`Position`](super::Position).
    pub const ACK: &str = "/sync/v1/ack";
    /// `GET` with `?after=ID`: a signed `Inventory`, as one line of text.
    pub const INVENTORY: &str = "/sync/v1/inventory";
    /// `POST`: [`NewEpoch`](super::NewEpoch).
    pub const EPOCHS: &str = "/sync/v1/epochs";
    /// `POST`: a signed head of the core's audit, as one line of text.
    pub const CHECKPOINTS: &str = "/sync/v1/checkpoints";
    /// `PUT`: [`DropRequest`](super::DropRequest).
    pub const REQUEST: &str = "/sync/v1/requests/{id}";
    /// `GET` with `?after=ID`: [`Drops`](super::Drops).
    pub const DROPS: &str = "/sync/v1/drops";
    /// `GET`: the sealed bytes of one drop; `DELETE`: it has arrived, erase it.
    pub const DROP: &str = "/sync/v1/drops/{id}";
    /// `POST`: [`Certificate`](super::Certificate).
    pub const CERTIFICATE: &str = "/sync/v1/certificate";
}

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

/// The rules of a message, which the core decides and may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// When it ends, in milliseconds since the Unix epoch.
    pub expires_at: i64,
    /// How often it may be opened, at least once.
    pub readings: u32,
    /// After how many wrong passphrases it is locked, at least one.
    pub max_wrong: u32,
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

/// How a message ended, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// How.
    pub state: End,
    /// When, in milliseconds since the Unix epoch.
    pub at: i64,
}

/// The ends that a message can have on a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// It was opened as often as it might be.
    Read,
    /// Its time was over.
    Expired,
    /// The core took it back.
    Revoked,
    /// It was destroyed after too many wrong passphrases, by its sender's wish.
    Destroyed,
}

/// Something to be done to a message. Repeated under its id it does nothing more and is answered the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The command's own id.
    pub id: Token,
    /// The message.
    pub message: Token,
    /// What.
    pub order: Order,
}

/// What can be done to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Order {
    /// End it.
    Revoke,
    /// Let it end at another time, in milliseconds since the Unix epoch.
    Extend {
        /// The new end.
        expires_at: i64,
    },
    /// Bear wrong passphrases again, as many as at first. Once.
    Unlock,
    /// End a locked one.
    Destroy,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Commanded {
    /// It was done, now or at the first time.
    Done,
    /// The message has ended already.
    Ended(Ended),
    /// No such message is here.
    Unknown,
    /// It does not fit the message's state: to unlock what is not locked, or a second time.
    Unfitting,
}

/// Which events are asked for: the query of the long poll. It also confirms the site's chain up to there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// The epoch.
    pub epoch: u64,
    /// The last event that the core has; 0 for none.
    pub after: u64,
    /// Its hash; of no event, the epoch's origin.
    pub hash: Digest,
    /// How many at most.
    pub limit: u32,
    /// How many seconds to wait for the first.
    pub wait: u32,
}

/// A place in a site's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// The epoch.
    pub epoch: u64,
    /// The event.
    pub seq: u64,
    /// Its hash.
    pub hash: Digest,
}

/// Events that the core does not have yet, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// One after the other, without gaps.
    pub events: Vec<Stored>,
    /// The signed head of the chain, as a line of text. It may be beyond the last event of this answer.
    pub head: String,
}

/// An event as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// Its number.
    pub seq: u64,
    /// [`Event`] as JSON: these bytes are chained.
    pub event: String,
    /// The chain's hash up to here.
    pub hash: Digest,
    /// The ratcheting key's tag on it.
    pub tag: Digest,
}

/// Something that happened on a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When, in milliseconds since the Unix epoch, by the site's clock.
    pub at: i64,
    /// What.
    pub what: What,
}

/// What can happen on a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum What {
    /// A message was opened: a reading was taken from it.
    Opened {
        /// The message.
        message: Token,
        /// SHA-256 of the reader's claim, which ties this to the delivery.
        claim: Digest,
        /// The reader's address.
        source: String,
        /// How many readings are left.
        readings_left: u32,
    },
    /// The reader's browser says that it has decrypted.
    Delivered {
        /// The message.
        message: Token,
        /// The claim.
        claim: Digest,
    },
    /// The holder of the link gave a wrong passphrase.
    WrongPassphrase {
        /// The message.
        message: Token,
        /// From where.
        source: String,
        /// How many more are borne; 0: the message is locked.
        tries_left: u32,
    },
    /// A message came to its end.
    Ended {
        /// The message.
        message: Token,
        /// How.
        state: End,
    },
    /// A locked message may be tried again, as was commanded.
    Unlocked {
        /// The message.
        message: Token,
    },
    /// A message's end was moved, as was commanded.
    Extended {
        /// The message.
        message: Token,
        /// The new end.
        expires_at: i64,
    },
    /// Somebody put something into a drop box.
    Dropped {
        /// The request.
        request: Token,
        /// How large it is, in bytes.
        size: u64,
        /// From where.
        source: String,
    },
    /// A minute's visits that concern no message, added up.
    Noise {
        /// Pages that were looked at.
        pages: u64,
        /// Openings of messages that are not here, or with a proof that is not the link's.
        misses: u64,
    },
    /// The site started, perhaps after it was killed.
    Started {
        /// Its version.
        version: String,
    },
}

/// Opens an epoch after a fork or a restore, and erases everything of the one before.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewEpoch {
    /// The new number, one more than the last that the core knows.
    pub epoch: u64,
    /// The last good head of the epoch before.
    pub follows: Position,
    /// The first key of the ratchet.
    pub ratchet: Secret,
}

/// The site's answer to a [`NewEpoch`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochOpened {
    /// The epoch.
    pub epoch: u64,
    /// The site's new Ed25519 key.
    pub site_key: Bytes<32>,
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

/// The witness's answer to a checkpoint: the last one that it kept before, to be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witnessed {
    /// The line; `None` when there was none.
    pub before: Option<String>,
}

/// Lets outsiders send something in: who has the request's link may put one thing into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropRequest {
    /// The core's public key for it: an uncompressed P-256 point. The link carries its SHA-256.
    pub public_key: Bytes<65>,
    /// SHA-256 of the upload proof in the link.
    pub upload: Digest,
    /// How large the sealed thing may be, in bytes.
    pub largest: u64,
    /// When it ends, in milliseconds since the Unix epoch.
    pub expires_at: i64,
}

/// What lies in drop boxes: one page of it, in the order of ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drops {
    /// The requests that were answered.
    pub drops: Vec<Drop>,
    /// Whether more follow.
    pub more: bool,
}

/// One thing in a drop box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drop {
    /// The request.
    pub id: Token,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub digest: Digest,
}

/// Longest chain that a site takes, in bytes. A chain of four certificates with RSA keys has some 8 KiB.
pub const LONGEST_CHAIN: usize = 64 * 1024;

/// What the core wants with the site's public certificate, whose key never leaves the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Certificate {
    /// Tell which one is there.
    Show,
    /// Make a signing request with a fresh key. An earlier one is void.
    Request,
    /// Take the chain for the last signing request into use. Repeated it does nothing more and is answered the same.
    Take {
        /// PEM, the site's own certificate first.
        chain: String,
    },
}

/// The site's answer to a [`Certificate`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum CertificateAnswer {
    /// The one that is there; after a chain was taken, the new one.
    InUse(CertificateInUse),
    /// The signing request (RFC 2986, PEM).
    Request(String),
    /// It was not done, and what is in use stays.
    Refused(CertificateRefusal),
}

/// A certificate, as whoever reads it sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateInUse {
    /// The DNS names and addresses that it is for, in lower case.
    pub names: Vec<String>,
    /// Who signed it.
    pub issuer: String,
    /// Its first moment, in milliseconds since the Unix epoch.
    pub from: i64,
    /// Its last moment, in milliseconds since the Unix epoch.
    pub until: i64,
}

/// Why a site did not do what was asked about its certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateRefusal {
    /// No signing request is open.
    NothingOpen,
    /// The chain is longer than [`LONGEST_CHAIN`].
    TooLong,
    /// The chain is not PEM, or holds no certificate that can be used.
    NoCertificate,
    /// Its first certificate is for another key than that of the last signing request.
    OtherKey,
    /// Its first certificate is not for the site's address.
    OtherNames,
    /// Its time is over.
    Ended,
    /// Its time has not come, by the site's clock.
    NotYet,
    /// Certificate and key are in one file, which would be overwritten.
    OneFile,
    /// The site cannot write the files of its certificate.
    Unwritable,
    /// What the files of the site's certificate hold cannot be used; the listener goes on with what it read before.
    Unusable,
}

/// The answer to a request whose signature, time or nonce is not believed (401).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unbelieved {
    /// The site's signed time, as a line of text.
    pub time: String,
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
    fn an_event_is_written_in_the_words_of_the_design() {
        let event = Event {
            at: 7,
            what: What::Ended {
                message: Token::from([0; 16]),
                state: End::Read,
            },
        };
        assert_eq!(
            serde_json::to_string(&event).unwrap(),
            r#"{"at":7,"what":{"ended":{"message":"AAAAAAAAAAAAAAAAAAAAAA","state":"read"}}}"#
        );
    }

    #[test]
    fn a_secret_does_not_print_itself() {
        assert_eq!(format!("{:?}", Secret::new([1; 32])), "Secret(..)");
    }
}
