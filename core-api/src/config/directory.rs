//! The domain: a real one, or the one that is built in for trying things out.

use std::collections::BTreeSet;

use directory::{ActiveDirectorySettings, Controller, Security, Sid};
use server::config::Section;

use super::{list, text_of};

/// Which directory, and how it is reached.
pub enum DirectorySettings {
    /// A domain.
    ActiveDirectory {
        /// How it is reached.
        settings: Box<ActiveDirectorySettings>,
        /// The account on which `check` tries the right to reset.
        probe_account: Option<String>,
    },
    /// Accounts in the data directory; only in the demo.
    Embedded {
        /// The groups that the policies name.
        policy_groups: BTreeSet<String>,
    },
}

/// Reads the one `[[directory]]`. `policy_groups` are those that the policies name.
pub(super) fn read(root: &Section<'_>, demo: bool, policy_groups: BTreeSet<String>) -> DirectorySettings {
    let sections = root.sections("directory");
    if sections.len() != 1 {
        root.mistake(
            "directory",
            "write one section `[[directory]]`: this release serves one domain",
        );
    }
    let Some(section) = sections.first() else {
        return DirectorySettings::Embedded { policy_groups };
    };
    let kinds = [("active-directory", true), ("embedded", false)];
    if section.choice("kind", &kinds, None) {
        return DirectorySettings::ActiveDirectory {
            settings: Box::new(active_directory(section, policy_groups)),
            probe_account: section.find("probe_account"),
        };
    }
    if !demo {
        section.mistake(
            "kind",
            "the embedded directory is no real one: write \"active-directory\", or `demo = true` at the top",
        );
    }
    DirectorySettings::Embedded { policy_groups }
}

fn active_directory(section: &Section<'_>, policy_groups: BTreeSet<String>) -> ActiveDirectorySettings {
    let passwords = section.section("passwords");
    let writers: Vec<String> = passwords.get_or("write", vec!["ldaps".to_owned()]);
    if writers != ["ldaps"] {
        passwords.mistake(
            "write",
            "this release writes passwords over LDAPS only: write [\"ldaps\"]",
        );
    }
    ActiveDirectorySettings {
        domain: section.get("domain"),
        netbios: section.find("netbios"),
        base_dn: section.get("base_dn"),
        controllers: controllers(section),
        security: section.choice(
            "security",
            &[("ldaps", Security::Ldaps), ("starttls", Security::StartTls)],
            Some("ldaps"),
        ),
        bind_user: section.get("bind_user"),
        bind_password: section.secret_file("bind_password_file"),
        ca_pem: text_of(&section.file("ca_file")).into_bytes(),
        protected_sids: protected_sids(section),
        policy_groups,
        require_history: section.get_or("require_history", false),
    }
}

fn controllers(section: &Section<'_>) -> Vec<Controller> {
    let named: Vec<String> = section.get("controllers");
    let understood: Result<Vec<Controller>, String> = named.iter().map(|text| text.parse()).collect();
    match understood {
        Ok(controllers) => {
            if controllers.len() != 1 {
                section.mistake(
                    "controllers",
                    "write one controller: this release works with exactly one",
                );
            }
            controllers
        }
        Err(wrong) => {
            section.mistake("controllers", &wrong);
            Vec::new()
        }
    }
}

fn protected_sids(section: &Section<'_>) -> BTreeSet<Sid> {
    let sids: Result<BTreeSet<Sid>, _> = list(section, "protected_sids")
        .iter()
        .map(|text| text.parse::<Sid>())
        .collect();
    sids.unwrap_or_else(|_| {
        section.mistake("protected_sids", "write SIDs, such as [\"S-1-5-21-1-2-3-1104\"]");
        BTreeSet::new()
    })
}
