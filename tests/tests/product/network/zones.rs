//! Core, portal and site where the design puts them, each on a host of its own, behind the rules that the core prints.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tests::browser::Desk;
use tests::network::{FIREWALL, Network};
use tests::processes::{Running, as_user, binary, wait_for};
use tests::stack::Stack;
use tests::system_calls::traced;

pub(super) const INTERNET: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 10);
pub(super) const PORTAL: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 10);
pub(super) const SITE: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 20);
pub(super) const CORE: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 10);
pub(super) const CONTROLLER: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 5);
pub(super) const MAIL: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 25);

pub(super) const HOSTS: [(&str, Ipv4Addr); 6] = [
    ("internet", INTERNET),
    ("portal", PORTAL),
    ("site", SITE),
    ("core", CORE),
    ("controller", CONTROLLER),
    ("mail", MAIL),
];

/// Hosts that have no rules of their own.
pub(super) const BARE: [&str; 3] = ["internet", "controller", "mail"];

/// What a name server on the Internet tells.
const NAMES: [(&str, Ipv4Addr); 2] = [("portal.localhost", PORTAL), ("site.localhost", SITE)];

/// How the core reaches what it needs inside.
#[derive(Clone, Copy)]
pub(super) struct Inside {
    /// The domain controller, as `[[directory]] security` says it.
    pub(super) security: &'static str,
    /// The mail server's port.
    pub(super) mail_port: u16,
}

/// The usual way: LDAPS, and mail by submission.
const USUAL: Inside = Inside {
    security: "ldaps",
    mail_port: 587,
};

/// Which rules are for which host.
const RULES: [(&str, &str); 4] = [
    ("core", "core"),
    ("portal", "portal"),
    ("site", "site"),
    (FIREWALL, "dmz-firewall"),
];

/// The user that the site runs as, `nobody`: the rules know its connections by it.
pub(super) const SITE_USER: u32 = 65534;

const LIMIT: Duration = Duration::from_mins(1);

/// The installation. The servers run until it ends.
pub(super) struct Zones {
    pub(super) stack: Stack,
    pub(super) network: Network,
    /// What is loaded on which host.
    rules: Vec<(&'static str, String)>,
    core: Option<Running>,
    _portal: Running,
    site: Option<Running>,
}

impl Zones {
    /// Lays everything out and starts it; every call of the site for its network is written down from the start.
    pub(super) async fn start() -> Self {
        let mut stack = moved().await;
        let network = Network::lay_out(&HOSTS).await;
        let rules = print(&stack, USUAL).await;
        for (host, rules) in &rules {
            network.load(host, rules);
        }
        stack.commands_in = Some(network.namespace("core"));
        let core = serve(&stack, &network, "core-api", stack.port + 10).await;
        stack.pair().await;
        let site = serve(&stack, &network, "selfdestruct", stack.port + 12).await;
        let portal = serve(&stack, &network, "portal", stack.port + 11).await;
        Self {
            stack,
            network,
            rules,
            core: Some(core),
            _portal: portal,
            site: Some(site),
        }
    }

    /// Takes the rules from all hosts but these, which have them again if they had not.
    pub(super) async fn close_only(&self, closed: &[&str]) {
        for (host, rules) in &self.rules {
            if closed.contains(host) {
                self.network.load(host, rules);
            } else {
                self.network.unload(host).await;
            }
        }
    }

    /// Loads on every host what the core prints where it reaches the inside like this.
    pub(super) async fn close_for(&self, inside: Inside) {
        for (host, rules) in print(&self.stack, inside).await {
            self.network.load(host, &rules);
        }
    }

    /// A place on the Internet for a browser.
    pub(super) fn desk(&self) -> Desk<'_> {
        Desk {
            network: &self.network,
            host: "internet",
            names: &NAMES,
        }
    }

    /// What the firewall between the zones counted.
    pub(super) async fn passing(&self, rule: &str) -> u64 {
        self.network
            .count(FIREWALL, "sallyport_zones", "forward", rule)
            .await
    }

    /// How many connections the firewall saw the site begin.
    pub(super) async fn dials_seen(&self) -> u64 {
        self.network.count(FIREWALL, "sallyport_zones", "", "dials").await
    }

    /// How many connections of the site's own process its host stopped.
    pub(super) async fn dials_stopped(&self) -> u64 {
        self.network.count("site", "sallyport_site", "", "dials").await
    }

    /// How many other connections out of the site's host were stopped there.
    pub(super) async fn others_stopped(&self) -> u64 {
        self.network
            .count("site", "sallyport_site", "output", "closed")
            .await
    }

    /// A program on the site's host, as the site's own user.
    pub(super) fn as_site(&self, command: &Command) -> Command {
        self.network.place("site", &as_user(SITE_USER, command))
    }

    /// The site's own process.
    pub(super) fn site_process(&self) -> u32 {
        self.site.as_ref().expect("it runs").id()
    }

    /// Ends the site in an orderly way; gives the file in which its calls stand.
    pub(super) async fn stop_site(&mut self) -> PathBuf {
        drop(self.core.take()); // it always waits for the next event, and the site would let it
        self.site.take().expect("it runs").stop(LIMIT).await;
        let file = calls(&self.stack);
        wait_for("the end of the site's calls", LIMIT, async || {
            let text = std::fs::read_to_string(&file).ok()?;
            text.trim_end().ends_with("+++").then_some(())
        })
        .await;
        file
    }
}

fn calls(stack: &Stack) -> PathBuf {
    stack.state().join("log/site.calls")
}

/// A stack whose core stands inside, and whose portal and site stand in the DMZ.
async fn moved() -> Stack {
    let stack = Stack::prepare().await;
    let (portal, site, core, sync) = (stack.port, stack.port + 1, stack.port + 3, stack.port + 4);
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
    let move_to = |file: &str, was: &str, is: &str| stack.edit(&format!("{file}.toml"), was, is);
    move_to(
        "core-api",
        &format!("listen = \"127.0.0.1:{core}\"\nsources = [\"127.0.0.0/8\"]"),
        &format!("listen = \"{CORE}:8443\"\nsources = [\"10.1.0.0/24\"]"),
    );
    move_to("core-api", "pki/core.", "pki/inside.");
    move_to(
        "core-api",
        &format!("https://127.0.0.1:{sync}"),
        &format!("https://{SITE}:8443"),
    );
    move_to(
        "core-api",
        &format!("https://site.localhost:{site}"),
        "https://site.localhost",
    );
    move_to(
        "core-api",
        &format!("\"127.0.0.1:{site}\""),
        &format!("\"{SITE}:443\""),
    );
    move_to(
        "portal",
        &format!("\"127.0.0.1:{portal}\""),
        &format!("\"{PORTAL}:{portal}\""),
    );
    move_to(
        "portal",
        &format!("https://127.0.0.1:{core}"),
        &format!("https://{CORE}:8443"),
    );
    move_to(
        "selfdestruct",
        &format!("\"127.0.0.1:{site}\""),
        &format!("\"{SITE}:443\""),
    );
    move_to(
        "selfdestruct",
        &format!("\"127.0.0.1:{sync}\"\nsources = [\"127.0.0.0/8\"]"),
        &format!("\"{SITE}:8443\"\nsources = [\"{CORE}\"]"),
    );
    stack
}

/// What the core prints for each host, for an installation with a domain and a mail server. The core that runs here does
/// without them, so its configuration is as it was afterwards.
async fn print(stack: &Stack, inside: Inside) -> Vec<(&'static str, String)> {
    let file = "core-api.toml";
    let installed = installed(inside);
    for (demo, real) in &installed {
        stack.edit(file, demo, real);
    }
    let user = SITE_USER.to_string();
    let names = NAMES.into_iter().chain([("mail.corp.example", MAIL)]);
    let names: Vec<String> = names.map(|(name, address)| format!("{name}={address}")).collect();
    let mut printed = Vec::new();
    for (host, place) in RULES {
        let mut typed = vec!["firewall", "--for", place, "--site-user", &user];
        typed.extend(names.iter().flat_map(|name| ["--address", name]));
        let rules = stack.core_api(&typed).await.expect("the core prints rules");
        assert!(!rules.contains("CLOSED"), "an address is missing:\n{rules}");
        printed.push((host, rules));
    }
    for (demo, real) in &installed {
        stack.edit(file, real, demo);
    }
    printed
}

/// What the demo's configuration says of directory and mail, and what one says that has them.
fn installed(inside: Inside) -> [(&'static str, String); 2] {
    let Inside { security, mail_port } = inside;
    // The password is in any file that nobody else may read: nobody logs in with it.
    let directory = format!(
        "kind = \"active-directory\"\ndomain = \"corp.example\"\nbase_dn = \"OU=People,DC=corp,DC=example\"\n\
         controllers = [\"dc1.corp.example={CONTROLLER}\"]\nsecurity = \"{security}\"\n\
         bind_user = \"svc-reset@corp.example\"\nbind_password_file = \"pki/client.key\"\nca_file = \"pki/root.pem\""
    );
    let mail = format!("transport = \"smtp\"\nhost = \"mail.corp.example\"\nport = {mail_port}");
    [
        ("kind = \"embedded\"", directory),
        ("transport = \"file\"\ndirectory = \"mail\"", mail),
    ]
}

async fn serve(stack: &Stack, network: &Network, server: &str, health: u16) -> Running {
    let mut command = Command::new(binary(server));
    command
        .arg("serve")
        .arg("--config")
        .arg(stack.state().join(format!("{server}.toml")));
    let host = host_of(server);
    if host == "site" {
        command = as_user(SITE_USER, &traced(&command, &calls(stack)));
    }
    let log = stack.state().join(format!("log/{server}.log"));
    let mut running = Running::spawn(network.place(host, &command), &log);
    wait_for(&format!("{server} is ready"), LIMIT, async || {
        assert!(running.is_running(), "{server} ended:\n{}", running.log());
        let answer = network.ask_local(host, health, "/readyz").await.ok()?;
        answer.starts_with("HTTP/1.1 200").then_some(())
    })
    .await;
    running
}

fn host_of(server: &str) -> &str {
    match server {
        "selfdestruct" => "site",
        other => other.trim_end_matches("-api"),
    }
}
