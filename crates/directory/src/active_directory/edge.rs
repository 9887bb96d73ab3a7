//! The edge of the adapter: what is limited in time, logged and counted there.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::error::DirectoryError;

/// One event and one count for each operation, at the edge and nowhere else.
pub(super) async fn observed<T>(
    controller: &str,
    operation: &'static str,
    work: impl Future<Output = Result<T, DirectoryError>> + Send,
) -> Result<T, DirectoryError> {
    let begun = Instant::now();
    let result = work.await;
    let elapsed = begun.elapsed();
    let outcome = result.as_ref().map_or_else(DirectoryError::word, |_| "done");
    metrics::counter!("directory_operations_total", "operation" => operation, "outcome" => outcome)
        .increment(1);
    metrics::histogram!("directory_operation_seconds", "operation" => operation)
        .record(elapsed.as_secs_f64());
    let ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    match &result {
        Ok(_) => tracing::debug!(operation, outcome, controller, ms, "asked the directory"),
        Err(error) if error.is_operators_fault() => {
            tracing::error!(
                operation,
                outcome,
                controller,
                ms,
                detail = error.for_operator(),
                "asked the directory"
            );
        }
        Err(error) => {
            tracing::info!(
                operation,
                outcome,
                controller,
                ms,
                detail = error.for_operator(),
                "asked the directory"
            );
        }
    }
    result
}

/// Limits what only reads: cut short, it is as if it had never been asked. Nothing that writes or tries a
/// password may stand inside, for that would call "unavailable" what was sent.
pub(super) async fn in_time<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, DirectoryError>> + Send,
) -> Result<T, DirectoryError> {
    let late = |_| {
        Err(DirectoryError::Unavailable(format!(
            "no answer within {} s",
            limit.as_secs()
        )))
    };
    timeout(limit, work).await.unwrap_or_else(late)
}
