//! `check`: tries everything that a portal will need, and says what to do about what is wrong.

use std::fmt::Display;
use std::fs::{File, remove_file};
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use client::ClientError;
use client::core::CoreClient;
use server::certificate::Certificate;
use server::check::{Line, State};
use server::tls::Tls;

use crate::config::PortalConfig;
use crate::link;
use crate::sealing::{KeyBook, KeyError};

/// A certificate that ends sooner is worth a word.
const SOON_DAYS: i64 = 2;

/// Tries everything, one after the other. `now` is in milliseconds since the Unix epoch.
pub async fn check(config: &PortalConfig, now: i64) -> Vec<Line> {
    let mut lines = vec![public_certificate(config, now), listener(config)];
    lines.push(own_certificate(&config.core.cert_file, now));
    lines.extend(core(config).await);
    lines
}

fn public_certificate(config: &PortalConfig, now: i64) -> Line {
    let what = "public certificate";
    let remedy = "put the certificate for public_origin and its key where [public] says";
    let Some(files) = config.public.tls.clone() else {
        return Line::fail(what, "[public]", "no TLS", remedy);
    };
    let place = files.cert.display().to_string();
    let certificate = Certificate::read(&files.cert);
    if let Err(wrong) = Tls::new(files) {
        return Line::fail(what, &place, &wrong.to_string(), remedy);
    }
    match certificate {
        Some(certificate) if !certificate.is_for(config.origin.host()) => {
            let wrong = format!("is not for {}", config.origin.host());
            Line::fail(what, &place, &wrong, remedy)
        }
        Some(certificate) => lasting(what, &place, &certificate, now, remedy),
        None => Line::fail(what, &place, "no certificate", remedy),
    }
}

fn own_certificate(path: &Path, now: i64) -> Line {
    let (what, place) = ("own certificate", path.display().to_string());
    let remedy = "enrol this portal again: core-api portal enrol";
    let Some(own) = Certificate::read(path) else {
        return Line::fail(what, &place, "no certificate", remedy);
    };
    let line = lasting(what, &place, &own, now, remedy);
    if line.state == State::Ok && !can_be_replaced(path) {
        let wrong = "this user may not write its folder, so it cannot be renewed";
        return Line::weak(what, &place, wrong, "let the portal's user own the folder");
    }
    line
}

/// Whether a file may be made beside it, as a renewal does.
fn can_be_replaced(path: &Path) -> bool {
    let beside = path.with_extension("check");
    File::create_new(&beside)
        .and_then(|_| remove_file(&beside))
        .is_ok()
}

fn lasting(what: &str, place: &str, certificate: &Certificate, now: i64, remedy: &str) -> Line {
    match certificate.days_left(now) {
        left if left < 0 => Line::fail(what, place, "has ended", remedy),
        left if left < SOON_DAYS => Line::weak(what, place, &format!("{left} days left"), remedy),
        left => Line::ok(what, place, &format!("{left} days left")),
    }
}

fn listener(config: &PortalConfig) -> Line {
    let (what, address) = ("public listener", config.public.address);
    let place = address.to_string();
    match TcpListener::bind(address) {
        Ok(_) => Line::ok(what, &place, "free"),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            Line::ok(what, &place, "in use, as while the portal runs")
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let remedy = "let the portal have CAP_NET_BIND_SERVICE, as its unit does";
            Line::weak(what, &place, "this user may not open it by itself", remedy)
        }
        Err(error) => {
            let remedy = "the address must be one of this host";
            Line::fail(what, &place, &error.to_string(), remedy)
        }
    }
}

/// The connection with both certificates, then the signed document.
async fn core(config: &PortalConfig) -> Vec<Line> {
    let at = config.core.url.to_string();
    let unreached = |wrong: &dyn Display, remedy| vec![Line::fail("core", &at, &wrong.to_string(), remedy)];
    let client = match CoreClient::new(link::transport(&config.core)) {
        Ok(client) => client,
        Err(wrong) => return unreached(&wrong, "mend the files that [core] names"),
    };
    let keys = KeyBook::new(Arc::new(client), config.core.signing_key.clone());
    let reached = Line::ok("core", &at, "reached, both certificates accepted");
    let signature = "core's signature";
    match keys.refresh().await {
        Ok(()) => vec![
            reached,
            Line::ok(signature, &at, "the key document is the pinned key's"),
        ],
        Err(KeyError::Document(wrong)) => {
            let remedy = "compare core.signing_key with what `core-api portal enrol` prints";
            vec![reached, Line::fail(signature, &at, &wrong.to_string(), remedy)]
        }
        Err(KeyError::Core(error @ ClientError::Problem(_))) => {
            unreached(&error, "list this portal's name in an [[api.peer]] of the core")
        }
        Err(KeyError::Core(error)) => unreached(
            &error,
            "open the way from here to the core's [api] listener; both must know the same authority",
        ),
    }
}
