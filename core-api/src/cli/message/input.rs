//! The files that `message send` reads, and standard input.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use zeroize::Zeroizing;

use crate::cli::spelling::size_text;

/// The name that stands for standard input.
const STANDARD_INPUT: &str = "-";

pub(super) fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == STANDARD_INPUT
}

pub(super) fn text_of(path: &Path, most: usize) -> Result<Zeroizing<String>, Box<dyn std::error::Error>> {
    let mut bytes = bytes_of(path, most)?;
    let text = String::from_utf8(std::mem::take(&mut *bytes)).map_err(|error| {
        // Its error holds the bytes.
        drop(Zeroizing::new(error.into_bytes()));
        format!("{}: a text is UTF-8", path.display())
    })?;
    Ok(Zeroizing::new(text))
}

/// Reads a file into a buffer that does not grow: a growing one leaves copies behind.
pub(super) fn bytes_of(path: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>, Box<dyn std::error::Error>> {
    let wrong = |error: std::io::Error| format!("{}: {error}", path.display());
    let limit = u64::try_from(most)?.saturating_add(1);
    let (mut reader, expected): (Box<dyn std::io::Read>, u64) = if is_standard_input(path) {
        (Box::new(std::io::stdin()), limit)
    } else {
        let file = File::open(path).map_err(wrong)?;
        let size = file.metadata().map_err(wrong)?.len();
        (Box::new(file), size.saturating_add(1).min(limit))
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(expected)?));
    reader
        .by_ref()
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(wrong)?;
    if bytes.len() > most {
        return Err(format!("{}: it is larger than {}", path.display(), size_text(most)).into());
    }
    Ok(bytes)
}
