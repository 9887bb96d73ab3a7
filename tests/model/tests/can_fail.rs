//! Each rule of the protocol, broken: a model that finds nothing then would show nothing.

use std::collections::BTreeSet;

use model::properties::{
    CALM, DURABLE, ENDS, EPOCH, FORKS, GAPLESS, KNOWN, LEASE, MAIL, ONE_END, ORDER, READINGS, TOMBSTONE,
};
use model::{Faults, Flaw, Protocol, Scope};
use stateright::{Checker as _, HasDiscoveries, Model as _};

/// The shortest way on which this breaks.
fn breaks(scope: Scope, property: &'static str) {
    let checker = Protocol(scope)
        .checker()
        .finish_when(HasDiscoveries::AnyOf(BTreeSet::from([property])))
        .spawn_bfs()
        .join();
    checker.assert_any_discovery(property);
}

/// Any way on which it breaks, where the shortest is long.
fn breaks_somewhere(scope: Scope, property: &'static str) {
    let checker = Protocol(scope)
        .checker()
        .finish_when(HasDiscoveries::AnyOf(BTreeSet::from([property])))
        .spawn_dfs()
        .join();
    checker.assert_any_discovery(property);
}

const F: Faults = Faults::NONE;

fn with(faults: Faults) -> Scope {
    Scope {
        faults,
        ..Scope::calm(1, 1)
    }
}

fn at_once(faults: Faults) -> Scope {
    Scope {
        at_once: true,
        ..with(faults)
    }
}

#[test]
fn an_answer_before_the_commit_is_found() {
    let scope = with(Faults { site_crashes: 1, ..F }).with(Flaw::AnswerBeforeCommit);
    breaks(scope, DURABLE);
    breaks(Scope { readers: 2, ..scope }, READINGS);
}

#[test]
fn an_acknowledgement_before_the_commit_is_found() {
    let faults = Faults {
        core_crashes: 1,
        prunings: 1,
        ..F
    };
    let scope = Scope {
        core_at_once: false,
        ..at_once(faults)
    };
    breaks(scope.with(Flaw::AckBeforeCommit), CALM);
}

#[test]
fn a_site_without_tombstones_is_found() {
    let scope = at_once(Faults { repeats: 1, ..F }).with(Flaw::NoTombstone);
    breaks(scope, TOMBSTONE);
    breaks(Scope { readers: 2, ..scope }, READINGS);
}

#[test]
fn a_link_that_is_mailed_too_early_is_found() {
    breaks(at_once(F).with(Flaw::MailBeforeReceipt), MAIL);
}

#[test]
fn a_site_that_serves_before_it_is_confirmed_is_found() {
    let scope = at_once(Faults {
        site_restores: 1,
        ..F
    })
    .with(Flaw::ServeUnconfirmed);
    breaks(Scope { readers: 2, ..scope }, READINGS);
}

#[test]
fn a_fork_that_nobody_looks_for_is_found() {
    let scope = at_once(Faults {
        site_restores: 1,
        ..F
    })
    .with(Flaw::ForkUnnoticed);
    breaks(Scope { readers: 2, ..scope }, READINGS);
}

#[test]
fn a_lease_for_anybody_is_found() {
    let scope = at_once(F).with(Flaw::LeaseForAnybody);
    breaks(Scope { readers: 2, ..scope }, READINGS);
}

#[test]
fn a_lost_answer_that_costs_the_reading_is_found() {
    breaks(at_once(Faults { losses: 1, ..F }).with(Flaw::NoLease), LEASE);
}

#[test]
fn an_event_that_is_stored_twice_is_found() {
    breaks(at_once(Faults { repeats: 1, ..F }).with(Flaw::EventsTwice), ORDER);
}

#[test]
fn a_push_from_before_the_epoch_is_found() {
    let faults = Faults {
        site_restores: 1,
        repeats: 1,
        ..F
    };
    let scope = Scope {
        readers: 2,
        ..at_once(faults)
    };
    breaks_somewhere(scope.with(Flaw::EpochUnsaid), EPOCH);
}

#[test]
fn an_end_before_its_events_is_found() {
    let scope = Scope {
        revocations: 1,
        ..at_once(F)
    };
    breaks(scope.with(Flaw::EndByAnswer), ONE_END);
}

#[test]
fn a_core_that_never_compares_is_found() {
    breaks(
        at_once(Faults {
            site_restores: 1,
            ..F
        })
        .with(Flaw::NoInventory),
        ENDS,
    );
}

#[test]
fn a_place_that_is_written_down_before_its_events_is_found() {
    let faults = Faults { core_crashes: 1, ..F };
    let scope = Scope {
        core_at_once: false,
        ..at_once(faults)
    };
    breaks(scope.with(Flaw::PlaceBeforeCommit), GAPLESS);
    breaks(scope.with(Flaw::PlaceBeforeCommit), KNOWN);
}

/// The alarm that a fork raised is no excuse for what is lost in the next epoch.
#[test]
fn an_event_that_is_lost_after_a_fork_is_found() {
    let faults = Faults {
        site_restores: 1,
        ..F
    };
    let scope = Scope {
        messages: 2,
        readers: 0,
        ..at_once(faults)
    };
    breaks(scope.with(Flaw::EventsByNumber), GAPLESS);
}

/// Nor for what had been pulled before it.
#[test]
fn a_core_that_forgets_former_epochs_is_found() {
    breaks(
        at_once(Faults {
            site_restores: 1,
            ..F
        })
        .with(Flaw::LogErased),
        KNOWN,
    );
}

#[test]
fn a_fork_that_outlives_its_epoch_is_found() {
    breaks(
        at_once(Faults {
            site_restores: 1,
            ..F
        })
        .with(Flaw::ForkStays),
        FORKS,
    );
}
