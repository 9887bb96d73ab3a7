//! What is wrong with a configuration, and where.

use std::fmt;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// The file as a whole: it is missing or unreadable.
    File,
    /// A line of the file, counted from 1.
    Line(usize),
    /// An environment variable, by its name.
    Environment(String),
}

/// All mistakes of one configuration, in the order of the file. Displayed one to a line.
#[derive(Debug, Default)]
pub struct Mistakes {
    file: String,
    found: Vec<(Place, String)>,
}

impl Mistakes {
    pub(crate) fn new(file: String) -> Self {
        Self {
            file,
            found: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, place: Place, text: impl Into<String>) {
        self.found.push((place, text.into()));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(crate) fn sorted(mut self) -> Self {
        self.found.sort();
        self
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (place, text)) in self.found.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            match place {
                Place::File => write!(f, "{}: {text}", self.file)?,
                Place::Line(line) => write!(f, "{}:{line}: {text}", self.file)?,
                Place::Environment(name) => write!(f, "environment {name}: {text}")?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}
