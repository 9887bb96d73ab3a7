//! What the password rules cost per submit: making them out of a policy, and judging one password by them.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use domain::account::AccountState;
use domain::password::{OwnRules, PasswordPolicy, PolicySource, Writing, broken, rules};
use domain::{Account, AccountId, AccountKind, Timestamp};

/// What a list file costs is not measured here.
struct NoLists;

impl OwnRules for NoLists {
    fn is_blocked(&self, _: &str) -> bool {
        false
    }
    fn is_breached(&self, _: &str) -> bool {
        false
    }
    fn knows_breaches(&self) -> bool {
        false
    }
}

fn judge(c: &mut Criterion) {
    let now = Timestamp(1_800_000_000_000);
    let policy = PasswordPolicy {
        source: PolicySource::Domain,
        min_length: 12,
        history: 24,
        history_on_reset: true,
        complexity: true,
        min_age: Duration::from_hours(24),
        max_age: None,
        lockout: None,
    };
    let account = Account {
        id: AccountId([7; 16]),
        domain: "corp.example".to_owned(),
        name: "alice".to_owned(),
        upn: None,
        display_name: Some("Alice Archer".to_owned()),
        mail: Vec::new(),
        groups: BTreeSet::new(),
        kind: AccountKind::Person,
        state: AccountState::healthy(now),
        protection: None,
    };
    let new = "Tidy-Otter-42x!".to_owned().into();
    c.bench_function("judge one password by the rules", |b| {
        b.iter(|| {
            let rules = rules(&policy, black_box(&account), Writing::Reset, &NoLists, now);
            broken(&rules, black_box(&new), None, &NoLists, now)
        });
    });
}

criterion_group!(benches, judge);
criterion_main!(benches);
