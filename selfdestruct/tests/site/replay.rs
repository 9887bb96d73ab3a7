//! The model of the protocol, held to the real site: the model's courses are taken again, and each answer and every
//! event has to be the one that the model foresaw.

use std::time::Duration;

use contract::sync::{Command, Order, Pushed, What};
use model::traces::{Answer, Course, Step, courses, shown};
use model::{End, Scope};
use selfdestruct::site::Opening;

use super::support::{LEASE, Letter, World, hash, token};

/// Courses that are taken in each scope.
const MOST: usize = 120;

async fn replay(scope: &Scope, course: &Course) {
    let mut world = World::new().await;
    // The model knows no spans: only a start ends a confirmation there.
    world.confirm_within = Duration::from_hours(24);
    world.restart().await;
    world.confirm().await;
    let letters: Vec<Letter> = (0..scope.messages)
        .map(|message| {
            let readings = if message == 0 { scope.readings } else { 1 };
            Letter::new(&format!("message {message}")).with_readings(readings.into())
        })
        .collect();
    for step in &course.steps {
        take(&mut world, &letters, *step).await;
    }
    // An end is told when what ended is erased.
    world.sweep().await;
    world.confirm().await;
    for (letter, known) in letters.iter().zip(&course.known) {
        let told: Vec<String> = world.told(letter).iter().map(of_site).collect();
        let known: Vec<String> = known.iter().map(of_model).collect();
        assert_eq!(told, known, "{:?}", course.steps);
    }
}

async fn take(world: &mut World, letters: &[Letter], step: Step) {
    match step {
        Step::Push(message, is_there) => {
            let pushed = world.push(&letters[message]).await;
            assert_eq!(matches!(pushed, Pushed::Stored(_)), is_there, "{pushed:?}");
        }
        Step::Open(reader, message, answer) => {
            let opening = world.open(&letters[message], &claim(reader)).await;
            let given = match &opening {
                Opening::Opened(_) => Answer::Given,
                Opening::NotConfirmed => Answer::Later,
                _ => Answer::Gone,
            };
            assert_eq!(given, answer, "{opening:?}");
            assert_eq!(letters[message].is_in(&opening), given == Answer::Given);
        }
        Step::Done(reader, message) => world.done(&letters[message], &claim(reader)).await,
        Step::Revoke(message) => {
            let command = Command {
                id: token(&format!("revoke {message}")),
                message: letters[message].id(),
                order: Order::Revoke,
            };
            world.site().command(&command).await.expect("the site answers");
        }
        Step::LeasesEnd => {
            world.hands.go_on(LEASE);
            world.sweep().await;
        }
        Step::Pull(is_heard) => {
            if is_heard {
                world.confirm().await;
            } else {
                hear_nothing(world).await;
            }
        }
        Step::Crash => world.restart().await,
        Step::Copy | Step::Restore => unreachable!("nothing is put back in these scopes"),
    }
}

/// The core asks, and the answer is lost.
async fn hear_nothing(world: &World) {
    let after = world.core.after(0);
    world.site().events(after).await.expect("the chain is whole");
}

fn claim(reader: usize) -> String {
    format!("reader {reader}")
}

fn of_site(what: &What) -> String {
    match what {
        What::Opened { claim, .. } => format!("opened {claim}"),
        What::Delivered { claim, .. } => format!("delivered {claim}"),
        What::Ended { state, .. } => format!("ended {state:?}"),
        other => format!("{other:?}"),
    }
}

fn of_model(what: &model::What) -> String {
    let digest = |reader: &usize| contract::sync::Digest::from(hash(token(&claim(*reader)).as_bytes()));
    match what {
        model::What::Opened(reader) => format!("opened {}", digest(reader)),
        model::What::Delivered(reader) => format!("delivered {}", digest(reader)),
        model::What::Ended(end) => match end {
            End::Read => "ended Read".to_owned(),
            End::Expired => "ended Expired".to_owned(),
            End::Revoked => "ended Revoked".to_owned(),
            End::NotSent | End::Lost => unreachable!("the core's ends, not the site's"),
        },
    }
}

async fn replay_all(scope: Scope, longest: usize) {
    let courses = courses(&scope, longest, MOST);
    assert!(courses.len() > MOST / 2, "only {} courses", courses.len());
    let shown = shown(&courses);
    for kind in [
        "push true",
        "push false",
        "open Given",
        "open Gone",
        "open Later",
        "done",
        "revoke",
        "LeasesEnd",
        "Pull(true)",
        "Pull(false)",
        "Crash",
    ] {
        assert!(shown.contains(kind), "no course shows {kind}: {shown:?}");
    }
    for course in &courses {
        replay(&scope, course).await;
    }
}

#[tokio::test]
async fn a_site_does_what_the_model_foresaw_with_one_message() {
    replay_all(Scope::calm(1, 2), 8).await;
}

#[tokio::test]
async fn a_site_does_what_the_model_foresaw_with_two_readings() {
    let scope = Scope {
        readings: 2,
        ..Scope::calm(1, 2)
    };
    replay_all(scope, 8).await;
}

#[tokio::test]
async fn a_site_does_what_the_model_foresaw_with_two_messages() {
    replay_all(Scope::calm(2, 1), 7).await;
}
