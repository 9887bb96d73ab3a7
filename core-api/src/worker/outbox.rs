//! The outbox: what was promised in a transaction happens after it, whatever is away or restarted meanwhile.
//!
//! Every job is done at least once. A letter is erased when the mail server has taken it; if the core ends between
//! the server's word and the erasing, the letter leaves again a minute later with the same `Message-ID`, by which
//! mailboxes recognise a double. Preparing a code is one transaction and therefore happens exactly once.
//!
//! Codes are prepared in a lane of their own: letters that wait for a silent mail server never hold them up.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use domain::Randomness;
use domain::clock::random_bytes;
use server::Stop;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

pub use super::job::{Job, queue};
use super::job::{MAIL, MAIL_CODE, SEND_CODE, Unreadable};
use crate::core::Core;
use crate::keys::AtRestError;
use crate::mail::letter::{Content, Letter};
use crate::mail::{Fault, Mailer};
use crate::steps::Step;
use crate::store::audit::{Event, Personal};
use crate::store::outbox::Item;
use crate::store::{Id, StoreError, audit, outbox};
use crate::usecase::message::news::{tell_not_mailed, up_to_date};
use crate::usecase::recovery::send_code::{self, Progress};

/// How long a code may wait for being prepared; later its recovery is over or nobody waits for it.
pub const CODE_PREPARED_WITHIN: Duration = Duration::from_mins(10);
/// How long a notice is tried.
pub const NOTICE_KEPT: Duration = Duration::from_hours(72);

/// Codes prepared before letters have their turn again, however many are asked for.
const PREPARED_A_ROUND: usize = 16;
/// Letters under way at the same time.
const AT_ONCE: usize = 4;
/// Of which so many may be others than codes.
const AT_ONCE_BESIDE_CODES: usize = 3;
/// How long an item belongs to whoever took it: more than the mail server may take.
const LEASE: Duration = Duration::from_mins(1);
/// The pauses after the first failures.
const FIRST_PAUSES: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
];
/// The pause after every later one, half of it random, so that what failed together does not return together.
const LATER_PAUSE: Duration = Duration::from_mins(10);
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// Between looks at a recovery that the directory has not resolved yet: short while somebody waits at the page,
const UNRESOLVED_PAUSE: Duration = Duration::from_millis(200);
/// and longer once the directory is evidently away.
const UNRESOLVED_LONG: (u32, Duration) = (50, Duration::from_secs(2));
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// However far ahead the next item is due: a clock that was set does not make anything wait longer.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);
/// How long letters under way may take when the core ends. What is cut off is repeated after the start.
const GRACE: Duration = Duration::from_secs(5);

/// What became of one look into the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a loop goes on as long as something was due"]
pub enum Outcome {
    /// Nothing was due.
    Nothing,
    /// An item was done and is erased.
    Done,
    /// An item failed and waits.
    PutOff,
    /// An item was past its time, or will never be taken; it is erased, and the audit says so.
    GivenUp,
    /// A letter had the link of a message that has ended; it is erased, and was not mailed.
    Void,
}

/// Works until it is time to stop.
pub async fn run(core: Arc<Core>, mailer: Arc<Mailer>, stop: Stop) {
    let mut under_way = JoinSet::new();
    while !stop.is_ordered() {
        // Registered before looking, so that nothing queued meanwhile is overlooked.
        let mut woken = pin!(core.wake.outbox.notified());
        woken.as_mut().enable();
        let pause = round(&core, &mailer, &mut under_way)
            .await
            .unwrap_or_else(|error| {
                tracing::error!(%error, "the outbox could not be read");
                AFTER_FAILURE
            });
        tokio::select! {
            () = woken => {}
            () = sleep(pause) => {}
            Some(_) = under_way.join_next() => {}
            () = stop.ordered() => break,
        }
    }
    let _ = timeout(GRACE, async { while under_way.join_next().await.is_some() {} }).await;
}

/// Does what is due and says how long nothing will be.
async fn round(
    core: &Arc<Core>,
    mailer: &Arc<Mailer>,
    under_way: &mut JoinSet<()>,
) -> Result<Duration, StoreError> {
    for _ in 0..PREPARED_A_ROUND {
        if prepare_one(core).await? == Outcome::Nothing {
            break;
        }
    }
    while under_way.len() < AT_ONCE {
        let Some(item) = claim_letter(core, under_way.len()).await? else {
            break;
        };
        let (core, mailer) = (Arc::clone(core), Arc::clone(mailer));
        under_way.spawn(async move {
            if let Err(error) = deliver(&core, &mailer, item).await {
                tracing::error!(%error, "the outbox could not write down what became of a letter");
            }
        });
    }
    // While all places are taken, a letter that is due has to wait for one of them and not for the clock.
    let (codes_have_place, others_have_place) =
        (under_way.len() < AT_ONCE, under_way.len() < AT_ONCE_BESIDE_CODES);
    let next = core
        .store
        .read(move |c| {
            let preparing = outbox::next_due(c, SEND_CODE)?;
            let mut due = vec![preparing];
            if codes_have_place {
                due.push(outbox::next_due(c, MAIL_CODE)?);
            }
            if others_have_place {
                due.push(outbox::next_due(c, MAIL)?);
            }
            Ok(due.into_iter().flatten().min())
        })
        .await?;
    Ok(next.map_or(LONGEST_SLEEP, |at| at.since(core.now()).min(LONGEST_SLEEP)))
}

/// Prepares the code that is due first.
///
/// # Errors
/// When the database fails; the item is due again when its lease is over.
pub async fn prepare_one(core: &Arc<Core>) -> Result<Outcome, StoreError> {
    let Some(item) = claim(core, SEND_CODE).await? else {
        return Ok(Outcome::Nothing);
    };
    match opened(core, &item) {
        Opened::Job(Job::SendCode {
            recovery,
            challenge,
            method,
        }) => {
            let wanted = send_code::Wanted {
                recovery,
                challenge,
                method,
            };
            match send_code::send_code(core, item.id, wanted).await? {
                Progress::Settled { queued } => {
                    if queued {
                        core.wake.outbox.notify_one();
                    }
                    Ok(Outcome::Done)
                }
                Progress::NotResolved => {
                    let (many, long) = UNRESOLVED_LONG;
                    put_off(
                        core,
                        &item,
                        if item.tries < many { UNRESOLVED_PAUSE } else { long },
                    )
                    .await
                }
            }
        }
        Opened::Later => put_off(core, &item, pause(core, &item)).await,
        Opened::Job(Job::Mail(_)) | Opened::Never => give_up(core, &item, SEND_CODE).await,
    }
}

/// Delivers the letter that is due first.
///
/// # Errors
/// When the database fails; the item is due again when its lease is over.
pub async fn deliver_one(core: &Arc<Core>, mailer: &Mailer) -> Result<Outcome, StoreError> {
    match claim_letter(core, 0).await? {
        None => Ok(Outcome::Nothing),
        Some(item) => deliver(core, mailer, item).await,
    }
}

async fn deliver(core: &Arc<Core>, mailer: &Mailer, item: Item) -> Result<Outcome, StoreError> {
    let outcome = match opened(core, &item) {
        Opened::Job(Job::Mail(letter)) => match up_to_date(core, letter).await? {
            Some(letter) => hand_over(core, mailer, &item, &letter).await?,
            None => drop_void(core, &item).await?,
        },
        Opened::Later => put_off(core, &item, pause(core, &item)).await?,
        Opened::Job(Job::SendCode { .. }) | Opened::Never => give_up(core, &item, MAIL).await?,
    };
    let result = match outcome {
        Outcome::Nothing => return Ok(outcome),
        Outcome::Done => "sent",
        Outcome::PutOff => "put-off",
        Outcome::GivenUp => "given-up",
        Outcome::Void => "void",
    };
    metrics::counter!("mails_total", "result" => result).increment(1);
    Ok(outcome)
}

async fn hand_over(
    core: &Arc<Core>,
    mailer: &Mailer,
    item: &Item,
    letter: &Letter,
) -> Result<Outcome, StoreError> {
    if item.until <= core.now() {
        return give_up_letter(core, item, letter).await;
    }
    core.step(Step::LetterTaken);
    match mailer.deliver(&item.id, letter, core.now()).await {
        Ok(()) => {
            core.step(Step::LetterDelivered);
            let id = item.id;
            core.store.write(move |c| outbox::remove(c, &id)).await?;
            core.step(Step::LetterErased);
            tracing::info!(kind = letter.kind(), tries = item.tries, "a letter was sent");
            Ok(Outcome::Done)
        }
        Err(Fault::TryAgain(why)) => {
            tracing::warn!(
                kind = letter.kind(),
                tries = item.tries,
                why,
                "a letter could not be sent yet"
            );
            put_off(core, item, pause(core, item)).await
        }
        Err(Fault::GiveUp(why)) => {
            tracing::error!(kind = letter.kind(), why, "a letter will never be taken");
            give_up_letter(core, item, letter).await
        }
    }
}

/// A code first: somebody waits for it, and however many other letters are due, one place stays free for the next.
async fn claim_letter(core: &Core, under_way: usize) -> Result<Option<Item>, StoreError> {
    match claim(core, MAIL_CODE).await? {
        None if under_way < AT_ONCE_BESIDE_CODES => claim(core, MAIL).await,
        first => Ok(first),
    }
}

/// Looks before it writes: most looks find nothing, and a write waits for the disk.
async fn claim(core: &Core, kind: &'static str) -> Result<Option<Item>, StoreError> {
    let now = core.now();
    let due = core
        .store
        .read(move |c| outbox::next_due(c, kind))
        .await?
        .is_some_and(|at| at <= now);
    if !due {
        return Ok(None);
    }
    core.store
        .write(move |c| outbox::claim(c, kind, now, now.plus(LEASE)))
        .await
}

enum Opened {
    Job(Job),
    /// A key is missing: whoever runs this can add it.
    Later,
    Never,
}

fn opened(core: &Core, item: &Item) -> Opened {
    let past = item.until <= core.now();
    match Job::open(&core.at_rest, &item.id, &item.payload) {
        // A letter still says its kind to the audit; everything else that is past its time is just that.
        Ok(job) if !past || matches!(job, Job::Mail(_)) => Opened::Job(job),
        Ok(_) => Opened::Never,
        Err(error) => {
            tracing::error!(%error, kind = item.kind, "an item of the outbox cannot be read");
            let may_be_mended = matches!(error, Unreadable::AtRest(AtRestError::UnknownKey(_)));
            if may_be_mended && !past {
                Opened::Later
            } else {
                Opened::Never
            }
        }
    }
}

async fn put_off(core: &Core, item: &Item, pause: Duration) -> Result<Outcome, StoreError> {
    let (id, at) = (item.id, core.now().plus(pause));
    core.store.write(move |c| outbox::retry_at(c, &id, at)).await?;
    Ok(Outcome::PutOff)
}

/// The end of its message is in the audit and told to whom it concerns: there is no more to say of the letter.
async fn drop_void(core: &Core, item: &Item) -> Result<Outcome, StoreError> {
    let id = item.id;
    core.store.write(move |c| outbox::remove(c, &id)).await?;
    tracing::info!("a link was not mailed, for its message has ended");
    Ok(Outcome::Void)
}

/// A letter whose link nobody else has takes its sender's news with it.
async fn give_up_letter(core: &Arc<Core>, item: &Item, letter: &Letter) -> Result<Outcome, StoreError> {
    let message = match &letter.content {
        Content::MessageLink(link) => Some(link.message),
        _ => None,
    };
    give_up_with(core, item, letter.kind(), message).await
}

async fn give_up(core: &Arc<Core>, item: &Item, kind: &str) -> Result<Outcome, StoreError> {
    give_up_with(core, item, kind, None).await
}

async fn give_up_with(
    core: &Arc<Core>,
    item: &Item,
    kind: &str,
    message: Option<Id>,
) -> Result<Outcome, StoreError> {
    let (id, now, shared) = (item.id, core.now(), Arc::clone(core));
    let entry = core.entry(
        Event::MailGivenUp {
            kind: kind.to_owned(),
        },
        "",
        "core",
        Personal::default(),
    );
    core.store
        .write(move |c| {
            outbox::remove(c, &id)?;
            if let Some(message) = message {
                tell_not_mailed(c, &shared, &message)?;
            }
            audit::append(c, &entry, now)
        })
        .await?;
    Ok(Outcome::GivenUp)
}

/// How long a failed item waits: longer each time, but never more than half of the time that it has left, so that
/// a code gets another try when the mail server is back after a few minutes.
fn pause(core: &Core, item: &Item) -> Duration {
    let left = item.until.since(core.now());
    backed_off(item.tries, &*core.randomness)
        .min(left / 2)
        .max(SHORTEST_PAUSE)
}

fn backed_off(tries: u32, randomness: &dyn Randomness) -> Duration {
    let step = usize::try_from(tries)
        .ok()
        .and_then(|tries| FIRST_PAUSES.get(tries));
    step.copied().unwrap_or_else(|| {
        let dice = u32::from(u8::from_be_bytes(random_bytes(randomness)));
        LATER_PAUSE / 2 + LATER_PAUSE / 2 * dice / 255
    })
}
