//! The protocol, explored: in each scope, every order of the steps.
//!
//! The bounds are two messages, two readers, one kill of each side, one lost and one repeated call, one restore of each
//! side. All of it together has more states than anybody can visit, so scopes share them out, each of them exhausted,
//! and walks drawn by a seed go through the whole.
//!
//! | exhausted | messages | readers | faults |
//! |---|---|---|---|
//! | writes of the site apart | 1 | 2 | kill of the site, loss |
//! | writes of the site apart | 1 | 1 | kills of both, loss, repetition |
//! | writes of both apart | 1 | 1 | kill of the core, loss, pruning |
//! | writes of the site apart | 2 | 1 | none |
//! | two readings, revocation | 1 | 2 | loss |
//! | | 1 | 1 | restores of both |
//! | | 1 | 2 | restore of the site, lapse |
//! | | 1 | 1 | restore of the site, repetition |
//! | | 2 | 1, of the first | restore of the site |
//! | | 2 | none | restore of the site, repetition |
//!
//! Only walked: two messages that are both read, with any fault; two messages with a restore of the core; restores
//! together with kills or losses; all faults at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use model::properties::{
    AGAIN, BURIED, CONTEST, DELIVERED, EXPIRED, FORK, LOST, NOT_SENT, READ, REPEATED, REVOKED, SWALLOWED,
};
use model::{Action, Faults, Packet, Protocol, Scope, State};
use stateright::{Checker, Chooser, HasDiscoveries, Model as _, Property, UniformChooser};

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

#[test]
fn a_site_put_back_with_two_messages_of_which_one_is_read() {
    let faults = Faults {
        site_restores: 1,
        ..F
    };
    let scope = Scope {
        at_once: true,
        read: 1,
        faults,
        ..Scope::calm(2, 1)
    };
    let happenings = [READ, EXPIRED, NOT_SENT, REVOKED, LOST, FORK, SWALLOWED, BURIED];
    explore(scope, &happenings);
}

#[test]
fn a_site_put_back_with_two_messages_and_calls_from_before_still_under_way() {
    let faults = Faults {
        site_restores: 1,
        repeats: 1,
        ..F
    };
    let scope = Scope {
        at_once: true,
        faults,
        ..Scope::calm(2, 0)
    };
    explore(scope, &[EXPIRED, NOT_SENT, REVOKED, LOST, FORK]);
}

/// What a walk shows besides what becomes of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Repeated,
    Reordered,
    Lost,
    SiteKilled,
    CoreKilled,
    SiteRestored,
    SiteReverted,
    CoreRestored,
}

const KINDS: [Kind; 8] = [
    Kind::Repeated,
    Kind::Reordered,
    Kind::Lost,
    Kind::SiteKilled,
    Kind::CoreKilled,
    Kind::SiteRestored,
    Kind::SiteReverted,
    Kind::CoreRestored,
];

/// Draws each step, and notes what was drawn.
#[derive(Clone, Default)]
struct Noting {
    seen: Arc<Mutex<BTreeMap<Kind, usize>>>,
}

/// One walk: the draw, and the calls of the core that are under way, in the order in which they were made.
struct Walk {
    draw: <UniformChooser as Chooser<Protocol>>::State,
    calls: Vec<Packet>,
}

impl Chooser<Protocol> for Noting {
    type State = Walk;

    fn new_state(&self, seed: u64) -> Walk {
        Walk {
            draw: Chooser::<Protocol>::new_state(&UniformChooser, seed),
            calls: Vec::new(),
        }
    }

    fn choose_initial_state(&self, walk: &mut Walk, states: &[State]) -> usize {
        Chooser::<Protocol>::choose_initial_state(&UniformChooser, &mut walk.draw, states)
    }

    fn choose_action(&self, walk: &mut Walk, state: &State, actions: &[Action]) -> usize {
        let index = Chooser::<Protocol>::choose_action(&UniformChooser, &mut walk.draw, state, actions);
        if let Some(kind) = walk.kind(&actions[index], state) {
            let mut seen = self.seen.lock().expect("nobody panics with it");
            *seen.entry(kind).or_default() += 1;
        }
        index
    }
}

impl Walk {
    fn kind(&mut self, action: &Action, state: &State) -> Option<Kind> {
        match action {
            Action::Call(packet) => {
                self.calls.push(packet.clone());
                None
            }
            Action::Deliver(packet) => self.overtakes(packet, state).then_some(Kind::Reordered),
            Action::Again(packet) => packet.generation().map(|_| Kind::Repeated),
            Action::Lose(_) => Some(Kind::Lost),
            Action::CrashSite => Some(Kind::SiteKilled),
            Action::CrashCore => Some(Kind::CoreKilled),
            Action::RestoreSite => Some(Kind::SiteRestored),
            Action::RevertSite => Some(Kind::SiteReverted),
            Action::RestoreCore => Some(Kind::CoreRestored),
            _ => None,
        }
    }

    /// Whether a call that was made before this one is still under way.
    fn overtakes(&mut self, packet: &Packet, state: &State) -> bool {
        self.calls.retain(|call| state.net.contains(call));
        let place = self.calls.iter().position(|call| call == packet);
        place.is_some_and(|place| place > 0)
    }
}

/// The whole of the bounds at once, by walks: the same ones each time.
#[test]
#[expect(clippy::print_stdout, reason = "whoever sees it fail wants the seed")]
fn walks_through_all_of_it() {
    let scope = Scope {
        messages: 2,
        readers: 2,
        read: 2,
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
        let noting = Noting::default();
        let checker = Protocol(scope)
            .checker()
            .finish_when(HasDiscoveries::AnyFailures)
            .target_state_count(1_000_000)
            .spawn_simulation(seed, noting.clone())
            .join();
        let seen = noting.seen.lock().expect("nobody panics with it");
        println!(
            "the walks of seed {seed} show {:?} and {seen:?}",
            checker.discoveries().keys()
        );
        hold(&checker, &[READ, EXPIRED, NOT_SENT, REVOKED, LOST, FORK]);
        for kind in KINDS {
            assert!(seen.contains_key(&kind), "no walk of seed {seed} shows {kind:?}");
        }
    }
}
