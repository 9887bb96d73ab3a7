//! From the domain's words to those of the contract and back: one list of each for both ways, so that neither side
//! can learn a word that the other does not know.

use contract::recovery::Rule as WireRule;
use domain::password::Rule;

/// A type of the domain with a twin in the contract.
pub(crate) trait OnTheWire: Sized {
    /// The twin.
    type Twin;

    /// As it is sent.
    fn to_wire(self) -> Self::Twin;

    /// As it was received.
    fn from_wire(twin: Self::Twin) -> Self;
}

macro_rules! twins {
    ($ours:ty, $twin:ty: $($name:ident),+) => {
        impl OnTheWire for $ours {
            type Twin = $twin;

            fn to_wire(self) -> $twin {
                match self {
                    $(Self::$name => <$twin>::$name),+
                }
            }

            fn from_wire(twin: $twin) -> Self {
                match twin {
                    $(<$twin>::$name => Self::$name),+
                }
            }
        }
    };
}

twins!(domain::policy::Action, contract::Action: Unlock, Reset, Change);

twins!(domain::policy::Purpose, contract::Purpose: Reset, Unlock, Change, Enrol);

twins!(
    domain::Method,
    contract::Method: Passkey,
    Totp,
    RecoveryCode,
    EmailCode,
    SmsCode,
    HelpdeskCode,
    Radius,
    OpenidConnect,
    Invitation,
    SecurityQuestions
);

/// A rule as data for page and script.
pub(super) fn rule(rule: &Rule) -> WireRule {
    let (kind, n, texts) = match rule {
        Rule::MinLength { n } => ("min_length", Some(i64::from(*n)), vec![]),
        Rule::MaxUtf16 { n } => ("max_utf16", Some(i64::from(*n)), vec![]),
        Rule::Classes { need, .. } => ("classes", Some(i64::from(*need)), vec![]),
        Rule::NotAccountName { name } => ("not_account_name", None, vec![name.clone()]),
        Rule::NotDisplayName { parts } => ("not_display_name", None, parts.clone()),
        Rule::NotBlocked => ("not_blocked", None, vec![]),
        Rule::NotBreached => ("not_breached", None, vec![]),
        Rule::NotSimilar => ("not_similar", None, vec![]),
        Rule::History { n } => ("history", Some(i64::from(*n)), vec![]),
        Rule::MinAge { until } => ("min_age", Some(until.0), vec![]),
    };
    WireRule {
        id: rule.id().to_owned(),
        kind: kind.to_owned(),
        n,
        texts,
    }
}
