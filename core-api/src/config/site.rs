//! Sites of one-time messages: where they are, and what their pages say about whose they are.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use contract::pairing::{Look, is_name};
use selfdestruct::config::SiteConfig;
use server::ListenerSettings;
use server::config::{Origin, Section};

/// Where the core reaches a site that it serves itself, unless it is said.
const EMBEDDED_SYNC: &str = "https://127.0.0.1:8444";

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
    /// Whether this core serves it itself.
    pub is_embedded: bool,
}

/// A site that this core serves itself, for those who have no DMZ.
#[derive(Debug, Clone)]
pub struct EmbeddedSite {
    /// Its name among the sites.
    pub name: String,
    /// What its own process would be told.
    pub config: SiteConfig,
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

/// Reads `[[site]]`, and what is said there about those that the core serves itself from below `data_dir`. `taken`: files
/// of certificates and keys that are not theirs.
pub(super) fn sites(
    root: &Section<'_>,
    folder: &Path,
    data_dir: &Path,
    mut taken: Vec<PathBuf>,
) -> (Vec<SiteSettings>, Vec<EmbeddedSite>) {
    let mut names = BTreeSet::new();
    let (mut sites, mut embedded) = (Vec::new(), Vec::new());
    for section in root.sections("site") {
        let site = site(&section);
        if !site.name.is_empty() && !names.insert(site.name.clone()) {
            section.mistake("name", "another site has this name already");
        }
        if let Some(own) = section.find_section("embedded") {
            let sync = on_this_host(&section, &site.sync_url);
            let [data, keys] = ["sites", "site-keys"].map(|below| data_dir.join(below).join(&site.name));
            let config = SiteConfig::embedded(folder, &own, data, keys, sync);
            if config.public.sources.is_empty() {
                let mistake =
                    "write the networks of those for whom it is, such as [\"10.0.0.0/8\"]: it stands inside";
                own.mistake("sources", mistake);
            }
            taken.extend(files_of_its_own(&own, &config.public, &taken));
            embedded.push(EmbeddedSite {
                name: site.name.clone(),
                config,
            });
        }
        sites.push(site);
    }
    (sites, embedded)
}

/// A renewal overwrites them, whoever else reads them.
fn files_of_its_own(section: &Section<'_>, public: &ListenerSettings, taken: &[PathBuf]) -> Vec<PathBuf> {
    let Some(files) = &public.tls else {
        return Vec::new();
    };
    for (key, file) in [("cert_file", &files.cert), ("key_file", &files.key)] {
        if taken.iter().any(|other| is_same(other, file)) {
            let mistake = "this file is used elsewhere as well, and a renewal of the site's certificate would \
                           overwrite it: give the site files of its own";
            section.mistake(key, mistake);
        }
    }
    vec![files.cert.clone(), files.key.clone()]
}

/// Whether both paths lead to the same file, also by a link.
fn is_same(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// Where the core serves a site for itself: nobody else has anything to do there.
fn on_this_host(section: &Section<'_>, sync_url: &Origin) -> SocketAddr {
    let port = sync_url.url().port_or_known_default().unwrap_or(443);
    match sync_url.host().trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) if address.is_loopback() => SocketAddr::new(address, port),
        _ => {
            let mistake = "an embedded site is synchronised on this host: write a loopback address, such as \"https://127.0.0.1:8444\"";
            section.mistake("sync_url", mistake);
            SocketAddr::from((Ipv4Addr::LOCALHOST, port))
        }
    }
}

fn site(section: &Section<'_>) -> SiteSettings {
    let name: String = section.get("name");
    if !name.is_empty() && !is_name(&name) {
        section.mistake(
            "name",
            "write up to 32 lower-case letters, digits and hyphens, such as \"dmz1\"",
        );
    }
    let is_embedded = section.find_section("embedded").is_some();
    SiteSettings {
        name,
        sync_url: sync_url(section, is_embedded),
        public_origin: section.get("public_origin"),
        public_address: section.find("public_address"),
        public_ca_file: section.find_file("public_ca_file"),
        phone: section.find("phone"),
        mail: section.find("mail"),
        is_embedded,
    }
}

fn sync_url(section: &Section<'_>, is_embedded: bool) -> Origin {
    match Origin::parse(EMBEDDED_SYNC) {
        Ok(usual) if is_embedded => section.get_or("sync_url", usual),
        _ => section.get("sync_url"),
    }
}
