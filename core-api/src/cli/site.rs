//! `site add | list | re-key | acknowledge | certificate | probe | retire`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use contract::pairing::{Pairing, PairingAnswer, VERSION};
use serde::Deserialize;
use server::config::{Mistakes, Origin};
use zeroize::Zeroizing;

use super::acting::act;
use super::{Outcome, certificate, probe, shown};
use crate::admin::{Answer, AskError, Request, ask};
use crate::config::Config;
use crate::pki::write_new;
use crate::usecase::site::list::Shown;
use crate::usecase::site::pair::PairError;

/// The longest answer file, in bytes.
const LONGEST: u64 = 3072;

/// Sites of one-time messages.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Site {
    /// Pair a site: make the file for it, or take the file that it answered with
    Add {
        /// What this core calls it
        name: String,
        /// Its sync listener; prints what the configuration needs where it does not have the site yet
        url: Option<String>,
        /// Where the file goes, which holds a secret; NAME.pairing.json, unless said
        #[arg(long, value_name = "FILE", conflicts_with = "answer")]
        out: Option<PathBuf>,
        /// The file that the site answered with
        #[arg(long, value_name = "FILE")]
        answer: Option<PathBuf>,
    },
    /// Show how each site is
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Begin a new epoch at a site, after a fork, when its journal cannot be believed, or when this core is from an old
    /// copy; what lives there is lost
    #[command(name = "re-key")]
    ReKey {
        /// Which
        name: String,
    },
    /// Say that you have looked at a site's alarms: those that nothing else takes back are over
    Acknowledge {
        /// Which
        name: String,
    },
    /// Show a site's public certificate, or renew it: --out, have it signed, --chain. Its key never leaves the site
    Certificate {
        /// Which
        name: String,
        /// Have the site make a signing request, and write it here; an earlier one is void
        #[arg(long, value_name = "CSR", conflicts_with = "chain")]
        out: Option<PathBuf>,
        /// The signed chain (PEM, the site's own certificate first), to be taken into use at once
        #[arg(long, value_name = "FILE")]
        chain: Option<PathBuf>,
    },
    /// Compare a site's public pages with those of this release, from wherever this is typed
    Probe(probe::Probe),
    /// End a site for good; what lives there is lost
    Retire {
        /// Which
        name: String,
    },
}

/// Only `probe` may be typed on a host without a configuration.
pub(super) async fn run(command: Site, config: Result<Config, Mistakes>, out: &mut dyn Write) -> Outcome {
    match command {
        Site::Probe(probe) => probe::run(&probe, config, out).await,
        Site::Add {
            name,
            answer: Some(file),
            ..
        } => {
            let answer = answer_in(&file)?;
            act(&config?, Request::SiteAnswer { site: name, answer }, out).await
        }
        Site::Add {
            name, url, out: file, ..
        } => {
            let config = config?;
            if config.embedded.iter().any(|site| site.name == name) {
                return Err(
                    format!("the core serves {name} itself, and pairs with it when it starts").into(),
                );
            }
            if !is_configured(&config, &name, url.as_deref(), out)? {
                return Ok(ExitCode::FAILURE);
            }
            let file = file.unwrap_or_else(|| PathBuf::from(format!("{name}.pairing.json")));
            pair(&config, name, &file, out).await
        }
        Site::List { json } => list(&config?, json, out).await,
        Site::Acknowledge { name } => act(&config?, Request::SiteAcknowledge { site: name }, out).await,
        Site::Certificate {
            name,
            out: Some(file),
            ..
        } => certificate::request(&config?, name, &file, out).await,
        Site::Certificate {
            name,
            chain: Some(file),
            ..
        } => certificate::bring(&config?, name, &file, out).await,
        Site::Certificate { name, .. } => certificate::show(&config?, name, out).await,
        Site::ReKey { name } => act(&config?, Request::SiteReKey { site: name }, out).await,
        Site::Retire { name } => {
            act(&config?, Request::SiteRetire { site: name.clone() }, out).await?;
            writeln!(
                out,
                "Now remove the [[site]] {name:?} from core-api.toml and restart the core."
            )?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// A site is known by the configuration, so that whoever may read it sees every site that there is.
fn is_configured(
    config: &Config,
    name: &str,
    url: Option<&str>,
    out: &mut dyn Write,
) -> Result<bool, Box<dyn std::error::Error>> {
    let url = url.map(Origin::parse).transpose()?;
    let configured = config.settings.sites.iter().find(|site| site.name == name);
    match (configured, url) {
        (Some(site), Some(url)) if site.sync_url != url => {
            Err(format!("core-api.toml says that {name} listens at {}", site.sync_url).into())
        }
        (Some(_), _) => Ok(true),
        (None, url) => {
            let url = url.map_or_else(|| "https://10.1.0.20:8443".to_owned(), |url| url.to_string());
            writeln!(
                out,
                "# core-api.toml, and then restart the core and repeat this command:\n"
            )?;
            writeln!(
                out,
                "[[site]]\nname = {name:?}\nsync_url = {url:?}\npublic_origin = \"https://...\"  # what people use"
            )?;
            Ok(false)
        }
    }
}

async fn pair(config: &Config, name: String, file: &Path, out: &mut dyn Write) -> Outcome {
    if file.exists() {
        return Err(format!("{} is there already; it is never overwritten", shown(file)).into());
    }
    let Answer::Pairing { pairing } =
        ask(&config.data_dir, &Request::SitePair { site: name.clone() }).await?
    else {
        return Err(AskError::Unknown.into());
    };
    write_pairing(file, &pairing)?;
    writeln!(
        out,
        "Carry {0} by hand to the site; whoever reads it can answer in the site's place and forge its journal. There: selfdestruct pair {0}",
        shown(file)
    )?;
    writeln!(
        out,
        "Bring back what that writes, take it with `core-api site add {name} --answer FILE`, and remove both files."
    )?;
    Ok(ExitCode::SUCCESS)
}

fn write_pairing(file: &Path, pairing: &Pairing) -> Outcome {
    let mut text = Zeroizing::new(serde_json::to_vec_pretty(pairing)?);
    text.push(b'\n');
    write_new(file, &text, 0o600)?;
    Ok(ExitCode::SUCCESS)
}

fn answer_in(file: &Path) -> Result<PairingAnswer, Box<dyn std::error::Error>> {
    let wrong = |why: String| format!("{}: {why}", shown(file));
    let size = std::fs::metadata(file)
        .map_err(|error| wrong(error.to_string()))?
        .len();
    if size > LONGEST {
        return Err(wrong("this is too long for a site's answer".to_owned()).into());
    }
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let no_answer = |error: serde_json::Error| wrong(format!("this is no site's answer: {error}"));
    // The form first: another one may have other fields.
    let form: Form = serde_json::from_str(&text).map_err(no_answer)?;
    if form.v != VERSION {
        return Err(wrong(PairError::Version(form.v).to_string()).into());
    }
    Ok(serde_json::from_str(&text).map_err(no_answer)?)
}

#[derive(Deserialize)]
struct Form {
    v: u32,
}

async fn list(config: &Config, json: bool, out: &mut dyn Write) -> Outcome {
    let Answer::Sites { sites } = ask(&config.data_dir, &Request::SiteList).await? else {
        return Err(AskError::Unknown.into());
    };
    if json {
        writeln!(out, "{}", serde_json::to_string(&sites)?)?;
    } else if sites.is_empty() {
        writeln!(out, "There is no [[site]] in core-api.toml.")?;
    } else {
        for site in &sites {
            writeln!(out, "{}", line(site))?;
        }
    }
    Ok(if sites.iter().all(|site| site.fine) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn line(site: &Shown) -> String {
    let lag = site.lag_ms.map_or_else(
        || "never answered".to_owned(),
        |ms| format!("answered {} s ago", ms / 1000),
    );
    let skew = site
        .skew_ms
        .map_or_else(String::new, |ms| format!(", its clock {ms:+} ms"));
    format!(
        "{}: {} (epoch {}, {} events, {} messages live, {} wait, {lag}{skew})",
        site.name, site.state, site.epoch, site.events, site.living, site.waiting
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_another_release_is_told_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("answer.json");
        let other = format!(r#"{{"v":{}}}"#, VERSION - 1);
        for (text, word) in [(other.as_str(), "same release"), ("{}", "no site's answer")] {
            std::fs::write(&file, text).unwrap();
            let refused = answer_in(&file).unwrap_err().to_string();
            assert!(refused.contains(word), "{refused}");
        }
    }
}
