//! The audit for people who judge it: as lines of JSON that can be checked again, or as a table.

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlite::Connection;

use crate::store::audit::{Personal, Record};
use crate::store::{StoreError, audit};

/// One record of the audit on its way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// Its number.
    pub seq: u64,
    /// Its hash, hexadecimal.
    pub hash: String,
    /// The chained part: exactly the bytes that were hashed, so that whoever gets them can follow the chain.
    pub record: String,
    /// The personal fields; `None` when they were erased.
    pub personal: Option<String>,
    /// The visitor's address as JSON; `None` when it was erased or there was no visitor.
    pub source: Option<String>,
}

/// Stands in the table for what was erased.
const ERASED: &str = "(erased)";

/// The heads of the table's columns.
pub const COLUMNS: [&str; 12] = [
    "seq",
    "at",
    "event",
    "details",
    "reference",
    "through",
    "account",
    "name",
    "source",
    "operator",
    "reason",
    "hash",
];

/// Up to `most` records after `after`, in order.
pub fn page(c: &Connection, after: u64, most: u32) -> Result<Vec<Exported>, StoreError> {
    audit::after(c, after, most)?.into_iter().map(exported).collect()
}

fn exported(row: audit::Row) -> Result<Exported, StoreError> {
    Ok(Exported {
        seq: row.record.seq,
        hash: row.record.hash.to_string(),
        record: json_text(&row.record.event)?,
        personal: row.names.map(|names| json_text(names.fields())).transpose()?,
        source: row.source.map(|source| json_text(source.fields())).transpose()?,
    })
}

/// The bytes as text, if they are one JSON value: anything else would break the line that it is put into.
fn json_text(bytes: &[u8]) -> Result<String, StoreError> {
    let _: Value = serde_json::from_slice(bytes)?;
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

impl Exported {
    /// One line of JSON.
    pub fn json_line(&self) -> String {
        let Self {
            seq,
            hash,
            record,
            personal,
            source,
        } = self;
        let or_null = |side: &Option<String>| side.as_deref().unwrap_or("null").to_owned();
        let (personal, source) = (or_null(personal), or_null(source));
        format!(
            r#"{{"seq":{seq},"hash":"{hash}","record":{record},"personal":{personal},"source":{source}}}"#
        )
    }

    /// One line of the table.
    pub fn csv_line(&self) -> Result<String, StoreError> {
        let record: Record = serde_json::from_str(&self.record)?;
        let personal = self
            .personal
            .as_deref()
            .map(serde_json::from_str::<Personal>)
            .transpose()?;
        let person = |field: fn(&Personal) -> &Option<String>| match &personal {
            None => ERASED.to_owned(),
            Some(personal) => field(personal).clone().unwrap_or_default(),
        };
        let source = match &self.source {
            Some(source) => serde_json::from_str(source)?,
            None if record.source.is_some() => ERASED.to_owned(),
            None => String::new(),
        };
        let (event, details) = told(&record)?;
        Ok(csv_line([
            self.seq.to_string(),
            moment(Timestamp(record.at)),
            event,
            details,
            record.reference,
            record.through,
            person(|personal| &personal.account),
            person(|personal| &personal.name),
            source,
            person(|personal| &personal.operator),
            person(|personal| &personal.reason),
            self.hash.clone(),
        ]))
    }
}

/// The event's name, and what else it says as JSON.
fn told(record: &Record) -> Result<(String, String), StoreError> {
    let mut fields = match serde_json::to_value(&record.event)? {
        Value::Object(fields) => fields,
        other => return Ok((String::new(), other.to_string())),
    };
    let name = fields
        .remove("event")
        .and_then(|name| name.as_str().map(str::to_owned))
        .unwrap_or_default();
    let details = if fields.is_empty() {
        String::new()
    } else {
        Value::Object(fields).to_string()
    };
    Ok((name, details))
}

fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |at| at.to_string())
}

/// A line of CSV (RFC 4180) that a spreadsheet shows and does not run: what a stranger typed as his name must not
/// become a formula on an auditor's machine.
pub fn csv_line<const N: usize>(cells: [String; N]) -> String {
    cells.map(|cell| csv_cell(&cell)).join(",")
}

fn csv_cell(text: &str) -> String {
    let is_formula =
        text.trim_start().starts_with(['=', '+', '-', '@', '|', '%']) || text.starts_with(['\t', '\r', '\n']);
    let guard = if is_formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_none_breaks_out_of_its_quotes() {
        for evil in [
            "=cmd|' /C calc'!A0",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            " =1",
            "\r=1",
            "|x",
            "%x",
        ] {
            let cell = csv_cell(evil);
            assert!(cell.starts_with("\"'"), "{cell}");
        }
        assert_eq!(csv_cell("alice"), "\"alice\"");
        assert_eq!(csv_cell("a \"b\", =c"), "\"a \"\"b\"\", =c\"");
        assert_eq!(csv_line(["a".to_owned(), "b,c".to_owned()]), "\"a\",\"b,c\"");
    }

    #[test]
    fn a_record_goes_out_as_it_was_hashed_and_as_a_row() {
        let record =
            r#"{"at":0,"event":"freeze","frozen":true,"reference":"R","through":"p","personal":"HASH"}"#
                .replace("HASH", &"00".repeat(32));
        let mut exported = Exported {
            seq: 7,
            hash: "ab".to_owned(),
            record: record.clone(),
            personal: Some(r#"{"name":"=alice"}"#.to_owned()),
            source: Some(r#""203.0.113.7""#.to_owned()),
        };
        assert!(exported.json_line().contains(&record));
        let line: Value = serde_json::from_str(&exported.json_line()).unwrap();
        assert_eq!(line["personal"]["name"], "=alice");
        let row = exported.csv_line().unwrap();
        assert!(
            row.starts_with(
                r#""7","1970-01-01T00:00:00Z","freeze","{""frozen"":true}","R","p","","'=alice","203.0.113.7""#
            ),
            "{row}"
        );
        exported.personal = None;
        assert!(exported.csv_line().unwrap().contains("\"(erased)\""));
        exported.source = None;
        assert!(
            exported
                .json_line()
                .ends_with("\"personal\":null,\"source\":null}")
        );
    }
}
