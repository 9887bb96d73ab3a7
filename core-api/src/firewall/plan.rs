//! The paths that this configuration needs: from, to, port, why.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use directory::Security;
use ipnet::IpNet;
use serde::Serialize;
use server::config::Origin;

use crate::config::{Config, DirectorySettings, Role, SiteSettings, Transport};

/// Who is at an end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// The world.
    Anyone,
    /// A portal.
    Portal,
    /// A site of one-time messages.
    Site,
    /// This core.
    Core,
    /// A tool of the organisation that uses the core's API.
    Client,
    /// A domain controller.
    Controller,
    /// The mail server.
    Mail,
}

/// Where an end of a path is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// Anywhere.
    Anywhere,
    /// In these networks.
    In(BTreeSet<IpNet>),
    /// At a name whose address nobody gave.
    Unknown(String),
}

/// A path that stays open. All of them are TCP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Path {
    /// Who connects.
    pub from: Party,
    /// From where.
    pub source: End,
    /// To whom.
    pub to: Party,
    /// To where.
    pub target: End,
    /// To which port.
    pub port: u16,
    /// What for.
    pub why: &'static str,
}

/// Every path that stays open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The paths, in the order in which people ask about them.
    pub paths: Vec<Path>,
    /// The user that a site runs as.
    #[serde(skip)]
    pub site_user: String,
}

impl Plan {
    /// Names without an address. The paths to them stay closed.
    pub fn missing(&self) -> BTreeSet<&str> {
        let ends = self.paths.iter().flat_map(|path| [&path.source, &path.target]);
        ends.filter_map(|end| match end {
            End::Unknown(name) => Some(name.as_str()),
            _ => None,
        })
        .collect()
    }
}

/// Addresses that were given for names.
pub type Addresses = BTreeMap<String, BTreeSet<IpAddr>>;

/// What the core is called where its listener names no address.
const CORE: &str = "core";

/// Reads the paths off the configuration.
pub fn plan(config: &Config, addresses: &Addresses, site_user: &str) -> Plan {
    let at = |name: &str| at(name, addresses);
    let listen = config.api.address;
    let core = if listen.ip().is_unspecified() {
        at(CORE)
    } else {
        one(listen.ip())
    };
    let mut paths = Vec::new();
    let portals = portals(config);
    for (origin, names) in &portals {
        let target = first_known(
            [at(origin.host())]
                .into_iter()
                .chain(names.iter().map(|name| at(name))),
        );
        let port = port(origin);
        paths.push(Path {
            from: Party::Anyone,
            source: End::Anywhere,
            to: Party::Portal,
            target,
            port,
            why: "pages",
        });
    }
    paths.extend(pages_of_sites(config, &at));
    let callers = End::In(config.api.sources.iter().copied().collect());
    let has_clients = config.peers.iter().any(|peer| peer.role == Role::Client);
    let mut call = |from, why| {
        paths.push(Path {
            from,
            source: callers.clone(),
            to: Party::Core,
            target: core.clone(),
            port: listen.port(),
            why,
        });
    };
    if !portals.is_empty() {
        call(Party::Portal, "forward a request, mutual TLS");
    }
    if has_clients {
        call(Party::Client, "use the API, mutual TLS");
    }
    paths.extend(sites(config, &core, &at));
    let outward = |to, target, port, why| Path {
        from: Party::Core,
        source: core.clone(),
        to,
        target,
        port,
        why,
    };
    paths.extend(
        controllers(&config.directory)
            .into_iter()
            .map(|(name, address, port)| {
                let target = address.map_or_else(|| at(&name), one);
                outward(Party::Controller, target, port, "find, read, write")
            }),
    );
    if let Transport::Smtp { host, port, .. } = &config.mail.transport {
        paths.push(outward(Party::Mail, at(host), *port, "codes and notices"));
    }
    Plan {
        paths,
        site_user: site_user.to_owned(),
    }
}

fn port(origin: &Origin) -> u16 {
    origin.url().port_or_known_default().unwrap_or(443)
}

/// Where a site's public listener is: at the address that was given for its public name or for its own.
fn public_end(site: &SiteSettings, at: &impl Fn(&str) -> End) -> End {
    first_known([site.public_origin.host(), &site.name].into_iter().map(at))
}

fn pages_of_sites(config: &Config, at: &impl Fn(&str) -> End) -> Vec<Path> {
    let sites = config.settings.sites.iter();
    sites
        .map(|site| Path {
            from: Party::Anyone,
            source: End::Anywhere,
            to: Party::Site,
            target: public_end(site, at),
            port: port(&site.public_origin),
            why: "pages",
        })
        .collect()
}

/// The core always dials. It also looks whether the public pages are still those that it knows.
fn sites(config: &Config, core: &End, at: &impl Fn(&str) -> End) -> Vec<Path> {
    let path = |target, port, why| Path {
        from: Party::Core,
        source: core.clone(),
        to: Party::Site,
        target,
        port,
        why,
    };
    let sites = config.settings.sites.iter();
    sites
        .flat_map(|site| {
            let sync = first_known([site.sync_url.host(), &site.name].into_iter().map(at));
            [
                path(
                    sync,
                    port(&site.sync_url),
                    "push messages, pull events, mutual TLS",
                ),
                path(
                    public_end(site, at),
                    port(&site.public_origin),
                    "compare the public pages",
                ),
            ]
        })
        .collect()
}

fn one(address: IpAddr) -> End {
    End::In(BTreeSet::from([IpNet::from(address)]))
}

fn at(name: &str, addresses: &Addresses) -> End {
    if let Ok(address) = name.parse() {
        return one(address);
    }
    match addresses.get(&name.to_ascii_lowercase()) {
        Some(known) => End::In(known.iter().copied().map(IpNet::from).collect()),
        None => End::Unknown(name.to_owned()),
    }
}

/// All that is known of it; what it is called first, if nothing is.
fn first_known(ends: impl Iterator<Item = End>) -> End {
    let mut known = BTreeSet::new();
    let mut unknown = End::Anywhere;
    for end in ends {
        match end {
            End::In(networks) => known.extend(networks),
            other if unknown == End::Anywhere => unknown = other,
            _ => {}
        }
    }
    if known.is_empty() { unknown } else { End::In(known) }
}

/// The portals' names by the origin that they serve.
fn portals(config: &Config) -> Vec<(&Origin, Vec<&str>)> {
    let mut portals: Vec<(&Origin, Vec<&str>)> = Vec::new();
    for peer in &config.peers {
        let Role::Portal { origin } = &peer.role else {
            continue;
        };
        match portals.iter_mut().find(|(known, _)| *known == origin) {
            Some((_, names)) => names.push(&peer.san),
            None => portals.push((origin, vec![&peer.san])),
        }
    }
    portals
}

fn controllers(directory: &DirectorySettings) -> Vec<(String, Option<IpAddr>, u16)> {
    let DirectorySettings::ActiveDirectory { settings, .. } = directory else {
        return Vec::new();
    };
    let usual = match settings.security {
        Security::Ldaps => 636,
        Security::StartTls => 389,
    };
    let controllers = settings.controllers.iter();
    controllers
        .map(|one| (one.name.clone(), one.address, one.port.unwrap_or(usual)))
        .collect()
}
