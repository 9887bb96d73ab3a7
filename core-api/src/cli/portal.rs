//! `portal enrol | retire | pause | resume`.
//!
//! Enrolling changes nothing in the core: the operator carries the files over and writes the peer into the
//! configuration, so whoever may read the configuration sees every portal that there is.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use domain::Clock as _;
use server::config::Origin;

use super::acting::act;
use super::{Outcome, shown};
use crate::admin::{AskError, Request, ask};
use crate::clock::SystemClock;
use crate::config::{Config, Role as PeerRole};
use crate::keys::OsRandomness;
use crate::pki::{Authority, Order, Role, issue};
use crate::serve::{KeyError, signing_key};

/// Portals.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Portal {
    /// Make a portal's certificate and print both sides' configuration
    Enrol {
        /// The DNS name that its certificate shall carry
        name: String,
        /// The folder that `pki init` made
        #[arg(long, value_name = "FOLDER")]
        pki: PathBuf,
        /// Writes PREFIX.pem and PREFIX.key; the name in this folder, unless said
        #[arg(long, value_name = "PREFIX")]
        out: Option<PathBuf>,
        /// The address that people use
        #[arg(long, value_name = "ORIGIN")]
        origin: Option<String>,
    },
    /// Pause a portal for good and say what is to be removed
    Retire {
        /// The name in its certificate
        name: String,
    },
    /// Stop serving a portal's recoveries at once
    Pause {
        /// The name in its certificate, or * for all
        name: String,
        /// Why, for whoever resumes it
        #[arg(long, default_value = "an operator paused it")]
        why: String,
    },
    /// Serve a paused portal again
    Resume {
        /// The name in its certificate, or * for all
        name: String,
    },
}

pub(super) async fn run(command: Portal, config: &Config, out: &mut dyn Write) -> Outcome {
    match command {
        Portal::Enrol {
            name,
            pki,
            out: prefix,
            origin,
        } => {
            let prefix = prefix.unwrap_or_else(|| PathBuf::from(&name));
            enrol(config, &name, &pki, &prefix, origin.as_deref(), out)
        }
        Portal::Retire { name } => retire(config, name, out).await,
        Portal::Pause { name, why } => act(config, Request::Pause { portal: name, why }, out).await,
        Portal::Resume { name } => act(config, Request::Resume { portal: name }, out).await,
    }
}

fn enrol(
    config: &Config,
    name: &str,
    pki: &Path,
    prefix: &Path,
    origin: Option<&str>,
    out: &mut dyn Write,
) -> Outcome {
    let pin = signing_key(&config.data_dir, &config.keys)
        .map_err(|error| match error {
            KeyError::File { path, .. } => {
                format!(
                    "{}: there is no signing key yet; start the core once",
                    path.display()
                )
            }
            KeyError::Wrong(_) => error.to_string(),
        })?
        .pinned();
    let known = configured_origin(config, name);
    let origin = match (origin, &known) {
        (Some(typed), _) => Origin::parse(typed)?.to_string(),
        (None, Some(known)) => known.clone(),
        (None, None) => return Err("write --origin: the address that people use".into()),
    };
    let order = Order {
        role: Role::Portal,
        names: vec![name.to_owned()],
    };
    let certified = issue(&Authority::open(pki)?, &order, SystemClock.now(), &OsRandomness)?;
    let (certificate, key) = certified.write(prefix)?;
    let root = pki.join("root.pem");
    writeln!(
        out,
        "# Carry these by hand into the folder pki beside portal.toml: {}, {}, {}",
        shown(&certificate),
        shown(&key),
        shown(&root)
    )?;
    writeln!(out, "# portal.toml:\n")?;
    write!(
        out,
        "{}",
        portal_toml(&origin, config, [&certificate, &key, &root], &pin.to_string())
    )?;
    if known.as_ref() == Some(&origin) {
        writeln!(out, "\n# core-api.toml has this portal already.")?;
    } else {
        writeln!(out, "\n# core-api.toml, and then restart the core:\n")?;
        writeln!(
            out,
            "[[api.peer]]\nsan = {name:?}\nrole = \"portal\"\norigin = {origin:?}"
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

fn portal_toml(origin: &str, config: &Config, files: [&PathBuf; 3], pin: &str) -> String {
    let [certificate, key, root] = files.map(|path| {
        let name = path.file_name().unwrap_or(path.as_os_str());
        format!("{:?}", format!("pki/{}", name.to_string_lossy()))
    });
    format!(
        "public_origin = {origin:?}\n\n[core]\nlink = \"forward\"\nurl = \"https://{}\"\ncert_file = {certificate}\n\
         key_file = {key}\nca_file = {root}\nsigning_key = {pin:?}\n",
        config.api.address
    )
}

fn configured_origin(config: &Config, name: &str) -> Option<String> {
    config
        .peers
        .iter()
        .find(|peer| peer.san.eq_ignore_ascii_case(name))
        .and_then(|peer| match &peer.role {
            PeerRole::Portal { origin } => Some(origin.to_string()),
            PeerRole::Client | PeerRole::Sender { .. } => None,
        })
}

async fn retire(config: &Config, name: String, out: &mut dyn Write) -> Outcome {
    let why = "it was retired".to_owned();
    match ask(
        &config.data_dir,
        &Request::Pause {
            portal: name.clone(),
            why,
        },
    )
    .await
    {
        Ok(_) => writeln!(out, "{name} is paused, at once and for good.")?,
        Err(AskError::NotRunning(_)) => writeln!(out, "No core runs, so {name} could not be paused.")?,
        Err(error) => return Err(error.into()),
    }
    writeln!(
        out,
        "Now remove its [[api.peer]] from core-api.toml and restart the core."
    )?;
    writeln!(
        out,
        "Its certificate ends by itself within seven days; without the peer it opens nothing."
    )?;
    Ok(ExitCode::SUCCESS)
}
