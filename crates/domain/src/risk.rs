//! How likely a patient stranger guesses his way in, so that a policy can be weighed before people rely on it.
//!
//! What is computed is an upper bound: a stranger who uses up every budget of one account every day of a year, while
//! its owner is right often enough that no row of wrong tries grows long. Steps are taken as independent.

use crate::budget::Limits;
use crate::factor::Method;
use crate::policy::{Policies, Policy, Purpose, Step, ways};

/// The highest probability, for one account and year, that needs no second thought.
pub const BEARABLE: f64 = 1e-3;

const DAYS: f64 = 365.0;
/// Authenticator codes have six digits, and the one before and the one after count too (RFC 6238 section 5.2).
const TOTP: f64 = 3.0 / 1e6;
/// Codes that are sent have eight digits.
const SENT: f64 = 1.0 / 1e8;

/// The way through a policy's steps that is guessed most easily.
#[derive(Debug, Clone, PartialEq)]
pub struct Risk {
    /// The policy's name.
    pub policy: String,
    /// What the steps are for.
    pub purpose: Purpose,
    /// The methods, one a step.
    pub way: Vec<Method>,
    /// The probability that it is guessed, for one account within a year.
    pub a_year: f64,
}

/// The risk of each policy: for resets, and for unlocks where these have steps of their own.
pub fn risks(policies: &Policies, limits: &Limits) -> Vec<Risk> {
    policies
        .0
        .iter()
        .flat_map(|policy| {
            let own_unlock = policy
                .unlock_steps
                .as_deref()
                .map(|steps| (Purpose::Unlock, steps));
            [(Purpose::Reset, policy.steps.as_slice())]
                .into_iter()
                .chain(own_unlock)
                .filter_map(|(purpose, steps)| easiest(policy, purpose, steps, limits))
        })
        .collect()
}

/// `None` when nobody can pass.
fn easiest(policy: &Policy, purpose: Purpose, steps: &[Step], limits: &Limits) -> Option<Risk> {
    ways(steps)
        .into_iter()
        .map(|way| Risk {
            policy: policy.name.clone(),
            purpose,
            a_year: way
                .iter()
                .map(|method| guessed_in_a_year(*method, limits))
                .product(),
            way,
        })
        .max_by(|one, other| one.a_year.total_cmp(&other.a_year))
}

/// The probability that one method of one account is guessed within a year.
pub fn guessed_in_a_year(method: Method, limits: &Limits) -> f64 {
    let a_day = match method {
        // At least 80 random bits, or a signature.
        Method::Passkey
        | Method::RecoveryCode
        | Method::HelpdeskCode
        | Method::Invitation
        | Method::OpenidConnect => 0.0,
        Method::Totp => f64::from(limits.wrong_tries.most) * TOTP,
        Method::EmailCode | Method::SmsCode => {
            let against_codes = limits.codes_a_day.most.saturating_mul(limits.tries_a_code);
            f64::from(limits.wrong_tries.most.min(against_codes)) * SENT
        }
        // Nobody knows what people answer, or what another server takes.
        Method::Radius | Method::SecurityQuestions => 1.0,
    };
    (a_day * DAYS).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Action;

    fn risk(steps: &[&[Method]]) -> Option<Risk> {
        let policy = Policy {
            name: "p".into(),
            groups: [].into(),
            actions: [Action::Reset].into(),
            steps: steps.iter().map(|step| step.iter().copied().collect()).collect(),
            unlock_steps: None,
        };
        risks(&Policies(vec![policy]), &Limits::default()).pop()
    }

    fn is_about(found: f64, wanted: f64) -> bool {
        (found - wanted).abs() < wanted * 1e-6
    }

    #[test]
    fn an_app_alone_is_guessed_by_who_has_a_year_and_a_second_step_ends_that() {
        let alone = risk(&[&[Method::Totp, Method::RecoveryCode]]).expect("a way");
        assert_eq!(alone.way, [Method::Totp], "the easiest way counts");
        assert!(is_about(alone.a_year, 10.0 * 365.0 * 3e-6), "{}", alone.a_year);
        assert!(alone.a_year > BEARABLE);

        let mail = risk(&[&[Method::EmailCode]]).expect("a way");
        assert!(is_about(mail.a_year, 10.0 * 365.0 * 1e-8), "{}", mail.a_year);

        let both = risk(&[&[Method::Totp], &[Method::EmailCode]]).expect("a way");
        assert!(
            is_about(both.a_year, alone.a_year * mail.a_year),
            "{}",
            both.a_year
        );
        assert!(both.a_year < BEARABLE);
    }

    #[test]
    fn what_cannot_be_guessed_makes_a_way_safe_and_what_is_not_known_does_not() {
        let paper = risk(&[&[Method::Totp], &[Method::RecoveryCode]]).expect("a way");
        assert!(paper.a_year.abs() < f64::EPSILON);
        let asked = risk(&[&[Method::SecurityQuestions]]).expect("a way");
        assert!(is_about(asked.a_year, 1.0));
        assert_eq!(
            risk(&[&[Method::EmailCode], &[Method::EmailCode]]),
            None,
            "nobody passes"
        );
    }

    #[test]
    fn the_limits_count() {
        let few = Limits {
            tries_a_code: 1,
            ..Limits::default()
        };
        let a_year = guessed_in_a_year(Method::EmailCode, &few);
        assert!(
            is_about(a_year, 6.0 * 365.0 * 1e-8),
            "six codes a day, one try each: {a_year}"
        );
    }

    #[test]
    fn steps_of_their_own_for_unlocks_are_weighed_too() {
        let policy = Policy {
            name: "p".into(),
            groups: [].into(),
            actions: [Action::Reset, Action::Unlock].into(),
            steps: vec![[Method::Totp].into(), [Method::EmailCode].into()],
            unlock_steps: Some(vec![[Method::Totp].into()]),
        };
        let found = risks(&Policies(vec![policy]), &Limits::default());
        let above: Vec<_> = found
            .iter()
            .filter(|risk| risk.a_year > BEARABLE)
            .map(|risk| risk.purpose)
            .collect();
        assert_eq!((found.len(), above), (2, vec![Purpose::Unlock]));
    }
}
