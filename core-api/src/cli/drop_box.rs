//! `drop request | list | show`: outsiders send something in.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use contract::sync::Token;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::spelling::{moment, size, span};
use super::{Outcome, shown};
use crate::admin::{AskError, MessageAnswer, MessageRequest, ask_about, ask_about_with};
use crate::config::Config;
use crate::usecase::drop_box::open::DropView;
use crate::usecase::drop_box::request::DropWish;

/// How long the command waits for the site, and how often it looks.
const ON_SITE_WITHIN: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What the text is called among files.
const TEXT: &str = "text.txt";

/// Drop boxes: outsiders send something in.
#[derive(Debug, clap::Subcommand)]
pub(super) enum DropBox {
    /// Make a link into which somebody outside can put one text or some files
    Request {
        /// How long it takes something
        #[arg(long, value_parser = span, default_value = "3d")]
        expires: Duration,
        /// How large that may be
        #[arg(long, value_parser = size, default_value = "10M")]
        largest: u64,
        /// Why it is asked for, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Who is told by mail when something came in
        #[arg(long, value_name = "ADDRESS")]
        notify: Option<String>,
        /// The site; as configured, unless said
        #[arg(long, value_name = "NAME")]
        site: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// The youngest drop boxes
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// How a drop box stands; with --out open what came in, and erase it in the core
    Show {
        /// Its id
        #[arg(allow_hyphen_values = true)] // an id may begin with one
        id: Token,
        /// The folder for the text and the files; nothing in it is overwritten
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(command: DropBox, config: &Config, out: &mut dyn Write) -> Outcome {
    match command {
        DropBox::Request {
            expires,
            largest,
            reason,
            notify,
            site,
            json,
        } => {
            let wish = DropWish {
                site,
                expires_in: Some(expires.as_secs()),
                largest: Some(largest),
                reason,
                notify,
            };
            request(config, wish, json, out).await
        }
        DropBox::List { json } => {
            let drops = drops(config, MessageRequest::DropList).await?;
            print(&drops, json, out)
        }
        DropBox::Show {
            id,
            out: Some(folder),
            json,
        } => open(config, id, &folder, json, out).await,
        DropBox::Show { id, out: None, json } => {
            let drops = drops(config, MessageRequest::DropShow { id }).await?;
            print(&drops, json, out)
        }
    }
}

async fn request(config: &Config, wish: DropWish, json: bool, out: &mut dyn Write) -> Outcome {
    let asked = MessageRequest::DropRequest { wish };
    let MessageAnswer::DropBox { id, link } = ask_about(&config.data_dir, asked).await? else {
        return Err(AskError::Unknown.into());
    };
    let until = Instant::now() + ON_SITE_WITHIN;
    while drops(config, MessageRequest::DropShow { id })
        .await?
        .iter()
        .any(|drop| drop.state == "waiting")
    {
        if Instant::now() >= until {
            return Err(format!(
                "the site did not take the request within a minute; nobody has its link, and {id} ends by itself"
            )
            .into());
        }
        sleep(LOOK_EVERY).await;
    }
    if json {
        writeln!(out, "{}", json!({"id": id, "link": link.expose()}))?;
    } else {
        writeln!(out, "{}", link.expose())?;
        writeln!(
            out,
            "Whoever has this link can put one thing in. It is shown only now."
        )?;
        writeln!(out, "core-api drop show {id} --out FOLDER")?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn drops(config: &Config, asked: MessageRequest) -> Result<Vec<DropView>, AskError> {
    match ask_about(&config.data_dir, asked).await? {
        MessageAnswer::Drops(drops) => Ok(drops),
        _ => Err(AskError::Unknown),
    }
}

fn print(drops: &[DropView], json: bool, out: &mut dyn Write) -> Outcome {
    if json {
        writeln!(out, "{}", serde_json::to_string(drops)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    for drop in drops {
        let size = drop.size.map(|size| format!("{size} bytes")).unwrap_or_default();
        writeln!(
            out,
            "{}  {:<8} until {}  {}  {size}  {}",
            drop.id,
            drop.state,
            moment(drop.expires_at),
            drop.site,
            drop.reason.as_deref().unwrap_or_default()
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes what came in, and has it erased only when it is on the disk.
async fn open(config: &Config, id: Token, folder: &Path, json: bool, out: &mut dyn Write) -> Outcome {
    let (answer, body) = ask_about_with(&config.data_dir, MessageRequest::DropOpen { id }, &[]).await?;
    let MessageAnswer::Opened { text, files } = answer else {
        return Err(AskError::Unknown.into());
    };
    let written = write_parts(folder, &body, text, &files)?;
    ask_about(&config.data_dir, MessageRequest::DropErase { id }).await?;
    if json {
        let files: Vec<String> = written.iter().map(|file| shown(file)).collect();
        writeln!(out, "{}", json!({"id": id, "files": files}))?;
    } else {
        for file in written {
            writeln!(out, "{}", shown(&file))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the text, which comes first, and the files. All of them are on the disk afterwards, or none is left.
fn write_parts(
    folder: &Path,
    body: &[u8],
    text: usize,
    files: &[(String, usize)],
) -> Result<Vec<PathBuf>, Box<dyn std::error::Error>> {
    let name = text_name(files);
    let text = (text > 0).then_some((name, text));
    let mut written = Vec::new();
    let mut write = || -> Result<(), Box<dyn std::error::Error>> {
        let mut rest = body;
        for (name, size) in text.iter().chain(files) {
            let part;
            (part, rest) = rest.split_at_checked(*size).ok_or(AskError::Unknown)?;
            written.push(write_new(folder, name, part)?);
        }
        Ok(File::open(folder)?.sync_all()?)
    };
    let outcome = write();
    if outcome.is_err() {
        for path in &written {
            drop(std::fs::remove_file(path)); // the drop is kept, so nothing is lost with it
        }
    }
    outcome.map(|()| written)
}

/// A name for the text that no file has, in capital letters or not.
fn text_name(files: &[(String, usize)]) -> String {
    let is_free = |wanted: &String| !files.iter().any(|(name, _)| name.to_lowercase() == *wanted);
    let numbered = (2..).map(|number| format!("text ({number}).txt"));
    let mut wanted = std::iter::once(TEXT.to_owned()).chain(numbered);
    wanted.find(is_free).unwrap_or_default()
}

/// Writes a file that is not there yet, for nobody else to read.
fn write_new(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, Box<dyn std::error::Error>> {
    std::fs::create_dir_all(folder)?;
    // The name was cleaned when the drop was opened; a path would still not be followed.
    let name = Path::new(name).file_name().ok_or(AskError::Unknown)?;
    let path = folder.join(name);
    let wrong = |error: std::io::Error| format!("{}: {error}; the drop is kept", path.display());
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .map_err(wrong)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(wrong)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> Vec<(String, usize)> {
        names.iter().map(|name| ((*name).to_owned(), 1)).collect()
    }

    #[test]
    fn a_text_finds_a_name_beside_any_files() {
        let folder = tempfile::tempdir().unwrap();
        let taken = files(&["text.txt", "TEXT (2).txt", "message-text.txt"]);
        let written = write_parts(folder.path(), b"tabc", 1, &taken).unwrap();
        assert_eq!(written[0], folder.path().join("text (3).txt"));
        assert_eq!(std::fs::read(&written[0]).unwrap(), b"t");
        assert_eq!(written.len(), 4);
    }

    #[test]
    fn when_one_cannot_be_written_none_is_left() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("b"), "was here").unwrap();
        let refused = write_parts(folder.path(), b"tab", 1, &files(&["a", "b"]));
        assert!(refused.unwrap_err().to_string().contains("the drop is kept"));
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1);
        assert_eq!(std::fs::read(folder.path().join("b")).unwrap(), b"was here");
    }
}
