//! One-time messages, from the point of view of a tool that sends them. What crosses between core and site is in
//! [`sync`](crate::sync).

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A message to be sent. Everybody in `to` gets one of his own.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// Chosen by the sender, 16 to 64 characters. A repeat under it makes no second message.
    pub key: String,
    /// The site; without it the default one.
    #[serde(default)]
    pub site: Option<String>,
    /// How long it can be opened, in seconds; without it the configured time.
    #[serde(default)]
    pub expires_in: Option<u64>,
    /// How often it can be opened; without it once.
    #[serde(default)]
    pub readings: Option<u32>,
    /// Why it is sent, for the audit and the sender's own list. No site and no recipient sees it.
    #[serde(default)]
    pub reason: Option<String>,
    /// Whether the content is a password: it is then never mailed without a passphrase, whatever is configured.
    #[serde(default)]
    pub password: bool,
    /// Mail addresses that the core mails the link to. With none the link is in the answer.
    #[serde(default)]
    pub to: Vec<String>,
    /// What is sent.
    pub content: NewContent,
}

impl fmt::Debug for NewMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewMessage(..)")
    }
}

/// What is sent: plain, or sealed already.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "form", rename_all = "kebab-case", deny_unknown_fields)]
pub enum NewContent {
    /// The core seals it.
    Plain {
        /// Text.
        #[serde(default)]
        text: Option<String>,
        /// Files.
        #[serde(default)]
        files: Vec<NewFile>,
        /// What the recipient is told in another way.
        #[serde(default)]
        passphrase: Option<String>,
    },
    /// The sender sealed it, and the link's secret never reaches the core. `to` must be empty.
    Envelope {
        /// An id of `POST /v1/message-ids`.
        id: String,
        /// The header, as it was sealed.
        header: String,
        /// The nonce, base64url.
        nonce: String,
        /// The ciphertext, base64url.
        ciphertext: String,
        /// SHA-256 of the proof of the link, base64url.
        link: String,
        /// SHA-256 of the proof of the passphrase, base64url, where there is one.
        #[serde(default)]
        open: Option<String>,
    },
}

/// A file to be sent.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFile {
    /// Its name.
    pub name: String,
    /// Its media type.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Its bytes, base64url without padding.
    pub data: String,
}

/// An id for an envelope that the sender seals himself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageId {
    /// The id, good for an hour.
    pub id: String,
    /// What the link begins with: append `#` and the fragment.
    pub address: String,
}

/// Which site an id is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessageId {
    /// The site; without it the default one.
    #[serde(default)]
    pub site: Option<String>,
}

/// What was made of a [`NewMessage`], in the order of its addresses.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Sent {
    /// The messages.
    pub messages: Vec<SentMessage>,
}

/// One message that was sent.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct SentMessage {
    /// Its id.
    pub id: String,
    /// Its state: see [`MessageView`].
    pub state: String,
    /// Its link, where the core sealed it and does not mail it. Given once: a repeat under the same key has none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub link: Option<String>,
    /// To whom the core mails the link.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub to: Option<String>,
}

/// A message as its sender sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageView {
    /// Its id.
    pub id: String,
    /// `waiting`, `on-site`, `opened`, `delivered`, `locked`; at its end `not-sent`, `read`, `expired`, `revoked`,
    /// `destroyed` or `lost`.
    pub state: String,
    /// The site.
    pub site: String,
    /// When it was made, in milliseconds since the Unix epoch.
    pub made_at: i64,
    /// When it ends.
    pub expires_at: i64,
    /// How often it can still be opened; `None` once it ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub readings_left: Option<u32>,
    /// Whether what was opened arrived: `unopened`, `unconfirmed` or `confirmed`; `None` before its end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub arrival: Option<String>,
    /// To whom the core mailed the link.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub to: Option<String>,
    /// Why it was sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// What happened to it, in order.
    pub events: Vec<MessageEvent>,
}

/// Something that happened to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageEvent {
    /// `opened`, `delivered`, `wrong-passphrase`, `unlocked`, `extended`, or how it ended.
    pub kind: String,
    /// When, in milliseconds since the Unix epoch, by the site's clock.
    pub at: i64,
    /// The reader's address, where there was a reader.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<String>,
}

/// Lets a message end at another time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Extend {
    /// How long from now, in seconds.
    pub expires_in: u64,
}
