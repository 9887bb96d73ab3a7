//! `check`: tries everything that a portal will need, and says what to do about what is wrong.

use std::fmt::Write as _;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use client::ClientError;
use client::core::CoreClient;
use serde::Serialize;
use server::tls::Tls;

use crate::certificate::Certificate;
use crate::config::PortalConfig;
use crate::link;
use crate::sealing::{KeyBook, KeyError};

/// A certificate that ends sooner is worth a word.
const SOON_DAYS: i64 = 2;

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What.
    pub what: &'static str,
    /// Where: an address or a file.
    pub at: String,
    /// Whether it is well.
    pub ok: bool,
    /// What was found.
    pub result: String,
    /// What to do about it; empty if it is well.
    pub remedy: &'static str,
}

/// Tries everything, one after the other. `now` is in milliseconds since the Unix epoch.
pub async fn check(config: &PortalConfig, now: i64) -> Vec<Finding> {
    let mut findings = vec![public_certificate(config, now), listener(config)];
    findings.push(own_certificate(&config.core.cert_file, now));
    findings.extend(core(config).await);
    findings
}

/// The findings as a table for people.
pub fn table(findings: &[Finding]) -> String {
    let width = |column: fn(&Finding) -> &str| {
        findings
            .iter()
            .map(|finding| column(finding).len())
            .max()
            .unwrap_or_default()
    };
    let (what, at) = (width(|finding| finding.what), width(|finding| &finding.at));
    let mut table = String::new();
    for finding in findings {
        let state = if finding.ok { "ok  " } else { "FAIL" };
        let line = format!(
            "{state}  {:what$}  {:at$}  {}",
            finding.what, finding.at, finding.result
        );
        table.push_str(&line);
        if !finding.remedy.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(table, "\n      -> {}", finding.remedy);
        }
        table.push('\n');
    }
    table
}

fn public_certificate(config: &PortalConfig, now: i64) -> Finding {
    let files = config.public.tls.clone();
    let path = files
        .as_ref()
        .map(|files| files.cert.display().to_string())
        .unwrap_or_default();
    let found = |ok, result: String, remedy| Finding {
        what: "public certificate",
        at: path.clone(),
        ok,
        result,
        remedy,
    };
    let remedy = "put the certificate for public_origin and its key where [public] says";
    let Some(files) = files else {
        return found(false, "no TLS".to_owned(), remedy);
    };
    let certificate = Certificate::read(&files.cert);
    if let Err(wrong) = Tls::new(files) {
        return found(false, wrong.to_string(), remedy);
    }
    match certificate {
        Some(certificate) if !certificate.is_for(config.origin.host()) => {
            found(false, format!("is not for {}", config.origin.host()), remedy)
        }
        Some(certificate) => {
            let (ok, result) = days(&certificate, now);
            found(ok, result, if ok { "" } else { remedy })
        }
        None => found(false, "no certificate".to_owned(), remedy),
    }
}

fn own_certificate(path: &Path, now: i64) -> Finding {
    let (ok, result) =
        Certificate::read(path).map_or((false, "no certificate".to_owned()), |own| days(&own, now));
    Finding {
        what: "own certificate",
        at: path.display().to_string(),
        ok,
        result,
        remedy: if ok {
            ""
        } else {
            "enrol this portal again: core-api portal enrol"
        },
    }
}

fn days(certificate: &Certificate, now: i64) -> (bool, String) {
    match certificate.days_left(now) {
        left if left < 0 => (false, "has ended".to_owned()),
        left if left < SOON_DAYS => (true, format!("ends in {left} days, which is soon")),
        left => (true, format!("{left} days left")),
    }
}

fn listener(config: &PortalConfig) -> Finding {
    let address = config.public.address;
    let (ok, result, remedy) = match TcpListener::bind(address) {
        Ok(_) => (true, "free".to_owned(), ""),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            (true, "in use, as while the portal runs".to_owned(), "")
        }
        Err(error) => (
            false,
            error.to_string(),
            "ports below 1024 need CAP_NET_BIND_SERVICE; the address must be one of this host",
        ),
    };
    Finding {
        what: "public listener",
        at: address.to_string(),
        ok,
        result,
        remedy,
    }
}

/// The connection with both certificates, then the signed document.
async fn core(config: &PortalConfig) -> Vec<Finding> {
    let at = config.core.url.to_string();
    let connection = |ok, result: String, remedy| Finding {
        what: "core",
        at: at.clone(),
        ok,
        result,
        remedy,
    };
    let client = match CoreClient::new(link::transport(&config.core)) {
        Ok(client) => client,
        Err(wrong) => {
            return vec![connection(
                false,
                wrong.to_string(),
                "mend the files that [core] names",
            )];
        }
    };
    let keys = KeyBook::new(Arc::new(client), config.core.signing_key.clone());
    let signature = |ok, result: String, remedy| Finding {
        what: "core's signature",
        at: at.clone(),
        ok,
        result,
        remedy,
    };
    let reached = || connection(true, "reached, both certificates accepted".to_owned(), "");
    match keys.refresh().await {
        Ok(()) => vec![
            reached(),
            signature(true, "the key document is the pinned key's".to_owned(), ""),
        ],
        Err(KeyError::Document(wrong)) => vec![
            reached(),
            signature(
                false,
                wrong.to_string(),
                "compare core.signing_key with what `core-api portal enrol` prints",
            ),
        ],
        Err(KeyError::Core(error @ ClientError::Problem(_))) => vec![connection(
            false,
            error.to_string(),
            "list this portal's name in an [[api.peer]] of the core",
        )],
        Err(KeyError::Core(error)) => vec![connection(
            false,
            error.to_string(),
            "open the way from here to the core's [api] listener; both must know the same authority",
        )],
    }
}
