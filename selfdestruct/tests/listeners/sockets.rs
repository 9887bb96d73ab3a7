//! Sockets that somebody else opened.

use std::net::{SocketAddr, TcpListener};

use metrics_exporter_prometheus::PrometheusBuilder;
use selfdestruct::serve::{Opened, ServeError, Surroundings};
use server::Inherited;

use crate::site::{Site, given};

#[tokio::test(flavor = "multi_thread")]
async fn the_listeners_take_the_sockets_of_their_addresses_and_open_none_themselves() {
    let site = Site::new().await;
    let (mut config, clock, _folder) = site.stop().await;
    let sockets: Vec<TcpListener> = (0..4)
        .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
        .collect();
    let address = |at: usize| -> SocketAddr { sockets[at].local_addr().unwrap() };
    let expected = [address(0), address(1), address(2)];
    let opened = |config, given_over: &[usize]| {
        let copies = given_over.iter().map(|at| sockets[*at].try_clone().unwrap());
        let surroundings = Surroundings {
            given: given(&clock),
            sockets: Some(Inherited::of(copies).unwrap()),
            metrics: PrometheusBuilder::new().build_recorder().handle(),
        };
        async move { Opened::new(config, surroundings).await }
    };
    let health = config.health.as_mut().unwrap();
    [config.public.address, config.sync.address, health.address] = expected;

    let missing = opened(&config, &[0, 1]).await.err().expect("one is missing");
    assert!(missing.to_string().contains("socket unit"), "{missing}");
    let left = opened(&config, &[0, 1, 2, 3]).await.err().expect("one is left");
    assert!(matches!(left, ServeError::Left(left) if left == [address(3)]));
    let all = opened(&config, &[2, 1, 0]).await.unwrap();
    assert_eq!([all.public(), all.sync(), all.health().unwrap()], expected);
}
