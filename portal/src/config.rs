//! The portal's settings, read from `portal.toml`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use seal::{PinnedKey, SigningKey, os_random};
use server::ListenerSettings;
use server::config::{Origin, Section};
use server::logs::LogSettings;
use ui::{Demo, Helpdesk, Lang, Service, Site};
use url::Url;

/// A form carries a box of at most 12 KiB and the block that it was sealed to.
const BODY_LIMIT: usize = 16 * 1024;
/// The core takes up to 12 s for a proof, and a lost answer is asked for once more.
const LEAST_DEADLINE: Duration = Duration::from_secs(30);

/// Everything that a portal is told.
#[derive(Clone, Debug)]
pub struct PortalConfig {
    /// The address that people use. No address is ever made from what a request says about itself.
    pub origin: Origin,
    /// Where people come in.
    pub public: ListenerSettings,
    /// The way to the core.
    pub core: CoreLink,
    /// What pages say and how.
    pub look: Look,
    /// Refuses forms whose secrets are not sealed by the browser; people then need JavaScript.
    pub require_browser_sealing: bool,
    /// Health and metrics, on loopback.
    pub health: ListenerSettings,
    /// Log lines.
    pub log: LogSettings,
}

/// The core, and who we are to it.
#[derive(Clone, Debug)]
pub struct CoreLink {
    /// The core's origin.
    pub url: Url,
    /// Our certificate, PEM. It is renewed in place.
    pub cert_file: PathBuf,
    /// Its key, PEM.
    pub key_file: PathBuf,
    /// The authority whose certificates are believed, PEM.
    pub ca_file: PathBuf,
    /// The core's signing key: what it did not sign is not sealed to.
    pub signing_key: PinnedKey,
}

/// What pages say and how.
#[derive(Clone, Debug)]
pub struct Look {
    /// Organisation, helpdesk, demonstration.
    pub site: Site,
    /// The languages offered; the first is for browsers that ask for none of them.
    pub languages: Vec<Lang>,
    /// The zone that times are told in.
    pub zone: TimeZone,
}

impl PortalConfig {
    /// Reads the whole file.
    pub fn read(root: &Section<'_>) -> Self {
        let mut public =
            ListenerSettings::public(&root.section("public"), SocketAddr::from(([0, 0, 0, 0], 443)));
        public.body_limit = BODY_LIMIT;
        public.deadline = public.deadline.max(LEAST_DEADLINE);
        let portal = root.section("portal");
        Self {
            origin: root.get("public_origin"),
            public,
            core: CoreLink::read(&root.section("core")),
            look: Look::read(&portal, &root.section("help")),
            require_browser_sealing: portal.get_or("require_browser_sealing", false),
            health: ListenerSettings::local(&root.section("health")),
            log: LogSettings::read(&root.section("log")),
        }
    }
}

impl CoreLink {
    fn read(section: &Section<'_>) -> Self {
        match section.get_or("link", "forward".to_owned()).as_str() {
            "forward" => {}
            "answer" => section.mistake(
                "link",
                "this version cannot wait for the core to dial in; write \"forward\" and open the way to the core",
            ),
            _ => section.mistake("link", "write \"forward\""),
        }
        let pin = section.parsed(
            "signing_key",
            "the core's signing key, \"ed25519:\" and 43 characters, as the core prints it",
            None,
            |text| PinnedKey::parse(text).ok().map(Some),
        );
        Self {
            url: section.get::<Origin>("url").url().clone(),
            cert_file: section.file("cert_file"),
            key_file: section.private_file("key_file"),
            ca_file: section.file("ca_file"),
            // A stand-in after a mistake; it never gets out of the reading.
            signing_key: pin.unwrap_or_else(|| SigningKey::generate(&mut os_random).pinned()),
        }
    }
}

impl Look {
    fn read(portal: &Section<'_>, help: &Section<'_>) -> Self {
        let helpdesk = Helpdesk {
            phone: help.find("phone"),
            mail: help.find("mail"),
        };
        if helpdesk.phone.is_none() && helpdesk.mail.is_none() {
            help.mistake(
                "phone",
                "write `phone` or `mail`: who is stuck must reach a person",
            );
        }
        let banners = [
            ("off", None),
            ("no-directory", Some(Demo::NoRealDirectory)),
            ("test-domain", Some(Demo::TestDomain)),
        ];
        let site = Site {
            service: Service::Account,
            organisation: portal.get("organisation"),
            helpdesk,
            demo: portal.choice("demo_banner", &banners, Some("off")),
        };
        Self {
            site,
            languages: languages(portal),
            zone: zone(portal),
        }
    }
}

fn languages(portal: &Section<'_>) -> Vec<Lang> {
    let all = || Lang::ALL.map(|lang| lang.tag().to_owned()).to_vec();
    let tags: Vec<String> = portal.get_or("languages", all());
    let known: Vec<Lang> = tags.iter().filter_map(|tag| Lang::from_tag(tag)).collect();
    if known.len() != tags.len() || known.is_empty() {
        portal.mistake("languages", "write at least one of \"en\" and \"de\"");
    }
    known
}

fn zone(portal: &Section<'_>) -> TimeZone {
    let name: String = portal.get_or("time_zone", "UTC".to_owned());
    TimeZone::get(&name).unwrap_or_else(|_| {
        portal.mistake(
            "time_zone",
            "write a zone of the IANA database such as \"Europe/Berlin\"",
        );
        TimeZone::UTC
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The sample with its paths replaced by files that exist.
    fn sample(folder: &Path, changes: &[(&str, &str)]) -> Result<PortalConfig, String> {
        let mut text = include_str!("../../deploy/config/portal.example.toml").to_owned();
        for (was, is) in changes {
            assert!(text.contains(was), "{was} is not in the sample");
            text = text.replace(was, is);
        }
        std::fs::create_dir_all(folder.join("tls")).unwrap();
        std::fs::create_dir_all(folder.join("pki")).unwrap();
        for file in [
            "tls/fullchain.pem",
            "tls/private.key",
            "pki/portal1.pem",
            "pki/portal1.key",
            "pki/root.pem",
        ] {
            let path = folder.join(file);
            std::fs::write(&path, "").unwrap();
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(&path, mode).unwrap();
        }
        let file = folder.join("portal.toml");
        std::fs::write(&file, text).unwrap();
        server::config::load(&file, [], PortalConfig::read)
            .map(|(config, _)| config)
            .map_err(|mistakes| mistakes.to_string())
    }

    #[test]
    fn the_sample_is_a_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let config = sample(folder.path(), &[]).unwrap();
        assert_eq!(config.origin.as_str(), "https://reset.corp.example");
        assert_eq!(config.core.url.as_str(), "https://10.2.0.10:8443/");
        assert_eq!(config.look.site.organisation, "Corp Example");
        assert!(config.look.site.demo.is_none() && !config.require_browser_sealing);
        assert!(config.public.deadline >= LEAST_DEADLINE);
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let mistakes = sample(
            folder.path(),
            &[
                ("link = \"forward\"", "link = \"answer\""),
                ("ed25519:", "ed25519:x"),
                ("Europe/Berlin", "Europe/Atlantis"),
                ("phone = ", "telephone = "),
                ("mail = ", "male = "),
            ],
        )
        .unwrap_err();
        for word in [
            "core.link",
            "dial in",
            "core.signing_key",
            "portal.time_zone",
            "help.phone",
            "telephone",
        ] {
            assert!(mistakes.contains(word), "{word} is not in:\n{mistakes}");
        }
    }
}
