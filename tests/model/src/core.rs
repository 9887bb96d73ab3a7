//! The core: what it keeps, what it asks, and what it makes of the answers.

use crate::MESSAGES;
use crate::packet::{Event, Packet, Position, What};
use crate::scope::{Flaw, Scope};
use crate::state::{End, Message, State};

/// How far a message is, as the core knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// There is none.
    Absent,
    /// It has to be pushed.
    Waiting,
    /// It was pushed, and has ended or will be seen to; its events will tell.
    Settled,
    /// There is a receipt.
    Placed,
    /// It is over.
    Ended(End),
}

/// What the core keeps of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// How far it is.
    pub stage: Stage,
    /// The link waits for the mail server.
    pub mail: bool,
    /// It has to be taken back.
    pub revoke: bool,
}

/// What stands in the core's database.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ledger {
    /// The generation: it grows when the core is put back to an older copy.
    pub generation: u8,
    /// The epoch of the site.
    pub epoch: u8,
    /// The name of its key.
    pub key: u8,
    /// The epoch has to be opened yet.
    pub opening: bool,
    /// Nothing is pulled until somebody opens a new epoch.
    pub trouble: bool,
    /// Where it stands in the site's chain.
    pub place: Position,
    /// The events of each epoch, as they came.
    pub log: Vec<(u8, Event)>,
    /// The messages.
    pub messages: [Entry; MESSAGES],
}

/// The core.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Core {
    /// Whether it runs.
    pub up: bool,
    /// What is on its disk.
    pub disk: Ledger,
    /// What the next commit will put there.
    pub work: Ledger,
    /// What leaves after it.
    pub held: Vec<Packet>,
    /// An old copy of the disk.
    pub copy: Option<Box<Ledger>>,
}

impl Core {
    /// A core that has just paired its site.
    pub fn new() -> Self {
        let entry = Entry {
            stage: Stage::Absent,
            mail: false,
            revoke: false,
        };
        let ledger = Ledger {
            generation: 1,
            epoch: 1,
            key: 1,
            opening: false,
            trouble: false,
            place: Position::first(1, 1),
            log: Vec::new(),
            messages: [entry; MESSAGES],
        };
        Self {
            up: true,
            disk: ledger.clone(),
            work: ledger,
            held: Vec::new(),
            copy: None,
        }
    }

    /// Whether something waits for a commit.
    pub fn is_behind(&self) -> bool {
        self.disk != self.work || !self.held.is_empty()
    }
}

impl Default for Core {
    fn default() -> Self {
        Self::new()
    }
}

impl Ledger {
    /// The events of an epoch.
    pub fn events(&self, epoch: u8) -> Vec<Event> {
        let of_epoch = self.log.iter().filter(|(at, _)| *at == epoch);
        of_epoch.map(|(_, event)| *event).collect()
    }

    /// Whether it has this event at this place.
    pub fn knows(&self, epoch: u8, seq: usize, event: &Event) -> bool {
        self.events(epoch).get(seq) == Some(event)
    }

    /// Whether an event told how a message ended.
    pub fn tells_end(&self, message: Message) -> bool {
        let is_end = |event: &Event| event.message == message && matches!(event.what, What::Ended(_));
        self.log.iter().any(|(_, event)| is_end(event))
    }

    /// How many readings of a message it knows.
    pub fn readings(&self, message: Message) -> u8 {
        let is_reading = |event: &Event| event.message == message && matches!(event.what, What::Opened(_));
        let count = self.log.iter().filter(|(_, event)| is_reading(event)).count();
        u8::try_from(count).expect("a scope has few events")
    }

    fn begin(&mut self, epoch: u8, key: u8) {
        self.epoch = epoch;
        self.key = key;
        self.place = Position::first(epoch, key);
    }

    fn with(&self, is: impl Fn(Stage) -> bool) -> Vec<Message> {
        (0..MESSAGES)
            .filter(|message| is(self.messages[*message].stage))
            .collect()
    }

    /// Messages that were stored and have no end.
    pub fn placed(&self) -> Vec<Message> {
        self.with(|stage| matches!(stage, Stage::Placed | Stage::Settled))
    }

    /// Messages that have an end, or never were.
    pub fn over(&self) -> Vec<Message> {
        self.with(|stage| matches!(stage, Stage::Ended(_) | Stage::Absent))
    }
}

/// The core takes an answer that has reached it.
pub(crate) fn take(scope: &Scope, state: &mut State, packet: Packet) {
    match packet {
        Packet::Receipt { message, epoch } => receipt(state, message, epoch),
        Packet::Ended { message, end, epoch } => settled(scope, state, message, Some(end), epoch),
        Packet::Refused { message, epoch } => refused(state, message, epoch),
        Packet::Revoked { message, end, epoch } => {
            if epoch == state.core.work.epoch {
                state.core.work.messages[message].revoke = false;
            }
            if scope.flaw == Some(Flaw::EndByAnswer) {
                settled(scope, state, message, end, epoch);
            }
        }
        Packet::Events { after, events } => pulled(scope, state, after, events),
        Packet::Fork { after } => fork(state, after),
        Packet::Inventory {
            placed,
            over,
            live,
            at,
        } => compare(state, &placed, &over, &live, at),
        Packet::EpochOpen { epoch, key } => epoch_open(state, epoch, key),
        _ => unreachable!("calls and readers' answers go to others"),
    }
}

/// What was done so far gets on the disk, and what waited for it leaves, links by mail among it.
pub(crate) fn commit(state: &mut State) {
    for message in 0..MESSAGES {
        if state.core.work.messages[message].mail {
            mail(state, message);
        }
    }
    state.core.disk = state.core.work.clone();
    for packet in std::mem::take(&mut state.core.held) {
        state.send(packet);
    }
}

/// The mail server has the link. A core that is killed before it knows mails once more, which changes nothing.
pub(crate) fn mail(state: &mut State, message: Message) {
    state.witness.early |= !state.witness.stored[message];
    state.mailed[message] = true;
    state.core.work.messages[message].mail = false;
}

/// The core is killed.
pub(crate) fn crash(state: &mut State) {
    let core = &mut state.core;
    core.up = false;
    core.work = core.disk.clone();
    core.held.clear();
}

/// An old copy takes the place of the core's database, and whoever puts it there says so: the generation grows.
pub(crate) fn restore(state: &mut State) {
    let Some(copy) = state.core.copy.take() else {
        return;
    };
    crash(state);
    for (_, event) in &state.core.disk.log[copy.log.len()..] {
        if matches!(event.what, What::Opened(_)) && !state.site.disk.events.contains(event) {
            state.witness.forgotten[event.message] += 1; // the site was put back, too
        }
    }
    state.witness.generation += 1;
    state.witness.core_restored = true;
    state.core.disk = Ledger {
        generation: state.witness.generation,
        ..*copy
    };
    state.core.work = state.core.disk.clone();
    state.core.up = true;
}

/// Somebody opens a new epoch after trouble. What is not known to have ended is lost.
pub(crate) fn new_epoch(scope: &Scope, state: &mut State) {
    let ledger = &mut state.core.work;
    ledger.begin(ledger.epoch + 1, ledger.generation);
    if scope.flaw == Some(Flaw::LogErased) {
        ledger.log.clear();
    }
    ledger.opening = true;
    ledger.trouble = false;
    for entry in &mut ledger.messages {
        if !matches!(entry.stage, Stage::Absent | Stage::Ended(_)) {
            entry.stage = Stage::Ended(End::Lost);
        }
        entry.mail = false;
        entry.revoke = false;
    }
}

fn receipt(state: &mut State, message: Message, epoch: u8) {
    let ledger = &mut state.core.work;
    let entry = &mut ledger.messages[message];
    if epoch == ledger.epoch && entry.stage == Stage::Waiting {
        entry.stage = Stage::Placed;
        entry.mail = true;
    }
}

/// It was on the site and has ended. How, its events tell in their order; an answer overtakes them.
fn settled(scope: &Scope, state: &mut State, message: Message, end: Option<End>, epoch: u8) {
    let ledger = &mut state.core.work;
    let entry = &mut ledger.messages[message];
    if epoch != ledger.epoch || matches!(entry.stage, Stage::Absent | Stage::Ended(_)) {
        return;
    }
    match end {
        Some(end) if scope.flaw == Some(Flaw::EndByAnswer) => entry.stage = Stage::Ended(end),
        _ => entry.stage = Stage::Settled,
    }
}

/// Its time was over before it came; so it never was there, and never will be.
fn refused(state: &mut State, message: Message, epoch: u8) {
    let ledger = &mut state.core.work;
    if epoch == ledger.epoch && ledger.messages[message].stage == Stage::Waiting {
        ledger.messages[message].stage = Stage::Ended(End::NotSent);
    }
}

fn pulled(scope: &Scope, state: &mut State, after: Position, events: Vec<Event>) {
    let ledger = &state.core.work;
    let is_next = after == ledger.place && !ledger.trouble && !ledger.opening;
    if !is_next && (scope.flaw != Some(Flaw::EventsTwice) || after.epoch != ledger.epoch) {
        return; // an answer to a call of before
    }
    state.witness.disorder |= !is_next;
    let epoch = after.epoch;
    state.core.work.place = ledger.place.behind(&events);
    if scope.flaw == Some(Flaw::PlaceBeforeCommit) {
        state.core.disk.place = state.core.work.place;
    }
    for (number, event) in (usize::from(after.seq)..).zip(events) {
        let is_other = |at: u8| at != epoch && state.core.work.events(at).len() > number;
        if scope.flaw == Some(Flaw::EventsByNumber) && (1..epoch).any(is_other) {
            continue;
        }
        state.core.work.log.push((epoch, event));
        learn(state, event);
    }
    let ack = Packet::Ack {
        position: state.core.work.place,
        generation: state.core.work.generation,
    };
    if scope.flaw == Some(Flaw::AckBeforeCommit) {
        state.send(ack);
    } else if state.core.is_behind() {
        state.core.held.push(ack);
    }
}

fn learn(state: &mut State, event: Event) {
    let entry = &mut state.core.work.messages[event.message];
    match (entry.stage, event.what) {
        (Stage::Ended(known), What::Ended(end)) if known == end => {}
        (Stage::Ended(_), What::Delivered(_)) => {}
        // It was sent after the copy was made that this core was put back to, or its sender was told that it may or
        // may not have been read.
        (Stage::Absent | Stage::Ended(End::Lost), _) => state.witness.alarm = true,
        (Stage::Ended(_), _) => {
            state.witness.contradiction = true;
            state.witness.alarm = true;
        }
        (_, What::Ended(end)) => {
            entry.stage = Stage::Ended(end);
            entry.revoke = false;
        }
        (_, What::Opened(_) | What::Delivered(_)) => {}
    }
}

fn fork(state: &mut State, after: Position) {
    let ledger = &mut state.core.work;
    if after == ledger.place && !ledger.opening && !ledger.trouble {
        ledger.trouble = true;
        state.witness.alarm = true;
        state.witness.forks += 1;
    }
}

/// Holds what lives on the site against what should. Only what was known before the question was asked is judged, and
/// only when every event up to the answer is here.
fn compare(state: &mut State, placed: &[Message], over: &[Message], live: &[Message], at: Position) {
    let ledger = &mut state.core.work;
    if at != ledger.place || ledger.opening {
        return;
    }
    for message in 0..MESSAGES {
        let entry = &mut ledger.messages[message];
        let lives = live.contains(&message);
        if matches!(entry.stage, Stage::Placed | Stage::Settled) && !lives && placed.contains(&message) {
            entry.stage = Stage::Ended(End::Lost);
            state.witness.alarm = true;
        }
        if lives && over.contains(&message) && !entry.revoke {
            entry.revoke = true;
            state.witness.alarm = true;
        }
    }
}

fn epoch_open(state: &mut State, epoch: u8, key: u8) {
    let ledger = &mut state.core.work;
    if !ledger.opening {
        return;
    }
    if (epoch, key) == (ledger.epoch, ledger.key) {
        ledger.opening = false;
    } else if epoch >= ledger.epoch {
        // A core that was put back to before the last epoch takes the number after it.
        ledger.begin(epoch + 1, ledger.key);
    }
}
