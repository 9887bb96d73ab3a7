//! The smallest HTTPS server that a browser takes: each page by its path, one request a connection.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tests::pki::Issued;
use tests::use_aws_lc_rs;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Serves the pages on 127.0.0.1 until the test's runtime ends; returns the port.
pub(super) async fn serve(issued: &Issued, pages: &[(&str, &str)]) -> u16 {
    use_aws_lc_rs();
    let chain = vec![CertificateDer::from_pem_slice(issued.certificate.as_bytes()).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).expect("a key");
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("they belong together");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let pages: BTreeMap<String, String> = pages
        .iter()
        .map(|(path, page)| ((*path).into(), (*page).into()))
        .collect();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener
        .local_addr()
        .expect("a bound socket has an address")
        .port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (acceptor, pages) = (acceptor.clone(), pages.clone());
            tokio::spawn(async move {
                let mut stream = BufReader::new(acceptor.accept(socket).await?);
                let mut request = String::new();
                stream.read_line(&mut request).await?;
                let path = request.split(' ').nth(1).unwrap_or_default();
                let page = pages
                    .get(path.split('?').next().unwrap_or_default())
                    .map_or("", String::as_str);
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n\
                            Content-Security-Policy: default-src 'none'; form-action 'self'\r\n";
                stream
                    .write_all(format!("{head}Content-Length: {}\r\n\r\n{page}", page.len()).as_bytes())
                    .await?;
                stream.shutdown().await
            });
        }
    });
    port
}
