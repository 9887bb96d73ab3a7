//! The cross-site guard: pages of other sites cannot make a visitor's browser act here.

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use actix_web::middleware::Next;

use crate::config::Origin;
use crate::refusal::{Reason, Refused};

pub(crate) async fn same_site_only(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if let Some(own) = &super::rules(&request).origin
        && !permitted(request.method(), request.headers(), own)
    {
        return Err(Refused(Reason::CrossSite).into());
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// Whoever follows a link from elsewhere is welcome; nothing else may begin on another site.
///
/// `Sec-Fetch-Site` (Fetch Metadata) decides where a browser sends it. `Origin` is compared with the configured
/// one, never with `Host`. A form of our own pages sends `Origin: null`, because they ask for no referrer.
fn permitted(method: &Method, headers: &HeaderMap, own: &Origin) -> bool {
    let header = |name: &str| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or("unreadable"))
    };
    let origin = header("origin");
    if let Some(origin) = origin
        && origin != "null"
        && origin != own.as_str()
    {
        return false;
    }
    let safe = matches!(*method, Method::GET | Method::HEAD);
    match header("sec-fetch-site") {
        Some("same-origin") => true,
        Some("none") => safe,
        Some(_) => safe && header("sec-fetch-mode") == Some("navigate") && origin.is_none(),
        None => safe || origin == Some(own.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn permits(method: &Method, headers: &[(&'static str, &'static str)]) -> bool {
        let own = Origin::parse("https://reset.corp.example").unwrap();
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        permitted(method, &headers, &own)
    }

    #[test]
    fn lets_links_in_and_keeps_other_sites_out() {
        let (site, mode, origin) = ("sec-fetch-site", "sec-fetch-mode", "origin");
        let own = "https://reset.corp.example";
        let get = &Method::GET;
        assert!(permits(get, &[]));
        assert!(permits(get, &[(site, "none"), (mode, "navigate")]));
        assert!(permits(get, &[(site, "cross-site"), (mode, "navigate")]));
        assert!(!permits(get, &[(site, "cross-site"), (mode, "no-cors")]));
        assert!(!permits(get, &[(site, "same-site"), (mode, "cors")]));
        for method in [&Method::POST, &Method::PUT, &Method::DELETE] {
            assert!(permits(method, &[(site, "same-origin")]));
            assert!(permits(method, &[(site, "same-origin"), (origin, "null")]));
            assert!(permits(method, &[(site, "same-origin"), (origin, own)]));
            assert!(permits(method, &[(origin, own)]));
            assert!(!permits(method, &[]));
            assert!(!permits(method, &[(origin, "null")]));
            assert!(!permits(method, &[(site, "none")]));
            assert!(!permits(method, &[(site, "cross-site"), (mode, "navigate")]));
            assert!(!permits(method, &[(site, "same-site"), (origin, own)]));
            assert!(!permits(
                method,
                &[(origin, "https://reset.corp.example.evil.example")]
            ));
            assert!(!permits(
                method,
                &[(site, "same-origin"), (origin, "https://evil.example")]
            ));
        }
    }
}
