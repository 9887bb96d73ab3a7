use std::path::Path;
use std::time::Duration;

use contract::paths::{MESSAGES, SEAL_KEY};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::*;
use crate::admin::{AskError, Request, ask};
use crate::config;
use crate::pki::{Authority, Order, Role, init, issue};
use crate::steps::Unwatched;
use crate::usecase::audit::verify::verify;
use crate::worker::checkpoint::witness_key;

const CONFIG: &str = r#"
demo = true
data_dir = "data"
organisation = "Test"
[health]
listen = "127.0.0.1:0"
[api]
listen = "127.0.0.1:0"
sources = ["127.0.0.0/8"]
cert_file = "core.pem"
key_file = "core.key"
client_ca_file = "pki/root.pem"
[[api.peer]]
san = "portal.localhost"
role = "portal"
origin = "https://portal.localhost:8443"
[[api.peer]]
san = "tool.localhost"
role = "client"
[[api.peer]]
san = "sender.localhost"
role = "sender"
[[directory]]
kind = "embedded"
[[recovery.policy]]
name = "all"
actions = ["reset"]
steps = [["totp", "recovery-code"]]
[mail]
transport = "file"
directory = "mail"
from = "reset@corp.example"
helpdesk = "help@corp.example"
"#;

fn install(folder: &Path) -> Config {
    let pki = folder.join("pki");
    let now = SystemClock.now();
    init(&pki, "Test", now, &OsRandomness).unwrap();
    let authority = Authority::open(&pki).unwrap();
    for (role, prefix, san) in [
        (Role::Core, "core", "localhost"),
        (Role::Portal, "portal", "portal.localhost"),
        (Role::Client, "tool", "tool.localhost"),
        (Role::Client, "sender", "sender.localhost"),
        (Role::Portal, "stranger", "stranger.localhost"),
    ] {
        let order = Order {
            role,
            names: vec![san.to_owned()],
        };
        issue(&authority, &order, now, &OsRandomness)
            .unwrap()
            .write(&folder.join(prefix))
            .unwrap();
    }
    let file = folder.join("core-api.toml");
    std::fs::write(&file, CONFIG).unwrap();
    config::read(&file, [])
        .unwrap_or_else(|wrong| panic!("{wrong}"))
        .0
}

/// The status with which a holder of this certificate is answered; `None` when TLS lets nobody in.
async fn status(folder: &Path, address: SocketAddr, prefix: Option<&str>, path: &str) -> Option<u16> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    answered(folder, address, prefix, request.as_bytes()).await
}

/// The status with which this body is answered at the path for messages.
async fn posted(folder: &Path, address: SocketAddr, prefix: &str, kind: &str, body: &str) -> Option<u16> {
    let head = format!(
        "POST {MESSAGES} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: {kind}\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    answered(
        folder,
        address,
        Some(prefix),
        [head.as_bytes(), body.as_bytes()].concat().as_slice(),
    )
    .await
}

async fn answered(folder: &Path, address: SocketAddr, prefix: Option<&str>, request: &[u8]) -> Option<u16> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(folder.join("pki/root.pem")).unwrap())
        .unwrap();
    let builder = ClientConfig::builder().with_root_certificates(roots);
    let client = match prefix {
        None => builder.with_no_client_auth(),
        Some(prefix) => {
            let chain = CertificateDer::pem_file_iter(folder.join(format!("{prefix}.pem"))).unwrap();
            let key = PrivateKeyDer::from_pem_file(folder.join(format!("{prefix}.key"))).unwrap();
            builder
                .with_client_auth_cert(chain.collect::<Result<_, _>>().unwrap(), key)
                .unwrap()
        }
    };
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(client))
        .connect(name, stream)
        .await
        .ok()?;
    exchange(&mut stream, request).await
}

async fn exchange(stream: &mut (impl AsyncReadExt + AsyncWriteExt + Unpin), request: &[u8]) -> Option<u16> {
    // Whoever is refused may be answered before everything is written.
    let _ = stream.write_all(request).await;
    // What was written may still lie in the TLS session: reading alone does not send it.
    let _ = stream.flush().await;
    let mut answer = Vec::new();
    // A peer that closes without a TLS goodbye has still answered.
    let _ = stream.read_to_end(&mut answer).await;
    std::str::from_utf8(&answer).ok()?.split(' ').nth(1)?.parse().ok()
}

async fn becomes_ready(address: SocketAddr) -> bool {
    for _ in 0..1200 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        if exchange(&mut stream, request).await == Some(200) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

/// Ten mebibytes get as far as the rules, more does not, and nobody but a sender gets there at all.
async fn only_senders_send(folder: &Path, api: SocketAddr) {
    let json = "application/json";
    let new = |size: usize| {
        let data = "A".repeat(4 * size.div_ceil(3));
        format!(
            r#"{{"key":"0123456789abcdef","content":{{"form":"plain","files":[{{"name":"f","data":"{data}"}}]}}}}"#
        )
    };
    let largest = new(seal::MAX_CONTENT - 2);
    for (prefix, kind, body, status) in [
        ("portal", json, new(1), 403),
        ("tool", json, new(1), 403),
        ("sender", "text/plain", new(1), 415),
        ("sender", json, "{}".to_owned(), 400),
        ("sender", json, largest, 503),
        ("sender", json, new(13 * 1024 * 1024), 413),
    ] {
        let size = body.len();
        let answered = posted(folder, api, prefix, kind, &body).await;
        assert_eq!(answered, Some(status), "{prefix} {kind} {size}");
    }
    let message = format!("{MESSAGES}/AAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(status(folder, api, Some("sender"), &message).await, Some(404));
    assert_eq!(status(folder, api, Some("tool"), &message).await, Some(403));
}

/// One test, because metrics are collected once per process.
#[tokio::test(flavor = "multi_thread")]
async fn a_core_starts_serves_whom_it_should_and_ends_tidily() {
    server::tls::install_crypto();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let config = install(folder);
    let data_dir = config.data_dir.clone();
    let running = start(config, Arc::new(Unwatched))
        .await
        .unwrap_or_else(|wrong| panic!("{wrong}"));
    let (api, health) = (running.api(), running.health());
    let key = witness_key(running.core.signing());
    let (orders, receiver) = mpsc::channel(1);
    let life = tokio::spawn(running.run(receiver));

    assert!(becomes_ready(health).await);
    assert_eq!(status(folder, api, Some("portal"), SEAL_KEY).await, Some(200));
    assert_eq!(
        status(folder, api, Some("stranger"), SEAL_KEY).await,
        Some(403),
        "no configured peer"
    );
    assert_eq!(
        status(folder, api, Some("tool"), contract::paths::CURRENT).await,
        Some(403),
        "no portal"
    );
    assert_eq!(
        status(folder, api, None, SEAL_KEY).await,
        None,
        "without a certificate there is no HTTP"
    );
    only_senders_send(folder, api).await;
    let pause = Request::Pause {
        portal: "portal.localhost".to_owned(),
        why: "test".to_owned(),
    };
    ask(&data_dir, &pause).await.unwrap();
    let config = config::read(&folder.join("core-api.toml"), []).unwrap().0;
    let second = start(config, Arc::new(Unwatched)).await;
    assert!(matches!(
        second,
        Err(StartError::Database(sqlite::OpenError::InUse { .. }))
    ));

    orders.send(server::Order::Stop).await.unwrap();
    assert_eq!(life.await.unwrap(), Ended::Drained);
    assert!(matches!(
        ask(&data_dir, &pause).await,
        Err(AskError::NotRunning(_))
    ));
    let store = Store::open(&data_dir).expect("the lock is free");
    let report = verify(&store, key, Vec::new()).await.unwrap();
    assert_eq!(
        (report.records, report.witnessed, report.faults),
        (2, 2, vec![]),
        "the end is vouched for too"
    );
    store.database().close().await;
}
