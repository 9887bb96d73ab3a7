//! Starting and stopping: signals, workers, and the order in which things end.

use std::future::Future;
use std::io;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use actix_web::dev::Server;
use futures_util::FutureExt as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long requests under way may take to finish after a stop was ordered.
pub(crate) const DRAIN: Duration = Duration::from_secs(7);
/// How long the whole stop may take. systemd's `TimeoutStopSec` must be longer.
const STOP: Duration = Duration::from_secs(10);
const BEFORE_RESTART: Duration = Duration::from_secs(1);

/// What a server is told from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// SIGTERM or SIGINT: finish and end; the second time: end at once.
    Stop,
    /// SIGHUP: read certificates and configuration again.
    Reload,
}

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Everything under way was finished.
    Drained,
    /// A second order, or the time limit, cut it short.
    CutShort,
    /// Nobody ordered it: the listeners failed.
    Failed,
}

/// Turns the process's signals into orders. Call it within the runtime.
pub fn signals() -> io::Result<mpsc::Receiver<Order>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let (orders, receiver) = mpsc::channel(4);
    tokio::spawn(async move {
        loop {
            let order = tokio::select! {
                _ = terminate.recv() => Order::Stop,
                _ = interrupt.recv() => Order::Stop,
                _ = hangup.recv() => Order::Reload,
            };
            if orders.send(order).await.is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}

/// Tells a worker when to end, or a handler when to wait no longer. A worker should look between two jobs, so that none is
/// left half done.
#[derive(Clone, Debug)]
pub struct Stop(CancellationToken);

impl Stop {
    /// Whether it is time.
    pub fn is_ordered(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits until it is time.
    pub async fn ordered(&self) {
        self.0.cancelled().await;
    }

    /// Waits for `pause`; `false` if it was time to end before that.
    pub async fn pause(&self, pause: Duration) -> bool {
        timeout(pause, self.0.cancelled()).await.is_err()
    }
}

/// The life of a server: its workers, and its end in the right order.
#[derive(Clone, Debug, Default)]
pub struct Life {
    draining: CancellationToken,
    stop: CancellationToken,
    workers: TaskTracker,
}

impl Life {
    /// A server that has just begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the end has begun: no longer ready for new requests.
    pub fn is_ending(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Ordered as soon as a stop is, before [`stop`](Self::stop): for answers that would wait long.
    pub fn ending(&self) -> Stop {
        Stop(self.draining.clone())
    }

    /// For whoever must know when workers have to end.
    pub fn stop(&self) -> Stop {
        Stop(self.stop.clone())
    }

    /// Runs a worker until the end. One that panics is counted, logged and begun again a second later.
    pub fn spawn<F>(&self, name: &'static str, work: impl Fn(Stop) -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stop = self.stop();
        self.workers.spawn(async move {
            while AssertUnwindSafe(async { work(stop.clone()).await })
                .catch_unwind()
                .await
                .is_err()
            {
                metrics::counter!("panics_total", "where" => name).increment(1);
                tracing::error!(worker = name, "worker panicked; it begins again");
                tokio::select! {
                    () = sleep(BEFORE_RESTART) => {}
                    () = stop.ordered() => return,
                }
            }
        });
    }

    /// Serves until a stop is ordered. Then, within ten seconds: not ready, no new connections, requests under way
    /// finish, workers end between two jobs. Whoever called closes the database after that.
    pub async fn run(&self, server: Server, mut orders: mpsc::Receiver<Order>, reload: impl Fn()) -> Ended {
        let handle = server.handle();
        let mut server = tokio::spawn(server);
        loop {
            tokio::select! {
                _ = &mut server => {
                    tracing::error!("the listeners ended by themselves");
                    self.end_workers().await;
                    return Ended::Failed;
                }
                order = orders.recv() => match order {
                    Some(Order::Reload) => reload(),
                    Some(Order::Stop) | None => break,
                },
            }
        }
        tracing::info!("stopping");
        self.draining.cancel();
        let drain = timeout(STOP, async {
            handle.stop(true).await;
            self.end_workers().await;
        });
        tokio::select! {
            done = drain => if done.is_ok() { return Ended::Drained },
            () = second_stop(&mut orders) => {}
        }
        self.stop.cancel();
        drop(handle.stop(false)); // the command is sent; waiting for it is what was cut short
        tracing::warn!("stopped before everything was finished");
        Ended::CutShort
    }

    async fn end_workers(&self) {
        self.stop.cancel();
        self.workers.close();
        self.workers.wait().await;
    }
}

async fn second_stop(orders: &mut mpsc::Receiver<Order>) {
    loop {
        match orders.recv().await {
            Some(Order::Stop) => return,
            Some(Order::Reload) => {}
            None => std::future::pending().await, // nobody is left who could order it
        }
    }
}
