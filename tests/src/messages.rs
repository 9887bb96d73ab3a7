//! Sending one-time messages on the command line, as an administrator would, and asking what became of them.

use std::time::Duration;

use serde::Deserialize;
use tempfile::NamedTempFile;

use crate::processes::wait_for;
use crate::reader::Link;
use crate::stack::Stack;

/// How long an event may take from the site to the core.
const ARRIVES_WITHIN: Duration = Duration::from_mins(1);

/// What `message send` printed.
#[derive(Deserialize)]
pub struct Sent {
    /// The message's id.
    pub id: String,
    /// Its link.
    pub link: String,
    /// The passphrase, where one was made.
    pub passphrase: Option<String>,
}

/// What `message show` printed.
#[derive(Debug, Deserialize)]
pub struct Shown {
    /// In a word.
    pub state: String,
    /// What the site told, in order.
    pub events: Vec<Happened>,
}

/// An event of a message.
#[derive(Debug, Deserialize)]
pub struct Happened {
    /// What.
    pub kind: String,
    /// When, in milliseconds since the Unix epoch.
    pub at: i64,
    /// From where, if somebody did it.
    pub source: Option<String>,
}

impl Sent {
    /// The link as a reader takes it.
    pub fn link(&self) -> Link {
        Link::parse(&self.link, self.passphrase.as_deref())
    }
}

impl Shown {
    /// How often this happened.
    pub fn count(&self, kind: &str) -> usize {
        self.events.iter().filter(|event| event.kind == kind).count()
    }
}

impl Stack {
    /// Sends a text; `further` are arguments such as `--generate-passphrase`.
    ///
    /// # Errors
    /// What the command says when the site has not taken it in time.
    pub async fn try_send(&self, text: &str, further: &[&str]) -> std::io::Result<Sent> {
        let printed = self.command_send(text, further).await?;
        Ok(serde_json::from_str(&printed).expect("what the command prints as JSON"))
    }

    /// The same; gives what the command printed.
    ///
    /// # Errors
    /// What the command says when the site has not taken it in time.
    pub async fn command_send(&self, text: &str, further: &[&str]) -> std::io::Result<String> {
        let file = NamedTempFile::new().expect("the temporary folder is writable");
        std::fs::write(&file, text).expect("it was just made");
        let path = file.path().to_str().expect("a path in UTF-8");
        let sending = ["message", "send", "--text-file", path, "--json"];
        self.core_api(&[&sending, further].concat()).await
    }

    /// Sends a file of the state folder.
    ///
    /// # Errors
    /// What the command says when it does not take it, or the site has not taken it in time.
    pub async fn try_send_file(&self, file: &str) -> std::io::Result<Sent> {
        let printed = self
            .core_api(&["message", "send", "--file", file, "--json"])
            .await?;
        Ok(serde_json::from_str(&printed).expect("what the command prints as JSON"))
    }

    /// Sends a text, which must succeed.
    pub async fn send(&self, text: &str, further: &[&str]) -> Sent {
        let sent = self.try_send(text, further).await;
        sent.unwrap_or_else(|error| panic!("cannot send: {error}"))
    }

    /// What became of a message so far.
    pub async fn message(&self, id: &str) -> Shown {
        let printed = self.core_api(&["message", "show", id, "--json"]).await;
        let printed = printed.unwrap_or_else(|error| panic!("cannot show {id}: {error}"));
        serde_json::from_str(&printed).expect("what the command prints as JSON")
    }

    /// How the sites are, in the words of `site list`, which fails where one is not well.
    pub async fn sites(&self) -> String {
        let output = self.output(&["site", "list"]).await;
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Waits until the core knows that a message is in this state.
    pub async fn await_message(&self, id: &str, state: &str) -> Shown {
        wait_for(&format!("{id} is {state}"), ARRIVES_WITHIN, async || {
            let shown = self.message(id).await;
            (shown.state == state).then_some(shown)
        })
        .await
    }
}
