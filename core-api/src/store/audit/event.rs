//! What can stand in the audit.

use domain::Method;
use domain::message::Ending;
use domain::policy::{Action, Purpose};
use journal::Commitment;
use serde::{Deserialize, Serialize};

/// One record, as it is chained. Nothing in it names a person: whoever did or suffered it, and from where, stands in
/// side rows, which can be redacted without breaking the chain.
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
    /// Vouches for the side row with names.
    pub personal: Commitment,
    /// Vouches for the side row with the visitor's address, where there was a visitor.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<Commitment>,
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
    /// Beginnings that were refused, many of them in one record.
    BeginningsRefused {
        /// Why.
        why: WhyNotBegun,
        /// How many since the last such record, or since the start.
        count: u64,
    },
    /// A recovery was ended at the person's wish.
    Cancelled {
        /// What it was for.
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
    /// The certificate of a portal was renewed.
    CertificateRenewed,
    /// Somebody read the audit.
    AuditRead {
        /// In which way.
        how: Reading,
        /// From the record after this one on.
        after: u64,
    },
    /// Side rows were erased.
    Redacted {
        /// Which and why: a signed [`journal::Redaction`], as the text that was signed.
        signed: String,
    },
    /// Failures at many accounts within an hour.
    Sprayed {
        /// Where they came from.
        across: Across,
        /// At how many accounts.
        accounts: u32,
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
    /// An operator has seen a site's alarms.
    SiteAcknowledged,
    /// A site made a request for a new public certificate.
    SiteCertificateRequested {
        /// SHA-256 of the request as it is written to a file, in hexadecimal.
        sha256: String,
    },
    /// A chain for a site's public certificate is brought there.
    SiteCertificateBrought {
        /// SHA-256 of the chain's file, in hexadecimal.
        sha256: String,
        /// Its last moment, in milliseconds since the Unix epoch.
        until: i64,
    },
    /// The site took it into use.
    SiteCertificateRenewed {
        /// SHA-256 of the chain's file, in hexadecimal.
        sha256: String,
    },
    /// A site gave an alarm.
    SiteAlarm {
        /// What is wrong, in one word.
        what: String,
        /// The message or page that it is about, or nothing.
        subject: String,
    },
    /// A one-time message was handed in.
    MessageSent {
        /// The message, by its id.
        message: String,
        /// The site that shall hold it.
        site: String,
        /// When it ends, in milliseconds since the Unix epoch.
        expires_at: i64,
        /// How often it may be opened.
        readings: u32,
        /// Whether a passphrase is needed.
        passphrase: bool,
        /// Whether the core mails the link.
        mailed: bool,
        /// How large its ciphertext is, in bytes.
        size: u64,
    },
    /// Outsiders were asked to put something into a drop box.
    DropRequested {
        /// The request, by its id.
        request: String,
        /// The site that shall hold it.
        site: String,
        /// When it ends, in milliseconds since the Unix epoch.
        expires_at: i64,
    },
    /// Something came in by a drop box.
    DropArrived {
        /// The request, by its id.
        request: String,
        /// How large it is, in bytes.
        size: u64,
    },
    /// A drop box is over, and nobody opened what may have come in.
    DropEnded {
        /// The request, by its id.
        request: String,
        /// `expired`, `damaged` or `lost`.
        how: String,
    },
    /// What came in was opened, or cannot be.
    DropOpened {
        /// The request, by its id.
        request: String,
        /// Whether it could be opened.
        readable: bool,
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

/// Why a recovery did not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhyNotBegun {
    /// Too many had begun from one source.
    TooMany,
    /// The portal is paused.
    Paused,
}

/// How somebody read the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// He wrote it out.
    Export,
    /// He had it checked.
    Verify,
}

/// Over what failures are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Across {
    /// One network: an IPv4 /24, an IPv6 /48.
    Network,
    /// Everything.
    All,
    /// One portal, and only at accounts that exist.
    Portal,
}
