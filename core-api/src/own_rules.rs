//! The organisation's own password rules, from files: what the directory would take and nobody should choose.

mod breached;

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use domain::password::OwnRules;
use unicode_normalization::UnicodeNormalization as _;

use self::breached::Breached;
use crate::config::PasswordSettings;

/// Passwords that every guesser tries first, whatever else is configured. Folded, one a line.
const COMMON: &str = include_str!("own_rules/common.txt");

/// Blocked passwords and words, and the file of breached passwords.
pub struct OwnRuleFiles {
    blocked: HashSet<String>,
    words: Vec<String>,
    breached: Option<Breached>,
}

/// Why the rules cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OwnRulesError {
    /// A file cannot be read, or is no text.
    #[error("{path}: {source}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The breached-password file is not what the search needs.
    #[error("{path} is not a sorted file of SHA-1 hashes: {why}", path = .path.display())]
    NotSorted {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
}

impl OwnRuleFiles {
    /// Reads the block list and looks into the breached-password file, which stays on the disk. Blocks.
    ///
    /// # Errors
    /// When a file cannot be read or is of another form.
    pub fn open(settings: &PasswordSettings) -> Result<Self, OwnRulesError> {
        let mut blocked: HashSet<String> = COMMON.lines().map(folded).collect();
        if let Some(path) = &settings.blocked {
            let text = std::fs::read_to_string(path).map_err(file_error(path))?;
            // Only the line's end is no part of it: a password may begin or end with a space.
            blocked.extend(text.lines().filter(|line| !line.is_empty()).map(folded));
        }
        Ok(Self {
            blocked,
            words: settings
                .words
                .iter()
                .map(|word| folded(word))
                .filter(|word| !word.is_empty())
                .collect(),
            breached: settings.breached.as_deref().map(Breached::open).transpose()?,
        })
    }
}

impl OwnRules for OwnRuleFiles {
    fn is_blocked(&self, password: &str) -> bool {
        let password = zeroize::Zeroizing::new(folded(password));
        self.blocked.contains(&*password) || self.words.iter().any(|word| password.contains(word))
    }

    fn is_breached(&self, password: &str) -> bool {
        let Some(breached) = &self.breached else {
            return false;
        };
        breached.contains(password).unwrap_or_else(|error| {
            // Nobody stays locked out because a disk failed; the other rules still hold.
            tracing::error!(%error, "the breached-password file cannot be searched");
            false
        })
    }

    fn knows_breaches(&self) -> bool {
        self.breached.is_some()
    }
}

/// How passwords are compared: composed (NFC), and without regard to case.
fn folded(text: &str) -> String {
    text.nfc().flat_map(char::to_lowercase).nfc().collect()
}

fn file_error(path: &Path) -> impl FnOnce(io::Error) -> OwnRulesError {
    |source| OwnRulesError::File {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(blocked: Option<&str>, words: &[&str]) -> OwnRuleFiles {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("blocked.txt");
        std::fs::write(&path, blocked.unwrap_or_default()).expect("a file");
        OwnRuleFiles::open(&PasswordSettings {
            blocked: blocked.map(|_| path),
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            breached: None,
        })
        .expect("rules")
    }

    #[test]
    fn the_block_list_takes_whole_passwords_in_any_case_and_composition() {
        let rules = rules(Some("Mu\u{308}nchen-2026\r\n spaced \n\n"), &[]);
        assert!(rules.is_blocked("MÜNCHEN-2026"));
        assert!(rules.is_blocked(" Spaced "));
        assert!(!rules.is_blocked("spaced"));
        assert!(!rules.is_blocked("My-MÜNCHEN-2026"), "only whole ones");
        assert!(!rules.is_blocked(""), "an empty line is no password");
    }

    #[test]
    fn a_word_blocks_wherever_it_stands() {
        let rules = rules(None, &["Sallyport", ""]);
        assert!(rules.is_blocked("xxSALLYPORTxx1"));
        assert!(!rules.is_blocked("Tidy-Otter-42"));
    }

    #[test]
    fn what_everybody_chooses_is_blocked_without_any_configuration() {
        let rules = rules(None, &[]);
        for common in [
            "Password1",
            "P@ssw0rd",
            "Welcome1",
            "QWERTY123",
            "Sommer2024!",
            "letmein",
        ] {
            assert!(rules.is_blocked(common), "{common}");
        }
        assert!(!rules.knows_breaches() && !rules.is_breached("Password1"));
    }

    #[test]
    fn the_built_in_list_is_folded_and_has_each_line_once() {
        let lines: Vec<&str> = COMMON.lines().collect();
        let unique: HashSet<&&str> = lines.iter().collect();
        assert_eq!(unique.len(), lines.len());
        assert!(lines.iter().all(|line| !line.is_empty() && folded(line) == *line));
        assert!(lines.len() >= 200);
    }
}
