//! Everything at one moment.

use crate::core::Core;
use crate::packet::{Errand, Packet};
use crate::site::Site;
use crate::{MESSAGES, READERS};

/// A message, by its number.
pub type Message = usize;
/// A reader, by its number; its claim is the same for each message.
pub type Reader = usize;

/// How a message ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// Its time was over before it reached the site.
    NotSent,
    /// It was opened as often as it might be.
    Read,
    /// Its time was over.
    Expired,
    /// Its sender took it back.
    Revoked,
    /// The site lost what it knew.
    Lost,
}

/// What may still go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Faults {
    /// Calls or answers that are lost.
    pub losses: u8,
    /// Calls or answers that come twice, the second time at any later moment.
    pub repeats: u8,
    /// Kills of the site.
    pub site_crashes: u8,
    /// Kills of the core.
    pub core_crashes: u8,
    /// Old copies that are put in place of the site.
    pub site_restores: u8,
    /// Old copies that are put in place of the core's database.
    pub core_restores: u8,
    /// Times when the core is away for so long that its confirmation ends.
    pub lapses: u8,
    /// Times when acknowledged events have become old enough to be pruned.
    pub prunings: u8,
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        losses: 0,
        repeats: 0,
        site_crashes: 0,
        core_crashes: 0,
        site_restores: 0,
        core_restores: 0,
        lapses: 0,
        prunings: 0,
    };
}

/// What nobody in the system knows, and the properties are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is something that was seen, and any of them may be together"
)]
pub struct Witness {
    /// What was sent.
    pub sent: [bool; MESSAGES],
    /// In which epoch.
    pub sent_in: [u8; MESSAGES],
    /// What has been on the site.
    pub stored: [bool; MESSAGES],
    /// What has ended on the site.
    pub ended: [bool; MESSAGES],
    /// How many readings were given away.
    pub given: [u8; MESSAGES],
    /// Who was given what.
    pub served: [[bool; MESSAGES]; READERS],
    /// Readings that were taken and whose answers did not leave yet; true: where a repetition is within the window.
    pub taken: [[Option<bool>; MESSAGES]; READERS],
    /// Readings whose events nobody has any more: the site was put back before the core had them, or both were.
    pub forgotten: [u8; MESSAGES],
    /// Readings whose events the core left behind in an epoch that forked.
    pub buried: [u8; MESSAGES],
    /// A site that was put back alive serves by a confirmation that was meant for its later self.
    pub in_window: bool,
    /// The site was put back.
    pub site_restored: bool,
    /// The core was put back.
    pub core_restored: bool,
    /// An alarm was raised.
    pub alarm: bool,
    /// The most recent generation of the core.
    pub generation: u8,
    /// One reading too many, outside the window.
    pub excess: bool,
    /// An answer left before its event was on the disk.
    pub bare: bool,
    /// A link was mailed before the message was on the site.
    pub early: bool,
    /// A message that had ended was brought back by a push.
    pub revived: bool,
    /// A reader was refused during its own lease.
    pub wronged: bool,
    /// The core was told what cannot be of a message that had ended.
    pub contradiction: bool,
    /// The core stored an event that is not the next one.
    pub disorder: bool,
    /// A message of an earlier epoch was given.
    pub undead: bool,
    /// Somebody was given a message again whose answer had been lost.
    pub given_again: bool,
    /// How often the chains were found to differ.
    pub forks: u8,
    /// How often somebody was put back.
    pub restores: u8,
}

/// How far a reader has come with a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Progress {
    /// It does not have it.
    #[default]
    Wanting,
    /// It has it.
    Has,
    /// It has it and said so.
    Thanked,
    /// It was told that there is nothing.
    Refused,
}

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The core.
    pub core: Core,
    /// The site.
    pub site: Site,
    /// What is under way.
    pub net: Vec<Packet>,
    /// Repetitions, which come at any moment or never.
    pub late: Vec<Packet>,
    /// Links that left by mail.
    pub mailed: [bool; MESSAGES],
    /// How far the readers have come.
    pub readers: [[Progress; MESSAGES]; READERS],
    /// Messages whose time is over.
    pub over: [bool; MESSAGES],
    /// How often each may be read.
    pub readings: [u8; MESSAGES],
    /// What may still go wrong.
    pub faults: Faults,
    /// What the properties are about.
    pub witness: Witness,
}

impl State {
    /// Puts a packet on its way. Their order means nothing.
    pub fn send(&mut self, packet: Packet) {
        let place = self.net.partition_point(|other| *other <= packet);
        self.net.insert(place, packet);
    }

    /// Whether something about this is under way.
    pub fn is_under_way(&self, errand: Errand) -> bool {
        let held = self.site.held.iter().chain(&self.core.held);
        self.net
            .iter()
            .chain(held)
            .any(|packet| packet.errand() == errand)
    }
}
