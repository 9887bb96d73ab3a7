//! The rules for a new password: as sentences for people and as data for the script that ticks them off.
//!
//! The script (`assets/rules.js`) is a help while typing, never the check: the core judges all rules again.

use maud::{Markup, html};
use serde::Serialize;

use crate::icon::Icon;
use crate::times::Calendar;
use crate::words::Words;

/// A rule for a new password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// At least so many characters (UTF-16 units, as the directory counts).
    MinLength(i64),
    /// At most so many UTF-16 units.
    MaxUtf16(i64),
    /// Characters of at least so many of the five classes: upper case, lower case, digits, symbols, other letters.
    Classes(i64),
    /// This account name does not occur in it.
    NotAccountName(String),
    /// None of these parts of the display name occurs in it.
    NotDisplayName(Vec<String>),
    /// Not blocked by the organisation.
    NotBlocked,
    /// Not in the list of passwords known from breaches.
    NotBreached,
    /// Not like the current one.
    NotSimilar,
    /// Not one of the last so many.
    History(i64),
    /// Not before this moment, in milliseconds since the Unix epoch.
    MinAge(i64),
}

impl Rule {
    /// The rule with the kind, number and texts that crossed the wire; `None` for a kind that this build does
    /// not know or that lacks what it needs. The core judges such a rule all the same.
    pub fn from_parts(kind: &str, n: Option<i64>, texts: &[String]) -> Option<Self> {
        Some(match kind {
            "min_length" => Self::MinLength(n?),
            "max_utf16" => Self::MaxUtf16(n?),
            "classes" => Self::Classes(n?),
            "not_account_name" => Self::NotAccountName(texts.first()?.clone()),
            "not_display_name" => Self::NotDisplayName(texts.to_vec()),
            "not_blocked" => Self::NotBlocked,
            "not_breached" => Self::NotBreached,
            "not_similar" => Self::NotSimilar,
            "history" => Self::History(n?),
            "min_age" => Self::MinAge(n?),
            _ => return None,
        })
    }

    /// The kind's name, in the script and on the wire.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::MinLength(_) => "min_length",
            Self::MaxUtf16(_) => "max_utf16",
            Self::Classes(_) => "classes",
            Self::NotAccountName(_) => "not_account_name",
            Self::NotDisplayName(_) => "not_display_name",
            Self::NotBlocked => "not_blocked",
            Self::NotBreached => "not_breached",
            Self::NotSimilar => "not_similar",
            Self::History(_) => "history",
            Self::MinAge(_) => "min_age",
        }
    }

    /// Whether a browser can judge it while the person types.
    const fn is_live(&self) -> bool {
        matches!(
            self,
            Self::MinLength(_)
                | Self::MaxUtf16(_)
                | Self::Classes(_)
                | Self::NotAccountName(_)
                | Self::NotDisplayName(_)
        )
    }

    /// The rule as a short phrase, such as "at least 12 characters".
    pub fn text(&self, words: &Words, calendar: &Calendar) -> String {
        match self {
            Self::MinLength(n) => words.with("rule-min-length", &[("n", (*n).into())]),
            Self::MaxUtf16(n) => words.with("rule-max-utf16", &[("n", (*n).into())]),
            Self::Classes(n) => words.with("rule-classes", &[("n", (*n).into())]),
            Self::NotAccountName(name) => words.with("rule-not-account-name", &[("name", name.into())]),
            Self::NotDisplayName(parts) => {
                words.with("rule-not-display-name", &[("parts", parts.join(", ").into())])
            }
            Self::NotBlocked => words.get("rule-not-blocked"),
            Self::NotBreached => words.get("rule-not-breached"),
            Self::NotSimilar => words.get("rule-not-similar"),
            Self::History(n) => words.with("rule-history", &[("n", (*n).into())]),
            Self::MinAge(until) => words.with(
                "rule-min-age",
                &[("until", words.time_text(*until, calendar).into())],
            ),
        }
    }
}

/// A rule as the script reads it. Only what a browser needs to judge it.
#[derive(Serialize)]
struct Data<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<i64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    texts: &'a [String],
}

/// The rules as JSON for `data-rules` of the form.
pub fn as_json(rules: &[Rule]) -> String {
    let data: Vec<Data<'_>> = rules.iter().map(data).collect();
    serde_json::to_string(&data).expect("text and numbers always serialise")
}

fn data(rule: &Rule) -> Data<'_> {
    let (n, texts): (Option<i64>, &[String]) = match rule {
        Rule::MinLength(n) | Rule::MaxUtf16(n) | Rule::Classes(n) | Rule::History(n) | Rule::MinAge(n) => {
            (Some(*n), &[])
        }
        Rule::NotAccountName(name) => (None, std::slice::from_ref(name)),
        Rule::NotDisplayName(parts) => (None, parts),
        Rule::NotBlocked | Rule::NotBreached | Rule::NotSimilar => (None, &[]),
    };
    Data {
        kind: rule.kind(),
        n,
        texts,
    }
}

/// The list beside a new password. `broken` are those that the last password did not keep.
pub fn list(words: &Words, calendar: &Calendar, rules: &[Rule], broken: &[Rule]) -> Markup {
    let is_broken = |rule: &Rule| broken.iter().any(|other| other.kind() == rule.kind());
    let (live, later): (Vec<&Rule>, Vec<&Rule>) = rules.iter().partition(|rule| rule.is_live());
    // The script fills in the numbers while the person types.
    let progress = words.with(
        "rules-progress",
        &[("kept", "{kept}".into()), ("all", "{all}".into())],
    );
    html! {
        @if !rules.is_empty() {
            div.rules data-progress=(progress) {
                h3 { (words.get("rules-title")) }
                ul {
                    @for rule in live {
                        (item(words, rule, &rule.text(words, calendar), is_broken(rule)))
                    }
                }
                @if !later.is_empty() {
                    h4 { (words.get("rules-later")) }
                    ul {
                        @for rule in later {
                            (item(words, rule, &rule.text(words, calendar), is_broken(rule)))
                        }
                    }
                }
                p.unseen role="status" data-rules-status {}
            }
        }
    }
}

fn item(words: &Words, rule: &Rule, sentence: &str, broken: bool) -> Markup {
    html! {
        li data-rule=(rule.kind()) data-state=(if broken { "broken" } else { "open" })
            data-kept=[rule.is_live().then(|| words.get("rule-kept"))]
        {
            span.marks { (Icon::Done.draw()) (Icon::Stop.draw()) }
            span { (sentence) }
            span.unseen data-rule-state { @if broken { " (" (words.get("rule-broken")) ")" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_crosses_the_wire_comes_back_as_the_same_rule() {
        let rules = [
            Rule::MinLength(12),
            Rule::MaxUtf16(256),
            Rule::Classes(3),
            Rule::NotAccountName("alice".into()),
            Rule::NotDisplayName(vec!["Alice".into(), "Ng\"<".into()]),
            Rule::NotBlocked,
            Rule::NotBreached,
            Rule::NotSimilar,
            Rule::History(24),
            Rule::MinAge(1),
        ];
        for rule in rules {
            let Data { kind, n, texts } = data(&rule);
            assert_eq!(Rule::from_parts(kind, n, texts), Some(rule.clone()));
        }
        assert_eq!(Rule::from_parts("min_length", None, &[]), None);
        assert_eq!(Rule::from_parts("from_next_year", Some(1), &[]), None);
    }

    #[test]
    fn the_script_gets_kinds_numbers_and_texts() {
        let rules = [
            Rule::MinLength(12),
            Rule::NotAccountName("alice".into()),
            Rule::NotBlocked,
        ];
        assert_eq!(
            as_json(&rules),
            r#"[{"kind":"min_length","n":12},{"kind":"not_account_name","texts":["alice"]},{"kind":"not_blocked"}]"#
        );
    }
}
