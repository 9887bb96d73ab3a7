//! Takes over what happens on one site, and looks after it: is it there, does it hold what it should, does it keep the
//! witness of our audit, how long is its certificate good? Each of these has a file of its own; [`Puller`] lets them take
//! turns, and here is when.

mod certificate;
mod confirming;
mod inventory;
mod last;
mod lateness;
mod puller;
mod witness;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use contract::sync::LONGEST_WAIT;
use server::Stop;
use tokio::time::{Instant, sleep};

pub use self::inventory::SOON;
pub use self::lateness::{GRACE, STALE};
pub use self::puller::Puller;
use super::patience::{Patience, wait_out_absence};
use crate::core::Core;
use crate::store::site;
use crate::usecase::operators::alarm::What;

/// How long a poll waits for the first event, in seconds.
pub const POLL: u32 = 25;
const _: () = assert!(POLL < LONGEST_WAIT, "no site waits as long");
/// Between looks while there is no site.
const LOOK: Duration = Duration::from_secs(30);
/// Between looks at a site with which something is wrong: longer than it serves readers without us.
const TROUBLED: Duration = Duration::from_mins(5);
/// Between looks at one that tells of too many unknown messages: much shorter than it serves readers without us
/// (`confirm_within`, two minutes unless that is set), since a core from an older copy finds many at an honest site.
const SLOW: Duration = Duration::from_mins(1);
/// Between two answers that came at once.
const SHORTEST_BREATH: Duration = Duration::from_millis(20);
const LONGEST_BREATH: Duration = Duration::from_millis(250);

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Go on at once.
    GoOn,
    /// Nothing is paired: wait until somebody does.
    Wait,
    /// The site is away: wait a little.
    Patience(String),
    /// Something is wrong with it: look again much later.
    Troubled(What),
    /// It tells of more unknown messages than anybody can look at: listen to it now and then.
    Slow,
}

/// Works until it is time to stop.
pub async fn run(core: Arc<Core>, name: String, stop: Stop) {
    let mut puller = Puller::new(Arc::clone(&core), name.clone());
    let mut patience = Patience::default();
    while !stop.is_ordered() {
        let mut woken = pin!(core.wake.sites.notified());
        woken.as_mut().enable();
        let began = Instant::now();
        // A poll that is cut off took nothing: what it would have kept is asked for again.
        let next = tokio::select! {
            next = puller.try_one(POLL) => next,
            () = stop.ordered() => return,
        };
        let pause = match next {
            Ok(Next::GoOn) => {
                if patience.reset() {
                    core.wake.back.notify_waiters();
                }
                stop.pause(breath(began.elapsed())).await;
                continue;
            }
            Ok(Next::Slow) => {
                tracing::warn!(site = name, pause = ?SLOW, "a site tells of too many unknown messages");
                stop.pause(SLOW).await;
                continue;
            }
            Ok(Next::Wait) => LOOK,
            Ok(Next::Troubled(what)) => {
                wait_out(&core, &name, what, &stop).await;
                continue;
            }
            Ok(Next::Patience(why)) => {
                let pause = patience.pause(&*core.randomness);
                tracing::warn!(site = name, why, ?pause, "a site does not answer");
                wait_out_absence(&core, pause, &stop).await;
                continue;
            }
            Err(error) => {
                tracing::error!(site = name, %error, "what happened on a site could not be kept");
                stop.pause(patience.pause(&*core.randomness)).await;
                continue;
            }
        };
        tokio::select! {
            () = woken => {}
            _ = stop.pause(pause) => {}
        }
    }
}

/// Leaves a troubled site alone, until its new epoch begins or some time is over.
async fn wait_out(core: &Core, name: &str, what: What, stop: &Stop) {
    let over = sleep(TROUBLED);
    tokio::pin!(over);
    loop {
        let mut woken = pin!(core.wake.sites.notified());
        woken.as_mut().enable();
        let name = name.to_owned();
        let site = core.store.read(move |c| site::by_name(c, &name)).await;
        let is_over =
            site.is_ok_and(|site| site.is_none_or(|site| site.trouble.as_deref() != Some(what.word())));
        if is_over {
            return;
        }
        tokio::select! {
            () = woken => {}
            () = &mut over => return,
            () = stop.ordered() => return,
        }
    }
}

/// After an answer that came fast: as long as it took, so that no site gets more than half of the writer's time. One that
/// was waited for came because something happened, and is not held against the site.
fn breath(took: Duration) -> Duration {
    if took > Duration::from_secs(1) {
        return Duration::ZERO;
    }
    took.clamp(SHORTEST_BREATH, LONGEST_BREATH)
}
