//! A loopback port that leads to a server of the test's choice, or to nobody: a load balancer, or a network that fails.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::ports::listen;

/// A forwarding port; it ends with the test's runtime.
pub struct Forwarder {
    port: u16,
    target: watch::Sender<Option<u16>>,
}

impl Forwarder {
    /// Listens on this port of 127.0.0.1 (0 for any) and leads to nobody yet.
    ///
    /// # Panics
    /// When the port is taken.
    pub async fn start(port: u16) -> Self {
        let (listener, port) = listen(port).await;
        let (target, targets) = watch::channel(None);
        tokio::spawn(async move {
            while let Ok((mut incoming, _)) = listener.accept().await {
                let mut targets = targets.clone();
                tokio::spawn(async move {
                    let Some(port) = *targets.borrow_and_update() else {
                        return;
                    };
                    let Ok(mut server) =
                        TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
                    else {
                        return;
                    };
                    tokio::select! {
                        _ = copy_bidirectional(&mut incoming, &mut server) => {}
                        _ = targets.changed() => {}
                    }
                });
            }
        });
        Self { port, target }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on leads there, or to nobody; connections to anywhere else end.
    pub fn lead_to(&self, port: Option<u16>) {
        self.target.send_replace(port);
    }
}
