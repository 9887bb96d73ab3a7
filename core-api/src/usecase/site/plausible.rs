//! Whether what a site tells of a message can be true. What a site could have done only because it was told to, must
//! have been ordered here; and no end comes before its cause.

use contract::sync::{End, Event, Order, What as Happened};
use sqlite::Connection;

use crate::store::command::On;
use crate::store::message::Message;
use crate::store::{StoreError, command};

/// Whether it can. Whether it fits what was told before is for the message's own rules, also once it has ended.
///
/// # Errors
/// When the database fails.
pub(super) fn is_plausible(c: &Connection, message: &Message, event: &Event) -> Result<bool, StoreError> {
    let Some(live) = message.state.live() else {
        return Ok(true);
    };
    let ordered = |order| command::was_ordered(c, On::its_site(message), order);
    match event.what {
        Happened::Ended { state, .. } => match state {
            End::Read => Ok(live.readings_left() == 0),
            End::Expired => Ok(event.at >= message.expires_at.0),
            End::Revoked => ordered(Order::Revoke),
            End::Destroyed => ordered(Order::Destroy),
        },
        Happened::Unlocked { .. } => ordered(Order::Unlock),
        Happened::Extended { expires_at, .. } => ordered(Order::Extend { expires_at }),
        _ => Ok(true),
    }
}
