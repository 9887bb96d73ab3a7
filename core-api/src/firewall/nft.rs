//! The paths as rules of nftables. Whoever loads them closes everything else.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ipnet::IpNet;

use super::plan::{End, Party, Path, Plan};

/// For which host the rules are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Place {
    /// The core's own host.
    Core,
    /// A portal's host.
    Portal,
    /// A site's host.
    Site,
    /// A host that stands between the zones and forwards.
    DmzFirewall,
    /// All of them, to be read; each is a table of its own.
    All,
}

impl Place {
    /// The places, one by one.
    pub fn each(self) -> Vec<Self> {
        match self {
            Self::All => vec![Self::Core, Self::Portal, Self::Site, Self::DmzFirewall],
            one => vec![one],
        }
    }

    /// The name of its table, and of the place where people read it.
    pub const fn table(self) -> &'static str {
        match self {
            Self::Core => "sallyport_core",
            Self::Portal => "sallyport_portal",
            Self::Site => "sallyport_site",
            Self::DmzFirewall => "sallyport_zones",
            Self::All => "sallyport",
        }
    }

    const fn heading(self) -> &'static str {
        match self {
            Self::Core => "the core's host",
            Self::Portal => "a portal's host",
            Self::Site => "a site's host",
            Self::DmzFirewall => "the firewall between Internet, DMZ and inside",
            Self::All => "everywhere",
        }
    }
}

/// The rules, to be loaded with `nft -f`. Loaded again, they replace themselves.
pub fn rules(plan: &Plan, place: Place) -> String {
    let mut text = list(plan);
    for place in place.each() {
        text.push_str(&table(plan, place));
    }
    text
}

/// The paths, for people.
fn list(plan: &Plan) -> String {
    let mut text = String::from("# What stays open; everything else is closed.\n#\n");
    for path in &plan.paths {
        let from = format!("{} ({})", word(path.from), shown(&path.source));
        let to = format!("{} ({})", word(path.to), shown(&path.target));
        line(
            &mut text,
            &format!("#   {from} -> {to}, TCP {}: {}", path.port, path.why),
        );
    }
    for name in plan.missing() {
        line(
            &mut text,
            &format!("# CLOSED: {name} has no address here; give it with --address {name}=IP"),
        );
    }
    text
}

fn table(plan: &Plan, place: Place) -> String {
    let name = place.table();
    let mut text = format!("\n# For {}.\n", place.heading());
    // Made first, so that it is there to be deleted: the whole file is one transaction.
    line(&mut text, &format!("table inet {name}"));
    line(&mut text, &format!("delete table inet {name}"));
    line(&mut text, &format!("table inet {name} {{"));
    line(
        &mut text,
        "\t# What else this host needs: its administrators, time, names. Fill it in a file of yours.",
    );
    line(&mut text, "\tchain own {\n\t}");
    if matches!(place, Place::Site | Place::DmzFirewall) {
        line(
            &mut text,
            "\n\t# Connections that a site tried to begin: always 0.",
        );
        line(&mut text, "\tcounter dials {\n\t}");
    }
    match place {
        Place::DmzFirewall => forward(&mut text, plan),
        Place::Core => host(&mut text, plan, Party::Core, &[]),
        Place::Site => host(&mut text, plan, Party::Site, &[never_dials(plan)]),
        Place::Portal | Place::All => host(&mut text, plan, Party::Portal, &[]),
    }
    line(&mut text, "}");
    text
}

/// What every chain lets through: answers, and what IPv6 cannot be without.
const ANSWERS: &str = "\t\tct state established,related accept
\t\tct state invalid counter drop
\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert } accept";

fn chain(text: &mut String, hook: &str, rules: &[String]) {
    line(text, &format!("\n\tchain {hook} {{"));
    line(
        text,
        &format!("\t\ttype filter hook {hook} priority filter; policy drop;"),
    );
    for rule in rules {
        line(text, &format!("\t\t{rule}"));
    }
    line(text, "\t\tjump own");
    line(text, "\t\tcounter comment \"closed\"\n\t}");
}

/// A host's own rules; `first` stand before everything on its way out.
fn host(text: &mut String, plan: &Plan, party: Party, first: &[String]) {
    let mut inward = local("iifname");
    let arriving = plan.paths.iter().filter(|path| path.to == party);
    inward.extend(arriving.flat_map(|path| open(path, &path.source, &End::Anywhere)));
    chain(text, "input", &inward);
    let mut outward = first.to_vec();
    outward.extend(local("oifname"));
    let leaving = plan.paths.iter().filter(|path| path.from == party);
    outward.extend(leaving.flat_map(|path| open(path, &End::Anywhere, &path.target)));
    chain(text, "output", &outward);
    // Such a host forwards nothing, whatever its kernel was told.
    chain(text, "forward", &[]);
}

/// The site's process begins nothing, not even towards its own host, whatever else is let out.
fn never_dials(plan: &Plan) -> String {
    format!(
        "meta skuid {} ct state new counter name dials drop",
        plan.site_user
    )
}

fn local(which: &str) -> Vec<String> {
    vec![ANSWERS.trim_start().to_owned(), format!("{which} \"lo\" accept")]
}

fn forward(text: &mut String, plan: &Plan) {
    let mut rules = silent_sites(plan);
    rules.push(ANSWERS.trim_start().to_owned());
    rules.extend(
        plan.paths
            .iter()
            .flat_map(|path| open(path, &path.source, &path.target)),
    );
    chain(text, "forward", &rules);
}

/// Sites are where people and the core reach them, and nothing may begin there.
fn silent_sites(plan: &Plan) -> Vec<String> {
    let sites = plan.paths.iter().filter(|path| path.to == Party::Site);
    let mut rules = BTreeSet::new();
    for families in sites.filter_map(|path| families(&path.target)) {
        for (family, four) in [("ip", true), ("ip6", false)] {
            let networks = families.of(four).unwrap_or_default();
            if !networks.is_empty() {
                let networks = networks.join(", ");
                rules.insert(format!(
                    "{family} saddr {{ {networks} }} ct state new counter name dials drop"
                ));
            }
        }
    }
    rules.into_iter().collect()
}

/// The rules that let a path through, one for each kind of addresses; none where an end is not known.
fn open(path: &Path, source: &End, target: &End) -> Vec<String> {
    let (Some(sources), Some(targets)) = (families(source), families(target)) else {
        return Vec::new();
    };
    let mut rules: Vec<String> = Vec::new();
    for (family, four) in [("ip", true), ("ip6", false)] {
        let (Some(from), Some(to)) = (sources.of(four), targets.of(four)) else {
            continue;
        };
        let mut matching = String::new();
        for (networks, which) in [(from, "saddr"), (to, "daddr")] {
            if !networks.is_empty() {
                matching = format!("{matching}{family} {which} {{ {} }} ", networks.join(", "));
            }
        }
        let rule = format!(
            "{matching}tcp dport {} ct state new counter accept comment \"{} to {}\"",
            path.port,
            word(path.from),
            word(path.to)
        );
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    rules
}

/// Networks of an end by kind of address.
enum Families {
    /// Both kinds, whatever they are.
    Any,
    /// These.
    Some { four: Vec<String>, six: Vec<String> },
}

impl Families {
    /// The networks of one kind: none to be matched where any will do, `None` where there are none of this kind.
    fn of(&self, four: bool) -> Option<&[String]> {
        let networks = match self {
            Self::Any => return Some(&[]),
            Self::Some { four: list, .. } if four => list,
            Self::Some { six: list, .. } => list,
        };
        (!networks.is_empty()).then_some(networks)
    }
}

fn families(end: &End) -> Option<Families> {
    match end {
        End::Anywhere => Some(Families::Any),
        End::Unknown(_) => None,
        End::In(networks) => {
            let (four, six): (Vec<&IpNet>, Vec<&IpNet>) =
                networks.iter().partition(|network| network.addr().is_ipv4());
            let written = |networks: Vec<&IpNet>| networks.into_iter().map(written).collect();
            Some(Families::Some {
                four: written(four),
                six: written(six),
            })
        }
    }
}

/// As nftables writes it: a single address without a length.
fn written(network: &IpNet) -> String {
    if network.prefix_len() == network.max_prefix_len() {
        network.addr().to_string()
    } else {
        network.trunc().to_string()
    }
}

fn shown(end: &End) -> String {
    match end {
        End::Anywhere => "anywhere".to_owned(),
        End::Unknown(name) => name.clone(),
        End::In(networks) => {
            let networks: BTreeSet<String> = networks.iter().map(written).collect();
            networks.into_iter().collect::<Vec<_>>().join(", ")
        }
    }
}

const fn word(party: Party) -> &'static str {
    match party {
        Party::Anyone => "anyone",
        Party::Portal => "portal",
        Party::Site => "site",
        Party::Core => "core",
        Party::Client => "client",
        Party::Controller => "controller",
        Party::Mail => "mail",
    }
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("text takes whatever is written");
}
