//! Who may use the core's API, and who renews their certificates.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use server::config::{Origin, Section};

/// A server or tool that may use the API, known by its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The DNS name in its certificate, in lower case.
    pub san: String,
    /// What it may ask for.
    pub role: Role,
}

/// What a peer may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Carries people's recoveries.
    Portal {
        /// The public origin that it serves; several portals may serve one.
        origin: Origin,
    },
    /// A tool of the organisation; it may ask for health and documents, not for recoveries.
    Client,
}

/// The issuing authority, for renewals asked for over the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PkiSettings {
    /// Certificate of the issuing authority, PEM.
    pub issuer_cert: PathBuf,
    /// Its private key, PEM.
    pub issuer_key: PathBuf,
}

impl PkiSettings {
    pub(super) fn read(section: &Section<'_>) -> Self {
        Self {
            issuer_cert: section.file("issuer_cert_file"),
            issuer_key: section.private_file("issuer_key_file"),
        }
    }
}

/// Reads `[[api.peer]]`.
pub(super) fn peers(api: &Section<'_>) -> Vec<Peer> {
    let mut names = BTreeSet::new();
    api.sections("peer")
        .iter()
        .map(|section| {
            let peer = peer(section);
            if !peer.san.is_empty() && !names.insert(peer.san.clone()) {
                section.mistake("san", "another peer has this name already");
            }
            peer
        })
        .collect()
}

fn peer(section: &Section<'_>) -> Peer {
    let san: String = section.get("san");
    let is_portal = section.choice("role", &[("portal", true), ("client", false)], None);
    let origin = section.find::<Origin>("origin");
    let role = match (is_portal, origin) {
        (true, Some(origin)) => Role::Portal { origin },
        (true, None) => {
            section.mistake(
                "origin",
                "a portal has a public origin: write `origin = \"https://...\"`",
            );
            Role::Client
        }
        (false, origin) => {
            if origin.is_some() {
                section.mistake("origin", "only a portal has a public origin");
            }
            Role::Client
        }
    };
    Peer {
        san: san.to_ascii_lowercase(),
        role,
    }
}

/// The public origin of each portal.
pub(super) fn portals(peers: &[Peer]) -> BTreeMap<String, String> {
    peers
        .iter()
        .filter_map(|peer| match &peer.role {
            Role::Portal { origin } => Some((peer.san.clone(), origin.to_string())),
            Role::Client => None,
        })
        .collect()
}
