//! The password rules, told before the directory refuses.
//!
//! Active Directory answers `0000052D` alike for too short, not complex, used before and too soon. So the
//! effective policy is turned into named rules first, each of which can be told and checked by itself.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::clock::Timestamp;
use crate::lockout::LockoutPolicy;

/// The most UTF-16 units that a password may have ([MS-SAMR] 3.1.1.8.9.1 allows 256 for `unicodePwd`).
pub const MOST_UTF16: usize = 256;

/// The password policy that applies to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordPolicy {
    /// Where it comes from.
    pub source: PolicySource,
    /// Fewest characters, as the directory counts them (UTF-16 units).
    pub min_length: u32,
    /// Former passwords that may not come back.
    pub history: u32,
    /// Whether a *reset* is held to the history too; a change always is.
    pub history_on_reset: bool,
    /// Three of five character classes, no account name, no part of the display name.
    pub complexity: bool,
    /// How old a password must be before its owner may change it.
    pub min_age: Duration,
    /// How old a password may become; `None` for any age.
    pub max_age: Option<Duration>,
    /// When wrong passwords lock the account; `None` when it cannot be read.
    pub lockout: Option<LockoutPolicy>,
}

/// Where a password policy comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicySource {
    /// The domain's own.
    Domain,
    /// A fine-grained policy, by its name.
    FineGrained(String),
    /// A fine-grained policy applies that the service account may not read: what is known is the domain's.
    Unreadable,
}

/// One rule that a new password must keep, with what a page needs to say it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Rule {
    /// At least `n` characters.
    MinLength {
        /// How many.
        n: u32,
    },
    /// At most `n` UTF-16 units.
    MaxUtf16 {
        /// How many.
        n: u32,
    },
    /// Characters of at least `need` of the five classes (upper, lower, digit, symbol, other letter).
    Classes {
        /// How many classes there are.
        of: u8,
        /// How many are needed.
        need: u8,
    },
    /// The account name does not occur in it ([MS-SAMR] 3.1.1.7.2: only if longer than two characters).
    NotAccountName {
        /// That name.
        name: String,
    },
    /// No part of the display name occurs in it.
    NotDisplayName {
        /// The parts, each longer than two characters.
        parts: Vec<String>,
    },
    /// Not one of the organisation's blocked passwords or words.
    NotBlocked,
    /// Not in the list of breached passwords.
    NotBreached,
    /// Not like the old one.
    NotSimilar,
    /// Not one of the last `n` passwords; the directory checks it.
    History {
        /// How many.
        n: u32,
    },
    /// Not before this moment; the directory checks it.
    MinAge {
        /// When it may be changed again.
        until: Timestamp,
    },
}

impl Rule {
    /// The rule's lasting id, by which pages find their words.
    pub fn id(&self) -> &'static str {
        match self {
            Self::MinLength { .. } => "min-length",
            Self::MaxUtf16 { .. } => "max-length",
            Self::Classes { .. } => "classes",
            Self::NotAccountName { .. } => "not-account-name",
            Self::NotDisplayName { .. } => "not-display-name",
            Self::NotBlocked => "not-blocked",
            Self::NotBreached => "not-breached",
            Self::NotSimilar => "not-similar",
            Self::History { .. } => "history",
            Self::MinAge { .. } => "min-age",
        }
    }
}

/// What the organisation demands beyond the directory. Words are compared in lower case.
pub trait OwnRules: Send + Sync {
    /// Whether the whole password is blocked, or contains a blocked word.
    fn is_blocked(&self, password: &str) -> bool;
    /// Whether it is in the list of breached passwords.
    fn is_breached(&self, password: &str) -> bool;
    /// Whether a list of breached passwords is there at all.
    fn knows_breaches(&self) -> bool;
}

/// What is to happen to the password: some rules hold only for one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// An administrative reset: minimum age does not apply, history only where the directory enforces it.
    Reset,
    /// A change by the owner: everything applies. A must-change overrides the minimum age.
    Change,
}

/// The rules for one account's new password, in the order in which they are shown.
pub fn rules(
    policy: &PasswordPolicy,
    account: &Account,
    writing: Writing,
    own: &dyn OwnRules,
    now: Timestamp,
) -> Vec<Rule> {
    let mut rules = Vec::new();
    if policy.min_length > 0 {
        rules.push(Rule::MinLength { n: policy.min_length });
    }
    if policy.complexity {
        rules.push(Rule::Classes { of: 5, need: 3 });
        if utf16(&account.name) > 2 {
            rules.push(Rule::NotAccountName {
                name: account.name.clone(),
            });
        }
        let parts = account
            .display_name
            .as_deref()
            .map(name_parts)
            .unwrap_or_default();
        if !parts.is_empty() {
            rules.push(Rule::NotDisplayName { parts });
        }
    }
    rules.push(Rule::NotBlocked);
    if own.knows_breaches() {
        rules.push(Rule::NotBreached);
    }
    if writing == Writing::Change {
        rules.push(Rule::NotSimilar);
    }
    if policy.history > 0 && (writing == Writing::Change || policy.history_on_reset) {
        rules.push(Rule::History { n: policy.history });
    }
    if let (Writing::Change, Some(until)) = (writing, too_young_until(policy, account))
        && until > now
    {
        rules.push(Rule::MinAge { until });
    }
    rules.push(Rule::MaxUtf16 {
        n: u32::try_from(MOST_UTF16).expect("256 fits"),
    });
    rules
}

/// When the owner may change the password again; `None` when at any time.
pub fn too_young_until(policy: &PasswordPolicy, account: &Account) -> Option<Timestamp> {
    let state = &account.state;
    if policy.min_age.is_zero() || state.must_change {
        return None;
    }
    state.password_set.map(|set| set.plus(policy.min_age))
}

/// Those rules that a password breaks. `old` is the current password, on a change.
///
/// History cannot be known here; the directory judges it.
pub fn broken(
    rules: &[Rule],
    new: &SecretString,
    old: Option<&SecretString>,
    own: &dyn OwnRules,
    now: Timestamp,
) -> Vec<Rule> {
    let password = new.expose_secret();
    rules
        .iter()
        .filter(|rule| !keeps(rule, password, old, own, now))
        .cloned()
        .collect()
}

fn keeps(
    rule: &Rule,
    password: &str,
    old: Option<&SecretString>,
    own: &dyn OwnRules,
    now: Timestamp,
) -> bool {
    match rule {
        Rule::MinLength { n } => utf16(password) >= *n as usize,
        Rule::MaxUtf16 { n } => utf16(password) <= *n as usize && !password.contains('\0'),
        Rule::Classes { need, .. } => classes(password) >= *need,
        Rule::NotAccountName { name } => !contains_folded(password, name),
        Rule::NotDisplayName { parts } => !parts.iter().any(|part| contains_folded(password, part)),
        Rule::NotBlocked => !own.is_blocked(password),
        Rule::NotBreached => !own.is_breached(password),
        Rule::NotSimilar => !old.is_some_and(|old| is_similar(old.expose_secret(), password)),
        Rule::History { .. } => true,
        Rule::MinAge { until } => now >= *until,
    }
}

/// Length as Windows counts it.
fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}

/// How many of the five classes of [MS-SAMR] 3.1.1.7.2 occur: upper case, lower case, ASCII digits,
/// symbols, and letters that are neither upper nor lower case.
fn classes(password: &str) -> u8 {
    let mut seen = [false; 5];
    for c in password.chars() {
        let class = if c.is_uppercase() {
            0
        } else if c.is_lowercase() {
            1
        } else if c.is_ascii_digit() {
            2
        } else if c.is_alphabetic() {
            4
        } else if c.is_ascii_punctuation() || c == ' ' {
            3
        } else {
            continue;
        };
        seen[class] = true;
    }
    u8::try_from(seen.into_iter().filter(|s| *s).count()).expect("at most five")
}

fn contains_folded(password: &str, part: &str) -> bool {
    password.to_lowercase().contains(&part.to_lowercase())
}

/// Windows splits the display name at these and checks each piece longer than two characters.
fn name_parts(display_name: &str) -> Vec<String> {
    display_name
        .split([' ', ',', '.', '-', '_', '#', '\t'])
        .filter(|part| utf16(part) > 2)
        .map(str::to_owned)
        .collect()
}

/// A new password is like the old one when they share at least three quarters of their characters in place
/// or when one contains the other: counting up a digit is the classic.
fn is_similar(old: &str, new: &str) -> bool {
    let (old, new) = (old.to_lowercase(), new.to_lowercase());
    if old.is_empty() || new.is_empty() {
        return false;
    }
    if new.contains(&old) || old.contains(&new) {
        return true;
    }
    let longest = old.chars().count().max(new.chars().count());
    let same_ahead = old.chars().zip(new.chars()).take_while(|(a, b)| a == b).count();
    let same_behind = old
        .chars()
        .rev()
        .zip(new.chars().rev())
        .take_while(|(a, b)| a == b)
        .count();
    4 * same_ahead.max(same_behind) >= 3 * longest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{AccountId, AccountKind, AccountState};

    struct Blocked;
    impl OwnRules for Blocked {
        fn is_blocked(&self, password: &str) -> bool {
            password.to_lowercase().contains("sallyport")
        }
        fn is_breached(&self, password: &str) -> bool {
            password == "P@ssw0rd2024"
        }
        fn knows_breaches(&self) -> bool {
            true
        }
    }

    fn policy() -> PasswordPolicy {
        PasswordPolicy {
            source: PolicySource::Domain,
            min_length: 7,
            history: 24,
            history_on_reset: false,
            complexity: true,
            min_age: Duration::from_hours(24),
            max_age: None,
            lockout: None,
        }
    }

    fn account() -> Account {
        Account {
            id: AccountId([1; 16]),
            domain: "corp.example".into(),
            name: "alice".into(),
            upn: None,
            display_name: Some("Alice Müller-Ng".into()),
            mail: vec![],
            groups: [].into(),
            kind: AccountKind::Person,
            state: AccountState::healthy(Timestamp(0)),
            protection: None,
        }
    }

    fn broken_ids(new: &str, old: Option<&str>, writing: Writing, now: Timestamp) -> Vec<&'static str> {
        let rules = rules(&policy(), &account(), writing, &Blocked, now);
        let old = old.map(SecretString::from);
        broken(&rules, &SecretString::from(new), old.as_ref(), &Blocked, now)
            .iter()
            .map(Rule::id)
            .collect()
    }

    const LATER: Timestamp = Timestamp(1_000_000_000);

    #[test]
    fn each_broken_rule_is_named() {
        let reset = |new: &str| broken_ids(new, None, Writing::Reset, LATER);
        assert_eq!(reset("Tidy-Otter-42"), Vec::<&str>::new());
        assert_eq!(reset("Ab1-x"), ["min-length"]);
        assert_eq!(reset("lowercase only"), ["classes"]);
        assert_eq!(reset("xxALICExx1"), ["not-account-name", "not-display-name"]);
        assert_eq!(reset("My-müller-9"), ["not-display-name"]);
        assert_eq!(
            reset("Ng-is-short-enough-1"),
            Vec::<&str>::new(),
            "two characters are no part"
        );
        assert_eq!(reset("Sallyport-1234"), ["not-blocked"]);
        assert_eq!(reset("P@ssw0rd2024"), ["not-breached"]);
        assert_eq!(reset(&format!("Aa1{}", "x".repeat(254))), ["max-length"]);
        assert_eq!(
            reset("密码密码密码A1"),
            Vec::<&str>::new(),
            "other letters are a class"
        );
    }

    #[test]
    fn minimum_age_and_likeness_hold_for_a_change_only() {
        let early = Timestamp(3_600_000);
        assert_eq!(
            broken_ids("Tidy-Otter-42", None, Writing::Reset, early),
            Vec::<&str>::new()
        );
        assert_eq!(
            broken_ids("Tidy-Otter-42", Some("Quiet-Lamp-7"), Writing::Change, early),
            ["min-age"]
        );
        assert_eq!(
            broken_ids("Summer-2025!", Some("Summer-2024!"), Writing::Change, LATER),
            ["not-similar"]
        );
        assert_eq!(
            broken_ids("Xx-Summer-2024!", Some("Summer-2024!"), Writing::Change, LATER),
            ["not-similar"]
        );
    }

    #[test]
    fn must_change_overrides_the_minimum_age() {
        let mut account = account();
        account.state.must_change = true;
        assert_eq!(too_young_until(&policy(), &account), None);
    }
}
