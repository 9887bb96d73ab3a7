//! Picks a method for the current step. For a code that is sent this asks for the sending; whether anything
//! is sent, a worker decides, so that the request is the same for everybody.

use contract::recovery::Answer;
use contract::{Method as WireMethod, ProblemKind};
use domain::Method;
use domain::recovery::Recovery;

use super::load::{Named, named};
use super::look;
use super::wire::OnTheWire as _;
use crate::core::Core;
use crate::keys::Handle;
use crate::store::recovery;
use crate::store::recovery::Stored;
use crate::usecase::{Caller, UseCaseError};
use crate::worker::outbox::{self, Job};

/// Methods picked in one recovery; whoever needs more begins again.
const MOST_PICKS: u32 = 20;

enum Picked {
    Stored(Box<Stored>),
    Paused,
    Over,
}

/// Picks a method and gives the page that asks for its proof.
///
/// # Errors
/// `RecoveryOver` when the recovery is over or does not offer the method.
pub async fn pick(
    core: &Core,
    caller: &Caller,
    handle: &Handle,
    method: WireMethod,
) -> Result<Answer, UseCaseError> {
    let method = Method::from_wire(method);
    let (hash, now, challenge) = (handle.hash(), core.now(), core.new_id());
    let caller = caller.clone();
    // Prepared for every method, so that the work before the answer is alike.
    let (job_id, mut job) = (
        core.new_id(),
        Job::SendCode {
            recovery: [0; 16],
            challenge,
            method,
        },
    );
    // However often a code is asked for, a recovery ends.
    let longest = 2 * core.settings.lifetime;
    let at_rest = core.at_rest.clone();
    let randomness = core.randomness.clone();
    let picked = core
        .store
        .write(move |c| {
            let mut stored = match named(c, &hash, &caller, now)? {
                Named::Current(stored) => stored,
                Named::Paused => return Ok(Picked::Paused),
                Named::Former(_) | Named::Nothing => return Ok(Picked::Over),
            };
            let Recovery::Proving(proving) = stored.recovery else {
                return Ok(Picked::Over);
            };
            let Ok(proving) = proving.ask(method) else {
                return Ok(Picked::Over);
            };
            stored.picks += 1;
            if stored.picks > MOST_PICKS {
                return Ok(Picked::Over);
            }
            // Extended here, for everybody alike: whether a code is really sent must not show.
            let proving = match method.code_lifetime() {
                Some(lifetime) => proving.extended(now.plus(lifetime).min(stored.begun_at.plus(longest))),
                None => proving,
            };
            stored.recovery = Recovery::Proving(proving);
            stored.challenge = Some(challenge);
            stored.wrong = false;
            recovery::save(c, &stored)?;
            if method.is_sent() {
                if let Job::SendCode { recovery, .. } = &mut job {
                    *recovery = stored.id;
                }
                outbox::queue(
                    c,
                    &at_rest,
                    &*randomness,
                    &job_id,
                    &job,
                    now,
                    now.plus(outbox::CODE_PREPARED_WITHIN),
                )?;
            }
            Ok(Picked::Stored(stored))
        })
        .await?;
    match picked {
        Picked::Paused => Err(ProblemKind::Paused.into()),
        Picked::Over => Err(ProblemKind::RecoveryOver.into()),
        Picked::Stored(stored) => {
            if method.is_sent() {
                core.wake.outbox.notify_one();
            }
            Ok(Answer {
                handle: None,
                view: look::view(core, handle, &stored).await?,
            })
        }
    }
}
