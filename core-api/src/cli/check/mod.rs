//! `check`: tries everything that the core needs and says what to do about what is wrong.

mod directory;
mod line;
mod mail;

use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::ExitCode;

use ::directory::CheckLine;
use domain::policy::Weakness;
use domain::{Clock, Timestamp};
use server::config::{Effective, Mistakes};
use server::tls::{Tls, TlsFiles};

use self::line::{bad, good, table, weak};
use super::{Outcome, shown};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::core::Settings;
use crate::pki::days_left;
use crate::store::Store;

/// What is held by a lock is being used, which is as good as an answer.
const IN_USE: &str = "in use by the running core";

/// A certificate should have been renewed long before this many days are left.
const FEW_DAYS: i64 = 2;

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
            .map(|wrong| bad("configuration", &shown(file), wrong, "mend the line"))
            .collect(),
        Ok((config, _)) => {
            let mut lines = vec![good("configuration", &shown(file), "without mistakes")];
            lines.extend(all(config).await);
            lines
        }
    };
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&lines)?)?;
    } else {
        table(&lines, out)?;
    }
    Ok(if lines.iter().all(CheckLine::is_fine) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn all(config: Config) -> Vec<CheckLine> {
    let now = SystemClock.now();
    let mut lines = vec![data_dir(&config.data_dir), database(&config.data_dir).await];
    lines.extend(keys(&config));
    if let Some(tls) = &config.api.tls {
        lines.push(listener(tls, now));
    }
    if let Some(pki) = &config.pki {
        lines.push(certificate("issuing authority", &pki.issuer_cert, now));
    }
    lines.extend(policies(&config.settings));
    lines.push(mail::check(&config.mail).await);
    lines.extend(directory::check(&config.data_dir, config.directory).await);
    lines
}

fn data_dir(path: &Path) -> CheckLine {
    let (what, place) = ("data directory", shown(path));
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            good(what, &place, "is made at the first start")
        }
        Err(error) => bad(what, &place, &error.to_string(), "let the core's user in"),
        Ok(data) if !data.is_dir() => bad(what, &place, "is no folder", "name a folder in data_dir"),
        Ok(data) if data.permissions().mode() & 0o077 != 0 => bad(
            what,
            &place,
            "others may look into it",
            &format!("chmod 700 {place}"),
        ),
        Ok(_) => good(what, &place, "is the core's own"),
    }
}

/// Opens only a database that is there: one made by this command's user might not be the core's.
async fn database(data_dir: &Path) -> CheckLine {
    let path = data_dir.join("core.db");
    let (what, place) = ("database", shown(&path));
    if !path.exists() {
        return good(what, &place, "is made at the first start");
    }
    match Store::open(data_dir) {
        Ok(store) => {
            store.database().close().await;
            good(what, &place, "opens")
        }
        Err(sqlite::OpenError::InUse { .. }) => good(what, &place, IN_USE),
        Err(error) => bad(what, &place, &error.to_string(), "see what the message says"),
    }
}

fn keys(config: &Config) -> Vec<CheckLine> {
    let files = [
        ("at-rest key", "at-rest.key", config.keys.at_rest.is_some()),
        ("signing key", "signing.pem", config.keys.signing.is_some()),
    ];
    files
        .into_iter()
        .map(|(what, name, configured)| {
            if configured {
                return good(what, "[keys]", "is readable and private");
            }
            let path = config.data_dir.join("keys").join(name);
            let place = shown(&path);
            match std::fs::metadata(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    good(what, &place, "is made at the first start")
                }
                Err(error) => bad(what, &place, &error.to_string(), "let the core's user read it"),
                Ok(data) if data.permissions().mode() & 0o077 != 0 => {
                    bad(what, &place, "others may use it", &format!("chmod 600 {place}"))
                }
                Ok(_) => weak(
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
fn listener(files: &TlsFiles, now: Timestamp) -> CheckLine {
    let what = "listener certificate";
    match Tls::new(files.clone()) {
        Err(wrong) => bad(
            what,
            &shown(&files.cert),
            &wrong.to_string(),
            "issue it anew: core-api pki issue --role core",
        ),
        Ok(_) => certificate(what, &files.cert, now),
    }
}

fn certificate(what: &str, path: &Path, now: Timestamp) -> CheckLine {
    let place = shown(path);
    let remedy = "renew it: core-api pki renew";
    match days_left(path, now) {
        Err(error) => bad(what, &place, &error.to_string(), remedy),
        Ok(days) if days < 0 => bad(what, &place, "has ended", remedy),
        Ok(days) if days < FEW_DAYS => weak(what, &place, &format!("{days} days left"), remedy),
        Ok(days) => good(what, &place, &format!("{days} days left")),
    }
}

fn policies(settings: &Settings) -> Vec<CheckLine> {
    let mut lines = Vec::new();
    if settings.policies.0.is_empty() {
        lines.push(bad(
            "policies",
            "[recovery]",
            "none: nothing is allowed to anybody",
            "write a [[recovery.policy]]",
        ));
    }
    for warning in settings.policies.warnings() {
        let (wrong, remedy) = weakness(warning.weakness);
        lines.push(weak("policy", &warning.policy, wrong, remedy));
    }
    if settings.hold < std::time::Duration::from_hours(24) {
        let wrong =
            "new factors count within a day: a thief who enrols one recovers before its owner notices";
        lines.push(weak("hold", "[recovery]", wrong, "set hold = \"1d\""));
    }
    if settings.portals.is_empty() {
        let remedy = "core-api portal enrol, and write its [[api.peer]]";
        lines.push(bad(
            "portals",
            "[api]",
            "none: nobody can reach this core",
            remedy,
        ));
    }
    if lines.is_empty() {
        lines.push(good(
            "policies",
            "[recovery]",
            "two classes of proof, and nobody can be shut out",
        ));
    }
    lines
}

fn weakness(weakness: Weakness) -> (&'static str, &'static str) {
    match weakness {
        Weakness::OneClass => (
            "its shortest way has proofs of one class only",
            "add a step of another class, or take out the method that makes the short way",
        ),
        Weakness::FirstStepCanBeUsedUp => (
            "its first step has only methods that a stranger can use up",
            "add \"recovery-code\" to its first step",
        ),
        Weakness::SameChannelTwice => (
            "no way passes it: two of its steps need the same channel",
            "let its steps differ in a method of another channel",
        ),
    }
}
