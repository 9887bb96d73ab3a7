//! Whether mail can leave: the server answers, speaks TLS with the right name, and takes the login.

use std::path::Path;
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use secrecy::ExposeSecret as _;
use server::check::Line;
use tokio::time::timeout;

use crate::config::{MailSettings, SmtpTls, Transport};

const PATIENCE: Duration = Duration::from_secs(15);

const REMEDY: &str =
    "open the port to it, and see that host, tls, ca_file, user and password_file in [mail] are right";

/// Tries the way that mail takes. Nothing is sent.
pub(super) async fn check(settings: &MailSettings) -> Line {
    match &settings.transport {
        Transport::File { directory } => folder(directory),
        Transport::Smtp { host, port, .. } => {
            let result = match timeout(PATIENCE, reach(&settings.transport)).await {
                Ok(result) => result,
                Err(_) => Err("no answer".to_owned()),
            };
            let what = "mail server";
            match result {
                Ok(()) => Line::ok(what, host, "answers within TLS"),
                Err(wrong) => Line::fail(what, host, &wrong, REMEDY),
            }
            .at_port(*port)
        }
    }
}

async fn reach(transport: &Transport) -> Result<(), String> {
    let Transport::Smtp {
        host,
        port,
        tls,
        login,
        ca_pem,
    } = transport
    else {
        return Ok(());
    };
    let trust = trust(host, ca_pem.as_deref()).map_err(|error| error.to_string())?;
    let tls = match tls {
        SmtpTls::StartTls => Tls::Required(trust),
        SmtpTls::Tls => Tls::Wrapper(trust),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
        .port(*port)
        .tls(tls);
    if let Some((user, password)) = login {
        builder = builder.credentials(Credentials::new(
            user.clone(),
            password.expose_secret().to_owned(),
        ));
    }
    match builder.build::<Tokio1Executor>().test_connection().await {
        Ok(true) => Ok(()),
        Ok(false) => Err("it does not answer as a mail server does".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn trust(host: &str, ca_pem: Option<&str>) -> Result<TlsParameters, lettre::transport::smtp::Error> {
    let mut trust = TlsParameters::builder(host.to_owned());
    if let Some(pem) = ca_pem {
        trust = trust
            .certificate_store(CertificateStore::None)
            .add_root_certificate(Certificate::from_pem(pem.as_bytes())?);
    }
    trust.build()
}

fn folder(path: &Path) -> Line {
    let (what, place) = ("mail folder", path.display().to_string());
    if path.is_dir() || !path.exists() {
        Line::ok(what, &place, "one file a message; nothing is sent")
    } else {
        Line::fail(what, &place, "no folder", "name a folder in mail.directory")
    }
}
