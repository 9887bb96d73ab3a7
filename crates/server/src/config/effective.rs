//! The configuration that a server really uses, for the `config` command.

use std::fmt;

use super::mistakes::Place;

/// Every setting in force with its source. Secrets are named by their file, never shown.
#[derive(Debug, Default)]
pub struct Effective {
    lines: Vec<(String, String, &'static str)>,
}

impl Effective {
    /// `place` is `None` for a default.
    pub(crate) fn note(&mut self, path: &str, shown: String, place: Option<&Place>) {
        let source = match place {
            None => "default",
            Some(Place::Environment(_)) => "environment",
            Some(Place::File | Place::Line(_)) => "file",
        };
        self.lines.push((path.to_owned(), shown, source));
    }
}

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, shown, source) in &self.lines {
            writeln!(f, "{path} = {shown}  # {source}")?;
        }
        Ok(())
    }
}
