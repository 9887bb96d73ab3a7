//! The configuration as a tree in which every value remembers its place.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::effective::Effective;
use super::environment;
use super::mistakes::{Mistakes, Place};

pub(crate) type Table = BTreeMap<String, Item>;

/// One value of the configuration, not yet understood.
#[derive(Debug)]
pub struct Item {
    pub(crate) node: Node,
    pub(crate) place: Place,
}

#[derive(Debug)]
pub(crate) enum Node {
    Text(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<Item>),
    Table(Table),
    /// From the environment, where everything is text and only the reader knows what it should be.
    Untyped(String),
    /// A float or a date: nothing here is one.
    Other,
}

impl Item {
    /// The value as text.
    pub fn text(&self) -> Option<&str> {
        match &self.node {
            Node::Text(text) | Node::Untyped(text) => Some(text),
            _ => None,
        }
    }

    /// The value as a whole number.
    pub fn integer(&self) -> Option<i64> {
        match &self.node {
            Node::Integer(number) => Some(*number),
            Node::Untyped(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The value as `true` or `false`.
    pub fn boolean(&self) -> Option<bool> {
        match &self.node {
            Node::Boolean(value) => Some(*value),
            Node::Untyped(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The value as a list of texts; in the environment they are separated by commas.
    pub fn texts(&self) -> Option<Vec<&str>> {
        match &self.node {
            Node::List(items) => items.iter().map(Item::text).collect(),
            Node::Untyped(text) => Some(text.split(',').map(str::trim).filter(|t| !t.is_empty()).collect()),
            _ => None,
        }
    }

    /// The value as a list of lists of texts, as in `steps = [["a", "b"], ["c"]]`.
    pub fn lists(&self) -> Option<Vec<Vec<&str>>> {
        match &self.node {
            Node::List(items) => items.iter().map(Item::texts).collect(),
            _ => None,
        }
    }
}

/// The tree, and what its readers noted so far.
pub(crate) struct Document {
    pub(crate) folder: PathBuf,
    pub(crate) root: Table,
    pub(crate) notes: RefCell<Notes>,
}

pub(crate) struct Notes {
    pub(crate) mistakes: Mistakes,
    pub(crate) effective: Effective,
    /// The full path of every key that a reader asked for, present or not.
    pub(crate) asked: BTreeSet<String>,
}

impl Document {
    pub(crate) fn open(
        file: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::new(file.display().to_string());
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => {
                mistakes.push(Place::File, format!("cannot be read: {error}"));
                return Err(mistakes);
            }
        };
        let mut root = parse(&text, &mut mistakes);
        if !mistakes.is_empty() {
            return Err(mistakes.sorted()); // a broken tree would only breed false mistakes
        }
        environment::apply(environment, &mut root, &mut mistakes);
        Ok(Self {
            folder: file.parent().unwrap_or(Path::new("")).to_owned(),
            root,
            notes: RefCell::new(Notes {
                mistakes,
                effective: Effective::default(),
                asked: BTreeSet::new(),
            }),
        })
    }

    pub(crate) fn finish(self) -> Result<Effective, Mistakes> {
        let Notes {
            mut mistakes,
            effective,
            asked,
        } = self.notes.into_inner();
        refuse_unknown(&self.root, "", &asked, &mut mistakes);
        if mistakes.is_empty() {
            Ok(effective)
        } else {
            Err(mistakes.sorted())
        }
    }
}

/// `api` and `listen` make `api.listen`.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

fn refuse_unknown(table: &Table, path: &str, asked: &BTreeSet<String>, mistakes: &mut Mistakes) {
    for (key, item) in table {
        let here = join(path, key);
        if !asked.contains(&here) {
            let hint =
                nearest(key, path, asked).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            mistakes.push(item.place.clone(), format!("`{here}` is not known here{hint}"));
            continue;
        }
        match &item.node {
            Node::Table(inner) => refuse_unknown(inner, &here, asked, mistakes),
            Node::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    if let Node::Table(inner) = &item.node {
                        refuse_unknown(inner, &format!("{here}[{index}]"), asked, mistakes);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The key of the same section that `key` most likely was meant to be.
fn nearest<'a>(key: &str, path: &str, asked: &'a BTreeSet<String>) -> Option<&'a str> {
    asked
        .iter()
        .filter_map(|full| match full.rsplit_once('.') {
            Some((section, last)) => (section == path).then_some(last),
            None => path.is_empty().then_some(full.as_str()),
        })
        .map(|candidate| (distance(key, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 2.max(candidate.len() / 3))
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters must be inserted, removed or replaced to turn one key into the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// Reads the whole text although there are errors in it, so that all of them are reported.
fn parse(text: &str, mistakes: &mut Mistakes) -> Table {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        mistakes.push(Place::Line(line), error.message().replace('\n', ", "));
    }
    table_of(text, table.get_ref())
}

fn table_of(text: &str, table: &DeTable<'_>) -> Table {
    table
        .iter()
        .map(|(key, value)| {
            // A section's own span begins at its header, a value's at its key's line: both are where one looks.
            (key.get_ref().to_string(), item_of(text, value, key.span().start))
        })
        .collect()
}

fn item_of(text: &str, value: &Spanned<DeValue<'_>>, start: usize) -> Item {
    let node = match value.get_ref() {
        DeValue::String(string) => Node::Text(string.to_string()),
        DeValue::Integer(integer) => {
            i64::from_str_radix(integer.as_str(), integer.radix()).map_or(Node::Other, Node::Integer)
        }
        DeValue::Boolean(boolean) => Node::Boolean(*boolean),
        DeValue::Float(_) | DeValue::Datetime(_) => Node::Other,
        DeValue::Array(items) => Node::List(
            items
                .iter()
                .map(|item| item_of(text, item, item.span().start))
                .collect(),
        ),
        DeValue::Table(inner) => Node::Table(table_of(text, inner)),
    };
    Item {
        node,
        place: Place::Line(line_of(text, start)),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()
        .iter()
        .take(offset)
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}
