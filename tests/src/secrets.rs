//! Searches whatever a test left behind for the secrets that it used, in every form in which they could have leaked.
//!
//! A form that many writers produce differently (percent, JSON, HTML: which characters are escaped?) is undone in the
//! text before the search; a form that is the same for everybody (UTF-16, base64, hex) is searched for as it is.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use data_encoding::{BASE64, BASE64URL, HEXLOWER};

use crate::unescape::views;

/// One find. It names the secret but does not repeat it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leak {
    /// What the secret is, as the test called it.
    pub secret: String,
    /// In which form it was found.
    pub form: String,
    /// In which file, or nothing if a text was searched.
    pub place: PathBuf,
}

impl fmt::Debug for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} as {} in {}", self.secret, self.form, self.place.display())
    }
}

/// Knows every form of a set of secrets.
pub struct Searcher {
    /// Forms in which upper and lower case differ.
    exact: Patterns,
    /// Forms in which they do not.
    hex: Patterns,
    /// Codes that are so short that they are found by chance within longer numbers.
    short: Patterns,
}

struct Patterns {
    automaton: AhoCorasick,
    meanings: Vec<(String, String)>,
}

impl Patterns {
    fn new(forms: Vec<(String, String, Vec<u8>)>, ignore_case: bool) -> Self {
        let needles: Vec<_> = forms.iter().map(|(_, _, needle)| needle.clone()).collect();
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(ignore_case)
            .build(needles);
        let meanings = forms
            .into_iter()
            .map(|(secret, form, _)| (secret, form))
            .collect();
        Self {
            automaton: automaton.expect("a few secrets fit"),
            meanings,
        }
    }

    /// Like [`find`](Self::find), but only what is no part of a longer word or number.
    fn find_words<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = &'a (String, String)> {
        let is_word = |start: usize, end: usize| {
            let (before, after) = (&text[..start], &text[end..]);
            let joins = |byte: u8| byte.is_ascii_alphanumeric() || b"_-+/".contains(&byte);
            let begins = before.last().is_none_or(|byte| !joins(*byte) && *byte != b'.');
            let goes_on = match after {
                [b'.', next, ..] => next.is_ascii_digit(),
                [next, ..] => joins(*next),
                [] => false,
            };
            begins && !goes_on
        };
        self.automaton
            .find_overlapping_iter(text)
            .filter(move |found| is_word(found.start(), found.end()))
            .map(|found| &self.meanings[found.pattern().as_usize()])
    }

    fn find<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = &'a (String, String)> {
        self.automaton
            .find_overlapping_iter(text)
            .map(|found| &self.meanings[found.pattern().as_usize()])
    }
}

impl Searcher {
    /// Takes pairs of what a secret is called and the secret itself.
    ///
    /// # Panics
    /// When a secret is so short that it would be found by chance.
    pub fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let (mut exact, mut hex) = (Vec::new(), Vec::new());
        for (name, secret) in secrets {
            assert!(secret.len() >= 6, "{name} is too short to search for");
            for (charset, bytes) in charsets(secret) {
                exact.push((name.to_owned(), charset.to_owned(), bytes.clone()));
                hex.push((
                    name.to_owned(),
                    format!("hex of {charset}"),
                    HEXLOWER.encode(&bytes).into_bytes(),
                ));
                for needle in base64_cores(&bytes) {
                    exact.push((name.to_owned(), format!("base64 of {charset}"), needle));
                }
            }
        }
        Self {
            exact: Patterns::new(exact, false),
            hex: Patterns::new(hex, true),
            short: Patterns::new(Vec::new(), false),
        }
    }

    /// Knows codes of six digits, too. They are searched for as whole words of a text: in other forms, and within
    /// numbers, such digits stand by chance.
    ///
    /// # Panics
    /// When one of them is anything else.
    #[must_use]
    pub fn and_codes<'a>(self, name: &str, codes: impl IntoIterator<Item = &'a String>) -> Self {
        let form = |code: &String| {
            let is_code = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
            assert!(is_code, "{name} has six digits");
            (name.to_owned(), "a word".to_owned(), code.clone().into_bytes())
        };
        let short = Patterns::new(codes.into_iter().map(form).collect(), false);
        Self { short, ..self }
    }

    /// Every secret that stands in the text, in whatever form.
    pub fn in_text(&self, text: &[u8]) -> BTreeSet<Leak> {
        self.search(text, Path::new(""))
    }

    /// Every secret that stands in a file under the folder or in the name of one, except under the places in `except`.
    ///
    /// # Panics
    /// When something there cannot be read: what was not searched was not found clean.
    pub fn in_folder(&self, folder: &Path, except: &[&Path]) -> BTreeSet<Leak> {
        let mut leaks = BTreeSet::new();
        for entry in std::fs::read_dir(folder).expect("the folder to search") {
            let entry = entry.expect("a readable folder");
            let path = entry.path();
            if except.contains(&path.as_path()) {
                continue;
            }
            leaks.extend(self.search(entry.file_name().as_encoded_bytes(), &path));
            let kind = entry.file_type().expect("a readable folder");
            if kind.is_dir() {
                leaks.extend(self.in_folder(&path, except));
            } else if kind.is_file() {
                leaks.extend(self.search(&std::fs::read(&path).expect("a readable file"), &path));
            }
        }
        leaks
    }

    fn find<'a>(&'a self, view: &'a [u8]) -> impl Iterator<Item = &'a (String, String)> {
        let long = self.exact.find(view).chain(self.hex.find(view));
        long.chain(self.short.find_words(view))
    }

    fn search(&self, text: &[u8], place: &Path) -> BTreeSet<Leak> {
        let mut leaks = BTreeSet::new();
        for (escape, view) in views(text) {
            for (secret, form) in self.find(&view) {
                let form = if escape.is_empty() {
                    form.clone()
                } else {
                    format!("{form}, {escape}")
                };
                leaks.insert(Leak {
                    secret: secret.clone(),
                    form,
                    place: place.to_owned(),
                });
            }
        }
        leaks
    }
}

/// The secret as bytes, in the encodings that this system meets: Windows and Active Directory speak UTF-16.
fn charsets(secret: &str) -> [(&'static str, Vec<u8>); 3] {
    [
        ("text", secret.as_bytes().to_vec()),
        (
            "UTF-16LE",
            secret.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ),
        (
            "UTF-16BE",
            secret.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        ),
    ]
}

/// What base64 makes of the bytes wherever they stand in a longer text: three alignments, both alphabets, without the
/// characters at either end that depend on the neighbours.
fn base64_cores(bytes: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut cores = BTreeSet::new();
    for before in 0..3_usize {
        let padded = [&vec![0; before], bytes].concat();
        let (start, end) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
        for alphabet in [BASE64, BASE64URL] {
            cores.insert(alphabet.encode(&padded).as_bytes()[start..end].to_vec());
        }
    }
    cores
}

#[cfg(test)]
mod tests {
    use super::*;

    // Characters that every escape treats differently, and one outside ASCII.
    const SECRET: &str = "Gr\u{fc}n \u{1f438}\"&<Frog>'+/=\\42";

    fn forms(text: impl AsRef<[u8]>) -> Vec<String> {
        let searcher = Searcher::new([("password", SECRET), ("other", "never used anywhere")]);
        let found = searcher.in_text(text.as_ref());
        assert!(found.iter().all(|leak| leak.secret == "password"));
        found.into_iter().map(|leak| leak.form).collect()
    }

    fn in_context(form: &str) -> String {
        format!("field=x&value={form}&next={form}\r\n")
    }

    #[track_caller]
    fn assert_found(text: impl AsRef<[u8]>, form: &str) {
        let found = forms(text);
        assert!(found.iter().any(|one| one == form), "{form} not among {found:?}");
    }

    fn each<T>(parts: impl Iterator<Item = T>, escape: fn(T) -> String) -> String {
        parts.map(escape).collect::<Vec<_>>().concat()
    }

    fn utf16(to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        SECRET.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn a_clean_text_has_no_find() {
        assert_eq!(
            forms("Grün \"&<Frog>'+/=\\4 and %41 \\u0042 &#67; =\nQUJD"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn raw_and_utf_16() {
        assert_found(in_context(SECRET), "text");
        assert_found(utf16(u16::to_le_bytes), "UTF-16LE");
        assert_found(utf16(u16::to_be_bytes), "UTF-16BE");
    }

    #[test]
    fn short_codes_are_words_and_no_part_of_numbers() {
        let codes = ["042137".to_owned()];
        let searcher = Searcher::new([]).and_codes("app code", &codes);
        let finds = |text: &str| !searcher.in_text(text.as_bytes()).is_empty();
        for leak in [
            "042137",
            "code=042137&x",
            "\"code\":\"042137\"",
            "it is 042137.",
            "code%3D042137",
            "x 042137\n",
        ] {
            assert!(finds(leak), "{leak}");
        }
        for chance in [
            "1042137",
            "0421370",
            "17:02:05.042137Z",
            "a042137",
            "042137.5",
            "9f-042137-c0",
            "042138",
        ] {
            assert!(!finds(chance), "{chance}");
        }
    }

    #[test]
    fn base64_at_every_alignment_in_both_alphabets() {
        for before in ["", "a", "ab", "abc"] {
            let text = format!("{before}{SECRET}z");
            assert_found(BASE64.encode(text.as_bytes()), "base64 of text");
            assert_found(BASE64URL.encode(text.as_bytes()), "base64 of text");
            // unicodePwd is the password in quotes, as UTF-16LE.
            let quoted: Vec<u8> = format!("{before}\"{SECRET}\"")
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect();
            assert_found(BASE64.encode(&quoted), "base64 of UTF-16LE");
        }
    }

    #[test]
    fn base64_over_several_lines() {
        let long = BASE64.encode(format!("{SECRET}{SECRET}").as_bytes());
        let lines: Vec<_> = long
            .as_bytes()
            .chunks(20)
            .map(|line| String::from_utf8_lossy(line))
            .collect();
        assert_found(lines.join("\r\n "), "base64 of text, over several lines");
    }

    #[test]
    fn hex_in_either_case() {
        assert_found(HEXLOWER.encode(SECRET.as_bytes()), "hex of text");
        assert_found(
            data_encoding::HEXUPPER.encode(&utf16(u16::to_le_bytes)),
            "hex of UTF-16LE",
        );
    }

    #[test]
    fn percent_of_everything_and_of_little() {
        let all = each(SECRET.bytes(), |byte| format!("%{byte:02x}"));
        assert_found(in_context(&all), "text, percent-encoded");
        let form = SECRET
            .replace('%', "%25")
            .replace('+', "%2B")
            .replace('&', "%26")
            .replace(' ', "+");
        assert_found(in_context(&form), "text, form-encoded");
    }

    #[test]
    fn json_and_debug() {
        let json = serde_json::to_string(SECRET).expect("a string is JSON");
        assert_found(in_context(&json), "text, backslash-escaped");
        let all = each(SECRET.encode_utf16(), |unit| format!("\\u{unit:04X}"));
        assert_found(in_context(&all), "text, backslash-escaped");
        assert_found(in_context(&format!("{SECRET:?}")), "text, backslash-escaped");
        assert_found(
            in_context(&SECRET.escape_unicode().to_string()),
            "text, backslash-escaped",
        );
    }

    #[test]
    fn html_by_name_and_by_number() {
        let named = SECRET
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;");
        assert_found(in_context(&named), "text, HTML-escaped");
        let decimal = each(SECRET.chars(), |c| format!("&#{};", u32::from(c)));
        assert_found(in_context(&decimal), "text, HTML-escaped");
        let hex = each(SECRET.chars(), |c| format!("&#x{:X};", u32::from(c)));
        assert_found(in_context(&hex), "text, HTML-escaped");
    }

    #[test]
    fn quoted_printable_of_a_mail() {
        let mail = SECRET.replace('=', "=3D").replace('\u{fc}', "=C3=\r\n=BC");
        assert_found(in_context(&mail), "text, quoted-printable");
    }

    #[test]
    fn a_folder_is_searched_to_its_depth_names_included_and_exceptions_left_out() {
        let folder = crate::folder::Folder::new();
        let deep = folder.join("a/b");
        std::fs::create_dir_all(&deep).expect("writable");
        std::fs::write(deep.join("log"), format!("x {SECRET} y")).expect("writable");
        std::fs::write(folder.join("plain secret"), "nothing").expect("writable");
        let searcher = Searcher::new([("password", SECRET), ("name", "plain secret")]);
        let found = searcher.in_folder(&folder, &[]);
        let found: Vec<_> = found
            .iter()
            .map(|leak| (leak.secret.as_str(), leak.place.as_path()))
            .collect();
        assert_eq!(
            found,
            [
                ("name", folder.join("plain secret").as_path()),
                ("password", deep.join("log").as_path())
            ]
        );
        assert_eq!(
            searcher.in_folder(&folder, &[&folder.join("a"), &folder.join("plain secret")]),
            BTreeSet::new()
        );
    }
}
