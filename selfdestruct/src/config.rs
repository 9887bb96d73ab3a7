//! The site's settings, read from `selfdestruct.toml`. What the core has to say comes with the pairing instead.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use contract::sync::LONGEST_WAIT;
use ipnet::IpNet;
use server::ListenerSettings;
use server::config::{Section, Size};
use server::tls::{Clients, TlsFiles};

use crate::pair::Place;
use crate::site;

/// Where a site of its own host is, and where its keys are, unless it is said.
const DATA: &str = "/var/lib/sallyport/site";
const KEYS: &str = "/var/lib/sallyport/site-keys";
/// A form of the public pages is a few hundred bytes; only drops are larger, and their route says so.
const PUBLIC_BODY: usize = 4 * 1024;
/// What stands around a ciphertext in a push: its length, its head, and the length of the whole in a batch.
const AROUND: u64 = 64 * 1024;
/// Where people come in, unless it is said.
const ANYWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 443);
/// A slow line needs its time for a file.
const LEAST_PUBLIC_DEADLINE: Duration = Duration::from_mins(1);
/// The core waits for events, and the answer takes its time, too.
const LEAST_SYNC_DEADLINE: Duration = Duration::from_secs(LONGEST_WAIT as u64 + 15);

/// Everything that a site is told by its administrator.
#[derive(Clone, Debug)]
pub struct SiteConfig {
    /// Where the database is, and what belongs to the pairing.
    pub data_dir: PathBuf,
    /// Where the data keys are: on a path that no backup and no snapshot covers.
    pub keys_dir: PathBuf,
    /// Where people come in.
    pub public: ListenerSettings,
    /// Where the core comes in. Whom it lets in is in the pairing: until that is known, nobody.
    pub sync: ListenerSettings,
    /// How old the core's last confirmation may be while messages are opened.
    pub confirm_within: Duration,
    /// How long the same reader may fetch the same reading again.
    pub lease: Duration,
    /// How much there may be.
    pub limits: Limits,
    /// Health and metrics, on loopback; `None` where whoever serves this site shows them together with its own.
    pub health: Option<ListenerSettings>,
}

/// How much a site takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest ciphertext, in bytes.
    pub largest: u64,
    /// All ciphertexts together, in bytes.
    pub most_stored: u64,
    /// Messages that live at the same time.
    pub most_messages: u64,
    /// What lies in drop boxes together, in bytes.
    pub most_dropped: u64,
}

impl SiteConfig {
    /// Reads the whole file, which stands in `folder`.
    pub fn read(folder: &Path, root: &Section<'_>) -> Self {
        let data_dir = folder.join(root.get_or("data_dir", PathBuf::from(DATA)));
        let keys_dir = folder.join(root.get_or("keys_dir", PathBuf::from(KEYS)));
        let public = ListenerSettings::public(&root.section("public"), ANYWHERE);
        let sync = ListenerSettings::pinned(&root.section("sync"), sync_files(&data_dir));
        Self {
            health: Some(ListenerSettings::local(&root.section("health"))),
            ..Self::of(root, data_dir, keys_dir, public, sync)
        }
    }

    /// Reads `section` of the core's own file, which stands in `folder`: a site that the core serves itself, and whose
    /// sync listener it reaches at `sync`, on its own host. `data_dir` and `keys_dir`: where the site and its keys are,
    /// unless the section says.
    pub fn embedded(
        folder: &Path,
        section: &Section<'_>,
        data_dir: PathBuf,
        keys_dir: PathBuf,
        sync: SocketAddr,
    ) -> Self {
        let data_dir = folder.join(section.get_or("data_dir", data_dir));
        let keys_dir = folder.join(section.get_or("keys_dir", keys_dir));
        let public = ListenerSettings::public(section, ANYWHERE);
        let sync = ListenerSettings::pinned_at(sync, vec![IpNet::from(sync.ip())], sync_files(&data_dir));
        Self::of(section, data_dir, keys_dir, public, sync)
    }

    fn of(
        root: &Section<'_>,
        data_dir: PathBuf,
        keys_dir: PathBuf,
        mut public: ListenerSettings,
        mut sync: ListenerSettings,
    ) -> Self {
        if keys_dir.starts_with(&data_dir) {
            root.mistake(
                "keys_dir",
                "write a folder outside data_dir: one that no backup and no snapshot covers",
            );
        }
        let limits = Limits::read(&root.section("limits"));
        public.body_limit = PUBLIC_BODY;
        public.deadline = public.deadline.max(LEAST_PUBLIC_DEADLINE);
        sync.body_limit = usize::try_from(limits.largest + AROUND).unwrap_or(usize::MAX);
        sync.deadline = sync.deadline.max(LEAST_SYNC_DEADLINE);
        let (second, minute) = (Duration::from_secs, Duration::from_mins);
        Self {
            public,
            sync,
            confirm_within: root.get_within("confirm_within", minute(2), second(10)..=minute(60)),
            lease: root.get_within("lease", minute(2), second(10)..=minute(10)),
            limits,
            health: None,
            data_dir,
            keys_dir,
        }
    }
}

impl SiteConfig {
    /// What the site below the listeners is told of it. `name`: what the core calls it.
    pub fn site(&self, name: &str) -> site::Settings {
        site::Settings {
            data_dir: self.data_dir.clone(),
            keys_dir: self.keys_dir.clone(),
            name: name.to_owned(),
            confirm_within: self.confirm_within,
            lease: self.lease,
            limits: site::Limits {
                largest: self.limits.largest,
                bytes: self.limits.most_stored,
                messages: self.limits.most_messages,
                drop_bytes: self.limits.most_dropped,
                ..site::Limits::default()
            },
        }
    }
}

impl Limits {
    fn read(section: &Section<'_>) -> Self {
        let (kib, mib, gib) = (1 << 10, 1 << 20, 1_u64 << 30);
        let usual = site::Limits::default();
        let sizes = |least, most| Size(least)..=Size(most);
        Self {
            largest: section
                .get_within("largest", Size(usual.largest), sizes(4 * kib, 64 * mib))
                .0,
            most_stored: section
                .get_within("most_stored", Size(usual.bytes), sizes(mib, 16 * 1024 * gib))
                .0,
            most_messages: section.get_within("most_messages", usual.messages, 1..=100_000_000),
            most_dropped: section
                .get_within(
                    "most_dropped",
                    Size(usual.drop_bytes),
                    sizes(mib, 16 * 1024 * gib),
                )
                .0,
        }
    }
}

/// The pairing makes these files.
fn sync_files(data_dir: &Path) -> TlsFiles {
    let place = Place::new(data_dir);
    TlsFiles {
        cert: place.sync_certificate(),
        key: place.sync_key(),
        clients: Clients::Pinned(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use server::logs::LogSettings;

    use super::*;

    /// The sample with its paths replaced by files that exist.
    fn sample(folder: &Path, changes: &[(&str, &str)]) -> Result<SiteConfig, String> {
        let mut text = include_str!("../../deploy/config/selfdestruct.example.toml").to_owned();
        for (was, is) in changes {
            assert!(text.contains(was), "{was} is not in the sample");
            text = text.replace(was, is);
        }
        std::fs::create_dir_all(folder.join("site-tls")).unwrap();
        for file in ["site-tls/fullchain.pem", "site-tls/private.key"] {
            let path = folder.join(file);
            std::fs::write(&path, "").unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        }
        let file = folder.join("selfdestruct.toml");
        std::fs::write(&file, text).unwrap();
        let read = |root: &Section<'_>| {
            (
                SiteConfig::read(folder, root),
                LogSettings::read(&root.section("log")),
            )
        };
        server::config::load(&file, [], read)
            .map(|((config, _), _)| config)
            .map_err(|mistakes| mistakes.to_string())
    }

    #[test]
    fn the_sample_is_a_configuration_and_shows_the_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let config = sample(folder.path(), &[]).unwrap();
        assert_eq!(config.sync.address.to_string(), "10.1.0.20:8443");
        assert_eq!(config.data_dir, Path::new("/var/lib/sallyport/site"));
        assert_eq!(config.keys_dir, Path::new("/var/lib/sallyport/site-keys"));
        assert_eq!(config.confirm_within, Duration::from_mins(2));
        assert_eq!(config.limits.largest, 12 << 20);
        assert!(config.sync.deadline > Duration::from_secs(LONGEST_WAIT.into()));
        assert!(
            config
                .sync
                .tls
                .is_some_and(|tls| tls.clients == Clients::Pinned(Vec::new())),
            "without a pairing nobody is let in"
        );
        // What is commented out shows its default: written out, it changes nothing.
        let written = [
            ("# confirm_within", "confirm_within"),
            ("# lease", "lease"),
            ("# largest", "largest"),
            ("# most_stored", "most_stored"),
            ("# most_messages", "most_messages"),
            ("# most_dropped", "most_dropped"),
            ("# data_dir", "data_dir"),
            ("# keys_dir", "keys_dir"),
        ];
        let same = sample(folder.path(), &written).unwrap();
        assert_eq!(
            (
                same.confirm_within,
                same.lease,
                same.limits,
                same.data_dir,
                same.keys_dir
            ),
            (
                config.confirm_within,
                config.lease,
                config.limits,
                config.data_dir,
                config.keys_dir
            )
        );
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let mistakes = sample(
            folder.path(),
            &[
                ("listen = \"10.1.0.20:8443\"", "listen = \"localhost:8443\""),
                ("sources = [\"10.2.0.10\"]", ""),
                (
                    "# keys_dir = \"/var/lib/sallyport/site-keys\"",
                    "keys_dir = \"/var/lib/sallyport/site/keys\"",
                ),
                ("# largest = \"12MiB\"", "largest = \"12 pounds\""),
                ("# lease = \"2m\"", "lease = \"1d\""),
            ],
        )
        .unwrap_err();
        for word in [
            "sync.listen",
            "literal",
            "sync.sources",
            "keys_dir",
            "limits.largest",
            "lease",
        ] {
            assert!(mistakes.contains(word), "{word} is not in:\n{mistakes}");
        }
    }
}
