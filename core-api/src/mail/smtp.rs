//! The transport over SMTP: always within TLS, with our own trust, one connection a message.
//!
//! The phases are taken apart by hand, because what a refusal means depends on the phase: whatever fails before
//! the message is named (the connection, TLS, the sign-in) is the installation's fault and never the message's.

use std::time::Duration;

use async_trait::async_trait;
use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::extension::ClientId;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use super::{Fault, MailerError, Transport};
use crate::config::SmtpTls;

/// Name, TCP, TLS and sign-in together.
const CONNECT: Duration = Duration::from_secs(15);
/// From naming the sender to the server's word that it has the message. Together with [`CONNECT`] it stays below
/// the outbox's lease.
const SEND: Duration = Duration::from_secs(30);
/// The message is taken by then; saying goodbye is politeness.
const QUIT: Duration = Duration::from_secs(2);
/// "Sign in first" and its kin (RFC 4954 section 6): permanent for this sign-in, not for the message.
const SIGN_IN: [u16; 4] = [530, 534, 535, 538];

/// A mail server.
pub(super) struct Smtp {
    host: String,
    port: u16,
    tls: SmtpTls,
    trust: TlsParameters,
    login: Option<(String, SecretString)>,
    hello: ClientId,
}

impl Smtp {
    /// A server whose certificate must carry `host` and come from the authority in `ca_pem`, or from one of the
    /// system's if there is none.
    pub(super) fn new(
        host: &str,
        port: u16,
        tls: SmtpTls,
        login: Option<&(String, SecretString)>,
        ca_pem: Option<&str>,
    ) -> Result<Self, MailerError> {
        // A text without any certificate would trust nobody, which nobody would see before the first mail waits.
        if ca_pem.is_some_and(|pem| !pem.contains("BEGIN CERTIFICATE")) {
            return Err(MailerError::Trust("it holds no certificate".to_owned()));
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            tls,
            trust: trust(host, ca_pem).map_err(|error| MailerError::Trust(error.to_string()))?,
            login: login.cloned(),
            hello: own_name(),
        })
    }

    /// A connection within TLS, signed in.
    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let at_once = (self.tls == SmtpTls::Tls).then(|| self.trust.clone());
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(CONNECT), &self.hello, at_once, None).await?;
        if self.tls == SmtpTls::StartTls {
            // Fails where the server does not offer it; nothing was said in clear by then.
            connection.starttls(self.trust.clone(), &self.hello).await?;
        }
        if let Some((user, password)) = &self.login {
            let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
            connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        Ok(connection)
    }
}

#[async_trait]
impl Transport for Smtp {
    async fn hand_over(&self, message: &Message) -> Result<(), Fault> {
        let mut connection = match timeout(CONNECT, self.connect()).await {
            Ok(connected) => connected.map_err(|error| Fault::TryAgain(told(&error)))?,
            Err(_) => return Err(Fault::TryAgain("the mail server did not answer".to_owned())),
        };
        let bytes = message.formatted();
        match timeout(SEND, connection.send(message.envelope(), &bytes)).await {
            Ok(Ok(_)) => {
                let _ = timeout(QUIT, connection.quit()).await;
                Ok(())
            }
            Ok(Err(error)) => Err(sorted(&error)),
            Err(_) => Err(Fault::TryAgain(
                "the mail server did not say whether it took the message".to_owned(),
            )),
        }
    }
}

/// Our own trust: exactly the given authority, or what the system trusts.
fn trust(host: &str, ca_pem: Option<&str>) -> Result<TlsParameters, Error> {
    let mut trust = TlsParametersBuilder::new(host.to_owned());
    if let Some(pem) = ca_pem {
        trust = trust
            .certificate_store(CertificateStore::None)
            .add_root_certificate(Certificate::from_pem(pem.as_bytes())?);
    }
    trust.build()
}

/// The host's name for the greeting; a literal of the loopback address where it has none.
fn own_name() -> ClientId {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match url::Host::parse(name.trim()) {
        Ok(url::Host::Domain(name)) if name.is_ascii() => ClientId::Domain(name),
        _ => ClientId::default(),
    }
}

/// What a failure while the message was handed over means for it.
fn sorted(error: &Error) -> Fault {
    match error.status().map(u16::from) {
        Some(code) if error.is_permanent() && !SIGN_IN.contains(&code) => Fault::GiveUp(told(error)),
        _ => Fault::TryAgain(told(error)),
    }
}

/// The code of an answer, for its text may name the recipient; the reason of everything else.
fn told(error: &Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        None if error.is_response() => "the mail server's answer cannot be understood".to_owned(),
        None => error.to_string(),
    }
}
