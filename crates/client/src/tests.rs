//! The transport against a server that answers with whatever bytes a test wants.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use contract::{Problem, ProblemKind};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use url::Url;

mod core;
mod page;

use super::{Call, ClientError, Transport, TransportSettings};

/// A private authority with a certificate each for a server and a client.
struct Pki {
    folder: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Pki {
    fn new() -> Self {
        drop(aws_lc_rs::default_provider().install_default());
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let pki = Self {
            folder: tempfile::tempdir().unwrap(),
            issuer,
        };
        std::fs::write(pki.file("ca.pem"), pki.issuer.pem()).unwrap();
        pki.issue("server", "127.0.0.1", ExtendedKeyUsagePurpose::ServerAuth);
        pki.issue("client", "portal1.example", ExtendedKeyUsagePurpose::ClientAuth);
        pki
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn issue(&self, file: &str, name: &str, usage: ExtendedKeyUsagePurpose) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(self.file(&format!("{file}.pem")), certificate.pem()).unwrap();
        std::fs::write(self.file(&format!("{file}.key")), key.serialize_pem()).unwrap();
    }

    fn settings(&self, address: SocketAddr) -> TransportSettings {
        let base = Url::parse(&format!("https://{address}")).unwrap();
        let mut settings = TransportSettings::new(
            base,
            self.file("ca.pem"),
            self.file("client.pem"),
            self.file("client.key"),
        );
        settings.timeout = Duration::from_secs(20);
        settings.body_limit = 1000;
        settings
    }

    fn server_config(&self, versions: &[&'static rustls::SupportedProtocolVersion]) -> Arc<ServerConfig> {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(self.file("ca.pem")).unwrap())
            .unwrap();
        let config = ServerConfig::builder_with_protocol_versions(versions)
            .with_client_cert_verifier(WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap())
            .with_single_cert(
                vec![CertificateDer::from_pem_file(self.file("server.pem")).unwrap()],
                PrivateKeyDer::from_pem_file(self.file("server.key")).unwrap(),
            );
        Arc::new(config.unwrap())
    }
}

/// A request as the server saw it: the peer's certificate, if it showed one, and the bytes.
struct Seen {
    certificate: Vec<u8>,
    text: String,
}

/// Answers each connection's first request with `answer`; silent if there is none.
async fn serve(config: Arc<ServerConfig>, answer: Option<String>) -> (SocketAddr, mpsc::Receiver<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (seen, receiver) = mpsc::channel(4);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = TlsAcceptor::from(Arc::clone(&config)).accept(stream).await else {
                continue;
            };
            let shown = stream.get_ref().1.peer_certificates();
            let certificate = shown.map(|chain| chain[0].to_vec()).unwrap_or_default();
            let mut bytes = vec![0; 4096];
            let length = stream.read(&mut bytes).await.unwrap();
            let text = String::from_utf8(bytes[..length].to_vec()).unwrap();
            drop(seen.send(Seen { certificate, text }).await);
            match &answer {
                Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
                None => std::future::pending().await,
            }
            drop(stream.shutdown().await);
        }
    });
    (address, receiver)
}

fn http(status: &str, kind: &str, body: &str) -> String {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n");
    format!("{head}Connection: close\r\n\r\n{body}")
}

/// The outcome of one call against a server that answers so; against a silent one after a second.
async fn outcome(answer: Option<String>) -> Result<Vec<u32>, ClientError> {
    let pki = Pki::new();
    let is_silent = answer.is_none();
    let (address, _seen) = serve(pki.server_config(rustls::DEFAULT_VERSIONS), answer).await;
    let mut settings = pki.settings(address);
    if is_silent {
        settings.timeout = Duration::from_secs(1);
    }
    Transport::new(settings)
        .unwrap()
        .call(Call::get("/v1/numbers"))
        .await
}

#[tokio::test]
async fn a_call_carries_who_we_are_the_handle_the_reference_and_the_body() {
    let pki = Pki::new();
    let json = Some(http("200 OK", "application/json", "[1,2]"));
    let (address, mut seen) = serve(pki.server_config(rustls::DEFAULT_VERSIONS), json).await;
    let transport = Transport::new(pki.settings(address)).unwrap();
    let handle = SecretString::from("the-handle");
    let call = Call::post("/v1/numbers").handle(&handle).reference("7F3KQ2M9XA");
    assert!(!format!("{call:?}").contains("the-handle"));
    let numbers: Vec<u32> = transport.call_with(call, &["a"]).await.unwrap();
    assert_eq!(numbers, [1, 2]);
    let seen = seen.recv().await.unwrap();
    assert!(
        seen.text.starts_with("POST /v1/numbers HTTP/1.1\r\n"),
        "{}",
        seen.text
    );
    for line in [
        "authorization: Bearer the-handle",
        "sallyport-reference: 7F3KQ2M9XA",
        "[\"a\"]",
    ] {
        assert!(seen.text.contains(line), "{line} is not in {}", seen.text);
    }
    let own = CertificateDer::from_pem_file(pki.file("client.pem")).unwrap();
    assert_eq!(seen.certificate, own.to_vec());
}

#[tokio::test]
async fn an_answer_without_a_body_is_nothing() {
    let pki = Pki::new();
    let empty = Some("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".to_owned());
    let (address, _seen) = serve(pki.server_config(rustls::DEFAULT_VERSIONS), empty).await;
    let transport = Transport::new(pki.settings(address)).unwrap();
    transport
        .call::<()>(Call::delete("/v1/recoveries/current"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_problem_is_understood() {
    let problem = Problem::new(ProblemKind::StaleStep, "7F3KQ2M9XA");
    let body = serde_json::to_string(&problem).unwrap();
    let answer = outcome(Some(http("409 Conflict", "application/problem+json", &body))).await;
    assert!(matches!(answer, Err(ClientError::Problem(found)) if found == problem));
}

#[tokio::test]
async fn anything_else_is_refused() {
    let huge = format!("[{}1]", "1,".repeat(600));
    for (what, answer) in [
        (
            "a page",
            http("500 Internal Server Error", "text/html", "<p>inside</p>"),
        ),
        (
            "a broken problem",
            http("500 Internal Server Error", "application/problem+json", "{}"),
        ),
        ("another shape", http("200 OK", "application/json", "{\"a\":1}")),
        ("too much", http("200 OK", "application/json", &huge)),
        (
            "a redirect",
            "HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\n\r\n".to_owned(),
        ),
    ] {
        let outcome = outcome(Some(answer)).await;
        assert!(
            matches!(outcome, Err(ClientError::Protocol(_))),
            "{what}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn whether_a_request_may_have_been_carried_out_is_told() {
    assert!(matches!(outcome(None).await, Err(ClientError::TimedOut)));
    let broken = outcome(Some(String::new())).await;
    assert!(
        matches!(broken, Err(ClientError::Unreachable { sent: true, .. })),
        "{broken:?}"
    );

    let pki = Pki::new();
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let nobody = Transport::new(pki.settings(closed))
        .unwrap()
        .call::<()>(Call::get("/"))
        .await;
    assert!(
        matches!(nobody, Err(ClientError::Unreachable { sent: false, .. })),
        "{nobody:?}"
    );
}

#[tokio::test]
async fn only_our_authority_and_only_tls_1_3_are_spoken_to() {
    let (pki, foreign) = (Pki::new(), Pki::new());
    let fine = Some(http("200 OK", "application/json", "[1]"));
    for config in [
        foreign.server_config(rustls::DEFAULT_VERSIONS),
        pki.server_config(&[&rustls::version::TLS12]),
    ] {
        let (address, _seen) = serve(config, fine.clone()).await;
        let answer = Transport::new(pki.settings(address))
            .unwrap()
            .call::<Vec<u32>>(Call::get("/"))
            .await;
        assert!(
            matches!(answer, Err(ClientError::Unreachable { sent: false, .. })),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_reload_shows_the_new_certificate_and_a_broken_file_changes_nothing() {
    let pki = Pki::new();
    let fine = Some(http("200 OK", "application/json", "[1]"));
    let (address, mut seen) = serve(pki.server_config(rustls::DEFAULT_VERSIONS), fine).await;
    let transport = Transport::new(pki.settings(address)).unwrap();
    transport.call::<Vec<u32>>(Call::get("/")).await.unwrap();
    let first = seen.recv().await.unwrap().certificate;

    pki.issue("client", "portal1.example", ExtendedKeyUsagePurpose::ClientAuth);
    transport.reload().unwrap();
    transport.call::<Vec<u32>>(Call::get("/")).await.unwrap();
    let second = seen.recv().await.unwrap().certificate;
    assert_ne!(first, second);

    std::fs::write(pki.file("client.pem"), "no certificate").unwrap();
    assert!(transport.reload().is_err());
    transport.call::<Vec<u32>>(Call::get("/")).await.unwrap();
    assert_eq!(seen.recv().await.unwrap().certificate, second);
}
