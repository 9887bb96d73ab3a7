//! The mail server takes mail only over TLS and from who knows the password, and keeps what it takes.

use std::sync::Arc;

use data_encoding::BASE64;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tests::pki::Authority;
use tests::smtp::MailServer;
use tests::use_aws_lc_rs;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const MAIL: &str = "From: a@corp.example\r\nTo: alice@home.example\r\nSubject: =?utf-8?q?C=C3=B6de?=\r\n\
    MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
    Your code: 123=\r\n456\r\n.\r\n";

/// Says a line, unless it is empty, and returns the last line of the answer.
async fn say(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), line: &str) -> String {
    let mut stream = BufReader::with_capacity(1, stream);
    if !line.is_empty() {
        stream
            .write_all(format!("{line}\r\n").as_bytes())
            .await
            .expect("the server listens");
    }
    loop {
        let mut answer = String::new();
        stream.read_line(&mut answer).await.expect("the server answers");
        if answer.as_bytes().get(3) != Some(&b'-') {
            return answer;
        }
    }
}

/// Connects, and goes over to TLS if asked.
async fn greet(server: &MailServer) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port()))
        .await
        .expect("the server listens");
    assert!(say(&mut stream, "").await.starts_with("220"));
    assert!(say(&mut stream, "EHLO test.localhost").await.starts_with("250"));
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_taken_over_tls_with_the_password_and_kept() {
    use_aws_lc_rs();
    let authority = Authority::new("test CA");
    let server = MailServer::start(&authority).await;
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).expect("a certificate"))
        .expect("an authority");
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut stream = greet(&server).await;
    assert!(say(&mut stream, "STARTTLS").await.starts_with("220"));
    let name = ServerName::try_from(MailServer::HOST).expect("a host name");
    let mut stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .expect("a certificate that we trust");
    assert!(say(&mut stream, "EHLO test.localhost").await.starts_with("250"));

    let login = |password: &str| BASE64.encode(format!("\0{}\0{password}", MailServer::USERNAME).as_bytes());
    assert!(
        say(&mut stream, "MAIL FROM:<a@corp.example>")
            .await
            .starts_with("530"),
        "no mail without a password"
    );
    assert!(
        say(&mut stream, &format!("AUTH PLAIN {}", login("wrong")))
            .await
            .starts_with("535")
    );
    assert!(
        say(
            &mut stream,
            &format!("AUTH PLAIN {}", login(MailServer::PASSWORD))
        )
        .await
        .starts_with("235")
    );
    assert!(
        say(&mut stream, "MAIL FROM:<a@corp.example>")
            .await
            .starts_with("250")
    );
    assert!(
        say(&mut stream, "RCPT TO:<alice@home.example>")
            .await
            .starts_with("250")
    );
    assert!(say(&mut stream, "DATA").await.starts_with("354"));
    assert!(say(&mut stream, MAIL.trim_end()).await.starts_with("250"));

    let mail = server.next_to("alice@home.example", 0).await;
    assert_eq!(
        (mail.from.as_str(), mail.subject.as_str()),
        ("a@corp.example", "Cöde")
    );
    assert_eq!(mail.text.trim(), "Your code: 123456");
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_in_clear_is_refused() {
    let server = MailServer::start(&Authority::new("test CA")).await;
    let mut stream = greet(&server).await;
    assert!(
        say(&mut stream, "MAIL FROM:<a@corp.example>")
            .await
            .starts_with("530")
    );
    assert!(server.mails().is_empty());
}
