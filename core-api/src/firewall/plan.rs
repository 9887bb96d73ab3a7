//! The paths that this configuration needs: from, to, port, why.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use directory::Security;
use ipnet::IpNet;
use serde::Serialize;
use server::config::Origin;

use crate::config::{Config, DirectorySettings, Peer, Role, SiteSettings, Transport};

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
    let listen = config.api.address.ip();
    let core = if listen.is_unspecified() {
        at(CORE)
    } else {
        one(listen)
    };
    let mut paths = pages_of_portals(config, &at);
    paths.extend(pages_of_sites(config, &at));
    let pages: Vec<Path> = paths.iter().map(|path| compare(path, &core)).collect();
    paths.extend(calls(config, &core));
    paths.extend(pages_of_embedded_sites(config, &core));
    paths.extend(sites(config, &core, &at));
    paths.extend(pages);
    paths.extend(controllers(&config.directory, &core, &at));
    if let Transport::Smtp { host, port, .. } = &config.mail.transport {
        let why = "codes and notices";
        paths.push(outward(&core, Party::Mail, at(host), *port, why));
    }
    Plan {
        paths,
        site_user: site_user.to_owned(),
    }
}

/// A path that begins at the core.
fn outward(core: &End, to: Party, target: End, port: u16, why: &'static str) -> Path {
    Path {
        from: Party::Core,
        source: core.clone(),
        to,
        target,
        port,
        why,
    }
}

/// The core looks whether the public pages are those that it was built with.
fn compare(pages: &Path, core: &End) -> Path {
    let why = "compare the public pages";
    outward(core, pages.to, pages.target.clone(), pages.port, why)
}

fn pages_of_portals(config: &Config, at: &impl Fn(&str) -> End) -> Vec<Path> {
    let portals = portals(config).into_iter();
    portals
        .map(|(origin, names)| Path {
            from: Party::Anyone,
            source: End::Anywhere,
            to: Party::Portal,
            target: first_known([origin.host()].into_iter().chain(names).map(at)),
            port: port(origin),
            why: "pages",
        })
        .collect()
}

/// Who calls the core's API: peers are known by certificates, their places by the listener's sources.
fn calls(config: &Config, core: &End) -> Vec<Path> {
    let is_portal = |peer: &Peer| matches!(peer.role, Role::Portal { .. });
    let callers = [
        (Party::Portal, true, "forward a request, mutual TLS"),
        (Party::Client, false, "use the API, mutual TLS"),
    ];
    let there = |wanted: bool| config.peers.iter().any(|peer| is_portal(peer) == wanted);
    callers
        .into_iter()
        .filter(|(_, wanted, _)| there(*wanted))
        .map(|(from, _, why)| Path {
            from,
            source: End::In(config.api.sources.iter().copied().collect()),
            to: Party::Core,
            target: core.clone(),
            port: config.api.address.port(),
            why,
        })
        .collect()
}

fn port(origin: &Origin) -> u16 {
    origin.url().port_or_known_default().unwrap_or(443)
}

/// Where a site's public listener is: where the configuration says, and at the address that was given for its public
/// name or for its own.
fn public_end(site: &SiteSettings, at: &impl Fn(&str) -> End) -> End {
    let named = [site.public_origin.host(), &site.name].into_iter().map(at);
    let configured = site.public_address.map(|address| one(address.ip()));
    first_known(configured.into_iter().chain(named))
}

/// Its port, which need not be the one that people use.
fn public_port(site: &SiteSettings) -> u16 {
    site.public_address
        .map_or_else(|| port(&site.public_origin), |address| address.port())
}

/// Sites that stand elsewhere.
fn apart(config: &Config) -> impl Iterator<Item = &SiteSettings> {
    config.settings.sites.iter().filter(|site| !site.is_embedded)
}

/// The core itself shows the pages of embedded sites, to those for whom their listeners are.
fn pages_of_embedded_sites(config: &Config, core: &End) -> Vec<Path> {
    config
        .embedded
        .iter()
        .map(|site| {
            let public = &site.config.public;
            let listens = public.address.ip();
            Path {
                from: Party::Anyone,
                source: End::In(public.sources.iter().copied().collect()),
                to: Party::Core,
                target: if listens.is_unspecified() {
                    core.clone()
                } else {
                    one(listens)
                },
                port: public.address.port(),
                why: "pages of an embedded site",
            }
        })
        .collect()
}

fn pages_of_sites(config: &Config, at: &impl Fn(&str) -> End) -> Vec<Path> {
    apart(config)
        .map(|site| Path {
            from: Party::Anyone,
            source: End::Anywhere,
            to: Party::Site,
            target: public_end(site, at),
            port: public_port(site),
            why: "pages",
        })
        .collect()
}

/// The core always dials.
fn sites(config: &Config, core: &End, at: &impl Fn(&str) -> End) -> Vec<Path> {
    let why = "push messages, pull events, mutual TLS";
    apart(config)
        .map(|site| {
            let target = first_known([site.sync_url.host(), &site.name].into_iter().map(at));
            outward(core, Party::Site, target, port(&site.sync_url), why)
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

fn controllers(directory: &DirectorySettings, core: &End, at: &impl Fn(&str) -> End) -> Vec<Path> {
    let DirectorySettings::ActiveDirectory { settings, .. } = directory else {
        return Vec::new();
    };
    let usual = match settings.security {
        Security::Ldaps => 636,
        Security::StartTls => 389,
    };
    let controllers = settings.controllers.iter();
    controllers
        .map(|one_of_them| {
            let target = one_of_them.address.map_or_else(|| at(&one_of_them.name), one);
            let port = one_of_them.port.unwrap_or(usual);
            outward(core, Party::Controller, target, port, "find, read, write")
        })
        .collect()
}
