//! `message send | show | list | revoke | extend | unlock | destroy`.
//!
//! The command seals by itself: the running core gives it an id and gets the envelope. Unless the core is to mail the
//! link, it never learns what would open the message.

use std::fs::File as OpenFile;
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use contract::message::MessageView;
use contract::sync::{Digest, Token};
use seal::{Content, File, MAX_CONTENT, Passphrase};
use serde::Serialize;
use tokio::time::{Instant, sleep};
use zeroize::Zeroizing;

use super::Outcome;
use super::spelling::{moment, size_text, span};
use crate::admin::{AskError, MessageAnswer, MessageRequest, ask_about, ask_about_with};
use crate::config::Config;
use crate::usecase::message::order::Wanted;
use crate::usecase::message::seal::{Sealed, seal};
use crate::usecase::message::send::Wish;
use crate::usecase::message::show::MOST;

/// How long the command waits for the site's receipt, and how often it looks.
const RECEIPT_WITHIN: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long it waits for an order to be carried out.
const ORDER_WITHIN: Duration = Duration::from_secs(10);

/// The name that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// One-time messages.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Message {
    /// Send a text, files, or both; prints the link once the site has the message
    Send(Send),
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

/// What is sent, and how.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
#[command(group = clap::ArgGroup::new("pass").multiple(false))]
pub(super) struct Send {
    /// A file with the text, or - for standard input
    #[arg(long, value_name = "FILE", group = "what")]
    text_file: Option<PathBuf>,
    /// A file to send; can be repeated
    #[arg(long, value_name = "FILE", group = "what")]
    file: Vec<PathBuf>,
    /// A passphrase that the recipient is told in another way. Others on this host see it in the list of processes: better
    /// use --passphrase-file
    #[arg(long, value_name = "TEXT", group = "pass")]
    passphrase: Option<String>,
    /// A file with the passphrase, or - for standard input
    #[arg(long, value_name = "FILE", group = "pass")]
    passphrase_file: Option<PathBuf>,
    /// Make a passphrase that can be read out, and print it
    #[arg(long, group = "pass")]
    generate_passphrase: bool,
    /// How long it can be opened, such as 30m, 12h or 3d; as configured, unless said
    #[arg(long, value_parser = span)]
    expires: Option<Duration>,
    /// How often it can be opened
    #[arg(long, default_value_t = 1)]
    readings: u32,
    /// Mail the link there, and do not print it; can be repeated, each gets a message of his own, and nobody gets any if
    /// one address is refused
    #[arg(long, value_name = "ADDRESS")]
    to: Vec<String>,
    /// The content is a password: never mail it without a passphrase, whatever is configured
    #[arg(long)]
    password: bool,
    /// Why it is sent, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Who is told by mail what became of it
    #[arg(long, value_name = "ADDRESS")]
    notify: Option<String>,
    /// The site; as configured, unless said
    #[arg(long, value_name = "NAME")]
    site: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: Message, config: &Config, out: &mut dyn Write) -> Outcome {
    match command {
        Message::Send(asked) => send(asked, config, out).await,
        Message::Show { id, json } => show(config, id, json, out).await,
        Message::List { before, json } => list(config, before, json, out).await,
        Message::Revoke { id } => order(config, id, Wanted::Revoke, "revoked", out).await,
        Message::Extend { id, expires } => {
            let expires_in = expires.as_secs();
            order(config, id, Wanted::Extend { expires_in }, "extended", out).await
        }
        Message::Unlock { id } => order(config, id, Wanted::Unlock, "unlocked", out).await,
        Message::Destroy { id } => order(config, id, Wanted::Destroy, "destroyed", out).await,
    }
}

/// What is printed of a message that was sent.
#[derive(Serialize)]
struct Printed<'a> {
    id: Token,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passphrase: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
}

async fn send(mut asked: Send, config: &Config, out: &mut dyn Write) -> Outcome {
    let both_from_input = [&asked.text_file, &asked.passphrase_file]
        .iter()
        .all(|file| file.as_ref().is_some_and(|file| is_standard_input(file)));
    if both_from_input {
        return Err("only one of text and passphrase can come from standard input".into());
    }
    let given = given_passphrase(&mut asked)?;
    let content = content(&asked)?;
    let mut recipients: Vec<Option<String>> = asked.to.drain(..).map(Some).collect();
    if recipients.is_empty() {
        recipients.push(None);
    }
    let is_needed = given.is_some() || asked.generate_passphrase;
    let mut places = Vec::with_capacity(recipients.len());
    // Before anything is handed in: one address that is refused ends it for all.
    for to in recipients {
        places.push(reserve(config, wish(&asked, to, is_needed)).await?);
    }
    for place in places {
        let generated = asked
            .generate_passphrase
            .then(|| Passphrase::generate(&mut seal::os_random));
        let passphrase = generated.as_ref().or(given.as_ref());
        let (id, to) = (place.id, place.wish.to.clone());
        let sealed = hand_in(config, place, &content, passphrase).await?;
        wait_for_receipt(config, id).await?;
        let printed = Printed {
            id,
            link: to.is_none().then(|| sealed.link.expose()),
            passphrase: generated.as_ref().map(Passphrase::expose),
            to: to.as_deref(),
        };
        print(&printed, asked.json, out)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(printed: &Printed<'_>, json: bool, out: &mut dyn Write) -> Result<(), Box<dyn std::error::Error>> {
    if json {
        writeln!(out, "{}", serde_json::to_string(printed)?)?;
        return Ok(());
    }
    match (printed.link, printed.to) {
        (Some(link), _) => writeln!(out, "{link}")?,
        (None, to) => writeln!(out, "The link is mailed to {}.", to.unwrap_or_default())?,
    }
    if let Some(passphrase) = printed.passphrase {
        writeln!(out, "Passphrase: {passphrase}")?;
        writeln!(out, "Tell it in another way than the link. It is shown only now.")?;
    }
    writeln!(out, "core-api message show {}", printed.id)?;
    Ok(())
}

fn wish(asked: &Send, to: Option<String>, with_passphrase: bool) -> Wish {
    Wish {
        site: asked.site.clone(),
        expires_in: asked.expires.map(|span| span.as_secs()),
        readings: Some(asked.readings),
        reason: asked.reason.clone(),
        notify: asked.notify.clone(),
        to,
        is_password: asked.password,
        with_passphrase,
    }
}

/// Where a message will be, for which the core has nothing against its wish.
struct Place {
    id: Token,
    /// What its link begins with.
    address: String,
    wish: Wish,
}

async fn reserve(config: &Config, wish: Wish) -> Result<Place, AskError> {
    let asked = MessageRequest::Reserve { wish: wish.clone() };
    match ask_about(&config.data_dir, asked).await? {
        MessageAnswer::Reserved { id, address } => Ok(Place { id, address, wish }),
        _ => Err(AskError::Unknown),
    }
}

/// Seals, and hands the envelope in.
async fn hand_in(
    config: &Config,
    place: Place,
    content: &Content,
    passphrase: Option<&Passphrase>,
) -> Result<Sealed, AskError> {
    let Place { id, address, wish } = place;
    let sealed = seal(id.as_bytes(), &address, content, passphrase);
    let mailed = wish.to.is_some().then(|| sealed.link.clone());
    let handed = MessageRequest::Send {
        id,
        wish,
        header: sealed.envelope.header.clone(),
        nonce: sealed.envelope.nonce.into(),
        link: sealed.proofs.link.into(),
        open: sealed.proofs.open.map(Digest::from),
        mailed,
        size: u64::try_from(sealed.envelope.ciphertext.len()).unwrap_or(u64::MAX),
    };
    let body = &sealed.envelope.ciphertext;
    match ask_about_with(&config.data_dir, handed, body).await? {
        (MessageAnswer::Sent, _) => Ok(sealed),
        _ => Err(AskError::Unknown),
    }
}

/// Waits until the site has the message. One that it does not take in time is taken back: nobody would ever have its
/// link.
async fn wait_for_receipt(config: &Config, id: Token) -> Result<(), Box<dyn std::error::Error>> {
    let until = Instant::now() + RECEIPT_WITHIN;
    loop {
        let view = view(config, id).await?;
        match view.state.as_str() {
            "waiting" if Instant::now() < until => sleep(LOOK_EVERY).await,
            "waiting" => {
                let wanted = Wanted::Revoke;
                ask_about(&config.data_dir, MessageRequest::Order { id, wanted }).await?;
                return Err(format!(
                    "{} did not take the message within a minute, so it is taken back; see `core-api site list`",
                    view.site
                )
                .into());
            }
            "not-sent" => return Err(format!("{} refused the message", view.site).into()),
            _ => return Ok(()),
        }
    }
}

async fn view(config: &Config, id: Token) -> Result<MessageView, AskError> {
    match ask_about(&config.data_dir, MessageRequest::Show { id }).await? {
        MessageAnswer::Message(view) => Ok(*view),
        _ => Err(AskError::Unknown),
    }
}

async fn show(config: &Config, id: Token, json: bool, out: &mut dyn Write) -> Outcome {
    let view = view(config, id).await?;
    if json {
        writeln!(out, "{}", serde_json::to_string(&view)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "{}  {}", view.id, view.state)?;
    writeln!(out, "site      {}", view.site)?;
    writeln!(out, "sent      {}", moment(view.made_at))?;
    writeln!(out, "expires   {}", moment(view.expires_at))?;
    if let Some(left) = view.readings_left {
        writeln!(out, "readings  {left} left")?;
    }
    if let Some(to) = &view.to {
        writeln!(out, "for       {to}")?;
    }
    if let Some(reason) = &view.reason {
        writeln!(out, "reason    {reason}")?;
    }
    for event in &view.events {
        let source = event
            .source
            .as_ref()
            .map(|source| format!("  from {source}"))
            .unwrap_or_default();
        writeln!(out, "{}  {}{source}", moment(event.at), event.kind)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(config: &Config, before: Option<Token>, json: bool, out: &mut dyn Write) -> Outcome {
    let asked = MessageRequest::List { before };
    let MessageAnswer::Messages(messages) = ask_about(&config.data_dir, asked).await? else {
        return Err(AskError::Unknown.into());
    };
    let last = messages.last().map(|message| message.id.clone());
    let is_full = u32::try_from(messages.len()).is_ok_and(|count| count == MOST);
    if json {
        writeln!(out, "{}", serde_json::to_string(&messages)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    for message in messages {
        let about = message.to.or(message.reason).unwrap_or_default();
        writeln!(
            out,
            "{}  {:<10} {}  {}  {about}",
            message.id,
            message.state,
            moment(message.made_at),
            message.site
        )?;
    }
    if let Some(last) = last.filter(|_| is_full) {
        writeln!(out, "for older ones: core-api message list --before {last}")?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn order(config: &Config, id: Token, wanted: Wanted, done: &str, out: &mut dyn Write) -> Outcome {
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

fn given_passphrase(asked: &mut Send) -> Result<Option<Passphrase>, Box<dyn std::error::Error>> {
    let typed = match (asked.passphrase.take(), &asked.passphrase_file) {
        (Some(typed), _) => Zeroizing::new(typed),
        (None, Some(file)) => text_of(file, seal::MAX_PASSPHRASE)?,
        (None, None) => return Ok(None),
    };
    let passphrase = Passphrase::new(&typed).ok_or("the passphrase is empty or longer than 1024 bytes")?;
    Ok(Some(passphrase))
}

fn content(asked: &Send) -> Result<Content, Box<dyn std::error::Error>> {
    let text = match &asked.text_file {
        Some(file) => text_of(file, MAX_CONTENT)?,
        None => Zeroizing::default(),
    };
    let mut files = Vec::with_capacity(asked.file.len());
    for path in &asked.file {
        let name = path.file_name().ok_or("this is no file")?.to_string_lossy();
        files.push(File::new(&name, "", bytes_of(path, MAX_CONTENT)?));
    }
    Ok(Content::new(text, files)?)
}

fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == STANDARD_INPUT
}

fn text_of(path: &Path, most: usize) -> Result<Zeroizing<String>, Box<dyn std::error::Error>> {
    let mut bytes = bytes_of(path, most)?;
    let text = String::from_utf8(std::mem::take(&mut *bytes)).map_err(|error| {
        // Its error holds the bytes.
        drop(Zeroizing::new(error.into_bytes()));
        format!("{}: a text is UTF-8", path.display())
    })?;
    Ok(Zeroizing::new(text))
}

/// Reads a file into a buffer that does not grow: a growing one leaves copies behind.
fn bytes_of(path: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>, Box<dyn std::error::Error>> {
    let wrong = |error: std::io::Error| format!("{}: {error}", path.display());
    let limit = u64::try_from(most)?.saturating_add(1);
    let (mut reader, expected): (Box<dyn std::io::Read>, u64) = if is_standard_input(path) {
        (Box::new(std::io::stdin()), limit)
    } else {
        let file = OpenFile::open(path).map_err(wrong)?;
        let size = file.metadata().map_err(wrong)?.len();
        (Box::new(file), size.saturating_add(1).min(limit))
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(expected)?));
    reader
        .by_ref()
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(wrong)?;
    if bytes.len() > most {
        return Err(format!("{}: it is larger than {}", path.display(), size_text(most)).into());
    }
    Ok(bytes)
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
