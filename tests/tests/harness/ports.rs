use std::collections::HashSet;

use tests::ports::{BLOCK, first_of_connections, free_ports};

#[test]
fn ports_are_nobody_elses_and_no_connection_gets_one() {
    let firsts: HashSet<u16> = (0..8).map(|_| free_ports()).collect();
    let ports: HashSet<u16> = firsts.iter().flat_map(|first| *first..first + BLOCK).collect();
    assert_eq!(ports.len(), 8 * usize::from(BLOCK), "each asker has its own");
    let connections = first_of_connections();
    assert!(ports.iter().all(|port| *port < connections), "{ports:?}");
}
