//! What a person types to say who he is.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// The longest identifier that is looked up, in characters. A UPN may have 1024 in theory; the
/// directory's own attributes that we search (sAMAccountName 256, UPN, mail) stay below this in practice.
const LONGEST: usize = 256;

/// An identifier as typed, trimmed and in NFC. Every text makes one: what cannot name anybody is kept
/// and counted like the rest, because a refusal here would tell strangers apart from accounts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identifier(String);

/// How an identifier is searched for in the directory.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lookup {
    /// `name`: a sAMAccountName in the only or default domain.
    AccountName(String),
    /// `DOMAIN\name`: a sAMAccountName in the domain with that NetBIOS or DNS name.
    InDomain {
        /// The part before the backslash.
        domain: String,
        /// The part behind it.
        name: String,
    },
    /// `local@suffix`: a userPrincipalName or a mail address.
    Address(String),
}

impl Identifier {
    /// Takes whatever was typed.
    pub fn parse(typed: &str) -> Self {
        Self(typed.trim().nfc().take(LONGEST + 1).collect())
    }

    /// How to search for it; `None` when no account can have this name (empty, too long, with control
    /// characters or with characters that Active Directory forbids in every such name).
    pub fn lookup(&self) -> Option<Lookup> {
        let text = self.0.as_str();
        if text.is_empty()
            || text.chars().count() > LONGEST
            || text.chars().any(|c| c.is_control() || is_bidi(c))
        {
            return None;
        }
        if let Some((domain, name)) = text.split_once('\\') {
            return (is_account_name(domain) && is_account_name(name)).then(|| Lookup::InDomain {
                domain: domain.to_owned(),
                name: name.to_owned(),
            });
        }
        if text.contains('@') {
            let (local, suffix) = text.rsplit_once('@')?;
            return (!local.is_empty() && !suffix.is_empty() && !text.contains(char::is_whitespace))
                .then(|| Lookup::Address(text.to_owned()));
        }
        is_account_name(text).then(|| Lookup::AccountName(text.to_owned()))
    }

    /// The key under which limits count this identifier: two spellings of one name share it.
    pub fn limit_key(&self) -> String {
        self.0.to_lowercase()
    }

    /// As typed, for the log's side row only.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// MS-ADTS 3.1.1.5.2.2 and MS-SAMR forbid these in a sAMAccountName; none can match, so none is searched.
fn is_account_name(text: &str) -> bool {
    !text.is_empty()
        && !text.contains([
            '"', '/', '\\', '[', ']', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>', '@',
        ])
}

/// Direction overrides make one name look like another and are in no account name.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_spellings_are_told_apart() {
        assert_eq!(
            Identifier::parse(" alice ").lookup(),
            Some(Lookup::AccountName("alice".into()))
        );
        assert_eq!(
            Identifier::parse("CORP\\alice").lookup(),
            Some(Lookup::InDomain {
                domain: "CORP".into(),
                name: "alice".into()
            })
        );
        assert_eq!(
            Identifier::parse("a@b.example").lookup(),
            Some(Lookup::Address("a@b.example".into()))
        );
        assert_eq!(
            Identifier::parse("Zoë\u{308}").limit_key(),
            Identifier::parse("zoë\u{308}").limit_key()
        );
    }

    #[test]
    fn what_can_name_nobody_is_kept_but_not_searched() {
        let long = "a".repeat(10_000);
        for typed in [
            "",
            "  ",
            "x)(cn=*",
            "a\0b",
            &long,
            "\u{202e}ecila",
            "a\\b\\c",
            "@",
            "a b@c",
        ] {
            assert_eq!(Identifier::parse(typed).lookup(), None, "{typed:?}");
        }
        assert!(Identifier::parse(&long).as_str().len() <= LONGEST + 1);
    }
}
