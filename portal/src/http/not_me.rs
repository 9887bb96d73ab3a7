//! "This was not me": what every notice links to.

use actix_web::{Error, HttpResponse};
use contract::recovery::NotMe;

use crate::form::Form;
use crate::pages::not_me::{self, NotMeView};
use crate::routes;
use crate::visit::Visit;

/// The question. The token is in the fragment, which never gets here; the page's script moves it into the form.
pub(super) async fn ask(visit: Visit) -> HttpResponse {
    page(&visit, &NotMeView { is_missing: false })
}

/// Tells the core. The answer is a page and no way on: an address that says "self-service is stopped" could be
/// sent to somebody for whom it is not. Sending the form again changes nothing.
pub(super) async fn tell(visit: Visit, form: Form) -> Result<HttpResponse, Error> {
    let token = form.typed("token");
    if token.is_empty() {
        return Ok(page(&visit, &NotMeView { is_missing: true }));
    }
    let report = NotMe {
        token: token.to_owned(),
        source: visit.source.address().to_string(),
    };
    let told = visit.office.core.not_me(&report, visit.reference.as_str()).await;
    told.map_err(|error| visit.halt(error))?;
    Ok(visit.page(routes::NOT_ME, not_me::done))
}

fn page(visit: &Visit, view: &NotMeView) -> HttpResponse {
    visit.page(routes::NOT_ME, |frame| not_me::page(frame, view))
}
