//! The public pages of a site, held against what this release draws.
//!
//! That finds careless tampering, not selective: whoever controls the site may show the core other pages than his
//! victims. `core-api site probe` looks from any outside host.

use std::fmt;
use std::str::FromStr;

use client::ClientError;
use client::page::{Page, PageClient};
use contract::pairing::Look;
use contract::sync::Token;
use data_encoding::HEXLOWER;
use selfdestruct::http::drawn;
use sha2::{Digest as _, Sha256};
use ui::{Assets, Lang};
use url::Url;

/// More than any page or script has.
const LARGEST: usize = 1024 * 1024;

/// What stands for an id where digests are written down.
const ANY: &str = "{id}";

/// SHA-256 of every page of one site, in every language. All of them say whose the site is, so they are of one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests(Vec<(drawn::Page, Lang, [u8; 32])>);

impl Digests {
    /// Those of the pages that this release draws for a site that looks like this.
    pub fn of(look: &Look) -> Self {
        let drawn = drawn::Drawn::of(look);
        let digest = |page, lang| Sha256::digest(drawn.page(page, lang)).into();
        Self(
            every()
                .map(|(page, lang)| (page, lang, digest(page, lang)))
                .collect(),
        )
    }
}

fn every() -> impl Iterator<Item = (drawn::Page, Lang)> {
    let langs = |page| Lang::ALL.into_iter().map(move |lang| (page, lang));
    drawn::Page::ALL.into_iter().flat_map(langs)
}

/// A line for each: the digest in hexadecimal digits, and the address. They can be carried to another host.
impl fmt::Display for Digests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(page, lang, digest)| {
            writeln!(f, "{}  {}", HEXLOWER.encode(digest), address(*page, *lang, ANY))
        })
    }
}

/// What is written down does not say what a page must be.
#[derive(Debug, thiserror::Error)]
#[error("there is no digest of {0}: this is not what `site probe NAME --digests` of this release prints")]
pub struct NoDigest(String);

impl FromStr for Digests {
    type Err = NoDigest;

    fn from_str(text: &str) -> Result<Self, NoDigest> {
        let read = |(page, lang)| {
            let address = address(page, lang, ANY);
            let told = text.lines().filter_map(|line| line.split_once("  "));
            let digest = told
                .filter(|(_, of)| *of == address)
                .find_map(|(digest, _)| HEXLOWER.decode(digest.as_bytes()).ok()?.try_into().ok());
            digest.map(|digest| (page, lang, digest)).ok_or(NoDigest(address))
        };
        every().map(read).collect::<Result<_, _>>().map(Self)
    }
}

/// Something that anybody can fetch.
pub struct Public {
    /// Path and query.
    pub path: String,
    /// SHA-256 of what must stand there.
    pub digest: [u8; 32],
}

/// Every page and file of a site with these pages. `id` is one that no message has.
pub fn expected(digests: &Digests, id: Token) -> Vec<Public> {
    let id = id.to_string();
    let pages = digests.0.iter().map(|(page, lang, digest)| Public {
        path: address(*page, *lang, &id),
        digest: *digest,
    });
    pages.chain(files()).collect()
}

/// Every stylesheet and script, which are the same for all sites of this release.
fn files() -> impl Iterator<Item = Public> {
    Assets::all().map(|(path, _, bytes)| Public {
        path,
        digest: Sha256::digest(bytes).into(),
    })
}

/// Where a page stands; only pages with an id depend on one, in their address.
fn address(page: drawn::Page, lang: Lang, id: &str) -> String {
    let lang = lang.tag();
    match page {
        drawn::Page::Home => format!("/?lang={lang}"),
        drawn::Page::Message => format!("/m/{id}?lang={lang}"),
        drawn::Page::DropBox => format!("/d/{id}?lang={lang}"),
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

async fn fetch(client: &PageClient, origin: &Url, path: &str) -> Result<Page, ClientError> {
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
            expected(&Digests::of(look), Token::from([id; 16]))
                .into_iter()
                .map(|public| public.digest)
                .collect()
        };
        let corp = digests(&look("Corp"), 1);
        assert_eq!(corp, digests(&look("Corp"), 2));
        assert_ne!(corp, digests(&look("Corq"), 1));
        assert!(corp.len() > 6 + 10, "three pages in two languages, and the files");
    }

    #[test]
    fn digests_are_carried_as_text_and_none_may_be_missing() {
        let look = Look {
            public_origin: "https://secret.corp.example".to_owned(),
            organisation: "Corp".to_owned(),
            phone: None,
            mail: None,
            demo: false,
        };
        let digests = Digests::of(&look);
        let text = digests.to_string();
        assert_eq!(text.parse::<Digests>().unwrap(), digests);
        for line in text.lines() {
            let (digest, address) = line.split_once("  ").unwrap();
            for without in [String::new(), format!("{}  {address}", &digest[2..])] {
                let refused = text.replace(line, &without).parse::<Digests>().unwrap_err();
                assert!(refused.to_string().contains(address), "{refused}");
            }
        }
    }
}
