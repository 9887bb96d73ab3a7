//! The public pages of a site, held against what this release draws.
//!
//! That finds careless tampering, not selective: whoever controls the site may show the core other pages than his
//! victims. `core-api site probe` looks from any outside host.

use std::fmt;
use std::slice;
use std::str::FromStr;
use std::time::Duration;

use client::ClientError;
use client::page::{Page, PageClient};
use contract::pairing::Look;
use contract::sync::Token;
use data_encoding::HEXLOWER;
use selfdestruct::http::drawn;
use server::headers;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;
use ui::{Assets, Lang};
use url::Url;

/// More than any page or script has.
const LARGEST: usize = 1024 * 1024;

/// How long one look at all of them may take: it is over before the next one of the watch, however slow the site is.
pub const WITHIN: Duration = Duration::from_secs(45);

/// Headers that no page of this release has, and by which browsers load, keep, erase or send something, go elsewhere, or
/// read the body as another: those that are known to do so. What a proxy in front of the site adds besides is its own
/// affair.
const NEVER: [&str; 11] = [
    "refresh",
    "link",
    "speculation-rules",
    "content-encoding",
    "set-cookie",
    "clear-site-data",
    "alt-svc",
    "content-security-policy-report-only",
    "report-to",
    "reporting-endpoints",
    "nel",
];

/// By these a browser runs or takes for a page what it should not.
const POLICIES: [&str; 2] = ["content-security-policy", "content-type"];

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

/// How bad it is that something differs; the worst is the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// Another body, or none.
    Body,
    /// A header that makes a browser do more than it should.
    Policy,
    /// Another header: proxies are fond of doubling them.
    Header,
}

impl Gravity {
    /// Of a difference as it is told: only so do alarms remember it.
    pub fn of(told: &str) -> Self {
        match told.rsplit_once(": ") {
            Some((_, header)) if is_policy(header) => Self::Policy,
            Some((_, header)) if header == "cache-control" || is_always(header) => Self::Header,
            _ => Self::Body,
        }
    }
}

fn is_policy(header: &str) -> bool {
    POLICIES.contains(&header) || NEVER.contains(&header)
}

fn is_always(header: &str) -> bool {
    headers::ALWAYS.iter().any(|(name, _)| *name == header)
}

/// The ids that pages are asked for with, which show the same for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ids {
    /// Of messages, or of none.
    pub messages: Vec<Token>,
    /// Of a drop box, or of none.
    pub drop_box: Token,
}

impl Ids {
    /// Those that a page is asked for with; one that has no id in its address is asked for once.
    fn of(&self, page: drawn::Page) -> &[Token] {
        match page {
            drawn::Page::Message => &self.messages,
            drawn::Page::Home | drawn::Page::DropBox => slice::from_ref(&self.drop_box),
        }
    }
}

/// What a look found out.
#[derive(Debug, Default)]
pub struct Found {
    /// The paths at which something else stands than should, be it no page at all, each with the worst header that is
    /// wrong where only headers are. The worst come first.
    pub differing: Vec<String>,
    /// Why not everything was seen, which says nothing about what was not.
    pub unseen: Option<ClientError>,
    /// The paths that could not be fetched; the last may be one that was waited for until the time was over.
    pub unseen_at: Vec<String>,
    /// The paths that nobody came to in that time.
    pub unreached: Vec<String>,
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
/// asked for behind the language switch.
pub fn expected(digests: &Digests, ids: &Ids) -> Vec<Public> {
    let asked = digests.0.iter().flat_map(|(page, lang, digest)| {
        let ids = ids.of(*page).iter().map(Token::to_string);
        ids.map(move |id| (page, lang, digest, id))
    });
    let pages = asked.flat_map(|(page, lang, digest, id)| {
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

/// Looks at each, whatever the others show: what is broken at one must not hide what was changed at another, or that
/// another cannot be seen. What is not there `within` this time was not seen.
pub async fn look(client: &PageClient, origin: &Url, expected: Vec<Public>, within: Duration) -> Found {
    let mut found = Found {
        unreached: expected.iter().rev().map(|public| public.path.clone()).collect(),
        ..Found::default()
    };
    if timeout(within, found.look(client, origin, expected))
        .await
        .is_err()
    {
        found.unseen = Some(ClientError::TimedOut);
        found.unseen_at.extend(found.unreached.pop());
    }
    found.differing.sort_by_key(|told| Gravity::of(told));
    found
}

impl Found {
    async fn look(&mut self, client: &PageClient, origin: &Url, expected: Vec<Public>) {
        for public in expected {
            match fetch(client, origin, &public).await {
                Ok(page) => self.differing.extend(public.difference(&page)),
                Err(ClientError::Protocol(_)) => self.differing.push(public.name()),
                Err(error) => {
                    self.unseen = Some(error);
                    self.unseen_at.push(public.path);
                }
            }
            self.unreached.pop();
        }
    }

    /// Whether something differed, or could not be fetched, at a page that was asked for with this id.
    pub fn is_wrong_at(&self, id: Token) -> bool {
        is_any_of(id, self.differing.iter().chain(&self.unseen_at))
    }

    /// Whether all of its pages were seen and are right.
    pub fn is_right_at(&self, id: Token) -> bool {
        !self.is_wrong_at(id) && !is_any_of(id, &self.unreached)
    }
}

fn is_any_of<'a>(id: Token, paths: impl IntoIterator<Item = &'a String>) -> bool {
    let id = id.to_string();
    paths.into_iter().any(|path| path.contains(&id))
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

    /// The worst header that is not as it should be, or should not be there.
    fn wrong_header(&self, page: &Page) -> Option<&'static str> {
        let own = [("content-type", self.kind), ("cache-control", self.caching)];
        let fixed = headers::ALWAYS.into_iter().chain(own);
        let wrong = fixed.filter(|(name, value)| !page.header(name).eq([*value]));
        let wrong = wrong.map(|(name, _)| name);
        let added = NEVER
            .into_iter()
            .filter(|name| page.header(name).next().is_some());
        wrong.chain(added).min_by_key(|name| !is_policy(name))
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
            let ids = Ids {
                messages: vec![Token::from([id; 16])],
                drop_box: Token::from([id; 16]),
            };
            expected(&Digests::of(look), &ids)
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
    fn a_body_is_worse_than_a_policy_and_that_than_another_header() {
        let gravities = [
            "/m/… (Accept-Language: de)",
            "/m/… (Accept-Language: de): content-security-policy",
            "/: refresh",
            "/: strict-transport-security",
        ]
        .map(Gravity::of);
        let (body, policy) = (Gravity::Body, Gravity::Policy);
        assert_eq!(gravities, [body, policy, policy, Gravity::Header]);
        assert!(gravities.is_sorted());
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
