//! Is the audit as it was written?
//!
//! The chain is followed from its beginning, held against every signed checkpoint, and each record's personal fields
//! against the commitment in the chain. Lines that were kept elsewhere (a log server, a mailbox) can be given too:
//! they are the witness against somebody who rewrote both chain and checkpoints.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::slice::from_ref;

use journal::{
    FieldsFault, Head, Link, Redaction, Signed, SignedError, Statement as _, VerifyError, VerifyingKey,
    check_fields,
};
use sqlite::Connection;

use crate::store::audit::{Event, Kind, Side};
use crate::store::{Store, StoreError, audit, site};
use crate::worker::checkpoint::NAME;

/// Rows read at a time.
const PAGE: u32 = 1000;

/// Faults in personal fields that are named; more are counted.
const NAMED: usize = 20;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Records that stand in the chain.
    pub records: u64,
    /// Signed heads that it was held against.
    pub witnesses: usize,
    /// The last record for which a signed head vouches.
    pub witnessed: u64,
    /// What is wrong, in words; empty when nothing is.
    pub faults: Vec<String>,
}

/// Checks the whole audit. `elsewhere` are checkpoint lines that were kept outside.
pub async fn verify(store: &Store, key: VerifyingKey, elsewhere: Vec<String>) -> Result<Report, StoreError> {
    store.read(move |c| check(c, &key, &elsewhere)).await
}

fn check(c: &Connection, key: &VerifyingKey, elsewhere: &[String]) -> Result<Report, StoreError> {
    let mut faults = Vec::new();
    let kept = audit::checkpoints(c)?;
    let mut witnesses = Vec::with_capacity(kept.len() + elsewhere.len());
    for line in kept.iter().chain(elsewhere) {
        match witness(line, key) {
            Ok(link) => witnesses.push(link),
            Err(wrong) => faults.push(format!("a checkpoint is not to be believed: {wrong}")),
        }
    }
    for (site, line) in site::witnesses(c)? {
        match witness(&line, key) {
            Ok(link) => {
                if !audit::has(c, link)? {
                    faults.push(format!(
                        "the site {site} keeps a checkpoint of record {} that does not fit",
                        link.seq
                    ));
                }
                witnesses.push(link);
            }
            Err(wrong) => faults.push(format!(
                "the checkpoint that the site {site} kept is not to be believed: {wrong}"
            )),
        }
    }
    let (redacted, wrong) = Redacted::read(c, key)?;
    faults.extend(wrong);
    let fields = RefCell::new(FieldFaults::new(redacted));
    let records = Rows {
        c,
        after: 0,
        page: VecDeque::new(),
    }
    .map(|row| {
        let row = row?;
        fields.borrow_mut().look(&row);
        Ok(row.record)
    });
    match journal::verify(audit::start(), records, &witnesses) {
        Ok(_) => {}
        Err(VerifyError::Broken(broken)) => faults.push(broken.to_string()),
        Err(VerifyError::Unread(error)) => return Err(error),
    }
    faults.extend(fields.into_inner().told());
    Ok(Report {
        records: audit::end(c)?.seq,
        witnesses: witnesses.len(),
        witnessed: witnesses.iter().map(|link| link.seq).max().unwrap_or(0),
        faults,
    })
}

/// What a checkpoint line vouches for, if it is the core's own.
fn witness(line: &str, key: &VerifyingKey) -> Result<Link, String> {
    let signed: Signed = line.parse().map_err(|error: SignedError| error.to_string())?;
    let head = Head::open(&signed, key).map_err(|error| error.to_string())?;
    if head.name != NAME {
        return Err(format!("it speaks of the chain of {:?}", head.name));
    }
    Ok(head.link())
}

/// What redactions of the core's own say was erased.
struct Redacted {
    names: Redaction,
    addresses: Redaction,
}

impl Redacted {
    /// All redactions of each kind as one, and what is wrong with those that are not to be believed.
    fn read(c: &Connection, key: &VerifyingKey) -> Result<(Self, Vec<String>), StoreError> {
        let (mut names, mut addresses, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
        for seq in audit::redactions(c)? {
            match redaction(audit::record(c, seq)?, seq, key) {
                Ok(Redaction { name, stretches, .. }) if name == Kind::Names.name() => {
                    names.extend(stretches);
                }
                Ok(Redaction { name, stretches, .. }) if name == Kind::Addresses.name() => {
                    addresses.extend(stretches);
                }
                Ok(other) => wrong.push(format!(
                    "record {seq} erases rows of {:?}, which is not ours",
                    other.name
                )),
                Err(why) => wrong.push(format!(
                    "record {seq} is not to be believed as a redaction: {why}"
                )),
            }
        }
        let redacted = Self {
            names: together(names),
            addresses: together(addresses),
        };
        Ok((redacted, wrong))
    }
}

/// The redaction that stands in a record. It can only speak of what was there before it.
fn redaction(record: Option<Vec<u8>>, seq: u64, key: &VerifyingKey) -> Result<Redaction, String> {
    let record = record.ok_or("there is no such record")?;
    let record: audit::Record = serde_json::from_slice(&record).map_err(|error| error.to_string())?;
    let Event::Redacted { signed } = record.event else {
        return Err("it is another event".to_owned());
    };
    let signed: Signed = signed.parse().map_err(|error: SignedError| error.to_string())?;
    let redaction = Redaction::open(&signed, key).map_err(|error| error.to_string())?;
    if redaction.stretches.iter().any(|&(_, last)| last >= seq) {
        return Err("it speaks of later records".to_owned());
    }
    Ok(redaction)
}

/// Stretches as one redaction with as few as possible, so that a year of them is looked up as fast as one.
fn together(mut stretches: Vec<(u64, u64)>) -> Redaction {
    stretches.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::new();
    for (first, last) in stretches {
        match merged.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => merged.push((first, last)),
        }
    }
    Redaction {
        stretches: merged,
        ..Redaction::of("", 0, [], "", 0)
    }
}

/// All rows, a page at a time.
struct Rows<'c> {
    c: &'c Connection,
    after: u64,
    page: VecDeque<audit::Row>,
}

impl Iterator for Rows<'_> {
    type Item = Result<audit::Row, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.is_empty() {
            match audit::after(self.c, self.after, PAGE) {
                Ok(page) => self.page = page.into(),
                Err(error) => return Some(Err(error)),
            }
        }
        let row = self.page.pop_front()?;
        self.after = row.record.seq;
        Some(Ok(row))
    }
}

/// Faults of personal fields, the first ones by name.
struct FieldFaults {
    redacted: Redacted,
    named: Vec<String>,
    more: usize,
}

impl FieldFaults {
    fn new(redacted: Redacted) -> Self {
        Self {
            redacted,
            named: Vec::new(),
            more: 0,
        }
    }

    fn look(&mut self, row: &audit::Row) {
        let seq = row.record.seq;
        // A record that cannot be read is a break of the chain, which is reported as such.
        let Ok(record) = serde_json::from_slice::<audit::Record>(&row.record.event) else {
            return;
        };
        let names = row.names.as_ref().map(Side::row);
        self.note(check_fields(
            seq,
            &record.personal,
            names,
            from_ref(&self.redacted.names),
        ));
        if let Some(source) = &record.source {
            let side = row.source.as_ref().map(Side::row);
            self.note(check_fields(
                seq,
                source,
                side,
                from_ref(&self.redacted.addresses),
            ));
        }
    }

    fn note(&mut self, checked: Result<(), FieldsFault>) {
        match checked {
            Ok(()) => {}
            Err(fault) if self.named.len() < NAMED => self.named.push(fault.to_string()),
            Err(_) => self.more += 1,
        }
    }

    fn told(self) -> Vec<String> {
        let more = (self.more > 0)
            .then(|| format!("and {} more records whose personal fields do not fit", self.more));
        self.named.into_iter().chain(more).collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;
    use crate::keys::OsRandomness;
    use crate::store::audit::{Entry, Personal};

    fn key() -> journal::SigningKey {
        journal::SigningKey::from_bytes(&[7; 32])
    }

    /// A chain of five with a checkpoint at the third.
    async fn filled(folder: &std::path::Path) -> String {
        let store = Store::open(folder).unwrap();
        let line = store
            .write(|c| {
                let mut line = String::new();
                for number in 1..=5_u8 {
                    let entry = Entry {
                        event: Event::Freeze { frozen: true },
                        reference: format!("R{number}"),
                        through: "core".to_owned(),
                        personal: Personal {
                            name: Some("alice".to_owned()),
                            ..Personal::default()
                        },
                        salt: domain::clock::random_bytes(&OsRandomness),
                    };
                    audit::append(c, &entry, Timestamp(i64::from(number)))?;
                    if number == 3 {
                        line = Head::of(NAME, 1, audit::end(c)?, 3).sign(&key()).to_string();
                        audit::insert_checkpoint(c, 3, &line)?;
                    }
                }
                Ok(line)
            })
            .await
            .unwrap();
        store.database().close().await;
        line
    }

    async fn report_after(sql: &str, elsewhere: &[String]) -> Report {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path()).await;
        Connection::open(folder.path().join("core.db"))
            .unwrap()
            .execute_batch(sql)
            .unwrap();
        let store = Store::open(folder.path()).unwrap();
        let report = verify(&store, key().verifying_key(), elsewhere.to_vec())
            .await
            .unwrap();
        store.database().close().await;
        report
    }

    #[tokio::test]
    async fn an_untouched_audit_has_no_fault() {
        let report = report_after("", &[]).await;
        assert_eq!(
            report,
            Report {
                records: 5,
                witnesses: 1,
                witnessed: 3,
                faults: vec![]
            }
        );
    }

    #[tokio::test]
    async fn one_flipped_byte_is_found_and_named() {
        let report = report_after(
            "UPDATE audit SET record = CAST(replace(CAST(record AS TEXT), 'R2', 'R9') AS BLOB) WHERE seq = 2",
            &[],
        )
        .await;
        assert_eq!(report.faults, ["record 2 was changed"]);
    }

    #[tokio::test]
    async fn changed_and_missing_personal_fields_are_found() {
        let report = report_after(
            "UPDATE audit_personal SET fields = CAST('{\"name\":\"bob\"}' AS BLOB) WHERE seq = 4;
             DELETE FROM audit_personal WHERE seq = 5",
            &[],
        )
        .await;
        assert_eq!(report.faults.len(), 2, "{:?}", report.faults);
        assert!(report.faults[0].contains("record 4 were changed"));
        assert!(report.faults[1].contains("record 5 are missing"));
    }

    #[tokio::test]
    async fn a_line_kept_elsewhere_tells_that_the_end_was_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let line = filled(folder.path()).await;
        let report = report_after(
            "DELETE FROM audit_personal WHERE seq > 2; DELETE FROM audit WHERE seq > 2; DELETE FROM checkpoint",
            &[line],
        )
        .await;
        assert_eq!(report.faults.len(), 1, "{:?}", report.faults);
    }

    #[tokio::test]
    async fn a_forged_checkpoint_is_not_believed() {
        let other = journal::SigningKey::from_bytes(&[8; 32]);
        let forged = Head::of(NAME, 1, audit::start().end(), 1)
            .sign(&other)
            .to_string();
        let report = report_after("", &[forged]).await;
        assert_eq!(
            report.faults,
            ["a checkpoint is not to be believed: the signature does not fit"]
        );
    }
}
