//! The sites of one-time messages: whether they are paired, and whether their pages can be compared.

use client::page::PageClient;
use server::check::Line;

use super::super::shown;
use crate::admin::{Answer, Request, ask};
use crate::config::{Config, SiteSettings};
use crate::usecase::site::list::Shown;

/// A line for each site, and one more for each authority of a public certificate that cannot be used.
pub(super) async fn check(config: &Config) -> Vec<Line> {
    let sites = &config.settings.sites;
    if sites.is_empty() {
        return Vec::new();
    }
    // The running core holds the database, and knows more than stands there.
    let told = match ask(&config.data_dir, &Request::SiteList).await {
        Ok(Answer::Sites { sites }) => Some(sites),
        _ => None,
    };
    let line = |site: &SiteSettings| state(site, told.as_deref());
    sites
        .iter()
        .flat_map(|site| [Some(line(site)), authority(site)])
        .flatten()
        .collect()
}

fn state(site: &SiteSettings, told: Option<&[Shown]>) -> Line {
    let what = "site";
    let Some(told) = told else {
        let result = "the running core says whether it is paired, and none answers here";
        return Line::ok(what, &site.name, result);
    };
    match told.iter().find(|told| told.name == site.name) {
        Some(told) if told.fine => Line::ok(what, &site.name, &told.state),
        Some(told) => Line::weak(what, &site.name, &told.state, "see core-api site list"),
        None => Line::weak(
            what,
            &site.name,
            "the running core does not have it",
            "restart the core",
        ),
    }
}

fn authority(site: &SiteSettings) -> Option<Line> {
    let file = site.public_ca_file.as_deref()?;
    let (what, place) = ("authority of a site", shown(file));
    Some(match PageClient::new(Some(file), None) {
        Ok(_) => Line::ok(what, &place, "is readable"),
        Err(wrong) => Line::fail(
            what,
            &place,
            &wrong.to_string(),
            "name the authority of its public certificate in public_ca_file, and let the core's user read it",
        ),
    })
}
