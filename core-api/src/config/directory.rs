//! The domain: a real one, or the one that is built in for trying things out.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use secrecy::{ExposeSecret as _, SecretString};
use server::config::Section;

use super::{list, text_of};

/// Which directory, and how it is reached.
pub enum DirectorySettings {
    /// A domain.
    ActiveDirectory(Box<ActiveDirectorySettings>),
    /// Accounts in the data directory; only in the demo.
    Embedded(EmbeddedDirectorySettings),
}

/// How a domain is reached.
pub struct ActiveDirectorySettings {
    /// Its DNS name.
    pub domain: String,
    /// Its NetBIOS name, as in `CORP\alice`.
    pub netbios: String,
    /// Where the people are.
    pub base_dn: String,
    /// Controllers, the preferred one first.
    pub controllers: Vec<Controller>,
    /// How the connection is protected.
    pub security: Security,
    /// The service account, as a UPN or DN.
    pub bind_user: String,
    /// Its password.
    pub bind_password: SecretString,
    /// The authority that signed the controllers' certificates, PEM.
    pub ca_pem: String,
    /// SIDs of accounts and groups that no recovery may touch, besides the usual protected ones.
    pub protected_sids: Vec<String>,
    /// Resets too must respect the password history; a controller that cannot do that refuses them.
    pub require_history: bool,
}

/// A domain controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Controller {
    /// The name that its certificate must carry.
    pub name: String,
    /// Where it is, when the name is not to be resolved.
    pub address: Option<IpAddr>,
    /// The port, when it is not the usual one.
    pub port: Option<u16>,
}

/// How a connection to a controller is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte, port 636.
    Ldaps,
    /// TLS after a request for it, port 389.
    StartTls,
}

/// The built-in directory.
pub struct EmbeddedDirectorySettings {
    /// First passwords of the demo's people, by user name. People that are there already keep theirs.
    pub passwords: BTreeMap<String, SecretString>,
}

/// Reads the one `[[directory]]`.
pub(super) fn read(root: &Section<'_>, demo: bool) -> DirectorySettings {
    let sections = root.sections("directory");
    if sections.len() != 1 {
        root.mistake(
            "directory",
            "write one section `[[directory]]`: this release serves one domain",
        );
    }
    let Some(section) = sections.first() else {
        return DirectorySettings::Embedded(EmbeddedDirectorySettings {
            passwords: BTreeMap::new(),
        });
    };
    let kinds = [("active-directory", true), ("embedded", false)];
    if section.choice("kind", &kinds, None) {
        DirectorySettings::ActiveDirectory(Box::new(active_directory(section)))
    } else {
        if !demo {
            section.mistake(
                "kind",
                "the embedded directory is no real one: write \"active-directory\", or `demo = true` at the top",
            );
        }
        DirectorySettings::Embedded(EmbeddedDirectorySettings {
            passwords: passwords(section),
        })
    }
}

fn passwords(section: &Section<'_>) -> BTreeMap<String, SecretString> {
    let key = "passwords_file";
    let Some(text) = section.find_secret_file(key) else {
        return BTreeMap::new();
    };
    let named: Result<BTreeMap<String, String>, _> = serde_json::from_str(text.expose_secret());
    if named.is_err() {
        section.mistake(key, "the file must hold a JSON object of user names to passwords");
    }
    named
        .unwrap_or_default()
        .into_iter()
        .map(|(name, password)| (name, SecretString::from(password)))
        .collect()
}

fn active_directory(section: &Section<'_>) -> ActiveDirectorySettings {
    let writers: Vec<String> = section
        .section("passwords")
        .get_or("write", vec!["ldaps".to_owned()]);
    if writers != ["ldaps"] {
        section.section("passwords").mistake(
            "write",
            "this release writes passwords over LDAPS only: write [\"ldaps\"]",
        );
    }
    ActiveDirectorySettings {
        domain: section.get("domain"),
        netbios: section.get("netbios"),
        base_dn: section.get("base_dn"),
        controllers: controllers(section),
        security: section.choice(
            "security",
            &[("ldaps", Security::Ldaps), ("starttls", Security::StartTls)],
            Some("ldaps"),
        ),
        bind_user: section.get("bind_user"),
        bind_password: section.secret_file("bind_password_file"),
        ca_pem: text_of(&section.file("ca_file")),
        protected_sids: protected_sids(section),
        require_history: section.get_or("require_history", false),
    }
}

fn controllers(section: &Section<'_>) -> Vec<Controller> {
    let named: Vec<String> = section.get("controllers");
    let understood: Option<Vec<_>> = named.iter().map(|text| controller(text)).collect();
    match understood {
        Some(controllers) if !controllers.is_empty() => controllers,
        _ => {
            section.mistake(
                "controllers",
                "write a list of names, each alone, with an address or with address and port, \
                 such as [\"dc1.corp.example\", \"dc2.corp.example=10.2.0.5\", \"dc3.corp.example=10.2.0.6:636\"]",
            );
            Vec::new()
        }
    }
}

/// Understands `name`, `name=address` and `name=address:port`.
fn controller(text: &str) -> Option<Controller> {
    let (name, place) = match text.split_once('=') {
        None => (text, None),
        Some((name, place)) => (name, Some(place)),
    };
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    if !is_name {
        return None;
    }
    let (address, port) = match place {
        None => (None, None),
        Some(place) => match place.parse::<SocketAddr>() {
            Ok(socket) => (Some(socket.ip()), Some(socket.port())),
            Err(_) => (Some(place.parse().ok()?), None),
        },
    };
    Some(Controller {
        name: name.to_ascii_lowercase(),
        address,
        port,
    })
}

fn protected_sids(section: &Section<'_>) -> Vec<String> {
    let sids = list(section, "protected_sids");
    let is_sid = |text: &String| {
        text.strip_prefix("S-1-").is_some_and(|rest| {
            rest.split('-')
                .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        })
    };
    if !sids.iter().all(is_sid) {
        section.mistake("protected_sids", "write SIDs, such as [\"S-1-5-21-1-2-3-1104\"]");
    }
    sids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_controller_is_named_with_or_without_its_address() {
        let read = |text| {
            controller(text).map(|found| (found.name, found.address.map(|ip| ip.to_string()), found.port))
        };
        assert_eq!(
            read("DC1.corp.example"),
            Some(("dc1.corp.example".to_owned(), None, None))
        );
        assert_eq!(
            read("dc1=127.0.0.10"),
            Some(("dc1".to_owned(), Some("127.0.0.10".to_owned()), None))
        );
        assert_eq!(
            read("dc1=[::1]:1636"),
            Some(("dc1".to_owned(), Some("::1".to_owned()), Some(1636)))
        );
        assert_eq!(read("dc1=dc2"), None);
        assert_eq!(read("=127.0.0.10"), None);
        assert_eq!(read("ldaps://dc1"), None);
    }
}
