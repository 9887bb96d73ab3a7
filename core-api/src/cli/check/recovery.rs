//! Whether the policies do what an administrator means by them.

use std::time::Duration;

use domain::policy::Weakness;
use server::check::Line;

use crate::core::Settings;

/// A new factor that counts sooner serves a thief before its owner notices.
const LEAST_HOLD: Duration = Duration::from_hours(24);

/// Policies, then the hold.
pub(super) fn check(settings: &Settings) -> Vec<Line> {
    let mut lines = policies(settings);
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
