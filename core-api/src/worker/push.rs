//! Brings messages and commands to one site. Each site has a worker of its own, so that one that is away does not hold
//! up another.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use server::Stop;

use super::line::Line;
use super::patience::{Patience, wait_out_absence};
use crate::core::Core;
use crate::store::StoreError;
use crate::usecase::site::command::{PassedOver, command_some};
use crate::usecase::site::push::{Tried, push_some};

/// Whatever was missed is seen after this.
const LOOK: Duration = Duration::from_secs(30);

/// Works until it is time to stop.
pub async fn run(core: Arc<Core>, name: String, stop: Stop) {
    let mut pusher = Pusher::new(Arc::clone(&core), name.clone());
    let mut patience = Patience::default();
    while !stop.is_ordered() {
        // Registered before looking, so that nothing queued meanwhile is overlooked.
        let mut woken = pin!(core.wake.sites.notified());
        woken.as_mut().enable();
        let tried = tokio::select! {
            tried = pusher.try_one() => tried,
            () = stop.ordered() => return,
        };
        let failed = match tried {
            Ok(Tried::Settled(_)) => {
                if patience.reset() {
                    core.wake.back.notify_waiters();
                }
                continue;
            }
            Ok(Tried::Nothing) => {
                patience.reset();
                tokio::select! {
                    () = woken => {}
                    _ = stop.pause(LOOK) => {}
                }
                continue;
            }
            Ok(Tried::Later) => "it has no room, or its receipts are not good".to_owned(),
            Ok(Tried::Away(why)) => why,
            Err(error) => error.to_string(),
        };
        let pause = patience.pause(&*core.randomness);
        tracing::warn!(site = name, why = failed, ?pause, "messages wait for a site");
        // A message more does not bring the site back.
        wait_out_absence(&core, pause, &stop).await;
    }
}

/// What goes to a site, as far as it can begin again from nothing at a restart.
pub struct Pusher {
    core: Arc<Core>,
    line: Line,
    passed: PassedOver,
}

impl Pusher {
    /// Begins with what the store knows.
    pub fn new(core: Arc<Core>, name: String) -> Self {
        Self {
            line: Line::new(Arc::clone(&core), name),
            core,
            passed: PassedOver::default(),
        }
    }

    /// Delivers commands, and then some messages.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn try_one(&mut self) -> Result<Tried, StoreError> {
        let Some((site, api)) = self.line.take().await? else {
            return Ok(Tried::Nothing);
        };
        // To a site whose chain cannot be believed nothing is entrusted.
        if site.trouble.is_some() {
            return Ok(Tried::Nothing);
        }
        match command_some(&self.core, &site, &*api, &mut self.passed).await? {
            Tried::Away(why) => Ok(Tried::Away(why)),
            commanded => match push_some(&self.core, &site, &*api).await? {
                Tried::Nothing => Ok(commanded),
                pushed => Ok(pushed),
            },
        }
    }
}
