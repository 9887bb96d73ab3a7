//! What the core and a site of one-time messages say to each other under a signature.

use serde::{Deserialize, Serialize};

use crate::statement::Statement;
use crate::{Hash, Link};

/// A request of the core to a site. It travels in one header beside the request that it speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoreRequest {
    /// The site that is meant, so that a request to one is none to another.
    pub site: String,
    /// The HTTP method.
    pub method: String,
    /// Path and query, as they are sent.
    pub path: String,
    /// SHA-256 of the body.
    pub body: Hash,
    /// When, in milliseconds since the Unix epoch (UTC), by the core's clock.
    pub time_ms: i64,
    /// 128 random bits in base64url: the same request is not taken twice.
    pub nonce: String,
    /// The core's generation, which grows when the core is restored from a backup. It never goes back.
    pub generation: u64,
    /// The epoch that the core has the site in. What was sent in one and arrives in the next does not count: the message of
    /// a late push would be served after the core told that it is lost.
    pub epoch: u64,
}

impl Statement for CoreRequest {
    const PURPOSE: &'static str = "sallyport/site/request/1";
}

/// A site has taken a message, durably.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The site.
    pub site: String,
    /// Its epoch.
    pub epoch: u64,
    /// The message's id, as in its link.
    pub id: String,
    /// SHA-256 of the whole push body.
    pub digest: Hash,
    /// When it was taken, by the site's clock.
    pub time_ms: i64,
}

impl Statement for Receipt {
    const PURPOSE: &'static str = "sallyport/site/receipt/1";
}

/// A site's time, told when it does not believe a request's, so that the core can show how far the two are apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteTime {
    /// The site.
    pub site: String,
    /// The nonce of the request, so that an old answer does not pass for this one; empty if none could be read.
    pub nonce: String,
    /// The site's time in milliseconds since the Unix epoch.
    pub time_ms: i64,
}

impl Statement for SiteTime {
    const PURPOSE: &'static str = "sallyport/site/time/1";
}

/// The messages that live on a site: one page of them, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// The site.
    pub site: String,
    /// Its epoch.
    pub epoch: u64,
    /// The id after which this page begins; empty for the first.
    pub after: String,
    /// What lives.
    pub live: Vec<Live>,
    /// Whether more follow.
    pub more: bool,
    /// The site's time.
    pub time_ms: i64,
}

/// A message that lives on a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// Its id, as in its link.
    pub id: String,
    /// How often it may still be opened.
    pub readings_left: u32,
    /// How many wrong passphrases are still borne; 0: locked.
    pub tries_left: u32,
    /// When it ends, in milliseconds since the Unix epoch.
    pub expires_at: i64,
}

impl Statement for Inventory {
    const PURPOSE: &'static str = "sallyport/site/inventory/1";
}

/// What a site's chain begins with: no record of one site, or of one epoch, fits into another. An epoch that follows
/// another is tied to its last good head.
pub fn origin(site: &str, epoch: u64, follows: Option<Link>) -> Vec<u8> {
    let mut origin = [site.as_bytes(), &[0x00], &epoch.to_be_bytes()].concat();
    if let Some(link) = follows {
        origin.extend_from_slice(&link.seq.to_be_bytes());
        origin.extend_from_slice(link.hash.as_bytes());
    }
    origin
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Chain, Signed, SignedError, SigningKey};

    #[test]
    fn a_request_fits_a_header_and_is_no_receipt() {
        let key = SigningKey::from_bytes(&[3; 32]);
        let request = CoreRequest {
            site: "dmz1".to_owned(),
            method: "GET".to_owned(),
            path: "/sync/v1/events?after=1".to_owned(),
            body: Hash::from([0; 32]),
            time_ms: 1,
            nonce: "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
            generation: 1,
            epoch: 1,
        };
        let line = request.sign(&key).to_string();
        assert!(line.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{line}");
        let arrived: Signed = line.parse().expect("it was just written");
        assert_eq!(CoreRequest::open(&arrived, &key.verifying_key()), Ok(request));
        assert_eq!(
            Receipt::open(&arrived, &key.verifying_key()),
            Err(SignedError::Forged)
        );
    }

    #[test]
    fn no_two_chains_begin_alike() {
        let link = Chain::begin(b"x").append(b"y");
        let origins = [
            origin("dmz1", 1, None),
            origin("dmz1", 2, None),
            origin("dmz2", 1, None),
            origin("dmz1", 1, Some(link)),
        ];
        for (at, one) in origins.iter().enumerate() {
            assert!(!origins[at + 1..].contains(one), "{at}");
        }
    }
}
