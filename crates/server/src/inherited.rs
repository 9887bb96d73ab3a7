//! Sockets that the service manager opened for us (`sd_listen_fds(3)`), so that the process itself needs no right to
//! open any.

use std::io;
use std::net::{SocketAddr, TcpListener};

use listenfd::ListenFd;

/// The listening sockets that the process was begun with. A listener takes the one that is bound to its address: the
/// configuration says which is which, and a unit that says something else is noticed.
#[derive(Debug, Default)]
pub struct Inherited(Vec<(SocketAddr, TcpListener)>);

impl Inherited {
    /// Takes over what the environment speaks of; `None` if it speaks of nothing, as on a command line.
    ///
    /// # Errors
    /// When something was handed over that is no TCP socket.
    pub fn from_environment() -> io::Result<Option<Self>> {
        let mut given = ListenFd::from_env();
        let mut sockets = Vec::new();
        for place in 0..given.len() {
            if let Some(socket) = given.take_tcp_listener(place)? {
                sockets.push((socket.local_addr()?, socket));
            }
        }
        Ok((given.len() > 0).then_some(Self(sockets)))
    }

    /// Sockets that were opened by the caller.
    pub fn of(sockets: impl IntoIterator<Item = TcpListener>) -> io::Result<Self> {
        let with_address = |socket: TcpListener| Ok((socket.local_addr()?, socket));
        sockets
            .into_iter()
            .map(with_address)
            .collect::<io::Result<_>>()
            .map(Self)
    }

    /// The addresses that nobody took.
    pub fn left(&self) -> Vec<SocketAddr> {
        self.0.iter().map(|(address, _)| *address).collect()
    }

    pub(crate) fn take(&mut self, address: SocketAddr) -> Option<TcpListener> {
        let place = self.0.iter().position(|(bound, _)| *bound == address)?;
        Some(self.0.swap_remove(place).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_taken_once_by_its_address() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let mut given = Inherited::of([socket]).unwrap();
        assert!(given.take(([127, 0, 0, 1], 1).into()).is_none());
        assert_eq!(given.left(), [address]);
        assert!(given.take(address).is_some() && given.take(address).is_none());
        assert!(given.left().is_empty());
    }
}
