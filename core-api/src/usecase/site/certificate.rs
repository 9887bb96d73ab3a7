//! The public certificate of a site, renewed from inside: what is in use is looked at, a signing request comes in, the
//! signed chain goes out. The key never leaves the site.
//!
//! What a site says of itself is not believed further than it can be checked: a request that somebody else's authority
//! is to sign must be for the site's address and nothing else.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use client::site::SiteApi;
use client::trust::{Disbelief, believe};
use contract::sync::{
    Certificate as Asked, CertificateAnswer, CertificateInUse, CertificateRefusal, LONGEST_CHAIN,
};
use data_encoding::HEXLOWER;
use domain::Timestamp;
use serde::{Deserialize, Serialize};
use server::certificate::Certificate;
use sha2::{Digest as _, Sha256};
use sqlite::Connection;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::core::Core;
use crate::site::signing_request::is_for_alone;
use crate::site::{Address, LinkError};
use crate::store::audit::{Event, Personal};
use crate::store::site::{self, Site};
use crate::store::{StoreError, audit, fact};
use crate::usecase::operators::alarm::{self, What, through};

/// Most of what a site tells in words that is shown: names, and characters of each and of the issuer.
const MOST_NAMES: usize = 20;
const MOST_CHARACTERS: usize = 253;
/// How long a site may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(12);
const _: () = assert!(
    ANSWER_WITHIN.as_secs() < crate::admin::DEADLINE.as_secs(),
    "whoever typed the command is told what was wrong"
);
/// How many looks in a row a site may answer without its certificate.
const MOST_UNTOLD: u32 = 3;

/// Why nothing came of it, in words for whoever typed the command.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// It is not in the configuration.
    #[error("no [[site]] of this name is configured")]
    NotConfigured,
    /// It was never paired, or is retired.
    #[error("this site is not paired")]
    NotPaired,
    /// Its chain cannot be believed.
    #[error(
        "something is wrong with this site, so that nothing of it is signed and nothing is brought there: see `core-api site list`"
    )]
    Troubled,
    /// The file is longer than a chain can be.
    #[error("this is too long for a chain: at most {} KiB", LONGEST_CHAIN / 1024)]
    TooLong,
    /// The file is no chain.
    #[error(
        "there is no certificate in PEM: the file must have `-----BEGIN CERTIFICATE-----` lines, the site's own certificate first (of DER, `openssl x509 -inform der` makes it)"
    )]
    NoChain,
    /// The file has a key in it.
    #[error(
        "there is a private key in this file: it was not sent. The site has the key of its own request; bring the certificates only"
    )]
    HoldsKey,
    /// Browsers would not believe it.
    #[error(
        "browsers would not believe this chain ({0}), so it was not brought: every intermediate certificate stands in it, behind the site's own; and a private authority stands in the file that public_ca_file of the [[site]] names"
    )]
    Unbelieved(#[from] Disbelief),
    /// The request that the site made is not one for its address.
    #[error(
        "what the site wants to have signed is not a request for {0} and nothing else, so it was not written; if the site's address was changed, pair it again, else take it as an intrusion"
    )]
    StrangeRequest(String),
    /// The site did not do it.
    #[error("{}", words(*.why, .host))]
    Refused {
        /// Why.
        why: CertificateRefusal,
        /// The host of its public address.
        host: String,
    },
    /// Our own keys are not there.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The site could not be asked.
    #[error("the site did not answer as it should: {0}")]
    Site(String),
    /// The core ends.
    #[error("the core stopped before the chain was looked at: say it again when it runs")]
    Stopped,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What whoever renews can do about it.
fn words(why: CertificateRefusal, host: &str) -> String {
    match why {
        CertificateRefusal::NothingOpen => {
            "no signing request is open at the site: make one with --out, and have that one signed".to_owned()
        }
        CertificateRefusal::TooLong => "the chain is too long for the site; its old certificate stays".to_owned(),
        CertificateRefusal::NoCertificate => {
            "the site cannot read a certificate in this chain; the old one stays".to_owned()
        }
        CertificateRefusal::OtherKey => {
            "the first certificate of the chain is for another key than that of the site's last signing request; the \
             old one stays. Put the site's own certificate first, and have the last request signed: each --out makes \
             those before void"
                .to_owned()
        }
        CertificateRefusal::OtherNames => format!(
            "the first certificate of the chain is not for {host}; the old one stays. Have the request signed with \
             its names (subjectAltName)"
        ),
        CertificateRefusal::Ended => "the time of this certificate is over; the old one stays".to_owned(),
        CertificateRefusal::NotYet => {
            "the time of this certificate has not come, by the site's clock; the old one stays".to_owned()
        }
        CertificateRefusal::OneFile => {
            "cert_file and key_file of the site's [public] are one file, which would be overwritten: give each its own"
                .to_owned()
        }
        CertificateRefusal::Unwritable => {
            "the site cannot write the files of its certificate, cert_file and key_file of its [public]; its log \
             names them. It needs their folder for itself (docs/site.md)"
                .to_owned()
        }
        CertificateRefusal::Unusable => {
            "what stands in the site's cert_file and key_file cannot be used: they do not belong together, or are no \
             certificate. The site goes on with what it read before, until it is restarted"
                .to_owned()
        }
    }
}

/// A site's certificate as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The DNS names and addresses that it is for.
    pub names: Vec<String>,
    /// Who signed it.
    pub issuer: String,
    /// Its last moment, in milliseconds since the Unix epoch.
    pub until: i64,
    /// What an operator should do something about.
    pub wrong: Option<String>,
}

/// What a file holds that is to be brought to a site.
///
/// # Errors
/// When it is no chain, or more than one.
pub fn chain_in(file: &[u8]) -> Result<&str, CertificateError> {
    if file.len() > LONGEST_CHAIN {
        return Err(CertificateError::TooLong);
    }
    let text = std::str::from_utf8(file).map_err(|_| CertificateError::NoChain)?;
    if text.contains("PRIVATE KEY-----") {
        return Err(CertificateError::HoldsKey);
    }
    if !text.contains("-----BEGIN CERTIFICATE-----") {
        return Err(CertificateError::NoChain);
    }
    Ok(text)
}

/// The certificate in use, as far as the site can tell.
///
/// # Errors
/// When the site is not there, or cannot tell.
pub async fn show(core: &Arc<Core>, name: &str) -> Result<Shown, CertificateError> {
    let at = Visited::new(core, name).await?;
    let in_use = at.ask(&Asked::Show).await?.in_use()?;
    Ok(shown(&in_use, &at.host, core.now()))
}

/// Has the site make a signing request; gives it as PEM. An earlier one is void.
///
/// # Errors
/// When the site is not there, cannot keep what comes of it, or asks for something strange.
pub async fn request(
    core: &Arc<Core>,
    name: &str,
    reference: &str,
    operator: &str,
) -> Result<String, CertificateError> {
    let at = Visited::new(core, name).await?.trusted()?;
    let CertificateAnswer::Request(request) = at.ask(&Asked::Request).await?.0 else {
        return Err(unexpected());
    };
    let is_strange = !is_for_alone(&request, &at.host);
    let event = Event::SiteCertificateRequested {
        sha256: sha256(request.as_bytes()),
    };
    let entry = core.entry(event, reference, &through(name), by(operator));
    let (shared, site, now) = (Arc::clone(core), name.to_owned(), core.now());
    core.store
        .write(move |c| {
            audit::append(c, &entry, now)?;
            if is_strange {
                alarm::raise(c, &shared, &site, What::Request, "", now)?;
            }
            Ok(())
        })
        .await?;
    if is_strange {
        return Err(CertificateError::StrangeRequest(at.host));
    }
    Ok(request)
}

/// Brings a chain for the last signing request, which the site takes into use at once; gives what is in use then.
///
/// # Errors
/// When the chain does not fit or browsers would not believe it, or the site is not there; then the old one stays. Bringing it again does no harm.
pub async fn bring(
    core: &Arc<Core>,
    name: &str,
    chain: &[u8],
    reference: &str,
    operator: &str,
) -> Result<Shown, CertificateError> {
    let chain = chain_in(chain)?.to_owned();
    let at = Visited::new(core, name).await?.trusted()?;
    let (sha256, now) = (sha256(chain.as_bytes()), core.now());
    at.is_believed(&chain, now).await?;
    let leaf = Certificate::from_pem(chain.as_bytes()).ok_or(CertificateError::NoChain)?;
    let event = Event::SiteCertificateBrought {
        sha256: sha256.clone(),
        until: CertificateInUse::from(leaf).until,
    };
    let entry = core.entry(event, reference, &through(name), by(operator));
    core.store
        .write(move |c| audit::append(c, &entry, now).map(drop))
        .await?;
    let in_use = at.ask(&Asked::Take { chain }).await?.in_use()?;
    let now = core.now();
    let shown = shown(&in_use, &at.host, now);
    let event = Event::SiteCertificateRenewed { sha256 };
    let entry = core.entry(event, reference, &through(name), by(operator));
    let (shared, name, is_wrong) = (Arc::clone(core), name.to_owned(), shown.wrong.is_some());
    core.store
        .write(move |c| {
            audit::append(c, &entry, now)?;
            judge(c, &shared, &name, is_wrong, now)
        })
        .await?;
    Ok(shown)
}

/// Asks a site for its certificate, and raises the alarm or takes it back. `untold`: how often in a row it did not tell.
/// One that answers nothing at all is another alarm's business.
///
/// # Errors
/// When the database fails.
pub async fn look_after(
    core: &Arc<Core>,
    site: &Site,
    api: &dyn SiteApi,
    untold: &mut u32,
) -> Result<(), StoreError> {
    let Some(settings) = core.site(&site.name) else {
        return Ok(());
    };
    let now = core.now();
    let told = match api.certificate(&Asked::Show).await {
        Ok(CertificateAnswer::InUse(in_use)) => {
            Ok(shown(&in_use, settings.public_origin.host(), now).wrong.is_some())
        }
        Ok(CertificateAnswer::Refused(_)) => Ok(true),
        Ok(CertificateAnswer::Request(_)) => Err(unexpected().to_string()),
        Err(error) => Err(error.to_string()),
    };
    let is_wrong = match told {
        Ok(is_wrong) => {
            *untold = 0;
            is_wrong
        }
        Err(error) => {
            tracing::warn!(site = site.name, error, "a site did not tell its certificate");
            *untold = untold.saturating_add(1);
            if *untold < MOST_UNTOLD {
                return Ok(());
            }
            true
        }
    };
    let (shared, name) = (Arc::clone(core), site.name.clone());
    core.store
        .write(move |c| judge(c, &shared, &name, is_wrong, now))
        .await
}

fn judge(c: &Connection, core: &Core, site: &str, is_wrong: bool, now: Timestamp) -> Result<(), StoreError> {
    // It may have been retired while it was asked, and then has no alarms.
    let is_paired = site::by_name(c, site)?.is_some_and(|site| site.retired_at.is_none());
    if is_wrong && is_paired {
        alarm::raise(c, core, site, What::Certificate, "", now)
    } else {
        alarm::lower(c, site, What::Certificate, "")
    }
}

/// A paired site, and the way to ask it.
struct Visited {
    host: String,
    /// The authority of its public certificate; those of this host's own list if there is none.
    ca_file: Option<PathBuf>,
    is_troubled: bool,
    api: Arc<dyn SiteApi>,
}

/// An answer that is no refusal.
struct Agreed(CertificateAnswer);

impl Visited {
    async fn new(core: &Arc<Core>, name: &str) -> Result<Self, CertificateError> {
        let settings = core.site(name).ok_or(CertificateError::NotConfigured)?;
        let site = name.to_owned();
        let (site, generation) = core
            .store
            .read(move |c| Ok((site::by_name(c, &site)?, fact::generation(c)?)))
            .await?;
        let site = site
            .filter(|site| site.retired_at.is_none())
            .ok_or(CertificateError::NotPaired)?;
        Ok(Self {
            host: settings.public_origin.host().to_owned(),
            ca_file: settings.public_ca_file.clone(),
            is_troubled: site.trouble.is_some(),
            api: core.link.dial(&Address::of(settings, &site, generation))?,
        })
    }

    /// What is not to be believed gets nothing signed.
    fn trusted(self) -> Result<Self, CertificateError> {
        if self.is_troubled {
            return Err(CertificateError::Troubled);
        }
        Ok(self)
    }

    /// Whether readers would believe this chain. On a thread that may wait: the host's own list is a large file.
    async fn is_believed(&self, chain: &str, now: Timestamp) -> Result<(), CertificateError> {
        let (ca_file, host) = (self.ca_file.clone(), self.host.clone());
        let chain = chain.to_owned();
        let judged = spawn_blocking(move || believe(ca_file.as_deref(), chain.as_bytes(), &host, now.0));
        Ok(judged.await.map_err(|_| CertificateError::Stopped)??)
    }

    async fn ask(&self, asked: &Asked) -> Result<Agreed, CertificateError> {
        let answered = timeout(ANSWER_WITHIN, self.api.certificate(asked));
        let answered = answered.await.map_err(|_| {
            let seconds = ANSWER_WITHIN.as_secs();
            CertificateError::Site(format!("no answer within {seconds} s; say it again"))
        })?;
        match answered {
            Ok(CertificateAnswer::Refused(why)) => Err(CertificateError::Refused {
                why,
                host: self.host.clone(),
            }),
            Ok(answer) => Ok(Agreed(answer)),
            Err(error) => Err(CertificateError::Site(error.to_string())),
        }
    }
}

impl Agreed {
    fn in_use(self) -> Result<CertificateInUse, CertificateError> {
        match self.0 {
            CertificateAnswer::InUse(in_use) => Ok(in_use),
            _ => Err(unexpected()),
        }
    }
}

fn unexpected() -> CertificateError {
    CertificateError::Site("it answered something else".to_owned())
}

fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

fn by(operator: &str) -> Personal {
    Personal {
        operator: Some(operator.to_owned()),
        ..Personal::default()
    }
}

fn shown(in_use: &CertificateInUse, host: &str, now: Timestamp) -> Shown {
    let certificate = Certificate::from(in_use.clone());
    let wrong = match certificate.days_left(now.0) {
        left if left < 0 => Some("it has ended".to_owned()),
        _ if certificate.is_early(now.0) => Some("its time has not come".to_owned()),
        _ if !certificate.is_for(host) => Some(format!("it is not for {host}")),
        left if certificate.ends_soon(now.0) => Some(format!("it ends in {left} days")),
        _ => None,
    };
    Shown {
        names: in_use
            .names
            .iter()
            .take(MOST_NAMES)
            .map(|name| plain(name))
            .collect(),
        issuer: plain(&in_use.issuer),
        until: in_use.until,
        wrong,
    }
}

/// What comes from a site ends on somebody's terminal: no control characters, and none that change the direction.
fn plain(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ';
    text.chars()
        .take(MOST_CHARACTERS)
        .map(|c| if is_plain(c) { c } else { '?' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_chain_or_more_than_one_stays_here() {
        let chain = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";
        assert_eq!(chain_in(chain.as_bytes()).unwrap(), chain);
        let with_key = format!("{chain}-----BEGIN EC PRIVATE KEY-----\n");
        assert!(matches!(
            chain_in(with_key.as_bytes()),
            Err(CertificateError::HoldsKey)
        ));
        for file in [&[0x30, 0x82, 0xff][..], b"", b"-----BEGIN PKCS7-----\n"] {
            assert!(matches!(chain_in(file), Err(CertificateError::NoChain)));
        }
        let long = chain.repeat(LONGEST_CHAIN / chain.len() + 1);
        assert!(matches!(
            chain_in(long.as_bytes()),
            Err(CertificateError::TooLong)
        ));
    }

    #[test]
    fn what_a_site_tells_writes_nothing_else_to_a_terminal() {
        assert_eq!(plain("CN=R\u{f6}mer CA 3, O=Corp"), "CN=R\u{f6}mer CA 3, O=Corp");
        assert_eq!(plain("\u{1b}[2J\u{202e}x\n"), "?[2J?x?");
        assert_eq!(plain(&"x".repeat(1000)).len(), MOST_CHARACTERS);
    }
}
