//! Overrides from the environment: `SALLYPORT_CORE__URL` is `url` in `[core]`, `SALLYPORT_DATA_DIR` is `data_dir`.

use super::document::{Item, Node, Table};
use super::mistakes::{Mistakes, Place};

const PREFIX: &str = "SALLYPORT_";

/// Last words of a key whose value must not stand where every child process and crash report can read it.
const SECRET_WORDS: [&str; 7] = [
    "password",
    "passphrase",
    "secret",
    "token",
    "key",
    "pin",
    "credential",
];

pub(crate) fn apply(
    environment: impl IntoIterator<Item = (String, String)>,
    root: &mut Table,
    mistakes: &mut Mistakes,
) {
    for (name, value) in environment {
        let Some(rest) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let path: Vec<String> = rest.split("__").map(str::to_ascii_lowercase).collect();
        let place = Place::Environment(name.clone());
        let Some((key, sections)) = path
            .split_last()
            .filter(|_| path.iter().all(|part| !part.is_empty()))
        else {
            mistakes.push(place, "write SALLYPORT_SECTION__KEY");
            continue;
        };
        if is_secret(key) {
            mistakes.push(
                place,
                format!("secrets come from files only: write the file's path to `{key}_file`"),
            );
            continue;
        }
        if let Err(wrong) = insert(
            root,
            sections,
            key,
            Item {
                node: Node::Untyped(value),
                place: place.clone(),
            },
        ) {
            mistakes.push(place, wrong);
        }
    }
}

fn is_secret(key: &str) -> bool {
    key.rsplit('_')
        .next()
        .is_some_and(|last| SECRET_WORDS.contains(&last))
}

fn insert(table: &mut Table, sections: &[String], key: &str, item: Item) -> Result<(), String> {
    let Some((first, deeper)) = sections.split_first() else {
        table.insert(key.to_owned(), item);
        return Ok(());
    };
    let section = table.entry(first.clone()).or_insert_with(|| Item {
        node: Node::Table(Table::new()),
        place: item.place.clone(),
    });
    match &mut section.node {
        Node::Table(inner) => insert(inner, deeper, key, item),
        _ => Err(format!(
            "`{first}` is not a single section; it can be written in the file only"
        )),
    }
}
