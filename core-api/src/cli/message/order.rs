//! `message revoke | extend | unlock | destroy`: an order, and the wait until the site has carried it out.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use contract::message::MessageView;
use contract::sync::Token;
use tokio::time::{Instant, sleep};

use super::{LOOK_EVERY, view};
use crate::admin::{AskError, MessageAnswer, MessageRequest, ask_about};
use crate::cli::Outcome;
use crate::config::Config;
use crate::usecase::message::order::Wanted;

/// How long the command waits for an order to be carried out.
const ORDER_WITHIN: Duration = Duration::from_secs(10);

pub(super) async fn order(
    config: &Config,
    id: Token,
    wanted: Wanted,
    done: &str,
    out: &mut dyn Write,
) -> Outcome {
    let before = view(config, id).await?;
    let MessageAnswer::Ordered = ask_about(&config.data_dir, MessageRequest::Order { id, wanted }).await?
    else {
        return Err(AskError::Unknown.into());
    };
    let until = Instant::now() + ORDER_WITHIN;
    loop {
        let now = view(config, id).await?;
        match carried_out(before.events.len(), &now, done) {
            Some(true) => {
                writeln!(out, "{done}")?;
                return Ok(ExitCode::SUCCESS);
            }
            Some(false) => {
                writeln!(out, "not {done}: it is {} by now", now.state)?;
                return Ok(ExitCode::FAILURE);
            }
            None if Instant::now() >= until => {
                writeln!(
                    out,
                    "ordered; {} has not done it yet. See `core-api message show {id}`",
                    before.site
                )?;
                return Ok(ExitCode::SUCCESS);
            }
            None => sleep(LOOK_EVERY).await,
        }
    }
}

/// Whether an order was carried out, of which an event called `done` is the proof; `None` as long as it still can be.
/// What else happens meanwhile, such as a reading, says nothing about it, unless it is the message's end.
fn carried_out(events_before: usize, view: &MessageView, done: &str) -> Option<bool> {
    let is_told = view
        .events
        .iter()
        .skip(events_before)
        .any(|event| event.kind == done);
    let has_ended = view.arrival.is_some();
    (is_told || has_ended).then(|| is_told || view.state == done)
}

#[cfg(test)]
mod tests {
    use contract::message::MessageEvent;

    use super::*;

    fn view(state: &str, has_ended: bool, kinds: &[&str]) -> MessageView {
        MessageView {
            id: String::new(),
            state: state.to_owned(),
            site: "dmz1".to_owned(),
            made_at: 0,
            expires_at: 0,
            readings_left: None,
            arrival: has_ended.then(|| "confirmed".to_owned()),
            to: None,
            reason: None,
            events: kinds
                .iter()
                .map(|kind| MessageEvent {
                    kind: (*kind).to_owned(),
                    at: 0,
                    source: None,
                })
                .collect(),
        }
    }

    #[test]
    fn only_its_own_event_or_the_end_answers_an_order() {
        let read = view("opened", false, &["opened", "delivered", "opened"]);
        assert_eq!(carried_out(2, &read, "extended"), None);
        assert_eq!(carried_out(2, &read, "revoked"), None);
        let before = view("opened", false, &["extended", "opened"]);
        assert_eq!(carried_out(2, &before, "extended"), None);
        let extended = view("opened", false, &["opened", "opened", "extended"]);
        assert_eq!(carried_out(1, &extended, "extended"), Some(true));
        let read_out = view("read", true, &["opened", "read"]);
        assert_eq!(carried_out(0, &read_out, "revoked"), Some(false));
        assert_eq!(
            carried_out(0, &view("lost", true, &["lost"]), "extended"),
            Some(false)
        );
        assert_eq!(carried_out(0, &view("revoked", true, &[]), "revoked"), Some(true));
    }
}
