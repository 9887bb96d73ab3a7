//! How mail leaves.

use std::path::PathBuf;

use jiff::tz::TimeZone;
use secrecy::SecretString;
use server::config::Section;

use super::{Folder, list, text_of};
use crate::mail::House;
use crate::mail::address::is_usable;

/// How mail leaves, and as whose.
pub struct MailSettings {
    /// Over which way.
    pub transport: Transport,
    /// The sender: an address, or a name with an address in angle brackets.
    pub from: String,
}

/// A way for mail to leave.
pub enum Transport {
    /// A mail server.
    Smtp {
        /// Its name, which its certificate must carry.
        host: String,
        /// Its port.
        port: u16,
        /// How the connection is protected.
        tls: SmtpTls,
        /// The account there, if it asks for one.
        login: Option<(String, SecretString)>,
        /// The authority that signed its certificate, PEM; otherwise the host's own list.
        ca_pem: Option<String>,
    },
    /// One `.eml` file a message, for the demo and for tests.
    File {
        /// Where they are put; made if it is not there.
        directory: PathBuf,
    },
}

/// How the connection to a mail server is protected. There is no way without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// TLS after a request for it, usually port 587; a server that does not offer it is not used.
    StartTls,
    /// TLS from the first byte, usually port 465.
    Tls,
}

impl MailSettings {
    pub(super) fn read(section: &Section<'_>, folder: &Folder) -> Self {
        let transport = if section.choice("transport", &[("smtp", true), ("file", false)], None) {
            smtp(section)
        } else {
            Transport::File {
                directory: folder.join(&section.get::<PathBuf>("directory")),
            }
        };
        let wanted = "an address, such as \"Sallyport <reset@corp.example>\"";
        let from = section.parsed("from", wanted, String::new(), |text| {
            text.parse::<lettre::message::Mailbox>()
                .ok()
                .map(|mailbox| mailbox.to_string())
        });
        Self { transport, from }
    }
}

/// What every letter says about where it comes from.
pub(super) fn house(section: &Section<'_>, organisation: &str) -> House {
    let zone: String = section.get_or("time_zone", "UTC".to_owned());
    let zone = TimeZone::get(&zone).unwrap_or_else(|_| {
        section.mistake(
            "time_zone",
            "write a name of the time zone database, such as \"Europe/Berlin\"",
        );
        TimeZone::UTC
    });
    House {
        organisation: organisation.to_owned(),
        helpdesk: section.get("helpdesk"),
        zone,
    }
}

/// Those who are told of an alarm.
pub(super) fn operators(section: &Section<'_>) -> Vec<String> {
    let operators = list(section, "operators");
    if operators.iter().any(|address| !is_usable(address, &[])) {
        section.mistake(
            "operators",
            "write mail addresses, such as [\"operations@corp.example\"]",
        );
    }
    operators
}

fn smtp(section: &Section<'_>) -> Transport {
    let tls = section.choice(
        "tls",
        &[("starttls", SmtpTls::StartTls), ("tls", SmtpTls::Tls)],
        Some("starttls"),
    );
    let usual = match tls {
        SmtpTls::StartTls => 587,
        SmtpTls::Tls => 465,
    };
    let user = section.find::<String>("user");
    let password = section.find_secret_file("password_file");
    if user.is_some() != password.is_some() {
        let key = if user.is_some() { "password_file" } else { "user" };
        section.mistake(key, "`user` and `password_file` belong together");
    }
    Transport::Smtp {
        host: section.get("host"),
        port: section.get_or("port", usual),
        tls,
        login: user.zip(password),
        ca_pem: section.find_file("ca_file").map(|path| text_of(&path)),
    }
}
