//! The site: what it keeps, and how it answers.

use crate::MESSAGES;
use crate::packet::{Event, Packet, Position, What};
use crate::scope::{Flaw, Scope};
use crate::state::{End, Message, Reader, State};

/// What a site knows of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Held {
    /// Nothing.
    Unknown,
    /// It lives.
    Live {
        /// How often it may still be opened.
        left: u8,
        /// Who opened it and may open it again.
        leases: u8,
    },
    /// It is over.
    Ended(End),
}

/// What stands in the site's database.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Store {
    /// The epoch.
    pub epoch: u8,
    /// The name of the key that it was opened with.
    pub key: u8,
    /// The highest generation of the core that was seen.
    pub generation: u8,
    /// The messages.
    pub messages: [Held; MESSAGES],
    /// The events of the epoch.
    pub events: Vec<Event>,
    /// How many of them may be pruned.
    pub acked: u8,
    /// How many of them are pruned.
    pub pruned: u8,
    /// The core's chain is another.
    pub forked: bool,
}

/// The site.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    /// Whether it runs.
    pub up: bool,
    /// What is on its disk.
    pub disk: Store,
    /// What the next commit will put there.
    pub work: Store,
    /// Answers that wait for that.
    pub held: Vec<Packet>,
    /// The core's confirmation, in memory only.
    pub confirmed: bool,
    /// How often it was put back.
    pub life: u8,
    /// An old copy: what was on the disk, and whether it was confirmed then.
    pub copy: Option<Box<(Store, bool)>>,
}

impl Site {
    /// A site that was just paired, and confirmed.
    pub fn new() -> Self {
        let store = Store {
            epoch: 1,
            key: 1,
            generation: 1,
            messages: [Held::Unknown; MESSAGES],
            events: Vec::new(),
            acked: 0,
            pruned: 0,
            forked: false,
        };
        Self {
            up: true,
            disk: store.clone(),
            work: store,
            held: Vec::new(),
            confirmed: true,
            life: 0,
            copy: None,
        }
    }

    /// Whether something waits for a commit.
    pub fn is_behind(&self) -> bool {
        self.disk != self.work || !self.held.is_empty()
    }
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}

impl Store {
    /// The end of the chain.
    pub fn head(&self) -> Position {
        self.at(self.events.len())
    }

    fn at(&self, seq: usize) -> Position {
        Position::first(self.epoch, self.key).behind(&self.events[..seq])
    }

    fn has(&self, position: Position) -> bool {
        let seq = usize::from(position.seq);
        seq <= self.events.len() && self.at(seq) == position
    }
}

/// The site takes a packet that has reached it.
pub(crate) fn take(scope: &Scope, state: &mut State, packet: Packet) {
    if let Some(generation) = packet.generation() {
        let known = &mut state.site.work.generation;
        if generation < *known {
            return; // a core of before a restore; nobody waits for the answer
        }
        *known = generation;
    }
    if state.site.work.forked && matches!(packet, Packet::Push { .. } | Packet::Revoke { .. }) {
        return; // nothing of this epoch is served any more; the core learns why when it polls
    }
    match packet {
        // What is sent into an epoch that is over, nobody waits for any more.
        Packet::Push { into, .. }
            if into != state.site.work.epoch && scope.flaw != Some(Flaw::EpochUnsaid) => {}
        Packet::Push { message, .. } => push(scope, state, message),
        Packet::Revoke { message, .. } => revoke(state, message),
        Packet::Poll { position, .. } => poll(scope, state, position),
        Packet::Ack { position, .. } => acknowledge(state, position),
        Packet::Ask { placed, over, .. } => inventory(state, placed, over),
        Packet::NewEpoch { epoch, key, .. } => new_epoch(scope, state, epoch, key),
        Packet::Open { reader, message } => open(scope, state, reader, message),
        Packet::Done { reader, message } => done(state, reader, message),
        _ => unreachable!("answers go to others"),
    }
}

/// Answers when what was done so far is on the disk; at once if it is.
fn answer(state: &mut State, packet: Packet) {
    if state.site.is_behind() {
        state.site.held.push(packet);
    } else {
        leave(state, packet);
    }
}

/// An answer leaves. Here the witness looks whether it may.
fn leave(state: &mut State, packet: Packet) {
    if let Packet::Given { reader, message } = &packet {
        given(state, *reader, *message);
    }
    state.send(packet);
}

fn given(state: &mut State, reader: Reader, message: Message) {
    let is_opening = |event: &Event| event.message == message && event.what == What::Opened(reader);
    let witness = &mut state.witness;
    witness.undead |= witness.sent_in[message] < state.site.work.epoch;
    if !state.site.disk.events.iter().any(is_opening) {
        witness.bare = true;
    }
    let taken = witness.taken[reader][message].take();
    let is_first = !std::mem::replace(&mut witness.served[reader][message], true);
    if taken.is_some() || is_first {
        witness.given[message] += 1;
        let is_allowed = witness.given[message] <= state.readings[message];
        witness.excess |= !is_allowed && taken != Some(true);
    } else {
        witness.given_again = true;
    }
}

/// What was done so far gets on the disk, and the answers leave.
pub(crate) fn commit(state: &mut State) {
    state.site.disk = state.site.work.clone();
    for packet in std::mem::take(&mut state.site.held) {
        leave(state, packet);
    }
}

/// Power is lost, or the process is killed. What waited for the disk never was.
pub(crate) fn crash(state: &mut State) {
    let site = &mut state.site;
    site.up = false;
    site.work = site.disk.clone();
    site.held.clear();
    forget(state);
}

/// What was taken and not written was not taken.
fn forget(state: &mut State) {
    state.site.confirmed = false;
    state.witness.in_window = false;
    let events = &state.site.disk.events;
    for (reader, row) in state.witness.taken.iter_mut().enumerate() {
        for (message, taken) in row.iter_mut().enumerate() {
            let opened = |event: &Event| event.message == message && event.what == What::Opened(reader);
            if !events.iter().any(opened) {
                *taken = None;
            }
        }
    }
}

/// An old copy takes the site's place: its disk after a stop, or the whole machine while it runs.
pub(crate) fn restore(state: &mut State, alive: bool) {
    let Some(copy) = state.site.copy.take() else {
        return;
    };
    let (store, was_confirmed) = *copy;
    for (seq, event) in state.site.disk.events.iter().enumerate() {
        let is_lost = store.epoch != state.site.disk.epoch || store.events.get(seq) != Some(event);
        let known = state.core.disk.knows(state.site.disk.epoch, seq, event);
        if is_lost && !known && matches!(event.what, What::Opened(_)) {
            state.witness.forgotten[event.message] += 1;
        }
    }
    state.site.disk = store.clone();
    state.site.work = store;
    state.site.held.clear();
    state.site.life += 1;
    state.site.up = true;
    state.witness.site_restored = true;
    forget(state);
    state.site.confirmed = alive && was_confirmed;
    state.witness.in_window = state.site.confirmed;
}

fn note(state: &mut State, message: Message, what: What) {
    let event = Event {
        life: state.site.life,
        message,
        what,
    };
    state.site.work.events.push(event);
}

fn end(state: &mut State, message: Message, end: End) {
    note(state, message, What::Ended(end));
    state.site.work.messages[message] = Held::Ended(end);
    state.witness.ended[message] = true;
}

fn push(scope: &Scope, state: &mut State, message: Message) {
    let epoch = state.site.work.epoch;
    let held = state.site.work.messages[message];
    let packet = match held {
        Held::Unknown if state.over[message] => Packet::Refused { message, epoch },
        Held::Ended(end) if scope.flaw != Some(Flaw::NoTombstone) => Packet::Ended { message, end, epoch },
        Held::Unknown | Held::Ended(_) => {
            state.witness.revived |= state.witness.ended[message] && !state.witness.site_restored;
            state.witness.stored[message] = true;
            state.site.work.messages[message] = Held::Live {
                left: state.readings[message],
                leases: 0,
            };
            Packet::Receipt { message, epoch }
        }
        // Its last reading was taken. That it may be asked for again within the lease is the reader's affair.
        Held::Live { left: 0, .. } => Packet::Ended {
            message,
            end: End::Read,
            epoch,
        },
        Held::Live { .. } => Packet::Receipt { message, epoch },
    };
    answer(state, packet);
}

fn revoke(state: &mut State, message: Message) {
    let epoch = state.site.work.epoch;
    let end = match state.site.work.messages[message] {
        Held::Unknown => None,
        Held::Live { left: 0, .. } => Some(End::Read),
        Held::Live { .. } => {
            end(state, message, End::Revoked);
            Some(End::Revoked)
        }
        Held::Ended(end) => Some(end),
    };
    answer(state, Packet::Revoked { message, end, epoch });
}

fn poll(scope: &Scope, state: &mut State, position: Position) {
    let site = &mut state.site;
    if position.epoch < site.work.epoch {
        // Of before the epoch, or of a core that was put back to before it: no reason to stop.
        answer(state, Packet::Fork { after: position });
        return;
    }
    let on_chain = site.work.has(position) && !site.work.forked || scope.flaw == Some(Flaw::ForkUnnoticed);
    if !on_chain {
        site.work.forked = true;
        site.confirmed = false;
        answer(state, Packet::Fork { after: position });
        return;
    }
    if position.seq < site.work.pruned {
        answer(state, Packet::Fork { after: position });
        return;
    }
    site.confirmed = true;
    state.witness.in_window = false;
    let from = usize::from(position.seq).min(state.site.work.events.len());
    let events = state.site.work.events[from..].to_vec();
    answer(
        state,
        Packet::Events {
            after: position,
            events,
        },
    );
}

/// Nobody waits for the answer to an acknowledgement: losing it harms nothing.
fn acknowledge(state: &mut State, position: Position) {
    let store = &mut state.site.work;
    if store.has(position) {
        store.acked = store.acked.max(position.seq);
    }
}

/// Acknowledged events have become old.
pub(crate) fn prune(state: &mut State) {
    state.site.work.pruned = state.site.work.acked;
}

fn inventory(state: &mut State, placed: Vec<Message>, over: Vec<Message>) {
    let store = &state.site.work;
    let live = (0..MESSAGES)
        .filter(|message| matches!(store.messages[*message], Held::Live { .. }))
        .collect();
    let at = store.head();
    answer(
        state,
        Packet::Inventory {
            placed,
            over,
            live,
            at,
        },
    );
}

/// Repeated, it changes nothing: what has come since belongs to the new epoch.
fn new_epoch(scope: &Scope, state: &mut State, epoch: u8, key: u8) {
    if epoch > state.site.work.epoch {
        bury(state);
        let store = &mut state.site.work;
        *store = Store {
            epoch,
            key,
            generation: store.generation,
            forked: store.forked && scope.flaw == Some(Flaw::ForkStays),
            ..Site::new().disk
        };
        state.site.confirmed = false;
        state.witness.in_window = false;
    }
    let (epoch, key) = (state.site.work.epoch, state.site.work.key);
    answer(state, Packet::EpochOpen { epoch, key });
}

/// The witness notes readings that an epoch takes with it: the core never had them, and was told by an alarm that it has
/// not all.
fn bury(state: &mut State) {
    if !state.witness.alarm {
        return;
    }
    let store = &state.site.work;
    for (seq, event) in store.events.iter().enumerate() {
        let is_known = state.core.disk.knows(store.epoch, seq, event);
        if !is_known && matches!(event.what, What::Opened(_)) {
            state.witness.buried[event.message] += 1;
        }
    }
}

fn open(scope: &Scope, state: &mut State, reader: Reader, message: Message) {
    let may_serve = state.site.confirmed || scope.flaw == Some(Flaw::ServeUnconfirmed);
    if !may_serve || state.site.work.forked {
        answer(state, Packet::Later { reader, message });
        return;
    }
    let bit = 1 << reader;
    let packet = match state.site.work.messages[message] {
        Held::Live { leases, .. } if has_lease(scope, leases, bit) => Packet::Given { reader, message },
        Held::Live { left, leases } if left > 0 && !state.over[message] => {
            state.site.work.messages[message] = Held::Live {
                left: left - 1,
                leases: leases | bit,
            };
            note(state, message, What::Opened(reader));
            let known = state.core.disk.readings(message);
            let in_window =
                state.witness.site_restored && (state.witness.in_window || known < state.readings[message]);
            state.witness.taken[reader][message] = Some(in_window);
            Packet::Given { reader, message }
        }
        held => {
            let leases = if let Held::Live { leases, .. } = held {
                leases
            } else {
                0
            };
            state.witness.wronged |= leases & bit != 0;
            Packet::Gone { reader, message }
        }
    };
    if scope.flaw == Some(Flaw::AnswerBeforeCommit) {
        leave(state, packet);
    } else {
        answer(state, packet);
    }
}

fn has_lease(scope: &Scope, leases: u8, bit: u8) -> bool {
    match scope.flaw {
        Some(Flaw::LeaseForAnybody) => leases != 0,
        Some(Flaw::NoLease) => false,
        _ => leases & bit != 0,
    }
}

fn done(state: &mut State, reader: Reader, message: Message) {
    if let Held::Live { left, leases } = state.site.work.messages[message] {
        let rest = leases & !(1 << reader);
        if rest == leases {
            return;
        }
        note(state, message, What::Delivered(reader));
        release(state, message, left, rest);
    }
}

/// The lease of everybody is over.
pub(crate) fn end_leases(state: &mut State, message: Message) {
    if let Held::Live { left, .. } = state.site.work.messages[message] {
        release(state, message, left, 0);
    }
}

fn release(state: &mut State, message: Message, left: u8, leases: u8) {
    state.site.work.messages[message] = Held::Live { left, leases };
    if left == 0 && leases == 0 {
        end(state, message, End::Read);
    }
}

/// The message's time is over. One whose last reading was taken was read, whatever became of the answer.
pub(crate) fn expire(state: &mut State, message: Message) {
    if let Held::Live { left, .. } = state.site.work.messages[message] {
        end(state, message, if left == 0 { End::Read } else { End::Expired });
    }
}
