//! Whether requests can be served, as the last look showed.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use directory::CheckLine;
use server::observe::{Check, Checks};
use server::{Life, Stop};

use crate::clock::HighWaterClock;
use crate::core::Core;
use crate::store::outbox;
use crate::usecase::site::list::list;

/// Between two looks at the directory.
const PAUSE: Duration = Duration::from_secs(30);

/// How far the machine's clock may be behind what was seen before.
const SKEW: Duration = Duration::from_secs(30);

/// Looks at what the core depends on, so that `/readyz` knows and does not have to try.
pub(super) struct Watch {
    core: Arc<Core>,
    clock: Arc<HighWaterClock>,
    seen: RwLock<Vec<Check>>,
}

impl Watch {
    pub(super) fn new(core: Arc<Core>, clock: Arc<HighWaterClock>) -> Arc<Self> {
        let seen = RwLock::new(vec![check("directory", false, "not looked at yet")]);
        Arc::new(Self { core, clock, seen })
    }

    /// What `/readyz` shows.
    pub(super) fn checks(self: &Arc<Self>, life: Life) -> Checks {
        let watch = Arc::clone(self);
        Arc::new(move || {
            let mut checks = watch.seen.read().unwrap_or_else(PoisonError::into_inner).clone();
            let behind = watch.clock.behind();
            checks.push(check(
                "clock",
                behind <= SKEW,
                &format!("{} s behind what was seen before", behind.as_secs()),
            ));
            checks.push(check(
                "life",
                !life.is_ending(),
                if life.is_ending() { "ending" } else { "serving" },
            ));
            checks
        })
    }

    /// Looks until the end.
    pub(super) async fn run(&self, stop: Stop) {
        loop {
            let looked = tokio::select! {
                looked = self.look() => looked,
                () = stop.ordered() => return,
            };
            for check in &looked {
                metrics::gauge!("ready", "check" => check.name.clone()).set(if check.ok { 1.0 } else { 0.0 });
            }
            *self.seen.write().unwrap_or_else(PoisonError::into_inner) = looked;
            if !stop.pause(PAUSE).await {
                return;
            }
        }
    }

    async fn look(&self) -> Vec<Check> {
        let lines = self.core.directory.check().await;
        let wrong: Vec<String> = lines.iter().filter(|line| !line.is_fine()).map(told).collect();
        let directory = match wrong.as_slice() {
            [] => check("directory", true, "as it should be"),
            wrong => check("directory", false, &wrong.join("; ")),
        };
        let database = match self.core.store.read(outbox::depth).await {
            Ok(waiting) => {
                // Only counted: with the mail server away, people still recover with what needs no mail.
                metrics::gauge!("outbox_waiting").set(count(waiting));
                check("database", true, "answers")
            }
            Err(error) => check("database", false, &error.to_string()),
        };
        let mut checks = vec![directory, database];
        checks.extend(self.sites().await);
        checks
    }

    /// A site that is away holds up nobody's recovery, so what is wrong is told and the core stays ready.
    async fn sites(&self) -> Option<Check> {
        let sites = match list(&self.core).await {
            Ok(sites) if sites.is_empty() => return None,
            Ok(sites) => sites,
            Err(error) => return Some(check("sites", false, &error.to_string())),
        };
        for site in &sites {
            let figures = [
                ("site_fine", if site.fine { 1.0 } else { 0.0 }),
                ("site_waiting", count(site.waiting)),
                ("site_living", count(site.living)),
                (
                    "site_lag_seconds",
                    count(site.lag_ms.map_or(u64::MAX, |ms| ms / 1000)),
                ),
            ];
            for (name, figure) in figures {
                metrics::gauge!(name, "site" => site.name.clone()).set(figure);
            }
        }
        let told: Vec<String> = sites
            .iter()
            .map(|site| format!("{}: {}", site.name, site.state))
            .collect();
        Some(check("sites", true, &told.join("; ")))
    }
}

fn count(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

fn told(line: &CheckLine) -> String {
    let result = line.result.as_ref().err().map_or("", String::as_str);
    format!("{}: {result}", line.what)
}

fn check(name: &str, ok: bool, detail: &str) -> Check {
    Check {
        name: name.to_owned(),
        ok,
        detail: detail.to_owned(),
    }
}
