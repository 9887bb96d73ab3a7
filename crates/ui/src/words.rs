//! The words of every page and mail, in each language, from Fluent files.
//!
//! Both languages are complete and use the same variables; `tests/words.rs` fails otherwise, and also when a
//! key is used but not written or written but not used.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use fluent_langneg::{
    LanguageIdentifier, NegotiationStrategy, negotiate_languages, parse_accepted_languages,
};
use maud::{Markup, html};

/// A value put into a sentence: text, or a number that chooses between singular and plural.
pub use fluent_bundle::FluentValue as Value;

/// A language that all words exist in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lang {
    /// English, the default.
    En,
    /// German, which addresses people with "Sie".
    De,
}

impl Lang {
    /// Every language, in the order in which the switch shows them.
    pub const ALL: [Self; 2] = [Self::En, Self::De];

    /// The tag as it stands in `lang="…"` and in `?lang=…` (BCP 47).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }

    /// The language's name in itself, so that its speakers find it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::De => "Deutsch",
        }
    }

    /// The language of a tag that this project made itself: `?lang=`, a cookie, a field of the contract.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.tag() == tag)
    }

    /// The language to answer in: what the person chose, else what the browser asks for, else English.
    /// `accept_language` is the header's value (RFC 9110 section 12.5.4); nonsense in it counts as absent.
    pub fn negotiate(chosen: Option<&str>, accept_language: Option<&str>) -> Self {
        if let Some(lang) = chosen.and_then(Self::from_tag) {
            return lang;
        }
        let asked = parse_accepted_languages(accept_language.unwrap_or_default());
        let offered: Vec<LanguageIdentifier> = Self::ALL
            .iter()
            .filter_map(|lang| lang.tag().parse().ok())
            .collect();
        negotiate_languages(&asked, &offered, None, NegotiationStrategy::Filtering)
            .first()
            .and_then(|tag| Self::from_tag(&tag.to_string()))
            .unwrap_or(Self::En)
    }
}

/// The words of one language.
pub struct Words {
    lang: Lang,
    bundle: FluentBundle<FluentResource>,
}

static EN: LazyLock<Words> = LazyLock::new(|| Words::load(Lang::En, ENGLISH));
static DE: LazyLock<Words> = LazyLock::new(|| Words::load(Lang::De, GERMAN));

/// Lists the files of one language, so that both name the same ones.
macro_rules! files {
    ($lang:literal) => {
        &[
            include_str!(concat!("../words/", $lang, "/common.ftl")),
            include_str!(concat!("../words/", $lang, "/prove.ftl")),
            include_str!(concat!("../words/", $lang, "/act.ftl")),
            include_str!(concat!("../words/", $lang, "/rules.ftl")),
            include_str!(concat!("../words/", $lang, "/problem.ftl")),
            include_str!(concat!("../words/", $lang, "/enrol.ftl")),
            include_str!(concat!("../words/", $lang, "/mail.ftl")),
            include_str!(concat!("../words/", $lang, "/message.ftl")),
        ]
    };
}
const ENGLISH: &[&str] = files!("en");
const GERMAN: &[&str] = files!("de");

impl Words {
    /// The words of `lang`, parsed once for the life of the process.
    pub fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::En => &EN,
            Lang::De => &DE,
        }
    }

    fn load(lang: Lang, files: &[&str]) -> Self {
        let tag = lang.tag().parse().expect("the tags of Lang are well-formed");
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // Isolation marks around values would end up in copied codes and break searches in pages.
        bundle.set_use_isolating(false);
        for file in files {
            let resource = FluentResource::try_new((*file).to_owned())
                .expect("the files are compiled in and a test parses them");
            bundle
                .add_resource(resource)
                .expect("a test finds keys that are written twice");
        }
        Self { lang, bundle }
    }

    /// Which language this is.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// The sentence `key`.
    pub fn get(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// The sentence `key` with values in it.
    ///
    /// An unknown key or a missing value stops a debug build, so that the test suites find it; in a release
    /// build the page shows the key, which is better than no page for somebody who is locked out.
    pub fn with(&self, key: &str, values: &[(&str, Value<'_>)]) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            debug_assert!(false, "no words for the key {key}");
            return key.to_owned();
        };
        let mut args = FluentArgs::with_capacity(values.len());
        for (name, value) in values {
            args.set(*name, value.clone());
        }
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(&args), &mut errors);
        debug_assert!(
            errors.is_empty(),
            "the words of {key} need other values: {errors:?}"
        );
        text.into_owned()
    }

    /// The sentence `key` with one piece of markup in it, such as a time or a link.
    pub fn rich(&self, key: &str, name: &str, piece: &Markup) -> Markup {
        // A control character cannot be in the words, and markup must not pass through text.
        const MARK: &str = "\u{1}";
        let text = self.with(key, &[(name, MARK.into())]);
        let mut parts = text.split(MARK);
        let first = parts.next().unwrap_or_default();
        html! { (first) @for part in parts { (piece) (part) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_persons_choice_wins_over_the_browsers() {
        assert_eq!(Lang::negotiate(Some("de"), Some("en-GB,en;q=0.8")), Lang::De);
        assert_eq!(Lang::negotiate(None, Some("de-AT,de;q=0.9,en;q=0.5")), Lang::De);
        assert_eq!(Lang::negotiate(Some("xx"), Some("fr-FR,de;q=0.5")), Lang::De);
        assert_eq!(Lang::negotiate(None, Some("fr")), Lang::En);
        assert_eq!(Lang::negotiate(None, Some("\u{0}*;;q=,")), Lang::En);
        assert_eq!(Lang::negotiate(None, None), Lang::En);
    }

    #[test]
    fn markup_in_a_sentence_is_kept_and_everything_else_is_escaped() {
        let words = Words::of(Lang::En);
        let page = words.rich("state-locked-until", "until", &html! { time { "14:05 <b>" } });
        assert_eq!(
            page.into_string(),
            "Your account is locked until <time>14:05 &lt;b&gt;</time>."
        );
    }

    #[test]
    fn values_stand_in_the_text_without_isolation_marks() {
        let text = Words::of(Lang::De).with("title-problem", &[("title", "Prüfen".into())]);
        assert_eq!(text, "Fehler: Prüfen");
    }
}
