//! The organisation's own password rules.

use std::path::PathBuf;

use server::config::Section;

use super::list;

/// What the organisation does not take, beyond what the directory refuses.
pub struct PasswordSettings {
    /// Whole passwords, one a line.
    pub blocked: Option<PathBuf>,
    /// Words that no password may contain.
    pub words: Vec<String>,
    /// Breached passwords: SHA-1 in upper-case hexadecimal, a colon and a count, sorted, one a line.
    pub breached: Option<PathBuf>,
}

impl PasswordSettings {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let words = list(section, "words");
        if words.iter().any(|word| word.chars().count() < 3) {
            section.mistake(
                "words",
                "a word has at least three letters, or nearly every password would have it",
            );
        }
        Self {
            blocked: section.find_file("blocked_file"),
            words,
            breached: section.find_file("breached_file"),
        }
    }
}
