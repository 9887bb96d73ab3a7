//! A real mail server on loopback: STARTTLS, a password, and every mail kept as a file.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;

use crate::folder::Folder;
use crate::pki::{Authority, Validity};
use crate::processes::{Running, wait_for};

/// How long anything may take. While the server is away, its sender waits longer and longer between two tries: the fifth
/// is two minutes after the fourth.
const LIMIT: Duration = Duration::from_mins(3);

/// A mail as it arrived, decoded.
#[derive(Clone, Debug, Deserialize)]
pub struct Mail {
    /// The sender in the envelope.
    pub from: String,
    /// The recipients in the envelope.
    pub to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The plain text, or nothing.
    pub text: String,
    /// The HTML, or nothing.
    pub html: String,
}

/// A running mail server; it ends with this value.
pub struct MailServer {
    folder: Folder,
    port: u16,
    _process: Running,
}

impl MailServer {
    /// The name in its certificate.
    pub const HOST: &str = "mail.localhost";
    /// The one who may send.
    pub const USERNAME: &str = "sallyport";
    /// The sender's password.
    pub const PASSWORD: &str = "Relay-8-Candles-Drift";

    /// Starts it on a free port of 127.0.0.1, with a certificate of this authority.
    ///
    /// # Panics
    /// When python3-aiosmtpd is missing; `tests/run.sh` installs it.
    pub async fn start(authority: &Authority) -> Self {
        let folder = Folder::new();
        let (certificate, key) = authority
            .issue(&[Self::HOST, "127.0.0.1"], Validity::Now)
            .write(&folder, "mail");
        let password = folder.join("password");
        std::fs::write(&password, Self::PASSWORD).expect("the test's folder is writable");
        let mails = folder.join("mails");
        std::fs::create_dir(&mails).expect("the test's folder is writable");
        // The distribution's own Python, because its package aiosmtpd is installed there.
        let mut command = Command::new("/usr/bin/python3");
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/src/smtp_server.py"));
        command
            .arg(&mails)
            .arg(certificate)
            .arg(key)
            .arg(Self::USERNAME)
            .arg(password);
        let process = Running::spawn(command, &folder.join("log"));
        let port = wait_for("the mail server says its port", LIMIT, async || {
            process.log().lines().next().and_then(|line| line.parse().ok())
        });
        Self {
            port: port.await,
            folder,
            _process: process,
        }
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it keeps the mails: `NNNN.eml` as they came, `NNNN.json` decoded.
    pub fn folder(&self) -> PathBuf {
        self.folder.join("mails")
    }

    /// All mails so far, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        let entries = std::fs::read_dir(self.folder()).expect("the folder of mails");
        let mut paths: Vec<_> = entries
            .map(|entry| entry.expect("a readable folder").path())
            .collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
        paths.sort();
        let read = |path: &PathBuf| {
            let text = std::fs::read(path).expect("a file that was just listed");
            serde_json::from_slice(&text).expect("the server writes what this reads")
        };
        paths.iter().map(read).collect()
    }

    /// Waits for a mail to `recipient` besides the first `seen` ones to him.
    pub async fn next_to(&self, recipient: &str, seen: usize) -> Mail {
        let to_him = |mail: &Mail| mail.to.iter().any(|to| to == recipient);
        wait_for(&format!("a mail to {recipient}"), LIMIT, async || {
            self.mails().into_iter().filter(to_him).nth(seen)
        })
        .await
    }
}
