//! What must hold, and what must be possible, or the rest would hold of nothing.

use stateright::Property;

use crate::MESSAGES;
use crate::core::Stage;
use crate::packet::What;
use crate::protocol::Protocol;
use crate::site::Held;
use crate::state::{End, Progress, State};

/// A reading is given as often as allowed, but for the window after a machine was put back.
pub const READINGS: &str = "a message is given at most as often as it may be read";
/// No answer leaves before what it says is on the disk.
pub const DURABLE: &str = "no reader is answered without a durable event";
/// A lost answer costs nothing.
pub const LEASE: &str = "nobody is refused during their own lease";
/// A repeated push brings nothing back.
pub const TOMBSTONE: &str = "a push never revives what has ended";
/// The link works when it arrives.
pub const MAIL: &str = "a link is mailed only when the message is on the site";
/// What the core stores is the next event of the chain.
pub const ORDER: &str = "the core stores each event once and in order";
/// An end stays.
pub const ONE_END: &str = "without a restore nothing is heard of a message that its end contradicts";
/// What was lost stays lost.
pub const EPOCH: &str = "nothing of an epoch is served in the next";
/// Without a restore there is no reason for an alarm, and nothing that an alarm could excuse.
pub const CALM: &str = "an alarm is raised only after somebody was put back";
/// A new epoch ends a fork for good.
pub const FORKS: &str = "no more forks are found than somebody was put back";
/// When all is quiet, the core has what the site has. A fork excuses only the epoch that it ends.
pub const GAPLESS: &str = "every event of the epoch reaches the core";
/// When all is quiet, the core has every reading. A fork excuses only those that it left on the site.
pub const KNOWN: &str = "every reading is in the core's log, unless a restore or a fork took it unpulled";
/// When all is quiet, every message has an end, whatever alarms there were.
pub const ENDS: &str = "every message comes to an end, or a core that was put back has forgotten it";

/// Whatever is explored is held to these, and asked whether anything happens there.
pub(crate) fn all() -> Vec<Property<Protocol>> {
    rules().into_iter().chain(happenings()).collect()
}

fn rules() -> Vec<Property<Protocol>> {
    vec![
        Property::always(READINGS, |_, state: &State| !state.witness.excess),
        Property::always(DURABLE, |_, state: &State| !state.witness.bare),
        Property::always(LEASE, |_, state: &State| !state.witness.wronged),
        Property::always(TOMBSTONE, |_, state: &State| !state.witness.revived),
        Property::always(MAIL, |_, state: &State| !state.witness.early),
        Property::always(ORDER, |_, state: &State| !state.witness.disorder),
        Property::always(ONE_END, |_, state: &State| {
            let witness = &state.witness;
            !witness.contradiction || witness.site_restored || witness.core_restored
        }),
        Property::always(EPOCH, |_, state: &State| !state.witness.undead),
        Property::always(CALM, |_, state: &State| {
            let witness = &state.witness;
            !witness.alarm || witness.site_restored || witness.core_restored
        }),
        Property::always(FORKS, |_, state: &State| {
            state.witness.forks <= state.witness.restores
        }),
        Property::always(GAPLESS, |model: &Protocol, state: &State| {
            state.is_gapless() || !model.is_quiet(state)
        }),
        Property::always(KNOWN, |model: &Protocol, state: &State| {
            state.knows_readings() || !model.is_quiet(state)
        }),
        Property::always(ENDS, |model: &Protocol, state: &State| {
            state.all_ended() || !model.is_quiet(state)
        }),
    ]
}

impl State {
    fn is_gapless(&self) -> bool {
        let (core, site) = (&self.core.disk, &self.site.disk);
        core.epoch == site.epoch && core.events(core.epoch) == site.events
    }

    fn knows_readings(&self) -> bool {
        (0..MESSAGES).all(|message| {
            let witness = &self.witness;
            let swallowed = witness.forgotten[message] + witness.buried[message];
            self.core.disk.readings(message) + swallowed >= witness.given[message]
        })
    }

    fn all_ended(&self) -> bool {
        (0..MESSAGES).all(|message| {
            let stage = self.core.disk.messages[message].stage;
            // A core that was put back to before it was sent: either no site has it, and nobody knows any more, or its
            // end was told of a message that the core does not know, which is an alarm.
            let is_over = match self.site.disk.messages[message] {
                Held::Unknown => true,
                Held::Live { .. } => false,
                Held::Ended(_) => self.witness.alarm && self.core.disk.tells_end(message),
            };
            let is_forgotten = self.witness.core_restored && stage == Stage::Absent && is_over;
            !self.witness.sent[message] || is_forgotten || matches!(stage, Stage::Ended(_))
        })
    }

    fn ended_as(&self, end: End) -> bool {
        let entries = self.core.disk.messages;
        entries.iter().any(|entry| entry.stage == Stage::Ended(end))
    }
}

/// In any scope with a reader.
pub const READ: &str = "a message is read";
/// In any scope.
pub const EXPIRED: &str = "a message expires";
/// In any scope.
pub const NOT_SENT: &str = "a message is not sent";
/// Where the sender may change their mind.
pub const REVOKED: &str = "a message is taken back";
/// Where the site is put back.
pub const LOST: &str = "a message is lost";
/// Where the site is put back.
pub const FORK: &str = "a fork is found";
/// Where answers are lost.
pub const AGAIN: &str = "a lost answer is given again";
/// Where several want the same.
pub const CONTEST: &str = "one reader wins and another is refused";
/// Where readers confirm.
pub const DELIVERED: &str = "a delivery is known inside";
/// The residue of a restore: stated, not prevented.
pub const SWALLOWED: &str = "a restore swallows a reading that was not pulled";
/// The residue of a fork: stated, not prevented.
pub const BURIED: &str = "a fork ends with a reading that was not pulled";
/// The window of a machine that was turned back: stated, not prevented.
pub const REPEATED: &str = "a machine that was put back repeats a reading";

/// What has to happen somewhere in a scope, or it would show nothing.
fn happenings() -> Vec<Property<Protocol>> {
    vec![
        Property::sometimes(READ, |_, state: &State| state.ended_as(End::Read)),
        Property::sometimes(EXPIRED, |_, state: &State| state.ended_as(End::Expired)),
        Property::sometimes(NOT_SENT, |_, state: &State| state.ended_as(End::NotSent)),
        Property::sometimes(REVOKED, |_, state: &State| state.ended_as(End::Revoked)),
        Property::sometimes(LOST, |_, state: &State| state.ended_as(End::Lost)),
        Property::sometimes(FORK, |_, state: &State| state.witness.forks > 0),
        Property::sometimes(AGAIN, |_, state: &State| state.witness.given_again),
        Property::sometimes(CONTEST, |_, state: &State| {
            let is_refused = state.readers.iter().any(|row| row[0] == Progress::Refused);
            is_refused && state.witness.given[0] > 0
        }),
        Property::sometimes(DELIVERED, |_, state: &State| {
            let log = &state.core.disk.log;
            log.iter()
                .any(|(_, event)| matches!(event.what, What::Delivered(_)))
        }),
        Property::sometimes(SWALLOWED, |_, state: &State| {
            state.witness.forgotten.iter().any(|count| *count > 0)
        }),
        Property::sometimes(BURIED, |_, state: &State| {
            state.witness.buried.iter().any(|count| *count > 0)
        }),
        Property::sometimes(REPEATED, |_, state: &State| {
            (0..MESSAGES).any(|message| state.witness.given[message] > state.readings[message])
        }),
    ]
}
