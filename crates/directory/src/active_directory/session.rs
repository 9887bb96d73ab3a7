//! Searches and writes on one connection of the service account.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};

use ldap3::controls::RawControl;
use ldap3::result::LdapResult;
use ldap3::{Ldap, LdapError, Mod, Scope, SearchOptions};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OwnedSemaphorePermit;
use zeroize::Zeroizing;

use crate::active_directory::entry::Entry;
use crate::active_directory::fault::Fault;
use crate::active_directory::limits;
use crate::active_directory::pool::{Lent, Pool};
use crate::error::DirectoryError;

/// `LDAP_SERVER_POLICY_HINTS_OID`: holds a reset to the password history (MS-ADTS 3.1.1.3.4.1.27).
pub(super) const POLICY_HINTS: &str = "1.2.840.113556.1.4.2239";
/// SEQUENCE { INTEGER 1 }.
const POLICY_HINTS_VALUE: [u8; 5] = [0x30, 0x03, 0x02, 0x01, 0x01];

/// Size limit exceeded: what was asked for is there, and more (RFC 4511 A.2).
const SIZE_LIMIT: u32 = 4;

/// A connection for the length of one operation of the port.
pub(super) struct Session<'a> {
    pool: &'a Pool,
    lent: Lent,
    _turn: OwnedSemaphorePermit,
}

/// A part of a write. The value is wiped when it is dropped; the library's copies on the way to the socket
/// cannot be.
#[derive(PartialEq, Eq)]
pub(super) struct Value(Zeroizing<Vec<u8>>);

impl Value {
    fn plain(text: &str) -> Self {
        Self(Zeroizing::new(text.as_bytes().to_vec()))
    }

    /// `unicodePwd` takes the password in double quotes, as UTF-16LE (MS-ADTS 3.1.1.3.1.5.1).
    fn password(password: &SecretString) -> Self {
        let password = password.expose_secret();
        // Reserved in one piece: a vector that grows leaves copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 * password.len() + 4));
        for unit in std::iter::once(u16::from(b'"'))
            .chain(password.encode_utf16())
            .chain([u16::from(b'"')])
        {
            bytes.extend_from_slice(&unit.to_le_bytes());
        }
        Self(bytes)
    }
}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_slice().hash(state);
    }
}

impl AsRef<[u8]> for Value {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// One change of one attribute.
pub(super) type Change = Mod<Value>;

pub(super) fn set(attribute: &str, value: &str) -> Change {
    Mod::Replace(Value::plain(attribute), HashSet::from([Value::plain(value)]))
}

pub(super) fn set_password(new: &SecretString) -> Change {
    Mod::Replace(Value::plain("unicodePwd"), HashSet::from([Value::password(new)]))
}

/// What proves the old password and sets the new one.
pub(super) fn swap_password(old: &SecretString, new: &SecretString) -> [Change; 2] {
    [
        Mod::Delete(Value::plain("unicodePwd"), HashSet::from([Value::password(old)])),
        Mod::Add(Value::plain("unicodePwd"), HashSet::from([Value::password(new)])),
    ]
}

impl<'a> Session<'a> {
    pub(super) async fn open(pool: &'a Pool) -> Result<Self, DirectoryError> {
        let turn = pool.turn().await;
        Ok(Self {
            pool,
            lent: pool.lend().await?,
            _turn: turn,
        })
    }

    /// The entry with that name; `None` when it is not there.
    pub(super) async fn entry(
        &mut self,
        dn: &str,
        attributes: &[&str],
    ) -> Result<Option<Entry>, DirectoryError> {
        match self
            .search(dn, Scope::Base, "(objectClass=*)", attributes, 0)
            .await
        {
            Ok(mut found) => Ok(found.pop()),
            Err(DirectoryError::NotFound) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// The entries that fit, at most `most` (zero: all).
    ///
    /// A controller closes connections that were idle for long, so on one that was kept from before a lost
    /// connection is tried again, once, on a fresh one.
    pub(super) async fn search(
        &mut self,
        base: &str,
        scope: Scope,
        filter: &str,
        attributes: &[&str],
        most: i32,
    ) -> Result<Vec<Entry>, DirectoryError> {
        let query = Query {
            base: base.to_owned(),
            scope,
            filter: filter.to_owned(),
            attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
            most,
        };
        match self.run(&query).await {
            Err(Lost::Closed(_)) if self.lent.is_used => {
                self.pool.forget();
                self.lent = self.pool.lend().await?;
                self.run(&query).await.map_err(|lost| self.failed(lost))
            }
            other => other.map_err(|lost| self.failed(lost)),
        }?
    }

    async fn run(&self, query: &Query) -> Result<Result<Vec<Entry>, DirectoryError>, Lost> {
        let (ldap, query) = (self.lent.ldap.clone(), query.clone());
        // In a task of its own: the library panics on answers that it cannot read.
        let task = self
            .pool
            .dialer()
            .runtime()
            .spawn(async move { query.run(ldap).await });
        match task.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error @ LdapError::Timeout { .. })) => Err(Lost::Silent(error.to_string())),
            Ok(Err(error)) => Err(Lost::Closed(error.to_string())),
            Err(_) => Err(Lost::Silent("an answer that cannot be read".to_owned())),
        }
    }

    fn failed(&self, lost: Lost) -> DirectoryError {
        self.pool.discard(&self.lent);
        let (Lost::Closed(why) | Lost::Silent(why)) = lost;
        self.pool.dialer().unavailable(&why)
    }

    /// Sends one modify, all or nothing, and waits for its answer. From here on silence means that nobody
    /// knows what happened.
    pub(super) async fn modify(
        self,
        dn: String,
        changes: Vec<Change>,
        hints: bool,
    ) -> Result<(), DirectoryError> {
        let mut ldap = self.lent.ldap.clone();
        let write = async move {
            ldap.with_timeout(limits::WRITE);
            if hints {
                let (ctype, val) = (POLICY_HINTS.to_owned(), Some(POLICY_HINTS_VALUE.to_vec()));
                ldap.with_controls(RawControl {
                    ctype,
                    crit: true,
                    val,
                });
            }
            ldap.modify(&dn, changes).await
        };
        // In a task of its own: a caller that goes away must not cut it short.
        let said = |what: &str| self.pool.dialer().said(what);
        match self.pool.dialer().runtime().spawn(write).await {
            Ok(Ok(LdapResult { rc: 0, .. })) => Ok(()),
            Ok(Ok(refused)) => Err(Fault::of(&refused).error()),
            Ok(Err(error @ LdapError::OpSend { .. })) => {
                self.pool.discard(&self.lent);
                Err(DirectoryError::Unavailable(said(&error.to_string())))
            }
            Ok(Err(error)) => {
                self.pool.discard(&self.lent);
                Err(DirectoryError::OutcomeUnknown(said(&error.to_string())))
            }
            Err(_) => {
                self.pool.discard(&self.lent);
                Err(DirectoryError::OutcomeUnknown(said(
                    "an answer that cannot be read",
                )))
            }
        }
    }
}

/// Why a search has no answer.
enum Lost {
    /// The connection is closed.
    Closed(String),
    /// The controller is silent, or talks nonsense.
    Silent(String),
}

#[derive(Clone)]
struct Query {
    base: String,
    scope: Scope,
    filter: String,
    attributes: Vec<String>,
    most: i32,
}

impl Query {
    async fn run(self, mut ldap: Ldap) -> Result<Result<Vec<Entry>, DirectoryError>, LdapError> {
        ldap.with_timeout(limits::SEARCH)
            .with_search_options(SearchOptions::new().sizelimit(self.most));
        let found = ldap
            .search(&self.base, self.scope, &self.filter, self.attributes)
            .await?;
        if found.1.rc != 0 && found.1.rc != SIZE_LIMIT {
            return Ok(Err(Fault::of(&found.1).error()));
        }
        Ok(Ok(found.0.into_iter().filter_map(Entry::parse).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_quoted_and_little_endian() {
        let value = Value::password(&"ż\"1".into());
        assert_eq!(value.as_ref(), [0x22, 0, 0x7c, 0x01, 0x22, 0, 0x31, 0, 0x22, 0]);
    }
}
