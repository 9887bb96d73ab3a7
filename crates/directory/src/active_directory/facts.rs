//! What is the same for all accounts of the domain, and seldom changes.

use std::collections::BTreeMap;

use ldap3::{Scope, ldap_escape};

use crate::active_directory::entry::Entry;
use crate::active_directory::session::{POLICY_HINTS, Session};
use crate::active_directory::settings::ActiveDirectorySettings;
use crate::active_directory::sid::Sid;
use crate::error::DirectoryError;

/// A security group; a distribution group is in nobody's token (MS-ADTS 2.2.12).
const SECURITY_GROUP: u32 = 0x8000_0000;

/// What was learnt about the domain.
pub(super) struct Facts {
    /// The DN of the domain itself, which carries its password policy.
    pub head: String,
    /// Its `NetBIOS` name.
    pub netbios: String,
    /// Whether the controller can hold a reset to the history.
    pub has_policy_hints: bool,
    /// The policies' groups by SID, spelt as configured.
    pub groups: BTreeMap<Sid, String>,
    /// What is wrong with those that are not among them.
    pub missing_groups: Vec<String>,
    /// The service account.
    pub service: Option<Service>,
}

/// The service account itself.
pub(super) struct Service {
    pub sid: Sid,
    /// It belongs to a group that it must never touch.
    pub is_privileged: bool,
}

impl Facts {
    pub(super) async fn learn(
        session: &mut Session<'_>,
        settings: &ActiveDirectorySettings,
    ) -> Result<Self, DirectoryError> {
        let root = root(session).await?;
        let told = |name: &str| root.text(name).map(str::to_owned).ok_or_else(|| lacks(name));
        let head = told("defaultNamingContext")?;
        let netbios = match &settings.netbios {
            Some(configured) => configured.clone(),
            None => netbios(session, &told("configurationNamingContext")?, &head).await?,
        };
        let mut facts = Self {
            has_policy_hints: root
                .texts("supportedControl")
                .any(|control| control == POLICY_HINTS),
            service: service(session, &head, &settings.bind_user).await?,
            head,
            netbios,
            groups: BTreeMap::new(),
            missing_groups: Vec::new(),
        };
        for group in &settings.policy_groups {
            match security_group(session, group).await? {
                Ok(sid) => drop(facts.groups.insert(sid, group.clone())),
                Err(wrong) => facts.missing_groups.push(format!("{group}: {wrong}")),
            }
        }
        Ok(facts)
    }
}

/// The rootDSE: what the controller says about itself (RFC 4512 5.1).
pub(super) async fn root(session: &mut Session<'_>) -> Result<Entry, DirectoryError> {
    let attributes = [
        "defaultNamingContext",
        "configurationNamingContext",
        "supportedControl",
        "currentTime",
        "dnsHostName",
    ];
    session
        .entry("", &attributes)
        .await?
        .ok_or_else(|| lacks("rootDSE"))
}

fn lacks(what: &str) -> DirectoryError {
    DirectoryError::Protocol(format!("the controller tells no {what}"))
}

async fn netbios(
    session: &mut Session<'_>,
    configuration: &str,
    head: &str,
) -> Result<String, DirectoryError> {
    let filter = format!("(&(objectClass=crossRef)(nCName={}))", ldap_escape(head));
    let partitions = format!("CN=Partitions,{configuration}");
    let found = session
        .search(&partitions, Scope::OneLevel, &filter, &["nETBIOSName"], 0)
        .await?;
    let name = found.first().and_then(|entry| entry.text("nETBIOSName"));
    name.map(str::to_owned).ok_or_else(|| lacks("NetBIOS name"))
}

/// The group's SID, or what is wrong with it.
async fn security_group(
    session: &mut Session<'_>,
    dn: &str,
) -> Result<Result<Sid, &'static str>, DirectoryError> {
    let entry = match session.entry(dn, &["objectSid", "groupType"]).await {
        Ok(Some(entry)) => entry,
        // Result 34 or 10: it is no DN, or one of another domain.
        Ok(None) | Err(DirectoryError::Misconfigured(_)) => return Ok(Err("there is no such group")),
        Err(other) => return Err(other),
    };
    if entry
        .flags("groupType")
        .is_none_or(|kind| kind & SECURITY_GROUP == 0)
    {
        return Ok(Err("it is no security group, so nobody's membership shows"));
    }
    Ok(entry
        .bytes("objectSid")
        .and_then(Sid::from_bytes)
        .ok_or("its SID cannot be read"))
}

/// Finds the service account by the name that it signs in with.
async fn service(
    session: &mut Session<'_>,
    head: &str,
    user: &str,
) -> Result<Option<Service>, DirectoryError> {
    let dn = if user.contains('=') {
        user.to_owned()
    } else {
        let name = user
            .split(['\\', '@'])
            .nth(usize::from(user.contains('\\')))
            .unwrap_or(user);
        let (name, user) = (ldap_escape(name), ldap_escape(user));
        let filter = format!("(&(objectClass=user)(|(userPrincipalName={user})(sAMAccountName={name})))");
        let found = session
            .search(head, Scope::Subtree, &filter, &["objectSid"], 2)
            .await?;
        match found.as_slice() {
            [one] => one.dn.clone(),
            _ => return Ok(None),
        }
    };
    let Some(entry) = session.entry(&dn, &["objectSid", "tokenGroups"]).await? else {
        return Ok(None);
    };
    let Some(sid) = entry.bytes("objectSid").and_then(Sid::from_bytes) else {
        return Ok(None);
    };
    let groups = entry.values("tokenGroups");
    let is_privileged = groups
        .iter()
        .filter_map(|group| Sid::from_bytes(group))
        .any(|group| group.is_privileged());
    Ok(Some(Service { sid, is_privileged }))
}
