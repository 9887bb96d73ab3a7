//! The protocol, explored: in each scope, every order of the steps.
//!
//! The bounds are two messages, two readers, one kill of each side, one lost and one repeated call, one restore of each
//! side. All of it together has more states than anybody can visit, so scopes share them out, and walks drawn by
//! a seed go through the whole.

use model::properties::{
    AGAIN, BURIED, CONTEST, DELIVERED, EXPIRED, FORK, LOST, NOT_SENT, READ, REPEATED, REVOKED, SWALLOWED,
};
use model::{Faults, Protocol, Scope};
use stateright::{Checker, HasDiscoveries, Model as _, Property, UniformChooser};

const F: Faults = Faults::NONE;

/// Visits every state, and asks that these things happened among them.
fn explore(scope: Scope, happenings: &[&'static str]) {
    let checker = Protocol(scope)
        .checker()
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    hold(&checker, happenings);
}

fn hold(checker: &impl Checker<Protocol>, happenings: &[&'static str]) {
    let properties = checker.model().properties();
    let is_rule = |property: &&Property<Protocol>| property.expectation.discovery_is_failure();
    for rule in properties.iter().filter(is_rule) {
        checker.assert_no_discovery(rule.name);
    }
    for happening in happenings {
        assert!(
            checker.discovery(happening).is_some(),
            "it never happens that {happening}, so this shows nothing"
        );
    }
    assert!(checker.is_done());
    let states = checker.unique_state_count();
    assert!(states > 1000, "only {states} states");
}

#[test]
fn two_readers_of_one_message_with_kills_of_the_site() {
    let faults = Faults {
        site_crashes: 1,
        losses: 1,
        ..F
    };
    let scope = Scope {
        faults,
        ..Scope::calm(1, 2)
    };
    explore(scope, &[READ, EXPIRED, NOT_SENT, CONTEST, AGAIN, DELIVERED]);
}

#[test]
fn one_message_with_kills_of_both_sides_and_lost_and_repeated_calls() {
    let faults = Faults {
        site_crashes: 1,
        core_crashes: 1,
        losses: 1,
        repeats: 1,
        ..F
    };
    let scope = Scope {
        faults,
        ..Scope::calm(1, 1)
    };
    explore(scope, &[READ, EXPIRED, NOT_SENT, AGAIN, DELIVERED]);
}

#[test]
fn a_core_that_is_killed_between_pulling_and_writing_down() {
    let faults = Faults {
        losses: 1,
        core_crashes: 1,
        prunings: 1,
        ..F
    };
    let scope = Scope {
        core_at_once: false,
        faults,
        ..Scope::calm(1, 1)
    };
    explore(scope, &[READ, EXPIRED, NOT_SENT]);
}

#[test]
fn two_messages_at_once() {
    explore(Scope::calm(2, 1), &[READ, EXPIRED, NOT_SENT, DELIVERED]);
}

#[test]
fn two_readings_and_a_sender_who_takes_back() {
    let faults = Faults { losses: 1, ..F };
    let scope = Scope {
        at_once: true,
        readings: 2,
        revocations: 1,
        faults,
        ..Scope::calm(1, 2)
    };
    explore(scope, &[READ, REVOKED, EXPIRED, NOT_SENT]);
}

#[test]
fn both_sides_put_back() {
    let faults = Faults {
        site_restores: 1,
        core_restores: 1,
        ..F
    };
    let scope = Scope {
        at_once: true,
        faults,
        ..Scope::calm(1, 1)
    };
    explore(scope, &[READ, LOST, FORK, SWALLOWED]);
}

#[test]
fn a_site_put_back_between_two_readers() {
    let faults = Faults {
        site_restores: 1,
        lapses: 1,
        ..F
    };
    let scope = Scope {
        at_once: true,
        faults,
        ..Scope::calm(1, 2)
    };
    explore(scope, &[READ, LOST, FORK, SWALLOWED, BURIED, REPEATED]);
}

#[test]
fn a_site_put_back_with_calls_from_before_still_under_way() {
    let faults = Faults {
        site_restores: 1,
        repeats: 1,
        ..F
    };
    let scope = Scope {
        at_once: true,
        faults,
        ..Scope::calm(1, 1)
    };
    explore(scope, &[READ, LOST, FORK]);
}

/// The whole of the bounds at once, by walks: the same ones each time.
#[test]
fn walks_through_all_of_it() {
    let scope = Scope {
        messages: 2,
        readers: 2,
        readings: 2,
        revocations: 2,
        at_once: false,
        core_at_once: false,
        flaw: None,
        faults: Faults {
            losses: 1,
            repeats: 1,
            site_crashes: 1,
            core_crashes: 1,
            site_restores: 1,
            core_restores: 1,
            lapses: 1,
            prunings: 1,
        },
    };
    for seed in 1..=4 {
        let checker = Protocol(scope)
            .checker()
            .finish_when(HasDiscoveries::AnyFailures)
            .target_state_count(1_000_000)
            .spawn_simulation(seed, UniformChooser)
            .join();
        hold(&checker, &[READ, EXPIRED]);
    }
}
