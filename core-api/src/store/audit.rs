//! The audit: what was meant, what came of it, in a hash chain. Names and addresses stand aside.

use domain::message::Ending;
use domain::policy::{Action, Purpose};
use domain::{AccountId, Method, OperationId, Timestamp};
use journal::{Chain, Commitment, Hash, Link};
use serde::{Deserialize, Serialize};
use sqlite::{Connection, OptionalExtension};

use super::{StoreError, call};

/// Names this chain, so that its records fit into no other.
const ORIGIN: &[u8] = b"core";

/// One record, as it is chained. Nothing in it names a person: whoever did or suffered it stands in the side
/// row, which can be redacted without breaking the chain.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// When, in milliseconds since the Unix epoch.
    pub at: i64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// Joins the record with the logs and with what the person was shown.
    pub reference: String,
    /// The portal that it came through, or `console`, `command`, `core`.
    pub through: String,
    /// Vouches for the side row.
    pub personal: Commitment,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A recovery began.
    Begun {
        /// What for.
        purpose: Purpose,
    },
    /// The directory said whom the identifier means.
    Resolved {
        /// An account under a policy, or a reason why nobody can recover with it.
        found: Found,
    },
    /// A code was sent, or silently not.
    CodeSent {
        /// By which method.
        method: Method,
        /// What became of it.
        result: Sending,
    },
    /// A proof was judged.
    Proof {
        /// By which method.
        method: Method,
        /// Whether it was right.
        correct: bool,
        /// Why a wrong one was wrong, for the operator.
        why: Option<WhyWrong>,
    },
    /// An action was refused before the directory was asked.
    Refused {
        /// Which.
        action: Action,
        /// Why.
        why: String,
    },
    /// The directory is about to be asked.
    Intent {
        /// To do what.
        action: Action,
        /// The operation.
        operation: String,
        /// The policy that allows it.
        policy: String,
    },
    /// What came of it.
    Outcome {
        /// What was asked.
        action: Action,
        /// The operation.
        operation: String,
        /// What came of it.
        result: String,
        /// Found out later by reading back.
        settled_later: bool,
    },
    /// A factor was set up, confirmed, removed.
    Factor {
        /// By which method.
        method: Method,
        /// What happened to it.
        change: FactorChange,
    },
    /// An invitation was made or used.
    Invitation {
        /// Which of the two.
        used: bool,
    },
    /// Self-service of an account was stopped or allowed again.
    Freeze {
        /// Which of the two.
        frozen: bool,
    },
    /// A portal was paused or allowed again.
    Pause {
        /// Which of the two.
        paused: bool,
    },
    /// A mail could not be delivered in its time.
    MailGivenUp {
        /// What it was.
        kind: String,
    },
    /// A message was opened.
    MessageOpened {
        /// Which, as in its link.
        message: String,
        /// How often it may still be opened.
        readings_left: u32,
    },
    /// A message was locked after too many wrong passphrases.
    MessageLocked {
        /// Which, as in its link.
        message: String,
    },
    /// A message came to its end.
    MessageEnded {
        /// Which, as in its link.
        message: String,
        /// How.
        how: Ending,
    },
    /// Something is to be done to a message.
    MessageOrdered {
        /// Which, as in its link.
        message: String,
        /// What: revoke, extend, unlock, destroy.
        order: String,
    },
    /// A site was paired, or began a new epoch.
    SiteEpoch {
        /// Which epoch.
        epoch: u64,
    },
    /// A site was retired.
    SiteRetired,
    /// A site gave an alarm.
    SiteAlarm {
        /// What is wrong, in one word.
        what: String,
        /// The message that it is about, or nothing.
        subject: String,
    },
    /// The core started.
    Started {
        /// Its version.
        version: String,
    },
}

/// Whom an identifier means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// An account under a policy.
    Account,
    /// No account.
    Unknown,
    /// Two accounts.
    Ambiguous,
    /// An account that the service account cannot read whole.
    Unreadable,
    /// No policy allows this account this purpose.
    NoPolicy,
    /// No person owns it.
    NotAPerson,
    /// Its owner or the helpdesk stopped self-service.
    Frozen,
}

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sending {
    /// It was queued.
    Queued,
    /// The account has no verified address that counts.
    NoAddress,
    /// Too many were sent.
    Limited,
    /// The recovery was over, or somebody had asked anew.
    Overtaken,
    /// The identifier means nobody who may recover.
    Nobody,
    /// Self-service of the account is stopped.
    Frozen,
    /// The policy of this account does not take it at this step.
    NotTaken,
}

/// Why a proof was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhyWrong {
    /// It is not the code.
    Mismatch,
    /// Nothing is enrolled or was sent that it could match.
    NothingToMatch,
    /// The budget is used up, so it was not looked at.
    BudgetUsedUp,
    /// It was used before.
    Replayed,
    /// The password that belongs to it is wrong.
    WrongPassword,
    /// The password could not be tried.
    PasswordNotTried,
    /// The policy of this account does not take it here, or there is no account.
    NotTaken,
}

/// What happened to a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FactorChange {
    /// It was begun and awaits its confirmation.
    Begun,
    /// It was confirmed.
    Confirmed,
    /// It was removed.
    Removed,
}

/// The personal fields of a record. They stand beside the chain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personal {
    /// The account, by its objectGUID.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub account: Option<String>,
    /// The account's name, or what was typed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// The visitor's address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<String>,
    /// Who did it, where it was not the owner himself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub operator: Option<String>,
}

impl Personal {
    /// An account and what is known about the visitor.
    pub fn of(account: Option<AccountId>, name: &str, source: &str) -> Self {
        Self {
            account: account.map(|id| id.to_string()),
            name: Some(name.to_owned()),
            source: Some(source.to_owned()),
            operator: None,
        }
    }
}

/// An entry that is to be appended.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What happened.
    pub event: Event,
    /// The reference of the request.
    pub reference: String,
    /// Through what.
    pub through: String,
    /// Whom it concerns.
    pub personal: Personal,
    /// A fresh random salt for the side row.
    pub salt: [u8; 32],
}

/// An operation's id as it stands in records.
pub fn operation_text(id: OperationId) -> String {
    data_encoding::HEXLOWER.encode(&id.0)
}

/// Appends an entry to the chain.
pub fn append(c: &Connection, entry: &Entry, now: Timestamp) -> Result<u64, StoreError> {
    call!("audit.append");
    let fields = serde_json::to_vec(&entry.personal)?;
    let record = Record {
        at: now.0,
        event: entry.event.clone(),
        reference: entry.reference.clone(),
        through: entry.through.clone(),
        personal: Commitment::to(&entry.salt, &fields),
    };
    let bytes = serde_json::to_vec(&record)?;
    let link = Chain::resume(end(c)?).append(&bytes);
    c.prepare_cached("INSERT INTO audit (seq, at, record, hash) VALUES (?1, ?2, ?3, ?4)")?
        .execute((link.seq, now.0, bytes, link.hash.as_bytes()))?;
    c.prepare_cached("INSERT INTO audit_personal (seq, salt, fields) VALUES (?1, ?2, ?3)")?
        .execute((link.seq, entry.salt, fields))?;
    Ok(link.seq)
}

/// Where the chain ends.
pub fn end(c: &Connection) -> Result<Link, StoreError> {
    let last = c
        .prepare_cached("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get::<_, [u8; 32]>(1)?)))
        .optional()?;
    Ok(last.map_or_else(
        || start().end(),
        |(seq, hash)| Link {
            seq,
            hash: Hash::from(hash),
        },
    ))
}

/// Where the chain begins.
pub fn start() -> Chain {
    Chain::begin(ORIGIN)
}

/// A record as it stands in the table, with its side row if it was not redacted.
#[derive(Debug, Clone)]
pub struct Row {
    /// The chained part.
    pub record: journal::Record,
    /// Salt and fields.
    pub side: Option<([u8; 32], Vec<u8>)>,
}

/// Up to `most` rows after `after`, in order.
pub fn after(c: &Connection, after: u64, most: u32) -> Result<Vec<Row>, StoreError> {
    let mut statement = c.prepare_cached(
        "SELECT audit.seq, record, hash, salt, fields FROM audit LEFT JOIN audit_personal USING (seq)
         WHERE audit.seq > ?1 ORDER BY audit.seq LIMIT ?2",
    )?;
    let rows = statement.query_map((after, most), |row| {
        let salt: Option<[u8; 32]> = row.get(3)?;
        let fields: Option<Vec<u8>> = row.get(4)?;
        Ok(Row {
            record: journal::Record {
                seq: row.get(0)?,
                event: row.get(1)?,
                hash: Hash::from(row.get::<_, [u8; 32]>(2)?),
            },
            side: salt.zip(fields),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Keeps a signed checkpoint of the chain's end.
pub fn insert_checkpoint(c: &Connection, seq: u64, line: &str) -> Result<(), StoreError> {
    c.prepare_cached("INSERT INTO checkpoint (seq, line) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute((seq, line))?;
    Ok(())
}

/// The hash of a record; `None` if it is not here.
pub fn hash_at(c: &Connection, seq: u64) -> Result<Option<Hash>, StoreError> {
    let hash = c
        .prepare_cached("SELECT hash FROM audit WHERE seq = ?1")?
        .query_row([seq], |row| row.get::<_, [u8; 32]>(0))
        .optional()?;
    Ok(hash.map(Hash::from))
}

/// The latest checkpoint.
pub fn latest_checkpoint(c: &Connection) -> Result<Option<String>, StoreError> {
    Ok(
        c.prepare_cached("SELECT line FROM checkpoint ORDER BY seq DESC LIMIT 1")?
            .query_row([], |row| row.get(0))
            .optional()?,
    )
}

/// All checkpoints, oldest first.
pub fn checkpoints(c: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = c.prepare_cached("SELECT line FROM checkpoint ORDER BY seq")?;
    Ok(statement
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?)
}

/// The number that the last checkpoint stands for.
pub fn last_checkpoint(c: &Connection) -> Result<u64, StoreError> {
    Ok(
        c.query_row("SELECT coalesce(max(seq), 0) FROM checkpoint", [], |row| {
            row.get(0)
        })?,
    )
}
