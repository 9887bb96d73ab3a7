//! The network of the design on one machine: hosts of Internet, DMZ and inside, and the firewall between them, each
//! a network namespace, with IPv4 between them, and IPv6 once a test asks for it. Needs root.
//!
//! Every host hangs on the firewall by a link of its own, so that even two hosts of one zone meet only through it.
//! Nothing of the machine's own network is touched, and nothing is left: a keeper removes the namespaces when this
//! process ends, however that happens.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::Value;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::processes::run;

/// The firewall's name; the others are for the test to choose.
pub const FIREWALL: &str = "fw";

/// Where every host finds the firewall, whatever its own address is.
const GATEWAY: &str = "169.254.1.1";

/// The same, where IPv6 is spoken.
const GATEWAY_6: &str = "fe80::1";

/// How long a server on a host's own loopback may take to answer, in seconds.
const PATIENCE: &str = "2";

/// Listens on all the given ways: takes and closes what connects, and sends every datagram back.
const LISTENERS: &str = "
import contextlib, selectors, socket, sys
ready = selectors.DefaultSelector()
for way in sys.argv[1:]:
    protocol, address, port = way.split()
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    if protocol == 'tcp':
        here = socket.create_server((address, int(port)), family=family, backlog=256)
    else:
        here = socket.socket(family, socket.SOCK_DGRAM)
        here.bind((address, int(port)))
    ready.register(here, selectors.EVENT_READ, protocol)
print('listening', flush=True)
while True:
    for key, _ in ready.select():
        with contextlib.suppress(OSError):
            if key.data == 'tcp':
                key.fileobj.accept()[0].close()
            else:
                key.fileobj.sendto(*key.fileobj.recvfrom(64))
";

/// Tries all the given ways at once and prints those that answer. What is closed never answers: it gives up when there
/// was silence for a second, twice. The kernel sends the beginning of a connection again meanwhile; a datagram and an
/// echo request (RFC 792 and RFC 4443, section 4.1; the kernel adds its checksum) are sent again here.
const TRIES: &str = "
import contextlib, selectors, socket, sys
ready = selectors.DefaultSelector()
for way in sys.argv[1:]:
    protocol, address, port = way.split()
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    six = family == socket.AF_INET6
    echo = socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP
    kind, number, event, question = {
        'tcp': (socket.SOCK_STREAM, 0, selectors.EVENT_WRITE, None),
        'udp': (socket.SOCK_DGRAM, 0, selectors.EVENT_READ, b'?'),
        'icmp': (socket.SOCK_DGRAM, echo, selectors.EVENT_READ, bytes([128 if six else 8]) + bytes(7)),
    }[protocol]
    tried = socket.socket(family, kind, number)
    tried.setblocking(False)
    tried.connect_ex((address, int(port)))
    ready.register(tried, event, (way, question))
for again in range(2):
    for key in ready.get_map().values():
        if key.events == selectors.EVENT_READ:
            with contextlib.suppress(OSError):
                key.fileobj.send(key.data[1])
    while ready.get_map() and (answers := ready.select(1)):
        for key, event in answers:
            ready.unregister(key.fileobj)
            with contextlib.suppress(OSError):
                if event == selectors.EVENT_READ:
                    key.fileobj.recv(64)
                else:
                    key.fileobj.getpeername()
                print(key.data[0])
";

/// Several networks of one process.
static NETWORKS: AtomicU32 = AtomicU32::new(0);

/// A network; it ends with this value.
pub struct Network {
    prefix: String,
    hosts: Vec<(&'static str, Ipv4Addr)>,
    /// Its standard input is a pipe from us. When we are gone, the pipe ends and the keeper removes the namespaces.
    keeper: Child,
}

/// What can carry something to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// Connections.
    Tcp,
    /// Datagrams.
    Udp,
    /// Echo requests, which every kernel answers; its port is 0.
    Icmp,
}

/// A way that may be open to a host or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// By what.
    pub protocol: Protocol,
    /// To which address and port.
    pub to: SocketAddr,
}

/// A port of our own loopback that leads to an address as a host reaches it; it closes with this value.
pub struct Door {
    port: u16,
    _open: oneshot::Sender<()>,
}

/// A rule's or a named counter's count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The chain; empty for a named counter.
    pub chain: String,
    /// The rule's comment, or the counter's name.
    pub name: String,
    /// How many packets it saw.
    pub packets: u64,
}

/// The IPv6 address of a host that has this one.
fn six(address: Ipv4Addr) -> Ipv6Addr {
    let [a, b, c, d] = address.octets();
    let [high, low] = [[a, b], [c, d]].map(u16::from_be_bytes);
    Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, high, low)
}

fn ip(arguments: &[&str]) -> tokio::process::Command {
    let mut command = tokio::process::Command::new("ip");
    command.args(arguments);
    command
}

/// As the scripts read it.
impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self.protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Icmp => "icmp",
        };
        write!(f, "{protocol} {} {}", self.to.ip(), self.to.port())
    }
}

impl Network {
    /// Lays out the hosts with their addresses, and the firewall, which forwards and has no rules yet.
    ///
    /// # Panics
    /// When this is not root, or `ip` is missing; `tests/run.sh` installs it.
    pub async fn lay_out(hosts: &[(&'static str, Ipv4Addr)]) -> Self {
        let count = NETWORKS.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("sallyport-{}-{count}", std::process::id());
        let names: Vec<&str> = [FIREWALL]
            .into_iter()
            .chain(hosts.iter().map(|(name, _)| *name))
            .collect();
        let network = Self {
            keeper: keeper(&prefix, &names),
            hosts: hosts.to_vec(),
            prefix,
        };
        for name in names {
            run(&mut ip(&["netns", "add", &network.namespace(name)]))
                .await
                .expect("root may make network namespaces");
            // What the kernel says by itself about IPv6 on a link would be counted among what was stopped.
            network.set(name, "ipv6/conf/default/disable_ipv6", 1).await;
            // Who may ask for an echo without a raw socket: root's group.
            network.set(name, "ipv4/ping_group_range", "0 0").await;
            network.ip(name, &["link", "set", "lo", "up"]).await;
        }
        network.set(FIREWALL, "ipv4/ip_forward", 1).await;
        for (name, address) in hosts {
            network.attach(name, *address).await;
        }
        network
    }

    /// Links a host to the firewall.
    async fn attach(&self, name: &str, address: Ipv4Addr) {
        let (host, firewall) = (self.namespace(name), self.namespace(FIREWALL));
        let link = [
            "link", "add", "eth0", "netns", &host, "type", "veth", "peer", "name", name, "netns", &firewall,
        ];
        run(&mut ip(&link)).await.expect("a pair of links");
        let address = format!("{address}/32");
        self.ip(name, &["address", "add", &address, "dev", "eth0"]).await;
        self.ip(name, &["link", "set", "eth0", "up"]).await;
        self.ip(name, &["route", "add", GATEWAY, "dev", "eth0"]).await;
        self.ip(name, &["route", "add", "default", "via", GATEWAY]).await;
        let gateway = format!("{GATEWAY}/32");
        self.ip(FIREWALL, &["address", "add", &gateway, "dev", name])
            .await;
        self.ip(FIREWALL, &["link", "set", name, "up"]).await;
        self.ip(FIREWALL, &["route", "add", &address, "dev", name]).await;
    }

    /// Gives every host an IPv6 address besides; the firewall forwards that, too. From now on the hosts' kernels say
    /// by themselves what they say on a link.
    pub async fn add_ipv6(&self) {
        self.set(FIREWALL, "ipv6/conf/all/forwarding", 1).await;
        for (name, address) in &self.hosts {
            let address = format!("{}/128", six(*address));
            self.set(name, "ipv6/conf/eth0/disable_ipv6", 0).await;
            self.set(FIREWALL, &format!("ipv6/conf/{name}/disable_ipv6"), 0)
                .await;
            // Nobody else has these addresses, so nobody waits until that is known.
            self.ip(name, &["address", "add", &address, "dev", "eth0", "nodad"])
                .await;
            let gateway = format!("{GATEWAY_6}/64");
            self.ip(FIREWALL, &["address", "add", &gateway, "dev", name, "nodad"])
                .await;
            self.ip(
                name,
                &["route", "add", "default", "via", GATEWAY_6, "dev", "eth0"],
            )
            .await;
            self.ip(FIREWALL, &["route", "add", &address, "dev", name]).await;
        }
    }

    /// Sets something in the kernel's settings of a host.
    async fn set(&self, name: &str, which: &str, value: impl fmt::Display) {
        let mut command = self.async_command(name, "sh");
        command.args(["-c", &format!("echo {value} >/proc/sys/net/{which}")]);
        run(&mut command)
            .await
            .expect("a namespace has settings of its own");
    }

    async fn ip(&self, name: &str, arguments: &[&str]) {
        let namespace = self.namespace(name);
        let mut command = ip(&["-n", &namespace]);
        command.args(arguments);
        run(&mut command).await.expect("root may configure a namespace");
    }

    /// The network namespace of a host, as `ip netns` calls it.
    pub fn namespace(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix)
    }

    /// The address of a host.
    pub fn address(&self, name: &str) -> Ipv4Addr {
        let mut hosts = self.hosts.iter();
        let found = hosts.find(|(known, _)| *known == name);
        found.unwrap_or_else(|| panic!("no host is called {name}")).1
    }

    /// The addresses of a host once there is IPv6.
    pub fn addresses(&self, name: &str) -> [IpAddr; 2] {
        let address = self.address(name);
        [address.into(), six(address).into()]
    }

    /// A program on a host.
    pub fn command(&self, name: &str, program: impl AsRef<Path>) -> Command {
        self.place(name, &Command::new(program.as_ref()))
    }

    /// A command, run on a host.
    pub fn place(&self, name: &str, command: &Command) -> Command {
        let mut placed = Command::new("ip");
        placed.args(["netns", "exec", &self.namespace(name)]);
        placed.arg(command.get_program()).args(command.get_args());
        placed
    }

    /// Opens a door through which this process gets to where `target` is for that host.
    ///
    /// # Panics
    /// When the host is not there, or this is not root.
    pub fn open_door(&self, name: &str, target: SocketAddr) -> Door {
        let place = File::open(Path::new("/run/netns").join(self.namespace(name)));
        let place = place.expect("the host has a namespace");
        // Bound here, so what connects to it comes from our own loopback, whichever thread accepts it.
        let inner = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        inner
            .set_nonblocking(true)
            .expect("a socket can be told not to block");
        let port = inner.local_addr().expect("a bound socket has an address").port();
        let (open, closed) = oneshot::channel();
        // A thread stands in one network; what it opens is opened there.
        std::thread::spawn(move || {
            move_into_link_name_space(place.as_fd(), Some(LinkNameSpaceType::Network))
                .expect("root may enter a namespace");
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
            runtime.expect("a runtime of one thread").block_on(async move {
                let listener = TcpListener::from_std(inner).expect("a listener that does not block");
                tokio::select! {
                    () = pass_on(&listener, target) => {}
                    _ = closed => {}
                }
            });
        });
        Door { port, _open: open }
    }

    fn async_command(&self, name: &str, program: &str) -> tokio::process::Command {
        tokio::process::Command::from(self.command(name, program))
    }

    /// Listeners at the end of these ways, on their host; to be run by the test. The kernel itself answers echo requests.
    pub fn listeners(&self, name: &str, ways: &[Way]) -> Command {
        let listened = ways.iter().filter(|way| way.protocol != Protocol::Icmp);
        let mut command = self.command(name, "/usr/bin/python3");
        command
            .args(["-c", LISTENERS])
            .args(listened.map(ToString::to_string));
        command
    }

    /// Tries all these ways from a host; gives those that are open.
    pub async fn open_ways(&self, from: &str, ways: &[Way]) -> Vec<Way> {
        let mut command = self.async_command(from, "/usr/bin/python3");
        command
            .args(["-c", TRIES])
            .args(ways.iter().map(ToString::to_string));
        let open = run(&mut command).await.expect("the script tries them all");
        let open: BTreeSet<&str> = open.lines().collect();
        let is_open = |way: &&Way| open.contains(way.to_string().as_str());
        ways.iter().filter(is_open).copied().collect()
    }

    /// Loads rules on a host.
    ///
    /// # Panics
    /// When nftables does not take them.
    pub fn load(&self, name: &str, rules: &str) {
        let mut command = self.command(name, "nft");
        command
            .args(["--file", "-"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("nft can be started");
        let mut input = child.stdin.take().expect("it was piped");
        input.write_all(rules.as_bytes()).expect("nft reads its rules");
        drop(input);
        let output = child.wait_with_output().expect("our own child can be waited for");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}\n{rules}");
    }

    /// Takes all rules from a host, as an intruder would.
    pub async fn unload(&self, name: &str) {
        let mut command = self.async_command(name, "nft");
        command.args(["flush", "ruleset"]);
        run(&mut command).await.expect("root may take rules away");
    }

    /// Everything that is counted in a table of a host.
    pub async fn counters(&self, name: &str, table: &str) -> Vec<Counter> {
        let mut command = self.async_command(name, "nft");
        command.args(["--json", "list", "table", "inet", table]);
        let listed = run(&mut command).await.expect("the table was loaded");
        let listed: Value = serde_json::from_str(&listed).expect("nft writes JSON");
        let entries = listed["nftables"].as_array().expect("a list").iter();
        entries.filter_map(counter).collect()
    }

    /// How many packets a rule with this comment, or a counter with this name, saw.
    ///
    /// # Panics
    /// When there is none: nothing would be counted.
    pub async fn count(&self, name: &str, table: &str, chain: &str, counted: &str) -> u64 {
        let counters = self.counters(name, table).await;
        let found: Vec<u64> = counters
            .iter()
            .filter(|counter| counter.chain == chain && counter.name == counted)
            .map(|counter| counter.packets)
            .collect();
        assert!(!found.is_empty(), "{table} of {name} does not count {counted}");
        found.iter().sum()
    }

    /// What a listener in clear on a host's own loopback answers to a GET.
    pub async fn ask_local(&self, name: &str, port: u16, path: &str) -> std::io::Result<String> {
        let mut command = self.async_command(name, "timeout");
        let script = format!(
            "exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'GET {path} HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3; cat <&3"
        );
        command.args([PATIENCE, "bash", "-c", &script]);
        run(&mut command).await
    }

    /// What an HTTPS server answers to a GET from a host that believes this authority alone.
    ///
    /// # Errors
    /// When it cannot be reached, or is another one.
    pub async fn get(&self, from: &str, to: SocketAddr, host: &str, ca: &Path) -> std::io::Result<String> {
        let mut command = self.async_command(from, "bash");
        let script = r#"printf 'GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$2" |
            timeout 10 openssl s_client -quiet -no_ign_eof -ign_eof -connect "$1" -servername "${2%%:*}" \
                -verify_hostname "${2%%:*}" -CAfile "$3" -verify_return_error"#;
        command
            .args(["-c", script, "bash"])
            .arg(to.to_string())
            .arg(host)
            .arg(ca);
        run(&mut command).await
    }
}

impl Door {
    /// Where it is on our own loopback.
    pub const fn port(&self) -> u16 {
        self.port
    }
}

async fn pass_on(listener: &TcpListener, target: SocketAddr) {
    while let Ok((mut incoming, _)) = listener.accept().await {
        tokio::spawn(async move {
            if let Ok(mut server) = TcpStream::connect(target).await {
                let _ = copy_bidirectional(&mut incoming, &mut server).await; // either end may go when it likes
            }
        });
    }
}

/// Removes the namespaces when its input ends.
fn keeper(prefix: &str, names: &[&str]) -> Child {
    let script = r#"cat >/dev/null; for name do ip netns delete "$name" 2>/dev/null; done; :"#;
    let mut keeper = Command::new("setsid");
    keeper.args(["sh", "-c", script, "sh"]);
    keeper.args(names.iter().map(|name| format!("{prefix}-{name}")));
    keeper
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    keeper.spawn().expect("setsid can be started")
}

fn counter(entry: &Value) -> Option<Counter> {
    if let Some(named) = entry.get("counter") {
        return Some(Counter {
            chain: String::new(),
            name: named["name"].as_str()?.to_owned(),
            packets: named["packets"].as_u64()?,
        });
    }
    let rule = entry.get("rule")?;
    let packets = rule["expr"]
        .as_array()?
        .iter()
        .find_map(|part| part["counter"]["packets"].as_u64())?;
    Some(Counter {
        chain: rule["chain"].as_str()?.to_owned(),
        name: rule["comment"].as_str()?.to_owned(),
        packets,
    })
}

impl Drop for Network {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
