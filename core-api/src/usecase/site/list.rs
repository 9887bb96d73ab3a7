//! What there is to know about each site, for people and for health.

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use sqlite::Connection;

use super::pull::SKEW_MS;
use crate::core::Core;
use crate::store::alarm::{self, Standing};
use crate::store::site::{self, Site};
use crate::store::{StoreError, message, push};
use crate::usecase::operators::alarm::What;

/// A site as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// What we call it.
    pub name: String,
    /// How it is, in words.
    pub state: String,
    /// Whether that is as it should be.
    pub fine: bool,
    /// Its epoch; 0 before the first.
    pub epoch: u64,
    /// The last event that is kept here.
    pub events: u64,
    /// How many messages wait to be pushed.
    pub waiting: u64,
    /// How many have not ended, those that wait among them.
    pub living: u64,
    /// How long ago its last good head came, in milliseconds.
    pub lag_ms: Option<u64>,
    /// How far its clock is ahead of ours, in milliseconds.
    pub skew_ms: Option<i64>,
}

/// All that are configured, and those that are not any more.
///
/// # Errors
/// When the database fails.
pub async fn list(core: &Core) -> Result<Vec<Shown>, StoreError> {
    let now = core.now();
    let configured: Vec<String> = core.settings.sites.iter().map(|site| site.name.clone()).collect();
    core.store
        .read(move |c| {
            let paired = site::all(c)?;
            let mut shown = Vec::with_capacity(configured.len());
            for name in &configured {
                let site = paired.iter().find(|site| site.name == *name);
                shown.push(look(c, name, site, now)?);
            }
            for site in paired.iter().filter(|site| !configured.contains(&site.name)) {
                let mut one = look(c, &site.name, Some(site), now)?;
                if site.retired_at.is_none() {
                    "paired, and not in the configuration".clone_into(&mut one.state);
                    one.fine = false;
                }
                shown.push(one);
            }
            Ok(shown)
        })
        .await
}

fn look(c: &Connection, name: &str, site: Option<&Site>, now: Timestamp) -> Result<Shown, StoreError> {
    let alarms = alarm::standing(c, name)?;
    let is_offered = site::offer(c, name)?.is_some();
    let (state, fine) = words(site, is_offered, &alarms);
    Ok(Shown {
        name: name.to_owned(),
        state,
        fine,
        epoch: site.map_or(0, |site| site.epoch),
        events: site.map_or(0, |site| site.last.seq),
        waiting: push::waiting(c, name)?,
        living: message::living(c, name)?,
        lag_ms: site
            .and_then(|site| site.head_at)
            .map(|at| u64::try_from(now.since(at).as_millis()).unwrap_or(u64::MAX)),
        skew_ms: site.and_then(|site| site.skew_ms),
    })
}

fn words(site: Option<&Site>, is_offered: bool, alarms: &[Standing]) -> (String, bool) {
    let Some(site) = site else {
        let state = if is_offered {
            "not paired: the site's answer is awaited"
        } else {
            "not paired: make the file with `core-api site add`"
        };
        return (state.to_owned(), false);
    };
    if site.retired_at.is_some() {
        return ("retired".to_owned(), true);
    }
    if let Some(trouble) = &site.trouble {
        let sentence = What::stopping(trouble).map_or("something is wrong with it", What::sentence);
        return (format!("stopped: {sentence}"), false);
    }
    if !alarms.is_empty() {
        let told: Vec<String> = alarms.iter().take(5).map(told).collect();
        return (told.join("; "), false);
    }
    if site.skew_ms.is_some_and(|skew| skew.abs() > SKEW_MS) {
        return ("its clock and ours are far apart".to_owned(), false);
    }
    match site.head_at {
        Some(_) => ("well".to_owned(), true),
        None => ("paired; it did not answer yet".to_owned(), false),
    }
}

fn told(alarm: &Standing) -> String {
    let about = if alarm.subject.is_empty() {
        String::new()
    } else {
        format!(" {}", alarm.subject)
    };
    format!("{}{about} (reference {})", alarm.what, alarm.reference)
}
