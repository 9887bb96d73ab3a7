//! Whether the policies do what an administrator means by them.

use std::time::Duration;

use domain::policy::Weakness;
use domain::risk::{BEARABLE, Risk, risks};
use server::check::Line;

use crate::core::Settings;

/// A new factor that counts sooner serves a thief before its owner notices.
const LEAST_HOLD: Duration = Duration::from_hours(24);

/// Policies, then what can be guessed, then the hold.
pub(super) fn check(settings: &Settings) -> Vec<Line> {
    let mut lines = policies(settings);
    lines.extend(guesses(settings));
    lines.push(hold(settings.hold));
    lines
}

fn policies(settings: &Settings) -> Vec<Line> {
    if settings.policies.0.is_empty() {
        let wrong = "none: nothing is allowed to anybody";
        return vec![Line::fail(
            "policies",
            "[recovery]",
            wrong,
            "write a [[recovery.policy]]",
        )];
    }
    let warnings = settings.policies.warnings();
    if warnings.is_empty() {
        let right = "two classes of proof, and nobody can be shut out";
        return vec![Line::ok("policies", "[recovery]", right)];
    }
    let line = |warning: domain::policy::Warning| {
        let (wrong, remedy) = weakness(warning.weakness);
        Line::weak("policy", &warning.policy, wrong, remedy)
    };
    warnings.into_iter().map(line).collect()
}

/// The way of each policy that is guessed too easily.
fn guesses(settings: &Settings) -> Vec<Line> {
    let found = risks(&settings.policies, &settings.limits);
    let lines: Vec<Line> = found
        .iter()
        .filter(|risk| risk.a_year > BEARABLE)
        .map(guess)
        .collect();
    if lines.is_empty() && !found.is_empty() {
        let right = "a stranger who tries all year gets into fewer than one of 1000 accounts";
        return vec![Line::ok("guess risk", "[recovery]", right)];
    }
    lines
}

fn guess(risk: &Risk) -> Line {
    let way: Vec<&str> = risk.way.iter().map(|method| method.name()).collect();
    let wrong = format!(
        "by {}, a stranger who tries all year gets into one of {:.0} accounts ({})",
        way.join(" and "),
        1.0 / risk.a_year,
        risk.purpose.name(),
    );
    Line::weak(
        "guess risk",
        &risk.policy,
        &wrong,
        "ask for a second step, or put \"recovery-code\" in its place; fewer limits.wrong_tries_a_day help a little",
    )
}

fn hold(hold: Duration) -> Line {
    if hold < LEAST_HOLD {
        let wrong =
            "new factors count within a day: a thief who enrols one recovers before its owner notices";
        return Line::weak("hold", "[recovery]", wrong, "set hold = \"1d\"");
    }
    Line::ok("hold", "[recovery]", "new factors wait for a day at least")
}

fn weakness(weakness: Weakness) -> (&'static str, &'static str) {
    match weakness {
        Weakness::OneClass => (
            "its shortest way has proofs of one class only",
            "of the methods of this release only an invitation is of another class: know it, or ask for one in a step",
        ),
        Weakness::FirstStepCanBeUsedUp => (
            "its first step has only methods that a stranger can use up",
            "add \"recovery-code\" to its first step",
        ),
        Weakness::SameChannelTwice => (
            "no way passes it: two of its steps need the same channel",
            "let its steps differ in a method of another channel",
        ),
    }
}
