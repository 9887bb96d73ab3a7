//! What a message or a drop carries: a text and files, as one stretch of bytes whose length tells little.
//!
//! `u32 big-endian length of the manifest || manifest (JSON) || the files' bytes || zeros` up to the padded length.

use std::fmt;
use std::io;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::file_name;

/// Most bytes of text (UTF-8) and files together.
pub const MAX_CONTENT: usize = 10 * 1024 * 1024;
/// Most files.
pub const MAX_FILES: usize = 64;
/// What names and the escapes of JSON may add to the content.
const MAX_AROUND: usize = 128 * 1024;
/// Longest plain text, padding included.
pub const MAX_PADDED_CONTENT: usize = padded_length(MAX_CONTENT + MAX_AROUND);
/// The u32 ahead of the manifest.
const PREFIX: usize = 4;

/// A text, files, or both.
#[derive(PartialEq, Eq)]
pub struct Content {
    text: Zeroizing<String>,
    files: Vec<File>,
}

/// A file. Its name is clean: without folders, and fit to be saved.
#[derive(PartialEq, Eq)]
pub struct File {
    name: String,
    kind: String,
    bytes: Zeroizing<Vec<u8>>,
}

/// Why something cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// More than [`MAX_CONTENT`].
    #[error("text and files together are larger than 10 MiB")]
    TooLarge,
    /// More than [`MAX_FILES`].
    #[error("more than 64 files")]
    TooManyFiles,
    /// No text and no file.
    #[error("neither a text nor a file")]
    Empty,
}

/// The plain text is not one that this version makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed content")]
pub struct MalformedContent;

impl File {
    /// A file under the cleaned `name`. A `kind` that is no media type counts as unknown.
    pub fn new(name: &str, kind: &str, bytes: Zeroizing<Vec<u8>>) -> Self {
        Self {
            name: file_name::clean(name),
            kind: file_name::clean_kind(kind),
            bytes,
        }
    }

    /// The name: no path, nothing unseen, at most some 200 bytes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The media type that the sender's system gave it. Nobody may trust it.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "File({} bytes)", self.bytes.len())
    }
}

impl Content {
    /// Something to send.
    pub fn new(text: Zeroizing<String>, files: Vec<File>) -> Result<Self, ContentError> {
        if text.is_empty() && files.is_empty() {
            return Err(ContentError::Empty);
        }
        let content = Self::with_names_apart(text, files);
        content.check_bounds()?;
        Ok(content)
    }

    /// The text; empty where there are files only.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The files. No two have the same name.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    fn with_names_apart(text: Zeroizing<String>, mut files: Vec<File>) -> Self {
        let mut names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
        file_name::set_apart(&mut names);
        for (file, name) in files.iter_mut().zip(names) {
            file.name = name;
        }
        Self { text, files }
    }

    fn size(&self) -> usize {
        self.files
            .iter()
            .fold(self.text.len(), |sum, file| sum.saturating_add(file.bytes.len()))
    }

    fn check_bounds(&self) -> Result<(), ContentError> {
        if self.files.len() > MAX_FILES {
            return Err(ContentError::TooManyFiles);
        }
        let is_small = self.size() <= MAX_CONTENT
            && PREFIX + manifest_length(&self.manifest()) + self.file_bytes() <= MAX_CONTENT + MAX_AROUND;
        is_small.then_some(()).ok_or(ContentError::TooLarge)
    }

    fn file_bytes(&self) -> usize {
        self.size().saturating_sub(self.text.len())
    }

    fn manifest(&self) -> ManifestOut<'_> {
        ManifestOut {
            text: &self.text,
            files: self.files.iter().map(EntryOut::of).collect(),
        }
    }

    /// The plain text that is sealed. [`MessageKeys::seal`](crate::MessageKeys::seal) and
    /// [`seal_drop`](crate::seal_drop) call it; nobody else has a use for it but to look at it. Written once, at its full length: a growing buffer would leave copies behind.
    pub fn pack(&self) -> Zeroizing<Vec<u8>> {
        let manifest = self.manifest();
        let length = manifest_length(&manifest);
        let prefix = u32::try_from(length).expect("the content is bounded");
        let used = PREFIX + length + self.file_bytes();
        let mut plain = Zeroizing::new(vec![0; padded_length(used)]);
        let mut rest = plain.as_mut_slice();
        let mut put = |bytes: &[u8]| io::Write::write_all(&mut rest, bytes).expect("it was measured");
        put(&prefix.to_be_bytes());
        serde_json::to_writer(Put(&mut put), &manifest).expect("texts and numbers always become JSON");
        for file in &self.files {
            put(&file.bytes);
        }
        plain
    }

    /// Reads a plain text. Takes nothing but what [`Content::pack`] could have made: the length must be the one padded
    /// length for what is inside, and the padding must be zeros.
    pub fn unpack(plain: &[u8]) -> Result<Self, MalformedContent> {
        if plain.len() > MAX_PADDED_CONTENT {
            return Err(MalformedContent);
        }
        let (prefix, rest) = plain.split_first_chunk::<PREFIX>().ok_or(MalformedContent)?;
        let length = usize::try_from(u32::from_be_bytes(*prefix)).map_err(|_| MalformedContent)?;
        let (manifest, mut rest) = rest.split_at_checked(length).ok_or(MalformedContent)?;
        let manifest: ManifestIn = serde_json::from_slice(manifest).map_err(|_| MalformedContent)?;
        let (text, entries) = manifest.take();
        if entries.len() > MAX_FILES {
            return Err(MalformedContent);
        }
        let mut files = Vec::with_capacity(entries.len());
        for entry in entries {
            let size = usize::try_from(entry.size).map_err(|_| MalformedContent)?;
            let (bytes, after) = rest.split_at_checked(size).ok_or(MalformedContent)?;
            rest = after;
            files.push(File::new(
                &entry.name,
                &entry.kind,
                Zeroizing::new(bytes.to_vec()),
            ));
        }
        let is_padded =
            padded_length(plain.len() - rest.len()) == plain.len() && rest.iter().all(|&byte| byte == 0);
        let content = Self::with_names_apart(text, files);
        let is_bounded = content.size() <= MAX_CONTENT;
        (is_padded && is_bounded)
            .then_some(content)
            .ok_or(MalformedContent)
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Content(..)")
    }
}

/// The length that `needed` bytes are padded to: from 1024 up in steps of a tenth, so that the length of a sealed
/// message tells the size of what is inside to no more than a tenth.
pub(crate) const fn padded_length(needed: usize) -> usize {
    let mut length = 1024;
    while length < needed {
        length += length / 10;
    }
    length
}

/// The manifest as it is written. The fields stand in the order in which they are written.
#[derive(Serialize)]
struct ManifestOut<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<EntryOut<'a>>,
}

#[derive(Serialize)]
struct EntryOut<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    size: usize,
}

impl<'a> EntryOut<'a> {
    fn of(file: &'a File) -> Self {
        Self {
            name: &file.name,
            kind: &file.kind,
            size: file.bytes.len(),
        }
    }
}

/// The manifest as it is read. Wiped if it is dropped half-way.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ManifestIn {
    text: String,
    #[serde(default)]
    files: Vec<EntryIn>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryIn {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    size: u64,
}

impl ManifestIn {
    fn take(mut self) -> (Zeroizing<String>, Vec<EntryIn>) {
        let text = Zeroizing::new(std::mem::take(&mut self.text));
        (text, std::mem::take(&mut self.files))
    }
}

impl Drop for ManifestIn {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

/// Hands what is written on.
struct Put<'a>(&'a mut dyn FnMut(&[u8]));

impl io::Write for Put<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (self.0)(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn manifest_length(manifest: &ManifestOut<'_>) -> usize {
    let mut length = 0;
    serde_json::to_writer(Put(&mut |bytes| length += bytes.len()), manifest)
        .expect("texts and numbers always become JSON");
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    fn file(name: &str, size: usize) -> File {
        File::new(name, "text/plain", Zeroizing::new(vec![7; size]))
    }

    fn plain(manifest: &str, files: &[u8], length: usize) -> Vec<u8> {
        let prefix = u32::try_from(manifest.len()).expect("short").to_be_bytes();
        let mut plain = [&prefix, manifest.as_bytes(), files].concat();
        plain.resize(length, 0);
        plain
    }

    #[test]
    fn the_steps_of_the_padding_are_a_tenth() {
        let steps: Vec<usize> = [0, 1024, 1025, 1126, 1127]
            .iter()
            .map(|n| padded_length(*n))
            .collect();
        assert_eq!(steps, [1024, 1024, 1126, 1126, 1238]);
        assert!(padded_length(MAX_CONTENT + MAX_AROUND) < 12 * 1024 * 1024);
    }

    #[test]
    fn what_was_packed_is_unpacked() {
        for content in [
            Content::new(text("Zażółć \"\\\n\u{1}"), vec![]),
            Content::new(text(""), vec![file("a.txt", 0), file("A.TXT", 3000)]),
            Content::new(text("both"), vec![file("a.txt", 1)]),
            Content::new(text(""), vec![file("large", MAX_CONTENT)]),
        ] {
            let content = content.expect("within the bounds");
            let plain = content.pack();
            assert!(plain.len() <= MAX_PADDED_CONTENT);
            assert_eq!(Content::unpack(&plain), Ok(content));
        }
    }

    #[test]
    fn what_is_too_much_or_nothing_is_not_sent() {
        let refused = |t: &str, files| Content::new(text(t), files).unwrap_err();
        assert_eq!(refused("", vec![]), ContentError::Empty);
        assert_eq!(
            refused("x", vec![file("large", MAX_CONTENT)]),
            ContentError::TooLarge
        );
        assert_eq!(
            refused(&"\u{1}".repeat(MAX_CONTENT / 2), vec![]),
            ContentError::TooLarge
        );
        let many = (0..=MAX_FILES).map(|n| file(&n.to_string(), 1)).collect();
        assert_eq!(refused("", many), ContentError::TooManyFiles);
    }

    #[test]
    fn only_what_would_be_packed_so_is_unpacked() {
        let one = r#"{"text":"a","files":[{"name":"n","type":"a/b","size":2}]}"#;
        assert!(Content::unpack(&plain(one, b"xy", 1024)).is_ok());
        for bad in [
            plain(one, b"xy", 1126),
            plain(one, b"xyz", 1024),
            plain(&one.replace(":2", ":-2"), b"xy", 1024),
            plain(&one.replace(":2", ":2000"), b"xy", 1024),
            plain(&one.replace(":2", ":18446744073709551615"), b"xy", 1024),
            plain(&one.replace("\"a\",", "\"a\",\"text\":\"b\","), b"xy", 1024),
            plain(&one.replace("\"a\",", "\"a\",\"more\":1,"), b"xy", 1024),
            plain(&one.replace("\"text\":\"a\",", ""), b"xy", 1024),
            plain(one, b"xy", 1023),
            vec![0xff; 1024],
            vec![0; 3],
            vec![],
        ] {
            assert_eq!(Content::unpack(&bad), Err(MalformedContent));
        }
    }

    #[test]
    fn content_does_not_print_itself() {
        let content = Content::new(text("secret"), vec![file("secret.txt", 3)]).expect("small");
        assert_eq!(
            format!("{content:?} {:?}", content.files()),
            "Content(..) [File(3 bytes)]"
        );
    }
}
