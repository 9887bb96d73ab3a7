//! `site probe`: looks at a site's public pages from wherever it is typed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use client::page::PageClient;
use contract::sync::Token;
use data_encoding::HEXLOWER;
use domain::clock::random_bytes;
use selfdestruct::http::drawn;
use server::config::{Mistakes, Origin};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::Outcome;
use crate::config::{Config, SiteSettings};
use crate::keys::OsRandomness;
use crate::site::pages::{differing, expected, fetch, files, path};

/// Compares the pages of a site that the configuration knows, by name or address. Of any other address, and on a host
/// without a configuration, it tells the digests, to be compared by eye, and judges only what is the same everywhere.
pub(super) async fn run(
    target: &str,
    ca_file: Option<PathBuf>,
    config: Result<Config, Mistakes>,
    out: &mut dyn Write,
) -> Outcome {
    let Ok(typed) = Origin::parse(target) else {
        let config = config?;
        let site = config.settings.sites.iter().find(|site| site.name == target);
        let site = site.ok_or("no [[site]] has this name; write its https address instead")?;
        return compare(&config, site, ca_file, out).await;
    };
    if let Ok(config) = &config
        && let Some(site) = config
            .settings
            .sites
            .iter()
            .find(|site| site.public_origin == typed)
    {
        return compare(config, site, ca_file, out).await;
    }
    tell(typed.url(), ca_file.as_deref(), out).await
}

async fn compare(
    config: &Config,
    site: &SiteSettings,
    ca_file: Option<PathBuf>,
    out: &mut dyn Write,
) -> Outcome {
    let ca_file = ca_file.as_deref().or(site.public_ca_file.as_deref());
    let client = PageClient::new(ca_file, site.stands_at())?;
    let look = site.look(&config.settings.organisation, config.settings.demo);
    let expected = expected(&look, nobodys());
    let count = expected.len();
    let changed = differing(&client, site.public_origin.url(), expected).await?;
    for path in &changed {
        writeln!(out, "DIFFERS: {}{path}", site.public_origin)?;
    }
    if changed.is_empty() {
        writeln!(
            out,
            "{}: all {count} pages and files are those of this release.",
            site.public_origin
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

async fn tell(origin: &Url, ca_file: Option<&Path>, out: &mut dyn Write) -> Outcome {
    let client = PageClient::new(ca_file, None)?;
    let changed = differing(&client, origin, files().collect()).await?;
    for path in &changed {
        writeln!(out, "DIFFERS: {path}")?;
    }
    let id = nobodys();
    for page in drawn::Page::ALL {
        for lang in ui::Lang::ALL {
            let address = format!("{}?lang={}", path(page, id), lang.tag());
            let found = fetch(&client, origin, &address).await?;
            let digest = HEXLOWER.encode(&Sha256::digest(&found.body));
            writeln!(out, "{digest}  {address}  ({})", found.status)?;
        }
    }
    Ok(if changed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// An id that no message has, and none twice.
fn nobodys() -> Token {
    Token::from(random_bytes::<16>(&OsRandomness))
}
