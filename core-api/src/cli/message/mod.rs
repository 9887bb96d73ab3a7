//! `message send | show | list | revoke | extend | unlock | destroy`.

mod input;
mod look;
mod order;
mod send;

use std::io::Write;
use std::time::Duration;

use contract::message::MessageView;
use contract::sync::Token;

use super::Outcome;
use super::spelling::span;
use crate::admin::{AskError, MessageAnswer, MessageRequest, ask_about};
use crate::config::Config;
use crate::usecase::message::order::Wanted;

/// How often a command looks whether what it waits for has happened.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// One-time messages.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Message {
    /// Send a text, files, or both; prints the link once the site has the message
    Send(send::Send),
    /// What became of a message
    Show {
        /// Its id
        #[arg(allow_hyphen_values = true)] // an id may begin with one
        id: Token,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// The youngest 200 messages, or with --before the 200 that come after one of them
    List {
        /// The last one that was listed so far
        #[arg(long, value_name = "ID", allow_hyphen_values = true)] // an id may begin with one
        before: Option<Token>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a message back
    Revoke {
        /// Its id
        #[arg(allow_hyphen_values = true)] // an id may begin with one
        id: Token,
    },
    /// Let a message end at another time
    Extend {
        /// Its id
        #[arg(allow_hyphen_values = true)] // an id may begin with one
        id: Token,
        /// How long from now, such as 12h or 3d
        #[arg(long, value_parser = span)]
        expires: Duration,
    },
    /// Let a message that was locked by wrong passphrases be tried again; works once
    Unlock {
        /// Its id
        #[arg(allow_hyphen_values = true)] // an id may begin with one
        id: Token,
    },
    /// End a message that was locked by wrong passphrases
    Destroy {
        /// Its id
        #[arg(allow_hyphen_values = true)] // an id may begin with one
        id: Token,
    },
}

pub(super) async fn run(command: Message, config: &Config, out: &mut dyn Write) -> Outcome {
    match command {
        Message::Send(asked) => send::send(asked, config, out).await,
        Message::Show { id, json } => look::show(config, id, json, out).await,
        Message::List { before, json } => look::list(config, before, json, out).await,
        Message::Revoke { id } => order::order(config, id, Wanted::Revoke, "revoked", out).await,
        Message::Extend { id, expires } => {
            let expires_in = expires.as_secs();
            order::order(config, id, Wanted::Extend { expires_in }, "extended", out).await
        }
        Message::Unlock { id } => order::order(config, id, Wanted::Unlock, "unlocked", out).await,
        Message::Destroy { id } => order::order(config, id, Wanted::Destroy, "destroyed", out).await,
    }
}

async fn view(config: &Config, id: Token) -> Result<MessageView, AskError> {
    match ask_about(&config.data_dir, MessageRequest::Show { id }).await? {
        MessageAnswer::Message(view) => Ok(*view),
        _ => Err(AskError::Unknown),
    }
}
