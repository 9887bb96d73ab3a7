//! Ports of servers that a test starts, stops and starts again, and of what the harness itself puts between them.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::{Mutex, PoisonError};

/// Ports of one block: a stack needs thirteen (`deploy/demo.sh`).
pub const BLOCK: u16 = 16;
/// Above every port that browsers refuse: 10080 is the last (Fetch, section "port blocking").
const FIRST: u16 = 10_096;

/// The blocks of this process, each held by its first port for datagrams, so that other processes see it, too.
static RESERVED: Mutex<Vec<UdpSocket>> = Mutex::new(Vec::new());

/// Listens on this port of 127.0.0.1 (0 for any), and says which it is.
///
/// # Panics
/// When the port is taken.
pub(crate) async fn listen(port: u16) -> (tokio::net::TcpListener, u16) {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    (listener, address.port())
}

/// Reserves [`BLOCK`] ports of loopback until this process ends, and gives the first.
///
/// They lie below the ephemeral ports. One of those could go to another test's connection while a server is restarted, and
/// would be kept from the server until a minute after that connection ends (`TIME_WAIT`).
///
/// # Panics
/// When there are none.
pub fn reserve_ports() -> u16 {
    let end = first_ephemeral_port().saturating_sub(BLOCK - 1);
    let mut blocks = (FIRST..end).step_by(usize::from(BLOCK));
    let reserved = blocks.find_map(|first| {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, first)).ok()?;
        let mut ports = first..first + BLOCK;
        ports
            .all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
            .then_some((first, socket))
    });
    let (first, socket) =
        reserved.unwrap_or_else(|| panic!("no {BLOCK} ports are free from {FIRST} to {end}"));
    RESERVED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(socket);
    first
}

/// The first port that the kernel gives to outgoing connections: ip(7), `ip_local_port_range`.
pub fn first_ephemeral_port() -> u16 {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let range = range.expect("the kernel tells its ephemeral ports");
    let first = range.split_whitespace().next().expect("a range has a beginning");
    first.parse().expect("a port is a number")
}
