//! Sites of one-time messages: where they are, and what their pages say about whose they are.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use contract::pairing::Look;
use server::config::{Origin, Section};

/// The longest name of a site: it stands in what is signed, in logs and on the command line.
const LONGEST_NAME: usize = 32;

/// A site that this core feeds. Keys are exchanged by `core-api site add`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteSettings {
    /// What we call it.
    pub name: String,
    /// Its sync listener.
    pub sync_url: Origin,
    /// The address that people use.
    pub public_origin: Origin,
    /// Where its public listener is, where the inside has no name for it or another one.
    pub public_address: Option<SocketAddr>,
    /// The authority of its public certificate, where the host's own list does not have it.
    pub public_ca_file: Option<PathBuf>,
    /// The helpdesk's telephone number on its pages.
    pub phone: Option<String>,
    /// The helpdesk's mail address on its pages.
    pub mail: Option<String>,
}

impl SiteSettings {
    /// The public host and where it stands, for whoever has no name for it.
    pub fn stands_at(&self) -> Option<(&str, SocketAddr)> {
        self.public_address
            .map(|address| (self.public_origin.host(), address))
    }

    /// What the site's pages say.
    pub fn look(&self, organisation: &str, demo: bool) -> Look {
        Look {
            public_origin: self.public_origin.to_string(),
            organisation: organisation.to_owned(),
            phone: self.phone.clone(),
            mail: self.mail.clone(),
            demo,
        }
    }
}

/// Reads `[[site]]`.
pub(super) fn sites(root: &Section<'_>) -> Vec<SiteSettings> {
    let mut names = BTreeSet::new();
    root.sections("site")
        .iter()
        .map(|section| {
            let site = site(section);
            if !site.name.is_empty() && !names.insert(site.name.clone()) {
                section.mistake("name", "another site has this name already");
            }
            site
        })
        .collect()
}

fn site(section: &Section<'_>) -> SiteSettings {
    let name: String = section.get("name");
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !name.is_empty() && (name.len() > LONGEST_NAME || !name.bytes().all(is_plain)) {
        section.mistake(
            "name",
            "write up to 32 lower-case letters, digits and hyphens, such as \"dmz1\"",
        );
    }
    SiteSettings {
        name,
        sync_url: section.get("sync_url"),
        public_origin: section.get("public_origin"),
        public_address: section.find("public_address"),
        public_ca_file: section.find_file("public_ca_file"),
        phone: section.find("phone"),
        mail: section.find("mail"),
    }
}
