//! `message send`.
//!
//! The command seals by itself: the running core gives it an id and gets the envelope. Unless the core is to mail the
//! link, it never learns what would open the message.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use contract::sync::{Digest, Token};
use seal::{Content, File, MAX_CONTENT, Passphrase};
use serde::Serialize;
use tokio::time::{Instant, sleep};
use zeroize::Zeroizing;

use super::input::{bytes_of, is_standard_input, text_of};
use super::{LOOK_EVERY, view};
use crate::admin::{AskError, MessageAnswer, MessageRequest, ask_about, ask_about_with};
use crate::cli::Outcome;
use crate::cli::spelling::span;
use crate::config::Config;
use crate::usecase::message::order::Wanted;
use crate::usecase::message::seal::{Sealed, seal};
use crate::usecase::message::send::Wish;

/// How long the command waits for the site's receipt.
const RECEIPT_WITHIN: Duration = Duration::from_mins(1);

/// What is sent, and how.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
#[command(group = clap::ArgGroup::new("pass").multiple(false))]
pub(in crate::cli) struct Send {
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

pub(super) async fn send(mut asked: Send, config: &Config, out: &mut dyn Write) -> Outcome {
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
