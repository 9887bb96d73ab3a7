//! The model of the protocol, held to the real core and the real site together, with sites that are put back: each
//! answer, every event that reaches the core and every fork has to be what the model foresaw.

use std::time::Duration;

use contract::sync::{Command, Digest, Event, Order, Pushed, Token, What};
use core_api::usecase::message::command::{By, order};
use model::traces::{Answer, Course, Step, courses, shown};
use model::{Faults, Scope};
use selfdestruct::site::{Opening, SiteError};
use sha2::{Digest as _, Sha256};

use crate::bench::Tried;
use crate::real::{LEASE, Real, copy_files, dial, real, start};

/// Courses that are taken in each scope.
const MOST: usize = 100;
const FOLDERS: [&str; 2] = ["data", "keys"];

struct World {
    real: Real,
    id: Token,
    body: Vec<u8>,
}

impl World {
    async fn new() -> Self {
        let real = real().await;
        let id = real.bench.send("dmz1").await;
        let body = real.bench.core.store.read(move |c| {
            let sql = "SELECT body FROM push WHERE message = ?1";
            Ok(c.query_row(sql, [id.as_bytes()], |row| row.get(0))?)
        });
        let body = body.await.expect("it waits");
        Self { real, id, body }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Push(_, is_there) => assert_eq!(self.push().await, is_there),
            Step::Open(reader, _, answer) => {
                let given = match self.real.open_as(self.id, 4, claim(reader)).await {
                    Opening::Opened(_) => Answer::Given,
                    Opening::NotConfirmed => Answer::Later,
                    _ => Answer::Gone,
                };
                assert_eq!(given, answer);
            }
            Step::Done(reader, _) => unless_forked(&self.real.site.done(self.id, claim(reader)).await),
            Step::Revoke(_) => self.revoke().await,
            Step::LeasesEnd => self.real.bench.forward(LEASE),
            Step::Pull(is_heard) => {
                *self.real.direct.lose.lock().expect("nobody panics with it") = (!is_heard).into();
                self.real.bench.pull("dmz1").await;
                *self.real.direct.lose.lock().expect("nobody panics with it") = 0;
            }
            Step::Crash => self.start_again(|_, _| ()).await,
            Step::Copy => {
                for folder in FOLDERS {
                    let folder = self.real.folder.path().join(folder);
                    copy_files(&folder, &folder.with_extension("copy"));
                }
            }
            Step::Restore => self.start_again(put_back).await,
        }
        // An end is told when what ended is erased; in the model, at once.
        unless_forked(&self.real.site.sweep().await);
    }

    /// The first time out of the core's store; what it has a receipt for comes once more as a late repetition.
    async fn push(&self) -> bool {
        if self.real.bench.stage(self.id).await == "waiting" {
            return self.real.bench.push("dmz1").await == Tried::Settled(1)
                && self.real.bench.stage(self.id).await == "on-site";
        }
        let epoch = self.real.site.epoch().await;
        let pushed = self.real.site.push(epoch, self.id, &self.body).await;
        pushed.is_ok_and(|push| matches!(push.pushed, Pushed::Stored(_)))
    }

    /// As its sender does; what the core knows to be over comes as a late repetition.
    async fn revoke(&self) {
        let by = By {
            operator: String::new(),
            through: "command".to_owned(),
            reference: String::new(),
        };
        let ordered = order(&self.real.bench.core, *self.id.as_bytes(), Order::Revoke, by).await;
        ordered.expect("the database works");
        self.real.bench.push("dmz1").await;
        let command = Command {
            id: Token::from([9; 16]),
            message: self.id,
            order: Order::Revoke,
        };
        unless_forked(&self.real.site.command(&command).await.map(drop));
    }

    async fn start_again(&mut self, meanwhile: impl Fn(&World, &str)) {
        self.real.site.close().await;
        for folder in FOLDERS {
            meanwhile(self, folder);
        }
        // The start is an event: later, it is another one at the same place.
        self.real.bench.forward(Duration::from_secs(1));
        self.real.site = start(&self.real.bench, &self.real.folder, None).await;
        self.real.direct = dial(&self.real.bench, &self.real.site);
    }

    async fn known(&self) -> Vec<String> {
        let id = self.id;
        let events = self.real.bench.core.store.read(move |c| {
            let mut rows =
                c.prepare("SELECT event FROM site_event WHERE message = ?1 ORDER BY epoch, seq")?;
            let events = rows.query_map([id.as_bytes()], |row| row.get::<_, String>(0))?;
            Ok(events.collect::<Result<Vec<_>, _>>()?)
        });
        let events = events.await.expect("the database works");
        let parse = |text: &String| serde_json::from_str::<Event>(text).expect("an event");
        events.iter().map(|text| of_site(&parse(text).what)).collect()
    }
}

fn put_back(world: &World, folder: &str) {
    let folder = world.real.folder.path().join(folder);
    std::fs::remove_dir_all(&folder).expect("it was there");
    copy_files(&folder.with_extension("copy"), &folder);
}

/// A site that has found a fork does nothing any more.
fn unless_forked(outcome: &Result<(), SiteError>) {
    assert!(matches!(outcome, Ok(()) | Err(SiteError::Fork)), "{outcome:?}");
}

fn claim(reader: usize) -> Token {
    Token::from([u8::try_from(reader).expect("there are two"); 16])
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
    let digest = |reader: &usize| {
        let hash: [u8; 32] = Sha256::digest(claim(*reader).as_bytes()).into();
        Digest::from(hash)
    };
    match what {
        model::What::Opened(reader) => format!("opened {}", digest(reader)),
        model::What::Delivered(reader) => format!("delivered {}", digest(reader)),
        model::What::Ended(end) => format!("ended {end:?}"),
    }
}

async fn replay(course: &Course) {
    let mut world = World::new().await;
    for step in &course.steps {
        world.take(*step).await;
    }
    world.take(Step::Pull(true)).await;
    let known: Vec<String> = course.known[0].iter().map(of_model).collect();
    assert_eq!(world.known().await, known, "{:?}", course.steps);
    let alarms = world.real.bench.alarms("dmz1").await;
    let is_forked = alarms.iter().any(|alarm| alarm == "fork");
    assert_eq!(is_forked, course.is_forked, "{alarms:?} {:?}", course.steps);
}

async fn replay_all(scope: Scope, longest: usize, kinds: &[&str]) {
    let courses = courses(&scope, longest, MOST);
    assert!(courses.len() > MOST / 2, "only {} courses", courses.len());
    let shown = shown(&courses);
    for kind in kinds {
        assert!(shown.contains(*kind), "no course shows {kind}: {shown:?}");
    }
    for course in &courses {
        replay(course).await;
    }
}

#[tokio::test]
async fn core_and_site_do_what_the_model_foresaw() {
    let kinds = [
        "open Given",
        "open Gone",
        "open Later",
        "done",
        "revoke",
        "Pull(false)",
    ];
    replay_all(Scope::calm(1, 2), 7, &kinds).await;
}

#[tokio::test]
async fn core_and_site_do_what_the_model_foresaw_of_a_site_that_is_put_back() {
    let scope = Scope {
        faults: Faults {
            site_restores: 1,
            ..Faults::NONE
        },
        ..Scope::calm(1, 1)
    };
    let kinds = ["open Given", "open Later", "push false", "Copy", "Restore"];
    let found = courses(&scope, 8, MOST);
    let forks = found.iter().filter(|course| course.is_forked).count();
    assert!(forks > 1, "{forks} courses fork");
    replay_all(scope, 8, &kinds).await;
}
