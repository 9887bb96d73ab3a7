//! The course of a recovery, step by step and in any order.

use super::*;
use proptest::prelude::*;

const WHO: AccountId = AccountId([3; 16]);
const OP: OperationId = OperationId([4; 16]);
const END: Timestamp = Timestamp(1_000);
const NOW: Timestamp = Timestamp(0);

fn policy(steps: &[&[Method]]) -> Policy {
    Policy {
        name: "staff".into(),
        groups: BTreeSet::new(),
        actions: [Action::Reset, Action::Unlock].into(),
        steps: steps.iter().map(|step| step.iter().copied().collect()).collect(),
        unlock_steps: None,
    }
}

fn begun(purpose: Purpose, first: &[Method]) -> Proving {
    match Recovery::begin(purpose, first.iter().copied().collect(), END) {
        Recovery::Proving(proving) => proving,
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_steps_lead_to_a_permit_for_the_right_account() {
    let policy = policy(&[&[Method::Totp], &[Method::EmailCode]]);
    let recovery = begun(Purpose::Reset, &[Method::Totp]).resolve(Some((WHO, &policy)));
    let Ok(Recovery::Proving(second)) = recovery.ask(Method::Totp).and_then(|r| r.judge(Verdict::Right))
    else {
        panic!("one of two steps")
    };
    assert_eq!(second.offered(), [Method::EmailCode].into());
    let Ok(Recovery::Proved(proved)) = second
        .ask(Method::EmailCode)
        .and_then(|r| r.judge(Verdict::Right))
    else {
        panic!("both steps")
    };
    assert_eq!(
        proved.clone().begin(Action::Change, OP, NOW).map(|_| ()),
        Err(WrongStep),
        "not of this purpose"
    );
    assert_eq!(
        proved.clone().begin(Action::Reset, OP, END).map(|_| ()),
        Err(WrongStep),
        "too late"
    );
    let (acting, permit) = proved.begin(Action::Reset, OP, NOW).expect("all is in order");
    assert!(matches!(permit, Permit::Reset(p) if p.account() == WHO && !p.protected_by_policy()));
    assert_eq!(
        acting.done().how,
        Ending::Done {
            action: Action::Reset
        }
    );
}

#[test]
fn nobody_sees_the_same_and_never_passes() {
    let shown = [Method::Totp, Method::RecoveryCode];
    let nobody = begun(Purpose::Reset, &shown)
        .resolve(None)
        .ask(Method::Totp)
        .expect("is offered");
    let policy = policy(&[&[Method::RecoveryCode], &[Method::EmailCode]]);
    let known = begun(Purpose::Reset, &shown)
        .resolve(Some((WHO, &policy)))
        .ask(Method::Totp)
        .expect("is offered");
    assert_eq!(nobody.offered(), known.offered());
    for recovery in [nobody, known] {
        assert!(
            matches!(recovery.clone().judge(Verdict::Right), Ok(Recovery::Proving(same)) if same == recovery)
        );
    }
}

#[test]
fn one_channel_never_serves_two_steps_but_a_passkey_does() {
    let twice = policy(&[&[Method::Totp], &[Method::Totp, Method::RecoveryCode]]);
    let first = begun(Purpose::Reset, &[Method::Totp]).resolve(Some((WHO, &twice)));
    let Ok(Recovery::Proving(second)) = first.ask(Method::Totp).and_then(|r| r.judge(Verdict::Right)) else {
        panic!("one of two steps")
    };
    assert_eq!(second.offered(), [Method::RecoveryCode].into());
    let passkeys = policy(&[&[Method::Passkey], &[Method::Passkey, Method::EmailCode]]);
    let first = begun(Purpose::Reset, &[Method::Passkey]).resolve(Some((WHO, &passkeys)));
    assert!(matches!(
        first.ask(Method::Passkey).and_then(|r| r.judge(Verdict::Right)),
        Ok(Recovery::Proved(_))
    ));
}

#[test]
fn an_invitation_opens_an_enrolment_and_nothing_else() {
    let policy = policy(&[&[Method::Totp], &[Method::EmailCode]]);
    let invited = begun(Purpose::Enrol, &[Method::Totp, Method::Invitation]).resolve(Some((WHO, &policy)));
    let Ok(Recovery::Proved(proved)) = invited
        .ask(Method::Invitation)
        .and_then(|r| r.judge(Verdict::Right))
    else {
        panic!("an invitation is enough for a first enrolment")
    };
    assert!(proved.is_invited());
    assert_eq!(proved.actions().count(), 0);
    let reset = begun(Purpose::Reset, &[Method::Totp, Method::Invitation]).resolve(Some((WHO, &policy)));
    assert!(matches!(
        reset
            .ask(Method::Invitation)
            .and_then(|r| r.judge(Verdict::Right)),
        Ok(Recovery::Proving(_))
    ));
}

#[test]
fn time_ends_it_but_not_while_the_directory_is_asked() {
    let policy = policy(&[&[Method::Totp]]);
    let proving = begun(Purpose::Unlock, &[Method::Totp]).resolve(Some((WHO, &policy)));
    assert!(matches!(
        Recovery::Proving(proving.clone()).at(END),
        Recovery::Ended(Ended {
            how: Ending::Expired,
            ..
        })
    ));
    assert!(matches!(
        Recovery::Proving(proving.clone().extended(Timestamp(2_000))).at(END),
        Recovery::Proving(_)
    ));
    let Ok(Recovery::Proved(proved)) = proving.ask(Method::Totp).and_then(|r| r.judge(Verdict::Right)) else {
        panic!("one step")
    };
    let (acting, _permit) = proved.begin(Action::Unlock, OP, NOW).expect("in time");
    assert!(matches!(Recovery::Acting(acting).at(END), Recovery::Acting(_)));
}

#[derive(Debug, Clone)]
enum Try {
    Ask(Method),
    Judge(bool),
    Act(Action),
    Refuse,
    Wait(i64),
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let method = prop::sample::select(Method::ALL.to_vec());
    let action = prop::sample::select(vec![Action::Unlock, Action::Reset, Action::Change]);
    prop::collection::vec(
        prop_oneof![
            4 => method.prop_map(Try::Ask),
            4 => any::<bool>().prop_map(Try::Judge),
            2 => action.prop_map(Try::Act),
            1 => Just(Try::Refuse),
            1 => (0i64..300).prop_map(Try::Wait),
        ],
        0..40,
    )
}

proptest! {
    /// Whatever is tried in whatever order, an action is reached only behind one right proof for each
    /// step of the policy, each by a method of that step, and over as many channels.
    #[test]
    fn no_order_of_steps_reaches_an_action_without_its_proofs(
        tries in tries(),
        steps in prop::collection::vec(prop::collection::btree_set(prop::sample::select(Method::ALL.to_vec()), 1..4), 1..4),
        purpose in prop::sample::select(vec![Purpose::Reset, Purpose::Unlock, Purpose::Change, Purpose::Enrol]),
        known in any::<bool>(),
    ) {
        let policy = Policy { steps: steps.clone(), ..policy(&[]) };
        let first = Method::ALL.into_iter().collect();
        let mut recovery = match Recovery::begin(purpose, first, END) {
            Recovery::Proving(p) => Recovery::Proving(p.resolve(known.then_some((WHO, &policy)))),
            other => other,
        };
        let (mut now, mut right, mut asked) = (NOW, Vec::new(), None);
        for what in tries {
            recovery = recovery.at(now);
            recovery = match (recovery, what) {
                (Recovery::Proving(p), Try::Ask(m)) => match p.clone().ask(m) {
                    Ok(next) => { asked = Some(m); Recovery::Proving(next) }
                    Err(WrongStep) => Recovery::Proving(p),
                },
                (Recovery::Proving(p), Try::Judge(ok)) => {
                    let before = p.passed().len();
                    let verdict = if ok { Verdict::Right } else { Verdict::Wrong };
                    match p.clone().judge(verdict) {
                        Ok(next) => {
                            let after = match &next {
                                Recovery::Proving(n) => n.passed().len(),
                                Recovery::Proved(n) => n.passed().len(),
                                Recovery::Acting(_) | Recovery::Ended(_) => unreachable!("judging does not act"),
                            };
                            if after > before {
                                prop_assert!(ok, "a wrong proof leads nowhere");
                                right.extend(std::iter::repeat_n(asked.expect("asked"), after - before));
                            }
                            next
                        }
                        Err(WrongStep) => Recovery::Proving(p),
                    }
                }
                (Recovery::Proved(p), Try::Act(action)) => match p.clone().begin(action, OP, now) {
                    Ok((acting, _permit)) => {
                        prop_assert!(known && right.len() == steps.len() && now < END);
                        prop_assert!(right.iter().zip(&steps).all(|(method, step)| step.contains(method)));
                        prop_assert!(purpose.actions().contains(&action) && policy.actions.contains(&action));
                        Recovery::Acting(acting)
                    }
                    Err(WrongStep) => Recovery::Proved(p),
                },
                (Recovery::Acting(a), Try::Refuse) => Recovery::Proved(a.refused()),
                (same, Try::Wait(ms)) => { now = Timestamp(now.0 + ms); same }
                (same, _) => same,
            };
        }
    }
}
