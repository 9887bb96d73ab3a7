//! Ports of servers that a test starts, stops and starts again.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::{Mutex, PoisonError};

/// How many ports one asker gets.
pub const BLOCK: u16 = 16;
const FIRST: u16 = 10_000;

/// The blocks that tests of this process hold, each by its first port for datagrams, so that other processes see it, too.
static HELD: Mutex<Vec<UdpSocket>> = Mutex::new(Vec::new());

/// The first of [`BLOCK`] ports of loopback that nobody else gets while this process lives.
///
/// They lie below those that the kernel gives to outgoing connections. One of those could go to another test's connection
/// while a server is restarted, and would be kept from the server for a minute after that connection ends.
///
/// # Panics
/// When all are taken.
pub fn free_ports() -> u16 {
    let mut blocks = (FIRST..first_of_connections()).step_by(usize::from(BLOCK));
    let held = blocks.find_map(|first| {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, first)).ok()?;
        let mut ports = first..first + BLOCK;
        ports
            .all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
            .then_some((first, socket))
    });
    let (first, socket) = held.expect("loopback has free ports");
    HELD.lock().unwrap_or_else(PoisonError::into_inner).push(socket);
    first
}

/// The first port that the kernel may give to an outgoing connection (ip(7), `ip_local_port_range`).
pub fn first_of_connections() -> u16 {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let range = range.expect("the kernel tells which ports it gives to connections");
    let first = range.split_whitespace().next().expect("a range has a beginning");
    first.parse().expect("a port is a number")
}
