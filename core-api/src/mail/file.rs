//! The transport of the demo: each message becomes one `.eml` file that any mail program opens. One that is handed over
//! again becomes another file, so that whoever looks into the folder sees what a mail server would have got.

use std::fs::{File, OpenOptions, create_dir_all, rename};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use lettre::Message;

use super::{Fault, MailerError, Transport};

/// Owner only: the messages hold codes.
const MODE: u32 = 0o600;

/// A folder of messages.
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder if it is not there.
    pub(super) fn new(path: &Path) -> Result<Self, MailerError> {
        create_dir_all(path).map_err(|source| MailerError::Folder {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
        })
    }
}

#[async_trait]
impl Transport for Folder {
    async fn hand_over(&self, message: &Message) -> Result<(), Fault> {
        let (folder, name, bytes) = (self.path.clone(), name(message), message.formatted());
        let written = tokio::task::spawn_blocking(move || write_whole(&folder, &name, &bytes)).await;
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Fault::TryAgain(error.to_string())),
            Err(_) => Err(Fault::TryAgain("writing the message panicked".to_owned())),
        }
    }
}

/// The message's id without its domain.
fn name(message: &Message) -> String {
    let id = message.headers().get_raw("Message-ID").unwrap_or_default();
    id.trim_start_matches('<')
        .split('@')
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Whoever looks into the folder sees a whole message or none.
fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let part = folder.join(format!("{name}.part"));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(MODE)
        .open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    rename(&part, free(folder, name))?;
    File::open(folder)?.sync_all()
}

/// `ID.eml`, and for repeats `ID.2.eml` and so on. Nobody else makes one at the same time: the outbox lends an item to one
/// worker, and the folder belongs to one core.
fn free(folder: &Path, name: &str) -> PathBuf {
    let mut path = folder.join(format!("{name}.eml"));
    let mut times = 1_u32;
    while path.exists() {
        times += 1;
        path = folder.join(format!("{name}.{times}.eml"));
    }
    path
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use lettre::message::Mailbox;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[tokio::test]
    async fn a_message_is_one_whole_file_and_a_repeat_another_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("made/by/us");
        let transport = Folder::new(&path).expect("the folder is made");
        let from: Mailbox = "reset@corp.example".parse().expect("a sender");
        for _ in 0..3 {
            let text = ui::mail::Text {
                subject: "Hello".to_owned(),
                body: "12345678".to_owned(),
            };
            let message =
                super::super::message::build(&[7; 16], &from, "a@home.example", &text, Timestamp(0))
                    .expect("a message");
            transport.hand_over(&message).await.expect("it is written");
        }
        let mut files: Vec<_> = std::fs::read_dir(&path)
            .expect("the folder")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.sort();
        let named = ["2.eml", "3.eml", "eml"].map(|end| path.join(format!("{}.{end}", "07".repeat(16))));
        assert_eq!(files, named);
        let mode = files[0].metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let source = std::fs::read_to_string(&files[0]).expect("text");
        assert!(source.contains("From: reset@corp.example\r\n"), "{source}");
        assert!(source.trim_end().ends_with("12345678"), "{source}");
    }

    #[tokio::test]
    async fn a_folder_that_is_gone_is_tried_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("mails");
        let transport = Folder::new(&path).expect("the folder is made");
        std::fs::remove_dir(&path).expect("it is empty");
        let from: Mailbox = "reset@corp.example".parse().expect("a sender");
        let text = ui::mail::Text {
            subject: "Hello".to_owned(),
            body: "x".to_owned(),
        };
        let message = super::super::message::build(&[7; 16], &from, "a@home.example", &text, Timestamp(0))
            .expect("a message");
        assert!(matches!(
            transport.hand_over(&message).await,
            Err(Fault::TryAgain(_))
        ));
    }
}
