//! A file of breached passwords as published: one SHA-1 in hexadecimal a line, sorted, with a count behind a
//! colon. It is tens of gigabytes long, so it is searched where it stands, by halving.
//!
//! The search reads at positions instead of mapping the file: mapping needs `unsafe`, for the file may change
//! under it, and some thirty reads a password are nothing beside the rest of a recovery.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use data_encoding::HEXUPPER;
use sha1::{Digest, Sha1};

use super::{OwnRulesError, file_error};

/// Hexadecimal digits of a SHA-1.
const DIGITS: usize = 40;
/// No line is longer: the digits, a colon, a count, the line's end.
const LONGEST_LINE: usize = 80;
/// Below this many bytes a stretch is read at once.
const STRETCH: u64 = 4096;

/// The open file.
pub(super) struct Breached {
    file: File,
    length: u64,
}

impl Breached {
    /// Opens the file and looks at its two ends.
    pub(super) fn open(path: &Path) -> Result<Self, OwnRulesError> {
        let file = File::open(path).map_err(file_error(path))?;
        let length = file.metadata().map_err(file_error(path))?.len();
        let opened = Self { file, length };
        let ends = opened.ends().map_err(file_error(path))?;
        let wrong = |why| {
            Err(OwnRulesError::NotSorted {
                path: path.to_owned(),
                why,
            })
        };
        match ends {
            (Some(first), Some(last)) if first <= last => Ok(opened),
            (Some(_), Some(_)) => wrong("its last line is before its first"),
            _ => wrong("a line is not 40 hexadecimal digits with a count behind a colon"),
        }
    }

    /// Whether the password's hash is in it.
    pub(super) fn contains(&self, password: &str) -> io::Result<bool> {
        let wanted = HEXUPPER.encode(&Sha1::digest(password.as_bytes()));
        // A line with the wanted hash, if there is one, begins at or after `from` and before `to`; `from` is
        // always the beginning of a line.
        let (mut from, mut to) = (0, self.length);
        while to - from > STRETCH {
            let middle = from + (to - from) / 2;
            match self.line_after(middle)? {
                Some((start, hash)) if start < to => {
                    if hash == wanted {
                        return Ok(true);
                    }
                    if hash < wanted { from = start } else { to = middle }
                }
                // No line begins in the upper half.
                _ => to = middle,
            }
        }
        let stretch = self.read(from, STRETCH + LONGEST_LINE as u64)?;
        Ok(lines(&stretch).any(|line| hash_of(line).is_some_and(|hash| hash == wanted)))
    }

    /// The first line that begins at or after this position: where it begins, and its hash.
    fn line_after(&self, position: u64) -> io::Result<Option<(u64, String)>> {
        // From one byte before, so that a line that begins exactly there is seen to.
        let before = position.saturating_sub(1);
        let bytes = self.read(before, 2 * LONGEST_LINE as u64)?;
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
            return Ok(None);
        };
        let line = &bytes[end + 1..];
        if line.is_empty() {
            return Ok(None);
        }
        let hash = hash_of(line).ok_or_else(|| io::Error::other("a line is not a hash with a count"))?;
        Ok(Some((before + end as u64 + 1, hash)))
    }

    /// The hashes of the first and the last line.
    fn ends(&self) -> io::Result<(Option<String>, Option<String>)> {
        let first = self.read(0, LONGEST_LINE as u64)?;
        let tail = self.read(
            self.length.saturating_sub(2 * LONGEST_LINE as u64),
            2 * LONGEST_LINE as u64,
        )?;
        let last = lines(&tail).last().and_then(hash_of);
        Ok((hash_of(&first), last))
    }

    /// Up to `most` bytes from `position` on; fewer at the end of the file.
    fn read(&self, position: u64, most: u64) -> io::Result<Vec<u8>> {
        let most = most.min(self.length.saturating_sub(position));
        let mut bytes = vec![0; usize::try_from(most).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut bytes, position)?;
        Ok(bytes)
    }
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

/// The hash at the beginning of a line, in upper case; `None` if there is none.
fn hash_of(line: &[u8]) -> Option<String> {
    let (hash, rest) = line.split_at_checked(DIGITS)?;
    let ends = matches!(rest.first(), None | Some(b':' | b'\r' | b'\n'));
    (ends && hash.iter().all(u8::is_ascii_hexdigit))
        .then(|| String::from_utf8_lossy(hash).to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(n: usize) -> String {
        format!("breached-{n}")
    }

    /// A file as published, of so many passwords; lines differ in length by their counts.
    fn file(passwords: usize, line_end: &str, last_line_ends: bool) -> tempfile::NamedTempFile {
        let mut lines: Vec<String> = (0..passwords)
            .map(|n| {
                format!(
                    "{}:{}",
                    HEXUPPER.encode(&Sha1::digest(password(n).as_bytes())),
                    (n % 7).pow(9) + 1
                )
            })
            .collect();
        lines.sort();
        let end = if last_line_ends { line_end } else { "" };
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), lines.join(line_end) + end).expect("it is written");
        file
    }

    #[test]
    fn every_line_is_found_and_nothing_else() {
        for (count, line_end, last_line_ends) in [
            (1, "\n", true),
            (2, "\n", false),
            (5_000, "\r\n", true),
            (5_000, "\n", false),
            (5_000, "\r\n", false),
        ] {
            let file = file(count, line_end, last_line_ends);
            let breached = Breached::open(file.path()).expect("a good file");
            for n in 0..count {
                assert!(
                    breached.contains(&password(n)).expect("it reads"),
                    "{n} of {count} {line_end:?}"
                );
            }
            for n in count..count + 500 {
                assert!(
                    !breached.contains(&password(n)).expect("it reads"),
                    "{n} of {count} {line_end:?}"
                );
            }
        }
    }

    #[test]
    fn what_the_search_would_not_understand_is_refused_at_the_start() {
        let high = "F".repeat(DIGITS);
        let low = "0".repeat(DIGITS);
        for bad in [
            String::new(),
            "password\n".to_owned(),
            format!("{high}:1\n{low}:1\n"),
            format!("{low}:1\nnothing\n"),
        ] {
            let file = tempfile::NamedTempFile::new().expect("a file");
            std::fs::write(file.path(), &bad).expect("it is written");
            assert!(
                matches!(Breached::open(file.path()), Err(OwnRulesError::NotSorted { .. })),
                "{bad:?}"
            );
        }
        assert!(matches!(
            Breached::open(Path::new("/nowhere")),
            Err(OwnRulesError::File { .. })
        ));
    }
}
