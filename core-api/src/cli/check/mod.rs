//! `check`: tries everything that the core needs and says what to do about what is wrong.

mod directory;
mod mail;
mod recovery;
mod sites;

use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use domain::{Clock, Timestamp};
use selfdestruct::check::{check_embedded, open_files};
use server::check::{Line, report};
use server::config::{Effective, Mistakes};
use server::tls::{Tls, TlsFiles};

use super::{Outcome, shown};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::pki::days_left;
use crate::store::Store;

/// What is held by a lock is being used, which is as good as an answer.
const IN_USE: &str = "in use by the running core";

/// Of the 90 days of a listener's certificate a timer should not let more than 60 pass.
const LISTENER_DAYS: i64 = 25;

/// A new authority means new certificates everywhere, which takes its time.
const AUTHORITY_DAYS: i64 = 60;

pub(super) async fn run(
    file: &Path,
    configured: Result<(Config, Effective), Mistakes>,
    json: bool,
    out: &mut dyn Write,
) -> Outcome {
    let lines = match configured {
        Err(mistakes) => mistakes
            .to_string()
            .lines()
            .map(|wrong| Line::fail("configuration", &shown(file), wrong, "mend the line"))
            .collect(),
        Ok((config, _)) => {
            let mut lines = vec![Line::ok("configuration", &shown(file), "without mistakes")];
            lines.extend(all(config).await);
            lines
        }
    };
    Ok(report(&lines, json, out)?)
}

async fn all(config: Config) -> Vec<Line> {
    let now = SystemClock.now();
    let mut lines = vec![data_dir(&config.data_dir), database(&config.data_dir).await];
    lines.extend(keys(&config));
    if let Some(tls) = &config.api.tls {
        lines.push(listener(tls, now));
    }
    if let Some(pki) = &config.pki {
        lines.push(issuing(&pki.issuer_cert, now));
    }
    lines.extend(recovery::check(&config.settings));
    lines.push(portals(&config));
    lines.extend(embedded(&config, now));
    lines.extend(sites::check(&config).await);
    lines.push(mail::check(&config.mail).await);
    lines.extend(directory::check(&config.data_dir, config.directory).await);
    lines
}

/// The sites that the core serves itself, and whether it may open the files for their visitors besides its own.
fn embedded(config: &Config, now: Timestamp) -> Vec<Line> {
    if config.embedded.is_empty() {
        return Vec::new();
    }
    let sites = config.embedded.iter().filter_map(|embedded| {
        let mut sites = config.settings.sites.iter();
        sites
            .find(|site| site.name == embedded.name)
            .map(|site| (embedded, site))
    });
    let mut lines: Vec<Line> = sites
        .flat_map(|(embedded, site)| check_embedded(&embedded.config, site.public_origin.host(), now.0))
        .collect();
    lines.push(open_files(1 + config.embedded.len()));
    lines
}

fn data_dir(path: &Path) -> Line {
    let (what, place) = ("data directory", shown(path));
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Line::ok(what, &place, "is made at the first start")
        }
        Err(error) => Line::fail(what, &place, &error.to_string(), "let the core's user in"),
        Ok(data) if !data.is_dir() => Line::fail(what, &place, "is no folder", "name a folder in data_dir"),
        Ok(data) if data.permissions().mode() & 0o077 != 0 => Line::fail(
            what,
            &place,
            "others may look into it",
            &format!("chmod 700 {place}"),
        ),
        Ok(_) => Line::ok(what, &place, "is the core's own"),
    }
}

/// Opens only a database that is there: one made by this command's user might not be the core's.
async fn database(data_dir: &Path) -> Line {
    let path = data_dir.join("core.db");
    let (what, place) = ("database", shown(&path));
    if !path.exists() {
        return Line::ok(what, &place, "is made at the first start");
    }
    match Store::open(data_dir) {
        Ok(store) => {
            store.database().close().await;
            Line::ok(what, &place, "opens")
        }
        Err(sqlite::OpenError::InUse { .. }) => Line::ok(what, &place, IN_USE),
        Err(error) => Line::fail(what, &place, &error.to_string(), "see what the message says"),
    }
}

fn keys(config: &Config) -> Vec<Line> {
    let files = [
        ("at-rest key", "at-rest.key", config.keys.at_rest.is_some()),
        ("signing key", "signing.pem", config.keys.signing.is_some()),
    ];
    files
        .into_iter()
        .map(|(what, name, configured)| {
            if configured {
                return Line::ok(what, "[keys]", "is readable and private");
            }
            let path = config.data_dir.join("keys").join(name);
            let place = shown(&path);
            match std::fs::metadata(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Line::ok(
                    what,
                    &place,
                    "none yet: the first start makes it, unless its unit names another",
                ),
                Err(error) => Line::fail(what, &place, &error.to_string(), "let the core's user read it"),
                Ok(data) if data.permissions().mode() & 0o077 != 0 => {
                    Line::fail(what, &place, "others may use it", &format!("chmod 600 {place}"))
                }
                Ok(_) => Line::weak(
                    what,
                    &place,
                    "stands beside what it protects",
                    "name a file elsewhere in [keys]",
                ),
            }
        })
        .collect()
}

/// Certificate and key must belong together, and the authority's file must hold one.
fn listener(files: &TlsFiles, now: Timestamp) -> Line {
    let what = "listener certificate";
    match Tls::new(files.clone()) {
        Err(wrong) => Line::fail(
            what,
            &shown(&files.cert),
            &wrong.to_string(),
            "issue it anew: core-api pki issue --role core",
        ),
        Ok(_) => certificate(
            what,
            &files.cert,
            LISTENER_DAYS,
            "renew it: core-api pki renew",
            now,
        ),
    }
}

fn issuing(path: &Path, now: Timestamp) -> Line {
    let remedy = "make a new authority in another folder: core-api pki init, and every certificate anew";
    certificate("issuing authority", path, AUTHORITY_DAYS, remedy, now)
}

fn certificate(what: &str, path: &Path, few: i64, remedy: &str, now: Timestamp) -> Line {
    let place = shown(path);
    match days_left(path, now) {
        Err(error) => Line::fail(what, &place, &error.to_string(), remedy),
        Ok(days) if days < 0 => Line::fail(what, &place, "has ended", remedy),
        Ok(days) if days < few => Line::weak(what, &place, &format!("{days} days left"), remedy),
        Ok(days) => Line::ok(what, &place, &format!("{days} days left")),
    }
}

/// Without a portal nobody comes in; without `[pki]` every portal is shut out when its certificate ends.
fn portals(config: &Config) -> Line {
    let (what, count) = ("portals", config.settings.portals.len());
    if count == 0 {
        let remedy = "core-api portal enrol, and write its [[api.peer]]";
        return Line::fail(what, "[api]", "none: nobody can reach this core", remedy);
    }
    if config.pki.is_none() {
        let wrong = "their certificates end after seven days, and this core renews none";
        let remedy = "name issuing.pem and issuing.key in [pki], or enrol every portal again each week";
        return Line::weak(what, "[pki]", wrong, remedy);
    }
    Line::ok(
        what,
        "[api]",
        &format!("{count}, whose certificates this core renews"),
    )
}
