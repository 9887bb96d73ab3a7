//! The public pages of a site, held against what this release draws.
//!
//! That finds careless tampering, not selective: whoever controls the site may show the core other pages than his
//! victims. `core-api site probe` looks from any outside host.

use client::ClientError;
use client::page::{Page, PageClient};
use contract::pairing::Look;
use contract::sync::Token;
use selfdestruct::http::drawn;
use sha2::{Digest as _, Sha256};
use ui::{Assets, Lang};
use url::Url;

/// More than any page or script has.
const LARGEST: usize = 1024 * 1024;

/// Something that anybody can fetch.
pub struct Public {
    /// Path and query.
    pub path: String,
    /// SHA-256 of what this release serves there.
    pub digest: [u8; 32],
}

/// Every page and file of a site that looks like this. `id` is one that no message has.
pub fn expected(look: &Look, id: Token) -> Vec<Public> {
    let drawn = drawn::Drawn::of(look);
    let pages = drawn::Page::ALL.into_iter().flat_map(|page| {
        let drawn = &drawn;
        Lang::ALL.into_iter().map(move |lang| Public {
            path: format!("{}?lang={}", path(page, id), lang.tag()),
            digest: Sha256::digest(drawn.page(page, lang)).into(),
        })
    });
    pages.chain(files()).collect()
}

/// Every stylesheet and script, which are the same for all sites of this release.
pub fn files() -> impl Iterator<Item = Public> {
    Assets::all().map(|(path, _, bytes)| Public {
        path,
        digest: Sha256::digest(bytes).into(),
    })
}

/// What a page is called; only pages with an id depend on one, in their address.
pub fn path(page: drawn::Page, id: Token) -> String {
    match page {
        drawn::Page::Home => "/".to_owned(),
        drawn::Page::Message => format!("/m/{id}"),
        drawn::Page::DropBox => format!("/d/{id}"),
    }
}

/// The paths at which something else stands than should, be it no page at all. Each is looked at, whatever the others
/// show: what is broken at one must not hide what was changed at another.
///
/// # Errors
/// When nothing differs and one cannot be fetched, which says nothing about it.
pub async fn differing(
    client: &PageClient,
    origin: &Url,
    expected: Vec<Public>,
) -> Result<Vec<String>, ClientError> {
    let (mut differing, mut unseen) = (Vec::new(), None);
    for public in expected {
        let is_right = match fetch(client, origin, &public.path).await {
            Ok(page) => page.status == 200 && <[u8; 32]>::from(Sha256::digest(&page.body)) == public.digest,
            Err(ClientError::Protocol(_)) => false,
            Err(error) => {
                unseen = Some(error);
                continue;
            }
        };
        if !is_right {
            differing.push(public.path);
        }
    }
    match unseen {
        Some(error) if differing.is_empty() => Err(error),
        _ => Ok(differing),
    }
}

/// What stands at a path.
///
/// # Errors
/// When it cannot be fetched.
pub async fn fetch(client: &PageClient, origin: &Url, path: &str) -> Result<Page, ClientError> {
    let address = origin
        .join(path)
        .map_err(|_| ClientError::Protocol("the path is not one"))?;
    client.get(address, LARGEST).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_depend_on_the_look_and_not_on_the_id() {
        let look = |organisation: &str| Look {
            public_origin: "https://secret.corp.example".to_owned(),
            organisation: organisation.to_owned(),
            phone: None,
            mail: None,
            demo: false,
        };
        let digests = |look: &Look, id: u8| -> Vec<[u8; 32]> {
            expected(look, Token::from([id; 16]))
                .into_iter()
                .map(|public| public.digest)
                .collect()
        };
        let corp = digests(&look("Corp"), 1);
        assert_eq!(corp, digests(&look("Corp"), 2));
        assert_ne!(corp, digests(&look("Corq"), 1));
        assert!(corp.len() > 6 + 10, "three pages in two languages, and the files");
    }
}
