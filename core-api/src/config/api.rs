//! Who may use the core's API, and who renews their certificates.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use server::config::{Origin, Section};

use super::messages;

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
    /// A tool of the organisation that sends one-time messages.
    Sender {
        /// Who is told what became of them.
        notify: Option<String>,
    },
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Portal,
    Client,
    Sender,
}

fn peer(section: &Section<'_>) -> Peer {
    let san: String = section.get("san");
    let kinds = [
        ("portal", Kind::Portal),
        ("client", Kind::Client),
        ("sender", Kind::Sender),
    ];
    let kind = section.choice("role", &kinds, None);
    let origin = section.find::<Origin>("origin");
    let notify = messages::notify(section);
    if kind != Kind::Portal && origin.is_some() {
        section.mistake("origin", "only a portal has a public origin");
    }
    if kind != Kind::Sender && notify.is_some() {
        section.mistake("notify", "only a sender is told what became of messages");
    }
    let role = match (kind, origin) {
        (Kind::Portal, Some(origin)) => Role::Portal { origin },
        (Kind::Portal, None) => {
            section.mistake(
                "origin",
                "a portal has a public origin: write `origin = \"https://...\"`",
            );
            Role::Client
        }
        (Kind::Client, _) => Role::Client,
        (Kind::Sender, _) => Role::Sender { notify },
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
            Role::Client | Role::Sender { .. } => None,
        })
        .collect()
}

/// Who may send messages, and who is told what became of them.
pub(super) fn senders(peers: &[Peer]) -> BTreeMap<String, Option<String>> {
    peers
        .iter()
        .filter_map(|peer| match &peer.role {
            Role::Sender { notify } => Some((peer.san.clone(), notify.clone())),
            Role::Client | Role::Portal { .. } => None,
        })
        .collect()
}
