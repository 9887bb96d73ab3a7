//! Both languages are complete, agree on their variables, and hold nothing that nobody uses.

mod walk;

use std::collections::{BTreeMap, BTreeSet};

use walk::{repository_sources, without_comments};

/// Key to the variables of its text.
type Keys = BTreeMap<String, BTreeSet<String>>;

#[test]
fn both_languages_have_the_same_keys_with_the_same_variables_in_the_same_files() {
    let english = keys_by_file("en");
    let german = keys_by_file("de");
    assert!(english.len() > 3, "the walk finds the words");
    for (file, keys) in &english {
        let other = german.get(file).unwrap_or_else(|| panic!("de/{file} is missing"));
        for (key, variables) in keys {
            let theirs = other
                .get(key)
                .unwrap_or_else(|| panic!("{key} is missing in de/{file}"));
            assert_eq!(variables, theirs, "the variables of {key}");
        }
        for key in other.keys() {
            assert!(keys.contains_key(key), "{key} is missing in en/{file}");
        }
    }
    assert_eq!(english.len(), german.len());
}

#[test]
fn every_key_that_is_used_is_written_and_every_key_written_is_used() {
    let mut written = BTreeSet::new();
    for (file, keys) in keys_by_file("en") {
        for key in keys.into_keys() {
            assert!(
                key.contains('-'),
                "{key} in {file}: a key has a hyphen, so that no other text is taken for it"
            );
            assert!(written.insert(key.clone()), "{key} is written twice");
        }
    }
    let mut quoted = BTreeSet::new();
    for (path, text) in repository_sources(&["rs", "js"]) {
        if path.starts_with("crates/ui/tests/") {
            continue;
        }
        let text = without_comments(&text);
        for key in asked_for(&text) {
            assert!(written.contains(&key), "{path} uses {key}, which is not written");
        }
        quoted.extend(text.split('"').map(str::to_owned));
    }
    for key in written {
        assert!(quoted.contains(&key), "nobody uses {key}");
    }
}

/// The keys in `words.get("…")`, `.with("…"`, `.rich("…"` and `.timed("…"`, however the line is broken. A key
/// that comes out of a `match` is held by the debug assertion in `Words` and the snapshots.
fn asked_for(text: &str) -> Vec<String> {
    let mut keys = Vec::new();
    for method in ["get", "with", "rich", "timed"] {
        for (at, _) in text.match_indices(&format!(".{method}(")) {
            let before = text[..at].trim_end();
            let is_words = [
                "words",
                "Words::of(lang)",
                "Words::of(Lang::En)",
                "Words::of(Lang::De)",
            ]
            .iter()
            .any(|receiver| before.ends_with(receiver));
            let argument = text[at + method.len() + 2..].trim_start();
            if let (true, Some(rest)) = (is_words, argument.strip_prefix('"')) {
                keys.extend(rest.split('"').next().map(str::to_owned));
            }
        }
    }
    keys
}

#[test]
fn the_scan_reads_calls_over_several_lines() {
    let text =
        "words\n  .get(\n    \"a-b\",\n); headers.get(\"accept-language\"); frame.words.with(\"c-d\", &[])";
    assert_eq!(asked_for(text), ["a-b", "c-d"]);
}

fn keys_by_file(language: &str) -> BTreeMap<String, Keys> {
    let folder = format!("crates/ui/words/{language}/");
    repository_sources(&["ftl"])
        .into_iter()
        .filter_map(|(path, text)| Some((path.strip_prefix(&folder)?.to_owned(), keys(&text))))
        .collect()
}

/// Reads as much of Fluent's syntax as these files use: a key at the start of a line begins a text.
fn keys(text: &str) -> Keys {
    let mut keys = Keys::new();
    let mut current = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with(|c: char| c.is_ascii_lowercase()) {
            let (key, _) = line
                .split_once(" =")
                .unwrap_or_else(|| panic!("not a key: {line}"));
            key.clone_into(&mut current);
            assert!(
                keys.insert(current.clone(), BTreeSet::new()).is_none(),
                "{current} is written twice"
            );
        }
        for variable in line.split('$').skip(1) {
            let end = variable
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(variable.len());
            keys.entry(current.clone())
                .or_default()
                .insert(variable[..end].to_owned());
        }
    }
    keys
}
