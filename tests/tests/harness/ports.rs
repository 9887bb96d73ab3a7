use std::collections::HashSet;
use std::net::UdpSocket;

use tests::ports::{BLOCK, first_ephemeral_port, reserve_ports};

#[test]
fn each_has_ports_of_his_own_that_no_connection_gets() {
    let firsts: HashSet<u16> = (0..8).map(|_| reserve_ports()).collect();
    let ports: HashSet<u16> = firsts.iter().flat_map(|first| *first..first + BLOCK).collect();
    assert_eq!(ports.len(), 8 * usize::from(BLOCK));
    let ephemeral = first_ephemeral_port();
    assert!(ports.iter().all(|port| *port < ephemeral), "{ports:?}");
    let seen_by_others = |first: &u16| UdpSocket::bind(("127.0.0.1", *first)).is_err();
    assert!(firsts.iter().all(seen_by_others), "{firsts:?}");
}
