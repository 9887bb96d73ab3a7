//! Who may do what next.

use stateright::{Model, Property};

use crate::core::{Core, Ledger, Stage};
use crate::packet::{Errand, Packet};
use crate::scope::{Flaw, Scope};
use crate::site::{Held, Site};
use crate::state::{Message, Progress, Reader, State, Witness};
use crate::{MESSAGES, READERS, core, properties, readers, site};

/// The protocol within a scope.
#[derive(Clone, Copy, Debug)]
pub struct Protocol(pub Scope);

/// A step of somebody.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The sender sends a message.
    Send(Message),
    /// The sender takes it back.
    TakeBack(Message),
    /// The core makes a call.
    Call(Packet),
    /// What the core did gets on its disk.
    CommitCore,
    /// Somebody opens a new epoch, for there is trouble.
    NewEpoch,
    /// What the site did gets on its disk.
    CommitSite,
    /// The leases on a message end.
    LeasesEnd(Message),
    /// A message's time is over.
    TimePasses(Message),
    /// The site sees that it is.
    Expire(Message),
    /// A reader opens a message.
    Open(Reader, Message),
    /// A reader says that it has it.
    Thank(Reader, Message),
    /// A packet arrives.
    Deliver(Packet),
    /// A packet arrives, and will once more.
    Double(Packet),
    /// A packet arrives once more.
    Again(Packet),
    /// A packet is lost.
    Lose(Packet),
    /// The core's confirmation has become too old.
    Lapse,
    /// Acknowledged events have become old.
    Prune,
    /// The core is killed.
    CrashCore,
    /// It starts.
    StartCore,
    /// The site is killed.
    CrashSite,
    /// It starts.
    StartSite,
    /// Somebody copies the core's database.
    CopyCore,
    /// Somebody puts the copy in its place.
    RestoreCore,
    /// Somebody copies the site, memory and all.
    CopySite,
    /// Somebody puts the disk's copy in its place and starts it.
    RestoreSite,
    /// Somebody turns the running machine back.
    RevertSite,
}

/// Who gets a packet.
enum Party {
    Core,
    Site,
    Reader,
}

fn addressee(packet: &Packet) -> Party {
    match packet {
        Packet::Given { .. } | Packet::Gone { .. } | Packet::Later { .. } => Party::Reader,
        Packet::Open { .. } | Packet::Done { .. } => Party::Site,
        _ if packet.generation().is_some() => Party::Site,
        _ => Party::Core,
    }
}

impl Protocol {
    /// Steps that nobody has to wish for: they come by themselves, sooner or later.
    pub fn duties(&self, state: &State) -> Vec<Action> {
        let mut duties = Vec::new();
        self.duties_of_core(state, &mut duties);
        Self::duties_of_site(state, &mut duties);
        let here = |packet: &&Packet| state.is_there(packet);
        duties.extend(state.net.iter().filter(here).cloned().map(Action::Deliver));
        let passing =
            (0..self.0.messages).filter(|message| state.witness.sent[*message] && !state.over[*message]);
        duties.extend(passing.map(Action::TimePasses));
        duties
    }

    fn duties_of_core(&self, state: &State, duties: &mut Vec<Action>) {
        let core = &state.core;
        if !core.up {
            duties.push(Action::StartCore);
            return;
        }
        if core.is_behind() {
            duties.push(Action::CommitCore);
        }
        duties.extend(self.calls(state).into_iter().map(Action::Call));
        if core.disk.trouble && !core.is_behind() {
            duties.push(Action::NewEpoch);
        }
    }

    /// Calls that the core would make now. Only those are made that change something, or no exploration would end.
    fn calls(&self, state: &State) -> Vec<Packet> {
        let ledger = &state.core.disk;
        let generation = ledger.generation;
        let mut calls = Vec::new();
        let mut call = |errand, packet| {
            if !state.is_under_way(errand) {
                calls.push(packet);
            }
        };
        if ledger.opening {
            let (epoch, key) = (ledger.epoch, ledger.key);
            call(
                Errand::Opening,
                Packet::NewEpoch {
                    epoch,
                    key,
                    generation,
                },
            );
        }
        if ledger.opening || ledger.trouble {
            return calls;
        }
        for (message, entry) in ledger.messages.iter().enumerate() {
            if entry.stage == Stage::Waiting {
                let into = ledger.epoch;
                call(
                    Errand::Pushing(message),
                    Packet::Push {
                        message,
                        generation,
                        into,
                    },
                );
            } else if entry.revoke {
                call(Errand::Revoking(message), Packet::Revoke { message, generation });
            }
        }
        let position = ledger.place;
        let is_level = position == state.site.work.head();
        if !is_level || !state.site.confirmed {
            call(Errand::Pulling, Packet::Poll { position, generation });
        }
        if is_level && self.0.flaw != Some(Flaw::NoInventory) && differs(ledger, &state.site) {
            let (placed, over) = (ledger.placed(), ledger.over());
            call(
                Errand::Comparing,
                Packet::Ask {
                    placed,
                    over,
                    generation,
                },
            );
        }
        calls
    }

    fn duties_of_site(state: &State, duties: &mut Vec<Action>) {
        let site = &state.site;
        if !site.up {
            duties.push(Action::StartSite);
            return;
        }
        if site.is_behind() {
            duties.push(Action::CommitSite);
        }
        for message in 0..MESSAGES {
            if let Held::Live { leases, .. } = site.work.messages[message] {
                if leases != 0 {
                    duties.push(Action::LeasesEnd(message));
                }
                if state.over[message] {
                    duties.push(Action::Expire(message));
                }
            }
        }
    }

    /// Steps that somebody may take, or not.
    fn wishes(&self, state: &State, actions: &mut Vec<Action>) {
        let scope = &self.0;
        for message in 0..scope.messages {
            let entry = state.core.disk.messages[message];
            if !state.witness.sent[message] && state.core.up && !state.core.is_behind() {
                actions.push(Action::Send(message));
            }
            let may_revoke = message < scope.revocations && state.core.up && !state.core.is_behind();
            if may_revoke && entry.stage == Stage::Placed && !entry.revoke {
                actions.push(Action::TakeBack(message));
            }
            let readers = if message < scope.read { scope.readers } else { 0 };
            for reader in 0..readers {
                if !state.mailed[message] {
                    continue;
                }
                let progress = state.readers[reader][message];
                let is_asking = state.is_under_way(Errand::Reading(reader, message));
                if progress == Progress::Wanting && !is_asking {
                    actions.push(Action::Open(reader, message));
                }
                if progress == Progress::Has {
                    actions.push(Action::Thank(reader, message));
                }
            }
        }
    }

    /// Steps of whoever wishes us ill.
    fn faults(state: &State, actions: &mut Vec<Action>) {
        let faults = &state.faults;
        let here = |packet: &&Packet| state.is_there(packet);
        actions.extend(state.late.iter().filter(here).cloned().map(Action::Again));
        if faults.repeats > 0 {
            actions.extend(state.net.iter().filter(here).cloned().map(Action::Double));
        }
        if faults.losses > 0 {
            actions.extend(state.net.iter().cloned().map(Action::Lose));
        }
        let mut may = |budget: u8, when: bool, action| {
            if budget > 0 && when {
                actions.push(action);
            }
        };
        let (core, site) = (&state.core, &state.site);
        may(faults.lapses, site.confirmed, Action::Lapse);
        may(
            faults.prunings,
            site.up && site.work.acked > site.work.pruned,
            Action::Prune,
        );
        may(faults.core_crashes, core.up, Action::CrashCore);
        may(faults.site_crashes, site.up, Action::CrashSite);
        may(faults.core_restores, core.copy.is_none(), Action::CopyCore);
        may(faults.core_restores, is_older(core), Action::RestoreCore);
        may(faults.site_restores, site.copy.is_none(), Action::CopySite);
        let can_differ = site.copy.as_ref().is_some_and(|copy| copy.0 != site.disk);
        may(faults.site_restores, can_differ, Action::RestoreSite);
        may(faults.site_restores, can_differ && site.up, Action::RevertSite);
    }

    /// Whether nothing more comes by itself.
    pub fn is_quiet(&self, state: &State) -> bool {
        self.duties(state).is_empty()
    }

    /// What has to be on a disk at once is.
    fn settle(&self, state: &mut State) {
        if self.0.at_once && state.site.is_behind() {
            site::commit(state);
        }
        if self.0.core_at_once && state.core.is_behind() {
            core::commit(state);
        }
    }

    fn deliver(&self, state: &mut State, packet: Packet) {
        match addressee(&packet) {
            Party::Core => core::take(&self.0, state, packet),
            Party::Site => site::take(&self.0, state, packet),
            Party::Reader => readers::take(state, &packet),
        }
    }
}

fn is_older(core: &Core) -> bool {
    core.copy.as_ref().is_some_and(|copy| **copy != core.disk)
}

/// Whether an inventory would show anything: it is asked for hourly, and most times it shows nothing.
fn differs(ledger: &Ledger, site: &Site) -> bool {
    let lives = |message: &Message| matches!(site.work.messages[*message], Held::Live { .. });
    let is_missing = ledger.placed().iter().any(|message| !lives(message));
    let is_surplus = ledger
        .over()
        .iter()
        .any(|message| lives(message) && !ledger.messages[*message].revoke);
    is_missing || is_surplus
}

impl State {
    /// Everything at the beginning.
    pub fn begin(scope: &Scope) -> Self {
        let witness = Witness {
            generation: 1,
            ..Witness::default()
        };
        Self {
            core: Core::new(),
            site: Site::new(),
            net: Vec::new(),
            late: Vec::new(),
            mailed: [false; MESSAGES],
            readers: [[Progress::Wanting; MESSAGES]; READERS],
            over: [false; MESSAGES],
            readings: [scope.readings, 1],
            faults: scope.faults,
            witness,
        }
    }

    fn is_there(&self, packet: &Packet) -> bool {
        match addressee(packet) {
            Party::Core => self.core.up,
            Party::Site => self.site.up,
            Party::Reader => true,
        }
    }

    fn take_from_net(&mut self, packet: &Packet) {
        let place = self.net.iter().position(|other| other == packet);
        self.net
            .remove(place.expect("it was there when the step was offered"));
    }

    /// Answers on their way to a core that was killed find nobody.
    fn hang_up(&mut self) {
        self.net
            .retain(|packet| !matches!(addressee(packet), Party::Core));
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::begin(&self.0)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        actions.extend(self.duties(state));
        self.wishes(state, actions);
        Self::faults(state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        self.act(&mut state, action);
        self.settle(&mut state);
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}

impl Protocol {
    fn act(&self, state: &mut State, action: Action) {
        match action {
            Action::Send(message) => {
                state.witness.sent[message] = true;
                state.witness.sent_in[message] = state.core.work.epoch;
                state.core.work.messages[message].stage = Stage::Waiting;
                core::commit(state);
            }
            Action::TakeBack(message) => {
                state.core.work.messages[message].revoke = true;
                core::commit(state);
            }
            Action::Call(packet) => self.call(state, packet),
            Action::CommitCore => core::commit(state),
            Action::NewEpoch => core::new_epoch(&self.0, state),
            Action::CommitSite => site::commit(state),
            Action::LeasesEnd(message) => site::end_leases(state, message),
            Action::TimePasses(message) => {
                state.over[message] = true;
                if state.site.up {
                    site::expire(state, message);
                }
            }
            Action::Expire(message) => site::expire(state, message),
            Action::Open(reader, message) => state.send(Packet::Open { reader, message }),
            Action::Thank(reader, message) => {
                state.readers[reader][message] = Progress::Thanked;
                state.send(Packet::Done { reader, message });
            }
            Action::Deliver(packet) => {
                state.take_from_net(&packet);
                self.deliver(state, packet);
            }
            fault => self.go_wrong(state, fault),
        }
    }

    fn call(&self, state: &mut State, packet: Packet) {
        if let (Some(Flaw::MailBeforeReceipt), Packet::Push { message, .. }) = (self.0.flaw, &packet) {
            core::mail(state, *message);
        }
        state.send(packet);
    }

    fn go_wrong(&self, state: &mut State, action: Action) {
        match action {
            Action::Double(packet) => {
                state.faults.repeats -= 1;
                state.late.push(packet.clone());
                state.take_from_net(&packet);
                self.deliver(state, packet);
            }
            Action::Again(packet) => {
                state.late.retain(|other| *other != packet);
                self.deliver(state, packet);
            }
            Action::Lose(packet) => {
                state.faults.losses -= 1;
                state.take_from_net(&packet);
            }
            Action::Lapse => {
                state.faults.lapses -= 1;
                state.site.confirmed = false;
                state.witness.in_window = false;
            }
            Action::Prune => {
                state.faults.prunings -= 1;
                site::prune(state);
            }
            Action::CrashCore => {
                state.faults.core_crashes -= 1;
                state.hang_up();
                core::crash(state);
            }
            Action::StartCore => state.core.up = true,
            Action::CrashSite => {
                state.faults.site_crashes -= 1;
                site::crash(state);
            }
            Action::StartSite => state.site.up = true,
            Action::CopyCore => state.core.copy = Some(Box::new(state.core.disk.clone())),
            Action::RestoreCore => {
                state.faults.core_restores -= 1;
                state.witness.restores += 1;
                state.hang_up();
                core::restore(state);
            }
            Action::CopySite => {
                state.site.copy = Some(Box::new((state.site.disk.clone(), state.site.confirmed)));
            }
            Action::RestoreSite => {
                state.faults.site_restores -= 1;
                state.witness.restores += 1;
                site::restore(state, false);
            }
            Action::RevertSite => {
                state.faults.site_restores -= 1;
                state.witness.restores += 1;
                site::restore(state, true);
            }
            _ => unreachable!("the other steps are no faults"),
        }
    }
}
