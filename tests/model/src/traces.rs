//! Courses of a site's life, as steps that a real site can be put through, with what the model says it answers.
//!
//! A walk in breadth takes every step from every state that it has not seen, so each course ends with a step that no
//! shorter one shows. Where a scope lets the site be put back, its courses do that in place of kills: a start is an event
//! of a real site and none here, so that a kill between copy and restore would be a fork there alone.

use std::collections::{BTreeSet, HashSet, VecDeque};

use crate::core;
use crate::packet::{Packet, What};
use crate::scope::Scope;
use crate::site::{self, Held};
use crate::state::{Message, Reader, State, Witness};

/// A step, with what the site answers to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The core pushes the message; false: it has ended.
    Push(Message, bool),
    /// A reader opens it.
    Open(Reader, Message, Answer),
    /// A reader says that it has it.
    Done(Reader, Message),
    /// The core takes it back.
    Revoke(Message),
    /// Every lease ends.
    LeasesEnd,
    /// The core pulls and hears the answer, or, false, does not. The site is confirmed.
    Pull(bool),
    /// The site is killed and starts again.
    Crash,
    /// Somebody copies the site's disk.
    Copy,
    /// Somebody puts the copy in its place and starts it.
    Restore,
}

/// What a reader is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The ciphertext.
    Given,
    /// Nothing is there any more.
    Gone,
    /// Not now.
    Later,
}

/// What the core knows at the end of a course: for each message what happened to it, in order.
pub type Known = Vec<Vec<What>>;

/// A course and its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// The steps.
    pub steps: Vec<Step>,
    /// What the core knows after one more pull.
    pub known: Known,
    /// Whether it has found a fork.
    pub is_forked: bool,
}

/// Every step from every state within so many steps, thinned out evenly to at most `most` courses. The same each time.
pub fn courses(scope: &Scope, longest: usize, most: usize) -> Vec<Course> {
    let mut seen = HashSet::new();
    let mut ahead = VecDeque::from([(State::begin(scope), Vec::new())]);
    let mut found = Vec::new();
    while let Some((state, steps)) = ahead.pop_front() {
        for wish in wishes(scope, &state) {
            let mut next = state.clone();
            let step = take(scope, &mut next, wish);
            next.witness = Witness::default();
            let mut steps = steps.clone();
            steps.push(step);
            let is_new = seen.insert(next.clone());
            if is_new && steps.len() < longest {
                ahead.push_back((next, steps));
            } else {
                found.push(course(scope, next, steps));
            }
        }
    }
    let every = found.len().div_ceil(most.max(1)).max(1);
    found.into_iter().step_by(every).collect()
}

fn course(scope: &Scope, mut state: State, steps: Vec<Step>) -> Course {
    take(scope, &mut state, Step::Pull(true));
    let known = |message| {
        let log = state.core.disk.log.iter();
        log.filter(|(_, event)| event.message == message)
            .map(|(_, event)| event.what)
            .collect()
    };
    Course {
        known: (0..scope.messages).map(known).collect(),
        is_forked: state.core.disk.trouble,
        steps,
    }
}

/// What may be tried; the answers in it are not meant.
fn wishes(scope: &Scope, state: &State) -> Vec<Step> {
    let mut wishes = vec![Step::Pull(true), Step::Pull(false)];
    wishes.extend(starts(scope, state));
    let lives = |message: &Message| matches!(state.site.work.messages[*message], Held::Live { .. });
    // What time has ended no copy brings back.
    if state.site.copy.is_none() && (0..scope.messages).any(|message| lives(&message)) {
        wishes.push(Step::LeasesEnd);
    }
    for message in 0..scope.messages {
        wishes.push(Step::Push(message, true));
        if state.site.work.messages[message] == Held::Unknown {
            continue;
        }
        wishes.push(Step::Revoke(message));
        for reader in 0..scope.readers {
            wishes.push(Step::Open(reader, message, Answer::Given));
            // Whether a delivery is still told after the lease is left open: it is true, and nobody counts on it.
            if !is_late(state, reader, message) {
                wishes.push(Step::Done(reader, message));
            }
        }
    }
    wishes
}

fn starts(scope: &Scope, state: &State) -> Option<Step> {
    if scope.faults.site_restores == 0 {
        return Some(Step::Crash);
    }
    match &state.site.copy {
        _ if state.faults.site_restores == 0 => None,
        None => Some(Step::Copy),
        Some(copy) => (copy.0 != state.site.disk).then_some(Step::Restore),
    }
}

/// Whether a reader of a message that still lives has no lease on it.
fn is_late(state: &State, reader: Reader, message: Message) -> bool {
    matches!(state.site.work.messages[message], Held::Live { leases, .. } if leases & (1 << reader) == 0)
}

/// Takes a step and says what the site answered.
fn take(scope: &Scope, state: &mut State, step: Step) -> Step {
    let generation = state.core.work.generation;
    match step {
        Step::Push(message, _) => {
            let into = state.core.work.epoch;
            let push = Packet::Push {
                message,
                generation,
                into,
            };
            let answers = call(scope, state, push);
            let is_there = answers
                .iter()
                .any(|packet| matches!(packet, Packet::Receipt { .. }));
            Step::Push(message, is_there)
        }
        Step::Open(reader, message, _) => {
            let answers = call(scope, state, Packet::Open { reader, message });
            let answer = match answers.first() {
                Some(Packet::Given { .. }) => Answer::Given,
                Some(Packet::Gone { .. }) => Answer::Gone,
                _ => Answer::Later,
            };
            Step::Open(reader, message, answer)
        }
        Step::Done(reader, message) => {
            call(scope, state, Packet::Done { reader, message });
            step
        }
        Step::Revoke(message) => {
            call(scope, state, Packet::Revoke { message, generation });
            step
        }
        Step::LeasesEnd => {
            for message in 0..scope.messages {
                site::end_leases(state, message);
            }
            site::commit(state);
            step
        }
        Step::Pull(is_heard) => {
            let position = state.core.work.place;
            let answers = call(scope, state, Packet::Poll { position, generation });
            for packet in answers.into_iter().filter(|_| is_heard) {
                core::take(scope, state, packet);
                core::commit(state);
                state.net.clear();
            }
            step
        }
        Step::Crash => {
            site::crash(state);
            state.site.up = true;
            step
        }
        Step::Copy => {
            state.site.copy = Some(Box::new((state.site.disk.clone(), state.site.confirmed)));
            step
        }
        Step::Restore => {
            state.faults.site_restores -= 1;
            site::restore(state, false);
            step
        }
    }
}

fn call(scope: &Scope, state: &mut State, packet: Packet) -> Vec<Packet> {
    site::take(scope, state, packet);
    site::commit(state);
    std::mem::take(&mut state.net)
}

/// Kinds of steps that the courses take, with the answers in them: what a set of courses shows.
pub fn shown(courses: &[Course]) -> BTreeSet<String> {
    let steps = courses.iter().flat_map(|course| &course.steps);
    steps
        .map(|step| match step {
            Step::Push(_, is_there) => format!("push {is_there}"),
            Step::Open(_, _, answer) => format!("open {answer:?}"),
            Step::Done(..) => "done".to_owned(),
            Step::Revoke(_) => "revoke".to_owned(),
            other => format!("{other:?}"),
        })
        .collect()
}
