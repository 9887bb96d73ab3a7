//! Reading one section: every reader answers with a value, and notes what is wrong.

use std::fs::File;
use std::io::Read as _;
use std::ops::RangeInclusive;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::document::{Document, Item, Node, Table, join};
use super::mistakes::Place;
use super::setting::Setting;

/// One section of the configuration, to read settings from.
///
/// After a mistake a reader hands out a stand-in, so that reading goes on and finds the others;
/// [`load`](super::load) keeps a configuration with stand-ins from getting out.
pub struct Section<'d> {
    document: &'d Document,
    /// `None` when the file has no such section: its keys may all have defaults.
    table: Option<&'d Table>,
    path: String,
    place: Place,
}

impl<'d> Section<'d> {
    pub(crate) fn root(document: &'d Document) -> Self {
        Self {
            document,
            table: Some(&document.root),
            path: String::new(),
            place: Place::File,
        }
    }

    /// The section `name` in this one; if absent, one without keys.
    #[must_use]
    pub fn section(&self, name: &str) -> Section<'d> {
        self.find_section(name).unwrap_or_else(|| Section {
            document: self.document,
            table: None,
            path: join(&self.path, name),
            place: self.place.clone(),
        })
    }

    /// The section `name` in this one, if it is there.
    pub fn find_section(&self, name: &str) -> Option<Section<'d>> {
        let item = self.ask(name)?;
        let path = join(&self.path, name);
        if let Node::Table(table) = &item.node {
            return Some(Section {
                document: self.document,
                table: Some(table),
                path,
                place: item.place.clone(),
            });
        }
        self.refuse(
            item.place.clone(),
            format!("`{path}`: write a section `[{path}]`"),
        );
        None
    }

    /// The sections written as `[[name]]`, in their order; none is no mistake.
    pub fn sections(&self, name: &str) -> Vec<Section<'d>> {
        let Some(item) = self.ask(name) else {
            return Vec::new();
        };
        let path = join(&self.path, name);
        let Node::List(items) = &item.node else {
            self.refuse(
                item.place.clone(),
                format!("`{path}`: write sections `[[{path}]]`"),
            );
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (index, item) in items.iter().enumerate() {
            if let Node::Table(table) = &item.node {
                let path = format!("{path}[{index}]");
                sections.push(Section {
                    document: self.document,
                    table: Some(table),
                    path,
                    place: item.place.clone(),
                });
            } else {
                self.refuse(
                    item.place.clone(),
                    format!("`{path}`: write sections `[[{path}]]`"),
                );
            }
        }
        sections
    }

    /// The value of a key that must be there.
    pub fn get<T: Setting>(&self, key: &str) -> T {
        if self.lookup(key).is_none() {
            self.missing(key, T::WANTED);
        }
        self.find(key).unwrap_or_else(T::stand_in)
    }

    /// The value of `key`, or `default`.
    pub fn get_or<T: Setting>(&self, key: &str, default: T) -> T {
        if self.lookup(key).is_none() {
            self.ask(key);
            self.note(key, default.show(), None);
            return default;
        }
        self.find(key).unwrap_or(default)
    }

    /// The value of `key`, if it is there.
    pub fn find<T: Setting>(&self, key: &str) -> Option<T> {
        let item = self.ask(key)?;
        let value = T::read(item);
        match &value {
            Some(value) => self.note(key, value.show(), Some(&item.place)),
            None => self.wrong(key, item, T::WANTED),
        }
        value
    }

    /// Like [`get_or`](Self::get_or), and the value must lie in `range`.
    pub fn get_within<T: Setting + PartialOrd>(&self, key: &str, default: T, range: RangeInclusive<T>) -> T {
        let value = self.get_or(key, default);
        if !range.contains(&value) {
            let (least, most) = (range.start().show(), range.end().show());
            let place = self
                .lookup(key)
                .map_or_else(|| self.place.clone(), |item| item.place.clone());
            self.refuse(
                place,
                format!(
                    "`{}`: {} is outside {least} to {most}",
                    self.full(key),
                    value.show()
                ),
            );
        }
        value
    }

    /// One of a few words, each standing for a value; without a default the key must be there.
    pub fn choice<T: Clone>(&self, key: &str, choices: &[(&str, T)], default: Option<&str>) -> T {
        let wanted = choices
            .iter()
            .map(|(word, _)| format!("\"{word}\""))
            .collect::<Vec<_>>()
            .join(" or ");
        let item = self.ask(key);
        let word = item.map_or(default, Item::text);
        let chosen = choices.iter().find(|(name, _)| word == Some(*name));
        match (chosen, item) {
            (Some((name, _)), _) => self.note(key, format!("\"{name}\""), item.map(|item| &item.place)),
            (None, Some(item)) => self.wrong(key, item, &wanted),
            (None, None) => self.missing(key, &wanted),
        }
        chosen
            .or(choices.first())
            .map(|(_, value)| value.clone())
            .expect("at least one choice is offered")
    }

    /// A text that `parse` understands; `wanted` ends the sentence "write …" and `stand_in` goes on after a mistake.
    pub fn parsed<T>(
        &self,
        key: &str,
        wanted: &str,
        stand_in: T,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> T {
        let Some(item) = self.ask(key) else {
            self.missing(key, wanted);
            return stand_in;
        };
        let text = item.text().unwrap_or_default();
        if let Some(value) = parse(text) {
            self.note(key, format!("{text:?}"), Some(&item.place));
            return value;
        }
        self.wrong(key, item, wanted);
        stand_in
    }

    /// The path of a file that must exist and be readable; relative to the configuration's folder.
    pub fn file(&self, key: &str) -> PathBuf {
        let path: PathBuf = self.get(key);
        self.check_file(key, path)
    }

    /// Like [`file`](Self::file), for a key that may be absent.
    pub fn find_file(&self, key: &str) -> Option<PathBuf> {
        self.find(key).map(|path| self.check_file(key, path))
    }

    /// The secret in the file that `key` names, without the newline at its end.
    ///
    /// A file that everybody on the host may read, and an empty one, are mistakes.
    pub fn secret_file(&self, key: &str) -> SecretString {
        let path: PathBuf = self.get(key);
        self.read_secret(key, path)
    }

    /// Like [`secret_file`](Self::secret_file), for a key that may be absent.
    pub fn find_secret_file(&self, key: &str) -> Option<SecretString> {
        self.find(key).map(|path| self.read_secret(key, path))
    }

    /// The path of a secret file that somebody else reads (a private key): checked like a secret, not read.
    pub fn private_file(&self, key: &str) -> PathBuf {
        let path = self.file(key);
        if let Ok(data) = std::fs::metadata(&path) {
            self.check_private(key, &data);
        }
        path
    }

    /// Notes a mistake that only the caller can see, at the place of `key`.
    pub fn mistake(&self, key: &str, text: &str) {
        let place = self
            .lookup(key)
            .map_or_else(|| self.place.clone(), |item| item.place.clone());
        self.refuse(place, format!("`{}`: {text}", self.full(key)));
    }

    /// The name under which mistakes name this section; empty at the top.
    pub fn path(&self) -> &str {
        &self.path
    }

    fn check_file(&self, key: &str, path: PathBuf) -> PathBuf {
        if path.as_os_str().is_empty() {
            return path; // missing, and noted as such
        }
        let path = self.document.folder.join(path);
        if let Err(error) = File::open(&path) {
            self.mistake(key, &format!("\"{}\" cannot be read: {error}", path.display()));
        }
        path
    }

    fn read_secret(&self, key: &str, path: PathBuf) -> SecretString {
        let path = self.check_file(key, path);
        let Ok(mut file) = File::open(&path) else {
            return SecretString::default();
        };
        let mut text = Zeroizing::new(String::new());
        match file
            .metadata()
            .and_then(|data| file.read_to_string(&mut text).map(|_| data))
        {
            Ok(data) => self.check_private(key, &data),
            Err(error) => self.mistake(key, &format!("\"{}\" cannot be read: {error}", path.display())),
        }
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() {
            self.mistake(key, &format!("\"{}\" is empty", path.display()));
        }
        SecretString::from(secret)
    }

    fn check_private(&self, key: &str, data: &std::fs::Metadata) {
        let mode = data.permissions().mode() & 0o777;
        if mode & 0o007 != 0 {
            self.mistake(
                key,
                &format!("everybody on this host may use the file (mode {mode:04o}); chmod it to 0600"),
            );
        }
    }

    /// Looks the key up and remembers that it is a known one.
    fn ask(&self, key: &str) -> Option<&'d Item> {
        self.document.notes.borrow_mut().asked.insert(self.full(key));
        self.lookup(key)
    }

    fn lookup(&self, key: &str) -> Option<&'d Item> {
        self.table?.get(key)
    }

    fn full(&self, key: &str) -> String {
        join(&self.path, key)
    }

    fn note(&self, key: &str, shown: String, place: Option<&Place>) {
        self.document
            .notes
            .borrow_mut()
            .effective
            .note(&self.full(key), shown, place);
    }

    fn missing(&self, key: &str, wanted: &str) {
        self.ask(key);
        self.refuse(
            self.place.clone(),
            format!("`{}` is missing: write {wanted}", self.full(key)),
        );
    }

    fn wrong(&self, key: &str, item: &Item, wanted: &str) {
        let shown = item
            .text()
            .map_or(String::new(), |text| format!(" {text:?} is not right:"));
        self.refuse(
            item.place.clone(),
            format!("`{}`:{shown} write {wanted}", self.full(key)),
        );
    }

    fn refuse(&self, place: Place, text: String) {
        self.document.notes.borrow_mut().mistakes.push(place, text);
    }
}
