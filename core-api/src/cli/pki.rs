//! `pki init | issue | renew`: files only; no core is needed.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use domain::Clock as _;

use super::{Outcome, shown};
use crate::clock::SystemClock;
use crate::keys::OsRandomness;
use crate::pki::{Authority, Order, Renewal, Role, init, issue, renew};

/// The private authority.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Pki {
    /// Make a root and an issuing authority in a new folder
    Init {
        /// The folder
        folder: PathBuf,
        /// What the authorities call themselves
        #[arg(long, default_value = "Sallyport")]
        name: String,
    },
    /// Make a key and a certificate
    Issue {
        /// The folder that `pki init` made
        folder: PathBuf,
        /// What it is for; this decides what it can be used for and how long
        #[arg(long)]
        role: Role,
        /// DNS names and addresses, separated by commas
        #[arg(long, value_delimiter = ',', required = true)]
        san: Vec<String>,
        /// Writes PREFIX.pem and PREFIX.key
        #[arg(long, value_name = "PREFIX")]
        out: PathBuf,
    },
    /// Renew certificates whose time is two thirds over, with the names and uses that they have
    Renew {
        /// The folder that `pki init` made
        folder: PathBuf,
        /// Renews PREFIX.pem for the key in PREFIX.key; several are possible
        #[arg(required = true, value_name = "PREFIX")]
        prefixes: Vec<PathBuf>,
        /// At once, however long they are still good
        #[arg(long)]
        force: bool,
    },
}

pub(super) fn run(command: Pki, out: &mut dyn Write) -> Outcome {
    let now = SystemClock.now();
    match command {
        Pki::Init { folder, name } => {
            init(&folder, &name, now, &OsRandomness)?;
            writeln!(
                out,
                "{}: root.pem goes to every server; root.key belongs offline, now.",
                shown(&folder)
            )?;
            writeln!(
                out,
                "issuing.pem and issuing.key stay with the core, which issues and renews with them."
            )?;
        }
        Pki::Issue {
            folder,
            role,
            san,
            out: prefix,
        } => {
            let authority = Authority::open(&folder)?;
            let certified = issue(&authority, &Order { role, names: san }, now, &OsRandomness)?;
            let (certificate, key) = certified.write(&prefix)?;
            let days = role.validity().as_secs() / 86_400;
            writeln!(
                out,
                "{} and {}: good for {days} days.",
                shown(&certificate),
                shown(&key)
            )?;
        }
        Pki::Renew {
            folder,
            prefixes,
            force,
        } => {
            let authority = Authority::open(&folder)?;
            for prefix in &prefixes {
                let what = match renew(&authority, prefix, force, now, &OsRandomness)? {
                    Renewal::Done => "renewed",
                    Renewal::NotDue => "not due yet",
                };
                writeln!(out, "{}: {what}", shown(prefix))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
