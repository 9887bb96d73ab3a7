//! The readers: each has the link, a claim of its own, and may come back.

use crate::packet::Packet;
use crate::state::{Progress, State};

/// A reader takes the site's answer.
pub(crate) fn take(state: &mut State, packet: &Packet) {
    match *packet {
        Packet::Given { reader, message } => {
            let progress = &mut state.readers[reader][message];
            if *progress != Progress::Thanked {
                *progress = Progress::Has;
            }
        }
        Packet::Gone { reader, message } => {
            let progress = &mut state.readers[reader][message];
            if *progress == Progress::Wanting {
                *progress = Progress::Refused;
            }
        }
        _ => {} // later, it tries again
    }
}
