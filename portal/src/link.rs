//! The way to the core: asks every few seconds for its published keys, which also tells whether it can be reached.

use std::sync::Arc;
use std::time::Duration;

use client::TransportSettings;
use server::Stop;
use server::observe::Check;

use crate::config::CoreLink;
use crate::office::Office;

/// Between two questions to the core.
const ASK_EVERY: Duration = Duration::from_secs(10);
/// A core that was silent for longer is not there.
const SILENT_FOR: Duration = Duration::from_secs(35);
/// A proof waits up to 12 s for the directory; after that nothing comes any more.
const CORE_ANSWERS_WITHIN: Duration = Duration::from_secs(14);

/// Asks the core for its keys until the end, and logs when it goes and when it comes back.
pub(crate) async fn watch(office: Arc<Office>, stop: Stop) {
    let mut was_well = None;
    loop {
        let outcome = tokio::select! {
            outcome = office.keys.refresh() => outcome,
            () = stop.ordered() => return,
        };
        if was_well != Some(outcome.is_ok()) {
            match &outcome {
                Ok(()) => tracing::info!("the core answers"),
                Err(error) => tracing::error!(%error, "the core does not answer as it should"),
            }
        }
        was_well = Some(outcome.is_ok());
        if !stop.pause(ASK_EVERY).await {
            return;
        }
    }
}

/// Whether requests can be served: the core has proved lately who it is.
pub(crate) fn check(office: &Office) -> Check {
    let age = office.keys.age();
    Check {
        name: "core".to_owned(),
        ok: age.is_some_and(|age| age < SILENT_FOR),
        detail: match age {
            Some(age) => format!("answered {} s ago", age.as_secs()),
            None => "has not answered yet".to_owned(),
        },
    }
}

/// How the core is reached.
pub(crate) fn transport(link: &CoreLink) -> TransportSettings {
    let (ca, cert, key) = (
        link.ca_file.clone(),
        link.cert_file.clone(),
        link.key_file.clone(),
    );
    TransportSettings {
        timeout: CORE_ANSWERS_WITHIN,
        ..TransportSettings::new(link.url.clone(), ca, cert, key)
    }
}
