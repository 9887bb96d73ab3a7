//! Whether a request on the sync listener is the core's, and of now.
//!
//! TLS has let in nobody but the core's end of the link. The signature says more: that the core meant this very
//! request, for this site, once, a moment ago. Everything but the body is judged before a byte of that is read, so that
//! whoever has no more than the TLS key fills no memory; and the body, which is signed along with it, when it is here.
//!
//! Nonces are remembered for as long as their requests could be repeated, in memory: whoever sends a request of before
//! a restart once more needs the core's TLS key, and every call may be repeated without harm within its epoch. (One of the five minutes before a pairing
//! under the same number could begin something in the new epoch; the core's inventory finds it.)

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use contract::sync::Token;
use journal::site::CoreRequest;
use journal::{Hash, Signed, Statement as _, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// How far the core's time and ours may be apart, in milliseconds.
const WINDOW_MS: i64 = 5 * 60 * 1000;
/// Requests of such a span are forgotten together.
const SPAN_MS: i64 = 15 * 1000;
/// Nonces remembered at once; a request beyond them is refused. About 17 bytes each, and 7,000 a second for ten minutes.
const MOST_NONCES: usize = 4_194_304;

/// What is asked, without the body.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The method.
    pub method: &'a str,
    /// Path and query, as they were sent.
    pub path: &'a str,
}

/// A request of the core's whose body is still to come.
#[derive(Debug)]
pub struct Announced {
    said: CoreRequest,
    nonce: Token,
}

/// Why a request is not believed. For the log: the peer is told the time and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// There is no signature, or it is none.
    Unsigned,
    /// The signature is not the core's.
    Forged,
    /// It is meant for another site.
    OtherSite,
    /// It speaks of another method, path or body.
    OtherRequest,
    /// The clocks are too far apart, or it is an old one: by how many milliseconds it is ahead.
    OtherTime(i64),
    /// It was here before.
    Repeated,
    /// More came within the window than can be remembered.
    TooMany,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned => f.write_str("it has no signature"),
            Self::Forged => f.write_str("the signature is not the core's"),
            Self::OtherSite => f.write_str("it is meant for another site"),
            Self::OtherRequest => f.write_str("the signature speaks of another request"),
            Self::OtherTime(ahead) => write!(f, "its time is {ahead} ms ahead of ours"),
            Self::Repeated => f.write_str("it was here before"),
            Self::TooMany => f.write_str("more requests came than can be remembered"),
        }
    }
}

/// A request that is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// Why.
    pub why: Why,
    /// Its nonce, if the core signed it: the answer repeats it.
    pub nonce: String,
}

/// What a site knows of its core, and which of its requests were here.
pub struct Believer {
    site: String,
    core_key: VerifyingKey,
    nonces: Mutex<Nonces>,
}

impl Believer {
    /// Believes the owner of `core_key` what he says to the site of this name.
    pub fn new(site: String, core_key: VerifyingKey) -> Self {
        Self {
            site,
            core_key,
            nonces: Mutex::new(Nonces::new(MOST_NONCES)),
        }
    }

    /// Judges a request by the value of its signature header, before its body is read. `now_ms` is this machine's time.
    ///
    /// # Errors
    /// When no body could make it believed.
    pub fn judge(&self, line: Option<&str>, asked: Asked<'_>, now_ms: i64) -> Result<Announced, Doubt> {
        let unreadable = |why| Doubt {
            why,
            nonce: String::new(),
        };
        let signed: Signed = line
            .and_then(|line| line.parse().ok())
            .ok_or_else(|| unreadable(Why::Unsigned))?;
        let said = CoreRequest::open(&signed, &self.core_key).map_err(|_| unreadable(Why::Forged))?;
        match self.fits(&said, asked, now_ms) {
            Ok(nonce) => Ok(Announced { said, nonce }),
            Err(why) => Err(Doubt::of(said, why)),
        }
    }

    /// Believes it with this body, once.
    ///
    /// # Errors
    /// When it is not to be carried out. Whether its generation is good enough is for the store to say.
    pub fn believe(&self, announced: Announced, body: &[u8], now_ms: i64) -> Result<CoreRequest, Doubt> {
        let Announced { said, nonce } = announced;
        let taken = if said.body == hash(body) {
            self.nonces().take(nonce, said.time_ms, now_ms)
        } else {
            Err(Why::OtherRequest)
        };
        match taken {
            Ok(()) => Ok(said),
            Err(why) => Err(Doubt::of(said, why)),
        }
    }

    fn fits(&self, said: &CoreRequest, asked: Asked<'_>, now_ms: i64) -> Result<Token, Why> {
        if said.site != self.site {
            return Err(Why::OtherSite);
        }
        if said.method != asked.method || said.path != asked.path {
            return Err(Why::OtherRequest);
        }
        let ahead = said.time_ms.saturating_sub(now_ms);
        if ahead.saturating_abs() > WINDOW_MS {
            return Err(Why::OtherTime(ahead));
        }
        let nonce: Token = said.nonce.parse().map_err(|_| Why::OtherRequest)?;
        self.nonces().look(nonce, said.time_ms, now_ms)?;
        Ok(nonce)
    }

    fn nonces(&self) -> MutexGuard<'_, Nonces> {
        self.nonces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Doubt {
    fn of(said: CoreRequest, why: Why) -> Self {
        Self {
            why,
            nonce: said.nonce,
        }
    }
}

fn hash(body: &[u8]) -> Hash {
    Hash::from(<[u8; 32]>::from(Sha256::digest(body)))
}

/// The nonces of the window, by the span of time that their requests are of. Half of a nonce is enough to know it by:
/// only the core can choose one, and what a chance likeness does is refuse one request in some billions.
struct Nonces {
    most: usize,
    remembered: usize,
    spans: BTreeMap<i64, HashSet<u64>>,
    /// Spans before this one were forgotten, so nothing of them is taken any more, whatever the clock does.
    forgotten: i64,
}

impl Nonces {
    fn new(most: usize) -> Self {
        Self {
            most,
            remembered: 0,
            spans: BTreeMap::new(),
            forgotten: i64::MIN,
        }
    }

    /// Whether it would be taken. Says under what it is remembered.
    fn look(&mut self, nonce: Token, time_ms: i64, now_ms: i64) -> Result<(i64, u64), Why> {
        self.forget(now_ms);
        let span = time_ms.div_euclid(SPAN_MS);
        if span < self.forgotten {
            return Err(Why::OtherTime(time_ms.saturating_sub(now_ms)));
        }
        let (half, _) = nonce.as_bytes().split_first_chunk().expect("16 bytes have eight");
        let half = u64::from_ne_bytes(*half);
        if self
            .spans
            .get(&span)
            .is_some_and(|of_span| of_span.contains(&half))
        {
            return Err(Why::Repeated);
        }
        if self.remembered >= self.most {
            return Err(Why::TooMany);
        }
        Ok((span, half))
    }

    fn take(&mut self, nonce: Token, time_ms: i64, now_ms: i64) -> Result<(), Why> {
        let (span, half) = self.look(nonce, time_ms, now_ms)?;
        self.spans.entry(span).or_default().insert(half);
        self.remembered += 1;
        Ok(())
    }

    /// Forgets spans that lie outside the window as a whole.
    fn forget(&mut self, now_ms: i64) {
        let first = now_ms.saturating_sub(WINDOW_MS).div_euclid(SPAN_MS);
        while let Some(span) = self.spans.first_entry().filter(|span| *span.key() < first) {
            self.remembered -= span.remove().len();
        }
        self.forgotten = self.forgotten.max(first);
    }
}

#[cfg(test)]
mod tests {
    use journal::SigningKey;

    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    fn believer() -> Believer {
        Believer::new("dmz1".to_owned(), key().verifying_key())
    }

    fn nonce(number: u64) -> String {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&number.to_ne_bytes());
        Token::from(bytes).to_string()
    }

    fn request(number: u64) -> CoreRequest {
        CoreRequest {
            site: "dmz1".to_owned(),
            method: "PUT".to_owned(),
            path: "/sync/v1/messages/a?b=c".to_owned(),
            body: hash(b"body"),
            time_ms: NOW,
            nonce: nonce(number),
            generation: 1,
            epoch: 1,
        }
    }

    const ASKED: Asked<'static> = Asked {
        method: "PUT",
        path: "/sync/v1/messages/a?b=c",
    };

    fn announce(believer: &Believer, request: &CoreRequest) -> Result<Announced, Doubt> {
        believer.judge(Some(&request.sign(&key()).to_string()), ASKED, NOW)
    }

    fn judge(believer: &Believer, request: &CoreRequest) -> Result<CoreRequest, Doubt> {
        believer.believe(announce(believer, request)?, b"body", NOW)
    }

    #[test]
    fn only_the_very_request_that_the_core_signed_is_believed_and_once() {
        let believer = believer();
        assert_eq!(judge(&believer, &request(1)), Ok(request(1)));
        let doubt = judge(&believer, &request(1)).unwrap_err();
        assert_eq!((doubt.why, doubt.nonce), (Why::Repeated, nonce(1)));

        let why = |change: fn(&mut CoreRequest)| {
            let mut changed = request(2);
            change(&mut changed);
            judge(&believer, &changed).unwrap_err().why
        };
        assert_eq!(why(|r| r.site = "dmz2".to_owned()), Why::OtherSite);
        assert_eq!(why(|r| r.method = "GET".to_owned()), Why::OtherRequest);
        assert_eq!(why(|r| r.path.push('d')), Why::OtherRequest);
        assert_eq!(why(|r| r.body = hash(b"another")), Why::OtherRequest);
        assert_eq!(why(|r| r.nonce = "short".to_owned()), Why::OtherRequest);
        assert_eq!(why(|r| r.time_ms += WINDOW_MS + 1), Why::OtherTime(WINDOW_MS + 1));
        assert_eq!(
            why(|r| r.time_ms -= WINDOW_MS + 1),
            Why::OtherTime(-WINDOW_MS - 1)
        );
        assert_eq!(
            judge(&believer, &request(2)),
            Ok(request(2)),
            "nothing refused used it up"
        );
    }

    #[test]
    fn what_is_wrong_is_seen_before_the_body_and_a_request_is_spent_with_it() {
        let believer = believer();
        let why = |request: &CoreRequest| announce(&believer, request).unwrap_err().why;
        let other_path = CoreRequest {
            path: "/sync/v1/messages/b".to_owned(),
            ..request(3)
        };
        assert_eq!(why(&other_path), Why::OtherRequest);
        let (first, second) = (announce(&believer, &request(3)), announce(&believer, &request(3)));
        assert!(believer.believe(first.unwrap(), b"body", NOW).is_ok());
        let repeated = believer.believe(second.unwrap(), b"body", NOW).unwrap_err();
        assert_eq!(repeated.why, Why::Repeated, "two at once are believed once");
        assert_eq!(why(&request(3)), Why::Repeated);
    }

    #[test]
    fn without_the_cores_signature_nothing_is_read() {
        let believer = believer();
        let by_another = request(1).sign(&SigningKey::from_bytes(&[8; 32])).to_string();
        for (line, why) in [
            (None, Why::Unsigned),
            (Some(""), Why::Unsigned),
            (Some("{} AAAA"), Why::Unsigned),
            (Some(by_another.as_str()), Why::Forged),
        ] {
            let doubt = believer.judge(line, ASKED, NOW).unwrap_err();
            assert_eq!((doubt.why, doubt.nonce.as_str()), (why, ""));
        }
    }

    #[test]
    fn beyond_the_bound_a_request_is_refused_and_none_is_forgotten_before_its_time() {
        let mut nonces = Nonces::new(2);
        let token = |number| nonce(number).parse::<Token>().unwrap();
        let ahead = NOW + WINDOW_MS;
        assert_eq!(nonces.take(token(1), ahead, NOW), Ok(()));
        assert_eq!(nonces.take(token(2), NOW, NOW), Ok(()));
        assert_eq!(nonces.take(token(3), NOW, NOW), Err(Why::TooMany));
        let later = NOW + WINDOW_MS + SPAN_MS;
        assert_eq!(
            nonces.take(token(3), later, later),
            Ok(()),
            "the second one's time is over"
        );
        let latest = ahead + WINDOW_MS;
        assert_eq!(nonces.take(token(1), ahead, latest), Err(Why::Repeated));
        // A clock that is set back does not bring them back.
        assert!(matches!(nonces.take(token(2), NOW, NOW), Err(Why::OtherTime(_))));
    }
}
