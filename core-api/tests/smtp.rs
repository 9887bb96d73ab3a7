//! What the answers of a mail server mean, phase by phase, against a small one that refuses as it is told to.

use std::sync::Arc;

use core_api::config::{MailSettings, SmtpTls, Transport};
use core_api::mail::letter::{Content, Letter};
use core_api::mail::{Fault, House, Mailer};
use domain::Timestamp;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use secrecy::SecretString;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What the server answers; otherwise it takes everything.
#[derive(Clone, Copy)]
struct Answers {
    offers_starttls: bool,
    auth: &'static str,
    recipient: &'static str,
    message: &'static str,
}

const WILLING: Answers = Answers {
    offers_starttls: true,
    auth: "235 welcome",
    recipient: "250 fine",
    message: "250 taken",
};

/// A server for one connection, and the certificate that it shows.
struct Server {
    port: u16,
    ca_pem: String,
    /// Each line that it was told, and whether within TLS.
    heard: JoinHandle<Vec<(bool, String)>>,
}

impl Server {
    async fn start(answers: Answers, tls: SmtpTls) -> Self {
        // The process-wide provider, as `main` installs it; another test may have been first.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .expect("a configuration");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let heard = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a connection");
            serve(stream, &acceptor, answers, tls).await
        });
        Self {
            port,
            ca_pem: cert.pem(),
            heard,
        }
    }

    async fn hand_over(self, tls: SmtpTls, ca_pem: &str) -> (Result<(), Fault>, Vec<(bool, String)>) {
        let settings = MailSettings {
            transport: Transport::Smtp {
                host: "localhost".to_owned(),
                port: self.port,
                tls,
                login: Some(("sallyport".to_owned(), SecretString::from("Relay-8-Candles"))),
                ca_pem: Some(ca_pem.to_owned()),
            },
            from: "Corp <reset@corp.example>".to_owned(),
        };
        let house = House {
            organisation: "Corp".to_owned(),
            helpdesk: "1".to_owned(),
            zone: jiff::tz::TimeZone::UTC,
        };
        let mailer = Mailer::new(&settings, house).expect("a mailer");
        let content = Content::Frozen { at: Timestamp(0) };
        let letter = Letter {
            to: "alice@home.example".to_owned(),
            language: "de".to_owned(),
            content,
        };
        let result = mailer.deliver(&[7; 16], &letter, Timestamp(0)).await;
        drop(mailer);
        (
            result,
            self.heard.await.expect("the server ends with the connection"),
        )
    }
}

async fn serve(
    stream: TcpStream,
    acceptor: &TlsAcceptor,
    answers: Answers,
    tls: SmtpTls,
) -> Vec<(bool, String)> {
    let mut heard = vec![];
    let stream = if tls == SmtpTls::StartTls {
        let mut plain = BufStream::new(stream);
        if !talk(&mut plain, answers, false, &mut heard).await {
            return heard;
        }
        plain.into_inner()
    } else {
        stream
    };
    // A client that does not trust the certificate ends the handshake.
    if let Ok(stream) = acceptor.accept(stream).await {
        let mut within = BufStream::new(stream);
        if tls == SmtpTls::Tls {
            say(&mut within, "220 hello").await;
        }
        continue_within(&mut within, answers, &mut heard).await;
    }
    heard
}

/// Greets in clear until the client asks for TLS; false when it hangs up.
async fn talk<S>(
    stream: &mut BufStream<S>,
    answers: Answers,
    within: bool,
    heard: &mut Vec<(bool, String)>,
) -> bool
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    say(stream, "220 hello").await;
    while let Some(line) = listen(stream).await {
        heard.push((within, line.clone()));
        if line == "STARTTLS" {
            say(stream, "220 go").await;
            return true;
        }
        let greeting = if answers.offers_starttls {
            "250-localhost\r\n250 STARTTLS"
        } else {
            "250 localhost"
        };
        say(
            stream,
            if line.starts_with("EHLO") {
                greeting
            } else {
                "221 bye"
            },
        )
        .await;
    }
    false
}

async fn continue_within<S>(stream: &mut BufStream<S>, answers: Answers, heard: &mut Vec<(bool, String)>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut in_message = false;
    while let Some(line) = listen(stream).await {
        heard.push((true, line.clone()));
        let word = line.split([' ', ':']).next().unwrap_or_default();
        let answer = match (in_message, word) {
            (true, ".") => {
                in_message = false;
                answers.message
            }
            (true, _) => continue,
            (false, "EHLO") => "250-localhost\r\n250 AUTH PLAIN",
            (false, "AUTH") => answers.auth,
            (false, "RCPT") => answers.recipient,
            (false, "DATA") => {
                in_message = true;
                "354 go on"
            }
            (false, "QUIT") => "221 bye",
            (false, _) => "250 fine",
        };
        say(stream, answer).await;
    }
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufStream<S>, text: &str) {
    // A client that hung up is noticed at the next line.
    let _ = stream.write_all(format!("{text}\r\n").as_bytes()).await;
    let _ = stream.flush().await;
}

async fn listen<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufStream<S>) -> Option<String> {
    let mut line = String::new();
    match stream.read_line(&mut line).await {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line.trim_end().to_owned()),
    }
}

#[tokio::test]
async fn a_message_is_handed_over_within_tls_only() {
    for tls in [SmtpTls::StartTls, SmtpTls::Tls] {
        let server = Server::start(WILLING, tls).await;
        let ca_pem = server.ca_pem.clone();
        let (result, heard) = server.hand_over(tls, &ca_pem).await;
        assert_eq!(result, Ok(()));
        let in_clear: Vec<&str> = heard
            .iter()
            .filter(|(within, _)| !within)
            .map(|(_, line)| &line[..4])
            .collect();
        let expected: &[&str] = if tls == SmtpTls::StartTls {
            &["EHLO", "STAR"]
        } else {
            &[]
        };
        assert_eq!(in_clear, expected);
        for line in ["RCPT TO:<alice@home.example>", "MAIL FROM:<reset@corp.example>"] {
            assert!(
                heard.iter().any(|(_, heard)| heard.starts_with(line)),
                "{line} in {heard:?}"
            );
        }
    }
}

#[tokio::test]
async fn without_tls_or_trust_nothing_is_said() {
    let server = Server::start(
        Answers {
            offers_starttls: false,
            ..WILLING
        },
        SmtpTls::StartTls,
    )
    .await;
    let ca_pem = server.ca_pem.clone();
    let (result, heard) = server.hand_over(SmtpTls::StartTls, &ca_pem).await;
    assert!(matches!(result, Err(Fault::TryAgain(_))), "{result:?}");
    assert!(
        heard
            .iter()
            .all(|(_, line)| line.starts_with("EHLO") || line == "QUIT"),
        "{heard:?}"
    );

    for tls in [SmtpTls::StartTls, SmtpTls::Tls] {
        let server = Server::start(WILLING, tls).await;
        let foreign = generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let (result, heard) = server.hand_over(tls, &foreign.cert.pem()).await;
        assert!(matches!(result, Err(Fault::TryAgain(_))), "{result:?}");
        assert!(heard.iter().all(|(within, _)| !within), "{heard:?}");
    }
}

#[tokio::test]
async fn a_refusal_means_what_its_phase_says() {
    let cases = [
        (
            Answers {
                auth: "535 5.7.8 no",
                ..WILLING
            },
            false,
        ),
        (
            Answers {
                recipient: "450 4.2.1 later",
                ..WILLING
            },
            false,
        ),
        (
            Answers {
                recipient: "530 5.7.0 sign in first",
                ..WILLING
            },
            false,
        ),
        (
            Answers {
                recipient: "550 5.1.1 <alice@home.example> is unknown",
                ..WILLING
            },
            true,
        ),
        (
            Answers {
                message: "452 4.3.1 full",
                ..WILLING
            },
            false,
        ),
        (
            Answers {
                message: "554 5.6.0 no",
                ..WILLING
            },
            true,
        ),
    ];
    for (answers, for_good) in cases {
        let server = Server::start(answers, SmtpTls::StartTls).await;
        let ca_pem = server.ca_pem.clone();
        let (result, _) = server.hand_over(SmtpTls::StartTls, &ca_pem).await;
        let told = match &result {
            Err(Fault::GiveUp(why)) if for_good => why,
            Err(Fault::TryAgain(why)) if !for_good => why,
            other => panic!(
                "{}, {}, {}: {other:?}",
                answers.auth, answers.recipient, answers.message
            ),
        };
        assert!(!told.contains("alice"), "the log names nobody: {told}");
    }
}

#[tokio::test]
async fn an_authority_that_is_none_is_found_at_the_start() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let settings = MailSettings {
        transport: Transport::Smtp {
            host: "localhost".to_owned(),
            port: 25,
            tls: SmtpTls::StartTls,
            login: None,
            ca_pem: Some("not a certificate".to_owned()),
        },
        from: "reset@corp.example".to_owned(),
    };
    let house = House {
        organisation: String::new(),
        helpdesk: String::new(),
        zone: jiff::tz::TimeZone::UTC,
    };
    assert!(Mailer::new(&settings, house).is_err());
}
