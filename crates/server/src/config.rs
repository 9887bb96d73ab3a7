//! Configuration: one TOML file, single keys overridden from the environment, every mistake reported at once.
//!
//! An operator edits the file once, not once per mistake. A parser that stops at the first wrong value cannot do
//! that, so a server *reads* its settings from [`Section`]s: each reader notes what is wrong and hands out a
//! harmless stand-in, and [`load`] lets the whole configuration out only when nothing was noted. Keys that nobody
//! asked for are mistakes too.

mod document;
mod effective;
mod environment;
mod mistakes;
mod origin;
mod section;
mod setting;

use std::path::Path;

pub use self::document::Item;
pub use self::effective::Effective;
pub use self::mistakes::Mistakes;
pub use self::origin::Origin;
pub use self::section::Section;
pub use self::setting::{Setting, Size};

use self::document::Document;

/// Reads `file`, applies the `SALLYPORT_SECTION__KEY` variables among `environment`, and gives the result to `read`.
///
/// Answers with what `read` made and with the effective configuration, as it may be shown.
///
/// # Errors
/// Every mistake of the file, of the environment and of the readers together.
pub fn load<T>(
    file: &Path,
    environment: impl IntoIterator<Item = (String, String)>,
    read: impl FnOnce(&Section<'_>) -> T,
) -> Result<(T, Effective), Mistakes> {
    let document = Document::open(file, environment)?;
    let config = read(&Section::root(&document));
    document.finish().map(|effective| (config, effective))
}

#[cfg(test)]
mod tests;
