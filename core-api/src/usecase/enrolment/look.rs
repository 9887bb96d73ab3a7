//! Shows the factors of an account to its owner.

use std::sync::Arc;

use contract::enrolment::{self as wire, Enrolment, Need, Pending, StepSeal};
use data_encoding::BASE64URL_NOPAD;
use domain::{Account, Method, policy};
use sqlite::Connection;

use super::open::{self, Open, Request, Step};
use crate::core::Core;
use crate::keys::Handle;
use crate::store::factor::{self, Factor};
use crate::usecase::recovery::wire::OnTheWire as _;
use crate::usecase::{Caller, UseCaseError};

/// The factors that are enrolled, what can be added, and what awaits its confirmation.
///
/// # Errors
/// `RecoveryOver` when the handle names no open enrolment, `DirectoryAway` when the directory is silent.
pub async fn look(core: &Arc<Core>, caller: &Caller, handle: &Handle) -> Result<Enrolment, UseCaseError> {
    let account = open::account(core, caller, handle).await?;
    page(core, caller, handle, &account, false).await
}

/// The same, after a code that was right or wrong.
pub(super) async fn page(
    core: &Arc<Core>,
    caller: &Caller,
    handle: &Handle,
    account: &Account,
    wrong: bool,
) -> Result<Enrolment, UseCaseError> {
    let seen = Request::new(core, caller, handle).look(see).await?;
    let seals = seen.steps().map(|step| StepSeal {
        action: step.name().to_owned(),
        seal: step.block(core, handle, seen.step),
    });
    Ok(Enrolment {
        name: account.name.clone(),
        seals: seals.collect(),
        offered: seen.offered.iter().copied().map(Method::to_wire).collect(),
        needs: seen.needs,
        codes_missing: seen.codes_missing,
        hold_seconds: core.settings.hold.as_secs(),
        pending: seen.pending.and_then(pending_view),
        wrong,
        factors: seen.factors,
    })
}

/// What the store says about an enrolment.
struct Seen {
    factors: Vec<wire::Factor>,
    offered: Vec<Method>,
    pending: Option<Method>,
    needs: Vec<Need>,
    codes_missing: bool,
    step: u64,
}

impl Seen {
    /// The steps that a box can be sealed for now.
    fn steps(&self) -> impl Iterator<Item = Step> {
        let beginnings = self.offered.iter().filter_map(|method| match method {
            Method::Totp => Some(Step::Totp),
            Method::RecoveryCode => Some(Step::RecoveryCodes),
            _ => None,
        });
        beginnings.chain(match self.pending {
            Some(Method::Totp) => Some(Step::TotpConfirmation),
            Some(Method::EmailCode) => Some(Step::EmailConfirmation),
            _ => None,
        })
    }
}

fn see(c: &Connection, open: &Open) -> Result<Seen, UseCaseError> {
    let (mut factors, mut pending, mut codes) = (Vec::new(), None, 0);
    let mut enrolled = policy::Step::new();
    for factor in open.factors(c)? {
        let left = factor::codes_left(c, &factor.id)?;
        if open.is_pending(&factor) {
            pending = Some(factor.method);
        }
        if let Some(shown) = factor_view(&factor, left) {
            codes += left;
            enrolled.insert(factor.method);
            factors.push(shown);
        }
    }
    Ok(Seen {
        factors,
        offered: open.offered(),
        pending,
        needs: needs(open, &enrolled),
        codes_missing: codes == 0,
        step: open.stored.step,
    })
}

/// The steps of a reset with what can be enrolled for each. One that needs nothing from here is not named.
fn needs(open: &Open, enrolled: &policy::Step) -> Vec<Need> {
    let steps = open.policy().map_or(&[][..], |policy| &policy.steps);
    let offered = open.offered();
    let met = met(steps, enrolled, &[]);
    let needs = steps.iter().zip(met).map(|(step, met)| {
        let here = offered.iter().filter(|method| step.contains(method));
        let methods = here.copied().map(Method::to_wire).collect();
        Need { methods, met }
    });
    needs.filter(|need| !need.methods.is_empty()).collect()
}

/// Which steps are passed when the methods are used best: no channel serves twice.
fn met(steps: &[policy::Step], enrolled: &policy::Step, used: &[Method]) -> Vec<bool> {
    let Some((step, rest)) = steps.split_first() else {
        return Vec::new();
    };
    let is_free = |method: &Method| used.iter().all(|other| other.channel() != method.channel());
    let with = step
        .intersection(enrolled)
        .copied()
        .filter(is_free)
        .map(|method| {
            let used: Vec<Method> = used.iter().copied().chain([method]).collect();
            [vec![true], met(rest, enrolled, &used)].concat()
        });
    let without = [vec![false], met(rest, enrolled, used)].concat();
    std::iter::once(without)
        .chain(with)
        .max_by_key(|met| met.iter().filter(|met| **met).count())
        .unwrap_or_default()
}

/// A confirmed factor as its owner sees it.
fn factor_view(factor: &Factor, codes_left: u32) -> Option<wire::Factor> {
    let label = match factor.method {
        Method::RecoveryCode => codes_left.to_string(),
        _ => factor.label.clone(),
    };
    Some(wire::Factor {
        id: BASE64URL_NOPAD.encode(&factor.id),
        method: factor.method.to_wire(),
        label,
        since: factor.since.0,
        counts_from: factor.counts_from?.0,
    })
}

fn pending_view(method: Method) -> Option<Pending> {
    match method {
        Method::Totp => Some(Pending::Totp),
        Method::RecoveryCode => Some(Pending::RecoveryCodes),
        Method::EmailCode => Some(Pending::Email),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_codes_pass_one_step_and_not_every_one_that_names_them() {
        let step = |methods: &[Method]| methods.iter().copied().collect::<policy::Step>();
        let (app, codes, mail) = (Method::Totp, Method::RecoveryCode, Method::EmailCode);
        let steps = [step(&[app, codes]), step(&[mail, codes])];
        for (enrolled, passed) in [
            (&[][..], [false, false]),
            (&[codes], [true, false]),
            (&[app], [true, false]),
            (&[mail], [false, true]),
            (&[mail, codes], [true, true]),
            (&[app, codes], [true, true]),
        ] {
            assert_eq!(met(&steps, &step(enrolled), &[]), passed, "{enrolled:?}");
        }
    }
}
