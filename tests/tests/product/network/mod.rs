//! Internet, DMZ and inside as networks, with the rules that the core prints: what shall work works, and every other
//! path is tried and stays closed.

mod outside;
mod zones;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;
use tests::network::{FIREWALL, Network, Protocol, Way};
use tests::processes::{Running, wait_for};

use self::zones::{BARE, CONTROLLER, CORE, HOSTS, Inside, MAIL, PORTAL, SITE, Zones};

/// Ports that are tried everywhere, besides the portal's: administration, mail, names, the directory's, time, the web's,
/// ours.
const PORTS: [u16; 16] = [
    22, 25, 53, 80, 88, 123, 389, 443, 445, 464, 587, 636, 3268, 3269, 8443, 9090,
];

const LIMIT: Duration = Duration::from_mins(1);

/// Ways by the host where they begin.
type Ways = BTreeSet<(&'static str, Way)>;

fn tcp(address: Ipv4Addr, port: u16) -> Way {
    Way {
        protocol: Protocol::Tcp,
        to: SocketAddr::from((address, port)),
    }
}

/// Every way to a host: TCP and UDP to all the ports that are tried, and ICMP, each by IPv4 and IPv6.
fn ways_to(network: &Network, host: &str, portal: u16) -> Vec<Way> {
    let ports = PORTS.into_iter().chain([portal]);
    let by_port = ports.flat_map(|port| [Protocol::Tcp, Protocol::Udp].map(|protocol| (protocol, port)));
    by_port
        .chain([(Protocol::Icmp, 0)])
        .flat_map(|(protocol, port)| {
            network.addresses(host).map(|address| Way {
                protocol,
                to: SocketAddr::from((address, port)),
            })
        })
        .collect()
}

/// Something listens at the end of every way to a host, so that what stays closed is closed by the rules. `served`: ways
/// at whose end a server of ours is.
async fn listen(zones: &Zones, host: &str, served: &[Way]) -> Running {
    let Zones { stack, network, .. } = zones;
    let ways = ways_to(network, host, stack.port);
    let vacant: Vec<Way> = ways.iter().filter(|way| !served.contains(way)).copied().collect();
    let log = stack.state().join(format!("log/listeners-{host}.log"));
    let mut running = Running::spawn(network.listeners(host, &vacant), &log);
    wait_for("listeners", LIMIT, async || {
        assert!(running.is_running(), "{}", running.log());
        running.log().contains("listening").then_some(())
    })
    .await;
    let open = network.open_ways(host, &ways).await;
    let silent: Vec<&Way> = ways.iter().filter(|way| !open.contains(way)).collect();
    assert_eq!(silent, Vec::<&Way>::new(), "nothing listens there");
    running
}

/// Every way from every host to every other.
fn all_ways(network: &Network, portal: u16) -> Ways {
    let pairs = HOSTS
        .iter()
        .flat_map(|(from, _)| HOSTS.iter().map(move |(to, _)| (*from, *to)));
    pairs
        .filter(|(from, to)| from != to)
        .flat_map(|(from, to)| {
            ways_to(network, to, portal)
                .into_iter()
                .map(move |way| (from, way))
        })
        .collect()
}

/// Tries these ways; gives those that are open.
async fn find_open(network: &Network, all: &Ways) -> Ways {
    let tries = HOSTS.map(|(from, _)| async move {
        let ways: Vec<Way> = all
            .iter()
            .filter(|(begin, _)| *begin == from)
            .map(|(_, way)| *way)
            .collect();
        let open = network.open_ways(from, &ways).await;
        open.into_iter().map(move |way| (from, way))
    });
    join_all(tries).await.into_iter().flatten().collect()
}

fn expect(open: &Ways, expected: &Ways, when: &str) {
    let shown = |ways: BTreeSet<&(&str, Way)>| -> Vec<String> {
        ways.into_iter()
            .map(|(from, way)| format!("{from} -> {way}"))
            .collect()
    };
    let wrongly_closed = shown(expected.difference(open).collect());
    let wrongly_open = shown(open.difference(expected).collect());
    assert!(
        wrongly_closed.is_empty() && wrongly_open.is_empty(),
        "{when}: closed {wrongly_closed:#?}, open {wrongly_open:#?}"
    );
}

/// What the design opens; the core reaches the controller and the mail server at these ports.
fn designed(portal: u16, controller: u16, mail: u16) -> Ways {
    let pages = [tcp(PORTAL, portal), tcp(SITE, 443)];
    let mut designed = Ways::from([
        ("portal", tcp(CORE, 8443)),
        ("core", tcp(SITE, 8443)),
        ("core", tcp(CONTROLLER, controller)),
        ("core", tcp(MAIL, mail)),
    ]);
    // What is for anyone is for hosts inside, too.
    for from in ["internet", "core", "controller", "mail"] {
        designed.extend(pages.map(|way| (from, way)));
    }
    designed
}

/// The pages once more: a host's own rules let people in at whatever address it has.
fn pages_by_ipv6(network: &Network, portal: u16) -> Ways {
    let pages = [("portal", portal), ("site", 443)].map(|(host, port)| {
        let [_, address] = network.addresses(host);
        Way {
            protocol: Protocol::Tcp,
            to: SocketAddr::from((address, port)),
        }
    });
    let begin = BARE.into_iter();
    begin.flat_map(|from| pages.map(|way| (from, way))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_paths_of_the_design_are_open() {
    let zones = Zones::start().await;
    let Zones { stack, network, .. } = &zones;

    // People get their page, and it came through the firewall, from a portal that reached its core.
    let portal = SocketAddr::from((PORTAL, stack.port));
    let host = format!("portal.localhost:{}", stack.port);
    let page = network.get("internet", portal, &host, &stack.ca()).await;
    let page = page.expect("the portal is reached from the Internet");
    assert!(page.contains("What do you need?"), "{page}");
    for rule in ["anyone to portal", "portal to core", "core to site"] {
        assert!(zones.passing(rule).await > 0, "nothing went from {rule}");
    }

    // Everything else is tried, against listeners that would answer.
    network.add_ipv6().await;
    let _listeners = [
        listen(&zones, "internet", &[]).await,
        listen(&zones, "portal", &[tcp(PORTAL, stack.port)]).await,
        listen(&zones, "site", &[tcp(SITE, 443), tcp(SITE, 8443)]).await,
        listen(&zones, "core", &[tcp(CORE, 8443)]).await,
        listen(&zones, "controller", &[]).await,
        listen(&zones, "mail", &[]).await,
    ];
    let (all, usual) = (all_ways(network, stack.port), designed(stack.port, 636, 587));
    let closed_before = zones.passing("closed").await;
    let open = find_open(network, &all).await;
    expect(&open, &usual, "with all rules");
    for rule in ["core to controller", "core to mail"] {
        assert!(zones.passing(rule).await > 0, "nothing went from {rule}");
    }
    assert!(zones.passing("closed").await - closed_before >= closed_from("internet", &all, &open));
    assert_eq!(
        zones.dials_seen().await,
        0,
        "the site's own host stops what begins there"
    );
    assert!(
        zones.others_stopped().await >= closed_from("site", &all, &open),
        "what was tried from the site's host was not counted"
    );

    // Each line of defence holds alone: somebody opened the firewall, or took the hosts over and opened them.
    zones.close_only(&["core", "portal", "site"]).await;
    let mut expected = usual.clone();
    expected.extend(all.iter().filter(|way| begins_and_ends_bare(network, way)));
    expected.extend(pages_by_ipv6(network, stack.port));
    expect(
        &find_open(network, &all).await,
        &expected,
        "with the hosts' rules alone",
    );
    zones.close_only(&[FIREWALL]).await;
    let mut expected = usual;
    // What is for anyone is for the DMZ, too, as far as the firewall knows.
    expected.insert(("portal", tcp(SITE, 443)));
    expect(
        &find_open(network, &all).await,
        &expected,
        "with the firewall's rules alone",
    );
    assert!(
        zones.dials_seen().await > 0,
        "the firewall does not count what the site begins"
    );

    // The core may reach the inside at the other usual ports.
    let inside = Inside {
        security: "starttls",
        mail_port: 25,
    };
    zones.close_for(inside).await;
    expect(
        &find_open(network, &all).await,
        &designed(stack.port, 389, 25),
        "with StartTLS to the controller, and mail to port 25",
    );

    // It was the rules, and nothing else, that closed all these ways.
    zones.close_only(&[]).await;
    expect(&find_open(network, &all).await, &all, "without rules");
}

/// How many ways from there are closed.
fn closed_from(host: &str, all: &Ways, open: &Ways) -> u64 {
    let closed = all.difference(open).filter(|(from, _)| *from == host);
    u64::try_from(closed.count()).expect("a few hundred")
}

/// Whether neither end has rules of its own.
fn begins_and_ends_bare(network: &Network, (from, way): &(&str, Way)) -> bool {
    BARE.contains(from) && BARE.iter().any(|to| network.addresses(to).contains(&way.to.ip()))
}
