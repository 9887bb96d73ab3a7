//! The rules about the text of our manifests, as pure functions that return what breaks them.

use toml::{Table, Value};

const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// The crate `name` takes the lints of the workspace.
pub fn without_lints(name: &str, manifest: &Table) -> Vec<String> {
    let taken = manifest
        .get("lints")
        .and_then(|lints| lints.get("workspace"))
        .and_then(Value::as_bool);
    match taken {
        Some(true) => Vec::new(),
        _ => vec![format!("{name} lacks `[lints] workspace = true`")],
    }
}

/// The crate `name` states no version and no source of a dependency: the root manifest does, once for all.
pub fn own_versions(name: &str, manifest: &Table) -> Vec<String> {
    let per_target = manifest
        .get("target")
        .and_then(Value::as_table)
        .into_iter()
        .flatten();
    let tables = per_target
        .filter_map(|(_, target)| target.as_table())
        .chain([manifest]);
    let lists = tables.flat_map(|table| KINDS.iter().filter_map(|kind| table.get(*kind)?.as_table()));
    let entries = lists.flatten();
    entries
        .filter(|(_, entry)| entry.get("workspace").and_then(Value::as_bool) != Some(true))
        .map(|(dependency, _)| format!("{name} states itself where {dependency} comes from"))
        .collect()
}

/// Every foreign dependency of the root manifest has its reason behind it, on the same line.
pub fn without_reason(root: &str) -> Vec<String> {
    let section = root
        .lines()
        .skip_while(|line| line.trim() != "[workspace.dependencies]")
        .skip(1);
    let entries = section
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.starts_with('#'));
    let foreign = entries.filter(|line| line.contains('=') && !line.contains("path = "));
    foreign
        .filter(|line| {
            line.rsplit_once("# ")
                .is_none_or(|(_, reason)| reason.trim().len() < 4)
        })
        .map(|line| format!("no reason behind: {line}"))
        .collect()
}
