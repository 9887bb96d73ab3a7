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
use server::headers;
use sha2::{Digest as _, Sha256};
use ui::{Assets, Lang};
use url::Url;

/// More than any page or script has.
const LARGEST: usize = 1024 * 1024;

/// Headers that no page of this release has: browsers would load or keep something, or go elsewhere. What a proxy in
/// front of the site adds besides is its own affair.
const NEVER: [&str; 3] = ["link", "refresh", "set-cookie"];

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
    /// The language that the browser asks for, where the address does not say it.
    pub lang: Option<Lang>,
    /// SHA-256 of what must stand there.
    pub digest: [u8; 32],
    /// Its content type.
    pub kind: &'static str,
    /// What its `cache-control` says.
    pub caching: &'static str,
}

/// Every page and file of a site with these pages: the pages as links and their browsers ask for them, and as they are
/// asked for behind the language switch. `id` is one that no message has.
pub fn expected(digests: &Digests, id: Token) -> Vec<Public> {
    let id = id.to_string();
    let pages = digests.0.iter().flat_map(|(page, lang, digest)| {
        let public = |path, lang| Public {
            path,
            lang,
            digest: *digest,
            kind: "text/html; charset=utf-8",
            caching: headers::NOT_KEPT,
        };
        [
            public(bare(*page, &id), Some(*lang)),
            public(address(*page, *lang, &id), None),
        ]
    });
    pages.chain(files()).collect()
}

/// Every stylesheet and script, which are the same for all sites of this release.
fn files() -> impl Iterator<Item = Public> {
    Assets::all().map(|(path, kind, bytes)| Public {
        path,
        lang: None,
        digest: Sha256::digest(bytes).into(),
        kind,
        caching: Assets::CACHING,
    })
}

/// Where a page stands in one language, whatever the browser asks for.
fn address(page: drawn::Page, lang: Lang, id: &str) -> String {
    format!("{}?lang={}", bare(page, id), lang.tag())
}

/// Where a page stands; only pages with an id depend on one, in their address.
fn bare(page: drawn::Page, id: &str) -> String {
    match page {
        drawn::Page::Home => "/".to_owned(),
        drawn::Page::Message => format!("/m/{id}"),
        drawn::Page::DropBox => format!("/d/{id}"),
    }
}

/// The paths at which something else stands than should, be it no page at all, each with the header that is wrong where
/// only that is. Each is looked at, whatever the others show: what is broken at one must not hide what was changed at
/// another.
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
        match fetch(client, origin, &public).await {
            Ok(page) => differing.extend(public.difference(&page)),
            Err(ClientError::Protocol(_)) => differing.push(public.name()),
            Err(error) => unseen = Some(error),
        }
    }
    match unseen {
        Some(error) if differing.is_empty() => Err(error),
        _ => Ok(differing),
    }
}

async fn fetch(client: &PageClient, origin: &Url, public: &Public) -> Result<Page, ClientError> {
    let address = origin
        .join(&public.path)
        .map_err(|_| ClientError::Protocol("the path is not one"))?;
    client.get(address, public.lang.map(Lang::tag), LARGEST).await
}

impl Public {
    /// What is told where something else stands.
    fn name(&self) -> String {
        match self.lang {
            Some(lang) => format!("{} (Accept-Language: {})", self.path, lang.tag()),
            None => self.path.clone(),
        }
    }

    fn difference(&self, page: &Page) -> Option<String> {
        if page.status != 200 || <[u8; 32]>::from(Sha256::digest(&page.body)) != self.digest {
            return Some(self.name());
        }
        self.wrong_header(page)
            .map(|header| format!("{}: {header}", self.name()))
    }

    /// The first header that is not as it should be, or should not be there.
    fn wrong_header(&self, page: &Page) -> Option<&'static str> {
        let own = [("content-type", self.kind), ("cache-control", self.caching)];
        let mut fixed = headers::ALWAYS.into_iter().chain(own);
        let wrong = fixed.find(|(name, value)| !page.header(name).eq([*value]));
        let wrong = wrong.map(|(name, _)| name);
        wrong.or_else(|| NEVER.into_iter().find(|name| page.header(name).next().is_some()))
    }
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
