//! `site probe`: looks at a site's public pages from wherever it is typed.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use client::page::PageClient;
use contract::sync::Token;
use domain::clock::random_bytes;
use server::config::{Mistakes, Origin};

use super::{Outcome, shown};
use crate::config::{Config, SiteSettings};
use crate::keys::OsRandomness;
use crate::site::pages::{Digests, Ids, WITHIN, expected, look};

/// Nobody knows what pages must be without knowing whose the site is.
const UNKNOWN: &str = "no [[site]] of the configuration here has this address";
const ADVICE: &str = "say with --expect what its pages must be, as `core-api site probe NAME --digests` prints it on the core's host";

/// What the pages must be is known where the configuration is, and can be carried from there.
#[derive(Debug, clap::Args)]
pub(super) struct Probe {
    /// Its name in the configuration, or its public https address
    target: String,
    /// Print what its pages must be, for --expect on another host, and look at nothing
    #[arg(long, conflicts_with_all = ["expect", "ca_file", "at"])]
    digests: bool,
    /// What its pages must be: what --digests printed where the configuration is
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// The authority of its public certificate, instead of the host's own list
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// The id of a message, as in its link, instead of one that nobody has; it is not opened
    #[arg(
        long,
        value_name = "ID",
        conflicts_with = "digests",
        allow_hyphen_values = true
    )]
    id: Option<Token>,
    /// Where it stands, instead of asking for its name
    #[arg(long, value_name = "IP:PORT")]
    at: Option<SocketAddr>,
}

/// Judges all pages and files, or says why it cannot. Only what the digests are made from needs a configuration.
pub(super) async fn run(probe: &Probe, config: Result<Config, Mistakes>, out: &mut dyn Write) -> Outcome {
    let typed = Origin::parse(&probe.target).ok();
    let (config, mistakes) = match config {
        Ok(config) => (Some(config), None),
        Err(mistakes) if typed.is_some() => (None, Some(mistakes)),
        Err(mistakes) => return Err(mistakes.into()),
    };
    let is_meant = |site: &&SiteSettings| match &typed {
        Some(origin) => site.public_origin == *origin,
        None => site.name == probe.target,
    };
    let sites = config.as_ref().map(|config| config.settings.sites.as_slice());
    let site = sites.unwrap_or_default().iter().find(is_meant);
    let Some(origin) = typed.or_else(|| site.map(|site| site.public_origin.clone())) else {
        return Err("no [[site]] has this name; write its https address instead".into());
    };
    let own = config.as_ref().zip(site).map(|(config, site)| {
        let settings = &config.settings;
        Digests::of(&site.look(&settings.organisation, settings.demo))
    });
    let digests = match &probe.expect {
        Some(file) => carried(file)?,
        None => own.ok_or_else(|| unknown(mistakes, probe.digests))?,
    };
    if probe.digests {
        write!(out, "{digests}")?;
        return Ok(ExitCode::SUCCESS);
    }
    let configured = (
        site.and_then(SiteSettings::stands_at),
        site.and_then(|site| site.public_ca_file.as_deref()),
    );
    let at = probe.at.map(|at| (origin.host(), at)).or(configured.0);
    let ca_file = probe.ca_file.as_deref().or(configured.1);
    let client = PageClient::new(ca_file, at)?;
    let random = || Token::from(random_bytes::<16>(&OsRandomness));
    let ids = Ids {
        messages: vec![probe.id.unwrap_or_else(random)],
        drop_box: random(),
    };
    let expected = expected(&digests, &ids);
    let count = expected.len();
    let found = look(&client, origin.url(), expected, WITHIN).await;
    for path in &found.differing {
        writeln!(out, "DIFFERS: {origin}{path}")?;
    }
    if let Some(error) = found.unseen {
        return Err(error.into());
    }
    if !found.differing.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    let like = match probe.expect {
        Some(_) => "as expected",
        None => "those of this release",
    };
    writeln!(out, "{origin}: all {count} pages and files are {like}.")?;
    Ok(ExitCode::SUCCESS)
}

fn carried(file: &Path) -> Result<Digests, String> {
    let told = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", shown(file)))?;
    told.parse().map_err(|error| format!("{}: {error}", shown(file)))
}

/// Why it is not known what the pages must be, and what helps. `--digests` is what `--expect` reads.
fn unknown(mistakes: Option<Mistakes>, wants_digests: bool) -> String {
    let why = mistakes.map_or_else(
        || UNKNOWN.to_owned(),
        |mistakes| format!("the configuration cannot be read:\n{mistakes}"),
    );
    if wants_digests {
        why
    } else {
        format!("{why}\n{ADVICE}")
    }
}
