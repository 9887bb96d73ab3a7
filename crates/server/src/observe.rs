//! Health and metrics, for the host itself: `/healthz`, `/readyz`, `/metrics`.

use std::sync::Arc;

use actix_web::http::header::ContentType;
use actix_web::web::{Data, ServiceConfig, get};
use actix_web::{HttpResponse, web};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use serde::Serialize;

/// One thing that must be well before requests can be served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// Whether it is well.
    pub ok: bool,
    /// In words, for the operator. No secret, nothing about an account.
    pub detail: String,
}

/// Looks at everything that must be well. Called for each `/readyz`: it should know, not try.
pub type Checks = Arc<dyn Fn() -> Vec<Check> + Send + Sync>;

/// The upper bounds of the duration histograms, in seconds.
const SECONDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Collects the metrics of the process from now on. Only once per process.
pub fn install_metrics() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new().set_buckets(&SECONDS)?.install_recorder()
}

/// The routes of the loopback listener.
pub fn routes(
    checks: Checks,
    metrics: PrometheusHandle,
) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    move |config| {
        config
            .app_data(Data::new(Arc::clone(&checks)))
            .app_data(Data::new(metrics.clone()))
            .service(web::resource("/healthz").route(get().to(healthy)))
            .service(web::resource("/readyz").route(get().to(ready)))
            .service(web::resource("/metrics").route(get().to(counted)));
    }
}

/// The process runs and answers.
async fn healthy() -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::plaintext())
        .body("ok\n")
}

/// Requests can be served: 200, or 503; both list every check.
async fn ready(checks: Data<Checks>) -> HttpResponse {
    let checks = checks();
    let well = checks.iter().all(|check| check.ok);
    let mut answer = if well {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    answer.json(serde_json::json!({ "ready": well, "checks": checks }))
}

async fn counted(metrics: Data<PrometheusHandle>) -> HttpResponse {
    metrics.run_upkeep();
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(metrics.render())
}
