//! That a page is fetched from where its host stands, under the address that people use.

use std::sync::Arc;

use rcgen::ExtendedKeyUsagePurpose;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{Pki, http, serve};
use crate::page::PageClient;

const HOST: &str = "secret.corp.example";

/// What shows this host's certificate to anybody.
fn public(pki: &Pki) -> Arc<ServerConfig> {
    pki.issue("public", HOST, ExtendedKeyUsagePurpose::ServerAuth);
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(
        vec![CertificateDer::from_pem_file(pki.file("public.pem")).unwrap()],
        PrivateKeyDer::from_pem_file(pki.file("public.key")).unwrap(),
    );
    Arc::new(config.unwrap())
}

#[tokio::test]
async fn a_page_comes_from_where_its_host_stands_whatever_port_people_use() {
    let pki = Pki::new();
    let (address, mut seen) = serve(public(&pki), Some(http("200 OK", "text/html", "page"))).await;
    let client = PageClient::new(Some(&pki.file("ca.pem")), Some((HOST, address))).unwrap();
    for used in [HOST.to_owned(), format!("{HOST}:8443")] {
        let address = format!("https://{used}/m/1?lang=en").parse().unwrap();
        let page = client.get(address, Some("de"), 100).await.unwrap();
        assert_eq!(page.body, b"page");
        assert!(
            page.header("content-type").eq(["text/html"]),
            "{:?}",
            page.headers
        );
        let asked = seen.recv().await.unwrap().text;
        assert!(asked.starts_with("GET /m/1?lang=en HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains(&format!("\r\nhost: {used}\r\n")), "{asked}");
        assert!(asked.contains("\r\naccept-language: de\r\n"), "{asked}");
    }
}
