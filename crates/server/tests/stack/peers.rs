//! Inner listeners: only peers with a good certificate get as far as HTTP.

use server::{REFERENCE_HEADER, Visitors};

use crate::support::{Authority, Client, Kind, Pair, browsers, client_config, settings, start};

/// Tries to be served; a refusal may come with the handshake or, in TLS 1.3, just after it.
async fn ask(
    address: std::net::SocketAddr,
    authority: &Authority,
    identity: Option<&Pair>,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> std::io::Result<String> {
    let mut client = Client::with(address, client_config(&authority.ca(), identity, versions)).await?;
    client.send("GET /peer HTTP/1.1\r\nHost: x\r\n\r\n").await?;
    client.answer().await.map(|answer| answer.body)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_good_certificate_of_our_authority_is_served() {
    let authority = Authority::new();
    let foreign = Authority::new();
    let inner = start(
        &settings(&authority.issue("localhost", Kind::Server), Some(authority.ca())),
        Visitors::Programs,
    );
    let all = rustls::DEFAULT_VERSIONS;

    let good = authority.issue("portal1.dmz.corp.example", Kind::Client);
    let names = ask(inner.address, &authority, Some(&good), all).await.unwrap();
    assert_eq!(names, "portal1.dmz.corp.example");

    let refused = [
        ("no certificate", None),
        (
            "a foreign authority",
            Some(foreign.issue("portal1.dmz.corp.example", Kind::Client)),
        ),
        (
            "an expired one",
            Some(authority.issue("old.example", Kind::ExpiredClient)),
        ),
        (
            "one for servers",
            Some(authority.issue("server.example", Kind::Server)),
        ),
    ];
    for (what, identity) in refused {
        let outcome = ask(inner.address, &authority, identity.as_ref(), all).await;
        assert!(outcome.is_err(), "{what} was served: {outcome:?}");
    }
    let old = ask(inner.address, &authority, Some(&good), &[&rustls::version::TLS12]).await;
    assert!(old.is_err(), "TLS 1.2 was served: {old:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_is_taken_from_a_proven_peer_and_from_nobody_else() {
    let authority = Authority::new();
    let server = authority.issue("localhost", Kind::Server);
    let inner = start(&settings(&server, Some(authority.ca())), Visitors::Programs);
    let peer = authority.issue("portal1.dmz.corp.example", Kind::Client);
    let config = client_config(&authority.ca(), Some(&peer), rustls::DEFAULT_VERSIONS);
    let mut client = Client::with(inner.address, config).await.unwrap();
    let sent = "Sallyport-Reference: 7F3KQ2M9XA";
    let taken = client.ask("GET /peer", &[sent], "").await;
    assert_eq!(taken.header(REFERENCE_HEADER), Some("7F3KQ2M9XA"));
    let forged = client
        .ask("GET /peer", &["Sallyport-Reference: <script>"], "")
        .await;
    assert_eq!(forged.header(REFERENCE_HEADER), Some("7777777777"));

    let site = start(&settings(&server, None), browsers());
    let mut client = Client::new(site.address, &authority.ca()).await;
    let refused = client.ask("GET /nowhere", &[sent], "").await;
    assert!(refused.body.contains("Reference: 7777777777"), "{refused:?}");
    assert_eq!(
        client.get("/peer").await.status,
        403,
        "a public visitor is no peer"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_listener_still_speaks_tls_1_2() {
    let authority = Authority::new();
    let site = start(
        &settings(&authority.issue("localhost", Kind::Server), None),
        browsers(),
    );
    let old = client_config(&authority.ca(), None, &[&rustls::version::TLS12]);
    assert_eq!(
        Client::with(site.address, old)
            .await
            .unwrap()
            .get("/page")
            .await
            .status,
        200
    );
}
