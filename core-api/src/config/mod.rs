//! What the core is told: one file, read as a whole, every mistake reported at once with its line.
//!
//! Each section has a file here that reads and checks it; `deploy/config/core-api.example.toml` explains every key.

mod api;
mod audit;
mod directory;
mod keys;
mod mail;
mod messages;
mod passwords;
mod policy;
mod recovery;
mod site;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use server::config::{Effective, Mistakes, Section, load};
use server::logs::LogSettings;
use server::tls::Clients;
use server::{ListenerSettings, config::Setting};

pub use self::api::{Peer, PkiSettings, Role};
pub use self::directory::DirectorySettings;
pub use self::keys::KeySettings;
pub use self::mail::{MailSettings, SmtpTls, Transport};
pub use self::passwords::PasswordSettings;
pub use self::site::{EmbeddedSite, SiteSettings};
use crate::core::Settings;
use crate::mail::House;

/// Everything that the core is told, checked.
pub struct Config {
    /// Where database, keys made by the core and the admin socket stand.
    pub data_dir: PathBuf,
    /// How log lines are written.
    pub log: LogSettings,
    /// The loopback listener for health and metrics.
    pub health: ListenerSettings,
    /// The listener for portals and API clients.
    pub api: ListenerSettings,
    /// Who may use it, by the name in the certificate.
    pub peers: Vec<Peer>,
    /// The authority that renews their certificates, if the core is one.
    pub pki: Option<PkiSettings>,
    /// The domain.
    pub directory: DirectorySettings,
    /// What may be done for whom.
    pub settings: Settings,
    /// The organisation's own password rules.
    pub passwords: PasswordSettings,
    /// How mail leaves.
    pub mail: MailSettings,
    /// What every letter says about where it comes from.
    pub house: House,
    /// The sites that the core serves itself.
    pub embedded: Vec<EmbeddedSite>,
    /// Key files; what is not named is made at the first start.
    pub keys: KeySettings,
}

/// Reads the configuration and says what of it is in force.
///
/// # Errors
/// Every mistake in the file and in the environment.
pub fn read(
    file: &Path,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<(Config, Effective), Mistakes> {
    let folder = file.parent().unwrap_or(Path::new("")).to_owned();
    load(file, environment, |root| config(root, &Folder(folder)))
}

/// The folder of the configuration file, which relative paths start from.
struct Folder(PathBuf);

impl Folder {
    fn join(&self, path: &Path) -> PathBuf {
        self.0.join(path)
    }
}

fn config(root: &Section<'_>, folder: &Folder) -> Config {
    let demo = root.get_or("demo", false);
    let organisation: String = root.get("organisation");
    let mail = root.section("mail");
    let api = root.section("api");
    let peers = api::peers(&api);
    let house = mail::house(&mail, &organisation);
    let data_dir = folder.join(&root.get::<PathBuf>("data_dir"));
    let listener = ListenerSettings::inner(&api);
    let pki = root
        .find_section("pki")
        .map(|section| PkiSettings::read(&section));
    let (sites, embedded) = site::sites(root, &folder.0, &data_dir, own_files(&listener, pki.as_ref()));
    let mut settings = recovery::read(
        &root.section("recovery"),
        organisation,
        demo,
        api::portals(&peers),
        sites,
        audit::read(&root.section("audit")),
        mail::operators(&mail),
    );
    settings.senders = api::senders(&peers);
    settings.messages = messages::read(&root.section("messages"), &settings.sites);
    Config {
        data_dir,
        log: LogSettings::read(&root.section("log")),
        health: ListenerSettings::local(&root.section("health")),
        api: listener,
        peers,
        pki,
        directory: directory::read(root, demo, settings.policies.groups()),
        settings,
        passwords: PasswordSettings::read(&root.section("passwords")),
        mail: MailSettings::read(&mail, folder),
        house,
        embedded,
        keys: KeySettings::read(&root.section("keys"), folder),
    }
}

/// Certificates and keys of the core itself.
fn own_files(api: &ListenerSettings, pki: Option<&PkiSettings>) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = pki
        .into_iter()
        .flat_map(|pki| [pki.issuer_cert.clone(), pki.issuer_key.clone()])
        .collect();
    if let Some(tls) = &api.tls {
        files.extend([tls.cert.clone(), tls.key.clone()]);
        if let Clients::Of(authority) = &tls.clients {
            files.push(authority.clone());
        }
    }
    files
}

/// A list that may be absent and then is empty.
fn list(section: &Section<'_>, key: &str) -> Vec<String> {
    section.get_or(key, Vec::stand_in())
}

/// The text of a file whose path was checked by the section; an unreadable one is noted there already.
fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
