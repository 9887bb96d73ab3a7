//! Finds the repository's sources.

use std::fs;
use std::path::{Path, PathBuf};

/// Path (from the repository's root, with `/`) and text of every file with one of these endings.
pub(crate) fn repository_sources(endings: &[&str]) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository can be read") {
            let path = entry.expect("an entry can be read").path();
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default()
                .to_owned();
            if path.is_dir() {
                if !name.starts_with('.') && name != "target" && name != "node_modules" {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(&format!(".{ending}"))) {
                let short = path.strip_prefix(&root).expect("it was found below the root");
                let text = fs::read_to_string(&path).expect("sources are UTF-8");
                found.push((short.to_string_lossy().replace('\\', "/"), text));
            }
        }
    }
    found
}

/// The text without line comments, which may speak of what code may not do.
pub(crate) fn without_comments(text: &str) -> String {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}
