//! Internet, DMZ and inside as networks, with the rules that the core prints: what shall work works, and every other
//! path is tried and stays closed.

mod outside;
mod zones;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use tests::network::Network;
use tests::processes::{Running, wait_for};
use tests::stack::Stack;

use self::zones::{CORE, HOSTS, PORTAL, Zones};

/// Ports that are tried everywhere: administration, names, the directory's, the web's, ours.
const PORTS: [u16; 11] = [22, 53, 88, 389, 443, 445, 464, 636, 3268, 8443, 9090];

const LIMIT: Duration = Duration::from_secs(20);

/// Something listens on every port of a host that is tried, so that what stays closed is closed by the rules.
async fn listen(stack: &Stack, network: &Network, host: &str, except: &[u16]) -> Running {
    let ports: Vec<u16> = PORTS.into_iter().filter(|port| !except.contains(port)).collect();
    let log = stack.state().join(format!("log/listeners-{host}.log"));
    let running = Running::spawn(network.listeners(host, &ports), &log);
    wait_for("listeners", LIMIT, async || {
        running.log().contains("listening").then_some(())
    })
    .await;
    for port in ports {
        let here = SocketAddr::from((network.address(host), port));
        assert!(
            network.connects(host, here).await,
            "nothing listens on {port} of {host}"
        );
    }
    running
}

/// Tries every port from every host, except those that shall be open; gives what was open.
async fn find_open(network: &Network, portal: u16) -> BTreeMap<(&'static str, &'static str), Vec<u16>> {
    let mut open: BTreeMap<_, Vec<u16>> = BTreeMap::new();
    for (from, _) in HOSTS {
        let others = HOSTS.into_iter().filter(|(to, _)| *to != from);
        let tries = others.flat_map(|(to, address)| {
            PORTS
                .into_iter()
                .chain([portal])
                .map(move |port| (to, SocketAddr::from((address, port))))
        });
        let tries = tries.map(|(to, place)| async move { (to, place, network.connects(from, place).await) });
        for (to, place, is_open) in futures_util::future::join_all(tries).await {
            if is_open {
                open.entry((from, to)).or_default().push(place.port());
            }
        }
    }
    open
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
    let _listeners = [
        listen(stack, network, "internet", &[]).await,
        listen(stack, network, "portal", &[]).await,
        listen(stack, network, "site", &[443, 8443]).await,
        listen(stack, network, "core", &[8443]).await,
        listen(stack, network, "controller", &[]).await,
    ];
    let closed_before = zones.passing("closed").await;
    let open = find_open(network, stack.port).await;
    let expected = BTreeMap::from([
        (("internet", "portal"), vec![stack.port]),
        (("internet", "site"), vec![443]),
        (("portal", "core"), vec![8443]),
        (("core", "portal"), vec![stack.port]),
        (("core", "site"), vec![443, 8443]),
        // What is for anyone is for hosts inside, too; this one has no rules of its own.
        (("controller", "portal"), vec![stack.port]),
        (("controller", "site"), vec![443]),
    ]);
    assert_eq!(open, expected);
    assert!(zones.passing("closed").await > closed_before);
    assert_eq!(
        zones.dials_seen().await,
        0,
        "the site's own host stops what begins there"
    );
    assert!(
        zones.others_stopped().await > 0,
        "what was tried from the site's host was not counted"
    );

    // Somebody took the site's host over and opened it: the firewall stops and counts it.
    network.unload("site", "sallyport_site").await;
    assert!(!network.connects("site", SocketAddr::from((CORE, 8443))).await);
    assert!(
        zones.dials_seen().await > 0,
        "the firewall does not count what the site begins"
    );
}
