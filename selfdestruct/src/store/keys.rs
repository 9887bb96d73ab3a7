//! Data keys: each ciphertext lies under a random key of its own, and is unreadable once that is gone. The only place
//! that uses `aes-gcm`; what is inside stays an envelope, which no key of a site opens.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use journal::{Hash, Link, SigningKey};
use sqlite::{Connection, OptionalExtension};
use zeroize::Zeroizing;

use super::Garbled;
use crate::given::{Randomness, random_bytes};
use crate::site::SiteError;

/// A data key. It does not print itself.
pub(crate) struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    /// A fresh one.
    pub(crate) fn random(randomness: &dyn Randomness) -> Self {
        Self(Zeroizing::new(random_bytes(randomness)))
    }

    /// Locks pieces of the thing with this id.
    pub(crate) fn cipher(&self, id: &[u8; 16]) -> Cipher {
        let cipher = Aes256Gcm::new(&(*self.0).into());
        Cipher { cipher, id: *id }
    }
}

/// Locks and unlocks the pieces of one thing. The key is its own, so a piece's number is nonce enough.
pub(crate) struct Cipher {
    cipher: Aes256Gcm,
    id: [u8; 16],
}

impl Cipher {
    /// Locks a piece.
    pub(crate) fn lock(&self, number: u16, bytes: &[u8]) -> Vec<u8> {
        self.cipher
            .encrypt(
                &nonce(number),
                Payload {
                    msg: bytes,
                    aad: &self.id,
                },
            )
            .expect("a piece is far below the limit of AES-GCM")
    }

    /// Unlocks it.
    pub(crate) fn unlock(&self, number: u16, bytes: &[u8]) -> Result<Vec<u8>, Garbled> {
        self.cipher
            .decrypt(
                &nonce(number),
                Payload {
                    msg: bytes,
                    aad: &self.id,
                },
            )
            .map_err(|_| Garbled)
    }
}

fn nonce(number: u16) -> Nonce<aes_gcm::aead::consts::U12> {
    let mut nonce = [0; 12];
    nonce[10..].copy_from_slice(&number.to_be_bytes());
    Nonce::from(nonce)
}

/// Keeps a row's key.
pub(crate) fn insert(c: &Connection, row: i64, key: &DataKey) -> Result<(), SiteError> {
    c.prepare_cached("INSERT INTO data_key (row, key) VALUES (?1, ?2)")?
        .execute((row, key.0.as_slice()))?;
    Ok(())
}

/// A row's key, unless it is erased.
pub(crate) fn get(c: &Connection, row: i64) -> Result<Option<DataKey>, SiteError> {
    let key = c
        .prepare_cached("SELECT key FROM data_key WHERE row = ?1")?
        .query_row([row], |found| found.get::<_, [u8; 32]>(0))
        .optional()?;
    Ok(key.map(|key| DataKey(Zeroizing::new(key))))
}

/// Erases the keys of these rows; says how many there were.
pub(crate) fn erase(c: &Connection, rows: &[i64]) -> Result<usize, SiteError> {
    let mut erase = c.prepare_cached("DELETE FROM data_key WHERE row = ?1")?;
    let mut erased = 0;
    for row in rows {
        erased += erase.execute([row])?;
    }
    Ok(erased)
}

/// Erases every data key, and forgets how far the chain was.
pub(crate) fn erase_all(c: &Connection) -> Result<(), SiteError> {
    c.execute("DELETE FROM data_key", [])?;
    c.execute("DELETE FROM anchor", [])?;
    Ok(())
}

/// Up to `most` rows after `after` and not beyond `last` that have a key.
pub(crate) fn rows(c: &Connection, after: i64, last: i64, most: u32) -> Result<Vec<i64>, SiteError> {
    let mut rows =
        c.prepare_cached("SELECT row FROM data_key WHERE row > ?1 AND row <= ?2 ORDER BY row LIMIT ?3")?;
    let rows = rows.query_map((after, last, most), |found| found.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The highest row with a key.
pub(crate) fn last_row(c: &Connection) -> Result<i64, SiteError> {
    Ok(
        c.query_row("SELECT coalesce(max(row), 0) FROM data_key", [], |found| {
            found.get(0)
        })?,
    )
}

/// Keeps what the site signs with in an epoch.
pub(crate) fn insert_signing(c: &Connection, epoch: u64, key: &SigningKey) -> Result<(), SiteError> {
    let bytes = key.to_bytes();
    c.execute(
        "INSERT INTO signing_key (epoch, key) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET key = ?2",
        (epoch, bytes.as_slice()),
    )?;
    Ok(())
}

/// What the site signs with in an epoch.
pub(crate) fn signing(c: &Connection, epoch: u64) -> Result<Option<SigningKey>, SiteError> {
    let bytes = c
        .query_row("SELECT key FROM signing_key WHERE epoch = ?1", [epoch], |found| {
            found.get::<_, [u8; 32]>(0)
        })
        .optional()?;
    Ok(bytes.map(|bytes| SigningKey::from_bytes(&Zeroizing::new(bytes))))
}

/// Forgets what it signed with in other epochs.
pub(crate) fn forget_signing_but(c: &Connection, epoch: u64) -> Result<(), SiteError> {
    c.execute("DELETE FROM signing_key WHERE epoch <> ?1", [epoch])?;
    Ok(())
}

/// Remembers that the chain has reached this place.
pub(crate) fn set_anchor(c: &Connection, epoch: u64, link: Link) -> Result<(), SiteError> {
    c.prepare_cached(
        "INSERT INTO anchor (one, epoch, seq, hash) VALUES (1, ?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET epoch = ?1, seq = ?2, hash = ?3",
    )?
    .execute((epoch, link.seq, link.hash.as_bytes()))?;
    Ok(())
}

/// The epoch and the place in it that the chain had reached at least.
pub(crate) fn anchor(c: &Connection) -> Result<Option<(u64, Link)>, SiteError> {
    let anchor = c
        .query_row("SELECT epoch, seq, hash FROM anchor", [], |found| {
            let hash = Hash::from(found.get::<_, [u8; 32]>(2)?);
            Ok((
                found.get(0)?,
                Link {
                    seq: found.get(1)?,
                    hash,
                },
            ))
        })
        .optional()?;
    Ok(anchor)
}
