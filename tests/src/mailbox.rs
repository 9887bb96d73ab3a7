//! The folder into which the demo puts mail instead of sending it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use data_encoding::BASE64;

use crate::processes::wait_for;

/// How long a mail may take: the outbox is woken at once, but sealing and writing take their time.
const LIMIT: Duration = Duration::from_mins(1);

/// Somebody who looks into the folder again and again, and reads each mail once.
pub struct Mailbox {
    folder: PathBuf,
    read: BTreeSet<PathBuf>,
}

impl Mailbox {
    /// Looks into this folder.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            read: BTreeSet::new(),
        }
    }

    /// Waits for an unread mail to `recipient` whose text says `words`, and gives its text.
    pub async fn next(&mut self, recipient: &str, words: &str) -> String {
        wait_for(
            &format!("a mail to {recipient} that says \"{words}\""),
            LIMIT,
            async || {
                let (path, text) = self
                    .unread(recipient)
                    .into_iter()
                    .find(|(_, text)| text.contains(words))?;
                self.read.insert(path);
                Some(text)
            },
        )
        .await
    }

    /// The code of the next mail to `recipient` that has one.
    pub async fn code(&mut self, recipient: &str) -> String {
        code_in(&self.next(recipient, "Your code to ").await)
    }

    /// How often each letter came, by its name: the first part of its `Message-ID`.
    ///
    /// # Panics
    /// When the folder cannot be read.
    pub fn letters(&self) -> BTreeMap<String, usize> {
        let mut letters = BTreeMap::new();
        for entry in std::fs::read_dir(&self.folder).expect("the folder of mails") {
            let name = entry.expect("its entry").file_name();
            let name = name.to_str().expect("a name in hexadecimal");
            if let Some((letter, _)) = name.split_once('.').filter(|(_, end)| end.ends_with("eml")) {
                *letters.entry(letter.to_owned()).or_default() += 1;
            }
        }
        letters
    }

    /// How many letters to `recipient` say all of these words, each counted once, however often it came.
    pub fn different(&self, recipient: &str, words: &[&str]) -> usize {
        let is_it = |text: &str| words.iter().all(|word| text.contains(word));
        let mails = Self::new(&self.folder).unread(recipient).into_iter();
        let letters = mails.filter(|(_, text)| is_it(text)).filter_map(|(path, _)| {
            let name = path.file_name()?.to_str()?;
            Some(name.split('.').next()?.to_owned())
        });
        letters.collect::<BTreeSet<_>>().len()
    }

    /// How many mails to `recipient` say all of these words, read ones and repeats too.
    pub fn count(&self, recipient: &str, words: &[&str]) -> usize {
        let everything = Self::new(&self.folder);
        let mails = everything.unread(recipient);
        let is_it = |text: &str| words.iter().all(|word| text.contains(word));
        mails.iter().filter(|(_, text)| is_it(text)).count()
    }

    /// Every mail to `recipient` that was not read yet.
    pub fn unread(&self, recipient: &str) -> Vec<(PathBuf, String)> {
        let Ok(entries) = std::fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let mails = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                path.extension().is_some_and(|ending| ending == "eml") && !self.read.contains(path)
            });
        mails
            .filter_map(|path| Some((path.clone(), std::fs::read_to_string(path).ok()?)))
            .filter(|(_, mail)| mail.contains(&format!("To: {recipient}")))
            .map(|(path, mail)| (path, body(&mail)))
            .collect()
    }
}

/// The eight digits in a mail's text.
///
/// # Panics
/// When there are none.
pub fn code_in(text: &str) -> String {
    let mut words = text.split(|character: char| !character.is_ascii_alphanumeric());
    let code = words.find(|word| word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_digit()));
    code.unwrap_or_else(|| panic!("no code in:\n{text}")).to_owned()
}

/// The text behind the head, with its transfer encoding (RFC 2045 section 6) undone as far as these mails need it.
fn body(mail: &str) -> String {
    let (head, body) = mail.split_once("\r\n\r\n").unwrap_or((mail, ""));
    let head = head.to_lowercase();
    if head.contains("content-transfer-encoding: base64") {
        let packed: String = body.split_whitespace().collect();
        let bytes = BASE64.decode(packed.as_bytes()).expect("a mail's own base64");
        return String::from_utf8_lossy(&bytes).into_owned();
    }
    body.replace("=\r\n", "").replace("=3D", "=")
}
