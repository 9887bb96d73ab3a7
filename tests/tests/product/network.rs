//! Internet, DMZ and inside as networks, with the rules that the core prints: what shall work works, and every other
//! path is tried and stays closed.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tests::network::{FIREWALL, Network};
use tests::processes::{Running, binary, wait_for};
use tests::stack::Stack;

const INTERNET: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 10);
const PORTAL: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 10);
const SITE: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 20);
const CORE: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 10);
const CONTROLLER: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 5);

const HOSTS: [(&str, Ipv4Addr); 5] = [
    ("internet", INTERNET),
    ("portal", PORTAL),
    ("site", SITE),
    ("core", CORE),
    ("controller", CONTROLLER),
];

/// Ports that are tried everywhere: administration, names, the directory's, the web's, ours.
const PORTS: [u16; 11] = [22, 53, 88, 389, 443, 445, 464, 636, 3268, 8443, 9090];

/// Who prints which rules for which host.
const RULES: [(&str, &str); 4] = [
    ("core", "core"),
    ("portal", "portal"),
    ("site", "site"),
    (FIREWALL, "dmz-firewall"),
];

const LIMIT: Duration = Duration::from_secs(20);

/// A stack whose core stands inside and whose portal stands in the DMZ, with a site beside it.
async fn moved() -> Stack {
    let stack = Stack::prepare().await;
    let core = stack.port + 3;
    let names = ["core.localhost,", &CORE.to_string()].concat();
    let issue = [
        "pki",
        "issue",
        "pki",
        "--role",
        "core",
        "--san",
        &names,
        "--out",
        "pki/inside",
    ];
    stack.core_api(&issue).await.expect("the authority issues");
    let config = "core-api.toml";
    stack.edit(
        config,
        &format!("listen = \"127.0.0.1:{core}\"\nsources = [\"127.0.0.0/8\"]"),
        &format!("listen = \"{CORE}:8443\"\nsources = [\"10.1.0.0/24\"]"),
    );
    stack.edit(config, "pki/core.", "pki/inside.");
    let site = format!(
        "[[site]]\nname = \"dmz1\"\nsync_url = \"https://{SITE}:8443\"\npublic_origin = \"https://site.localhost\"\n\n[pki]"
    );
    stack.edit(config, "[pki]", &site);
    let portal = "portal.toml";
    stack.edit(
        portal,
        &format!("listen = \"127.0.0.1:{}\"", stack.port),
        &format!("listen = \"{PORTAL}:{}\"", stack.port),
    );
    stack.edit(
        portal,
        &format!("https://127.0.0.1:{core}"),
        &format!("https://{CORE}:8443"),
    );
    stack
}

/// Loads on each host what the core prints for it.
async fn close(stack: &Stack, network: &Network) {
    let names = [
        format!("portal.localhost={PORTAL}"),
        format!("site.localhost={SITE}"),
    ];
    for (host, place) in RULES {
        let typed = [
            "firewall",
            "--for",
            place,
            "--site-user",
            "nobody",
            "--address",
            &names[0],
            "--address",
            &names[1],
        ];
        let rules = stack.core_api(&typed).await.expect("the core prints rules");
        assert!(!rules.contains("CLOSED"), "an address is missing:\n{rules}");
        network.load(host, &rules);
    }
}

async fn serve(stack: &Stack, network: &Network, server: &str, health: u16) -> Running {
    let mut command = network.command(server.trim_end_matches("-api"), binary(server));
    command
        .arg("serve")
        .arg("--config")
        .arg(stack.state().join(format!("{server}.toml")));
    let running = Running::spawn(command, &stack.state().join(format!("log/{server}.log")));
    let host = server.trim_end_matches("-api");
    wait_for(&format!("{server} is ready"), LIMIT, async || {
        let answer = network.ask_local(host, health, "/readyz").await.ok()?;
        answer.starts_with("HTTP/1.1 200").then_some(())
    })
    .await;
    running
}

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
    let stack = moved().await;
    let network = Network::lay_out(&HOSTS).await;
    close(&stack, &network).await;
    let _core = serve(&stack, &network, "core-api", stack.port + 10).await;
    let _portal = serve(&stack, &network, "portal", stack.port + 11).await;

    // People get their page, and it came through the firewall, from a portal that reached its core.
    let portal = SocketAddr::from((PORTAL, stack.port));
    let host = format!("portal.localhost:{}", stack.port);
    let page = network.get("internet", portal, &host, &stack.ca()).await;
    let page = page.expect("the portal is reached from the Internet");
    assert!(page.contains("What do you need?"), "{page}");
    let zones = async |rule| network.count(FIREWALL, "sallyport_zones", "forward", rule).await;
    assert!(zones("anyone to portal").await > 0);
    assert!(zones("portal to core").await > 0);

    // Everything else is tried, against listeners that would answer.
    let _listeners = [
        listen(&stack, &network, "internet", &[]).await,
        listen(&stack, &network, "portal", &[]).await,
        listen(&stack, &network, "site", &[]).await,
        listen(&stack, &network, "core", &[8443]).await,
        listen(&stack, &network, "controller", &[]).await,
    ];
    let closed_before = zones("closed").await;
    let open = find_open(&network, stack.port).await;
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
    assert!(zones("closed").await > closed_before);
    let dials = network.count(FIREWALL, "sallyport_zones", "", "dials").await;
    assert_eq!(dials, 0, "the site's own host stops what begins there");
    let stopped = network.count("site", "sallyport_site", "output", "closed").await;
    assert!(stopped > 0, "what was tried from the site's host was not counted");

    // Somebody took the site's host over and opened it: the firewall stops and counts it.
    network.unload("site", "sallyport_site").await;
    let core = SocketAddr::from((CORE, 8443));
    assert!(!network.connects("site", core).await);
    let dials = network.count(FIREWALL, "sallyport_zones", "", "dials").await;
    assert!(dials > 0, "the firewall does not count what the site begins");
}
