//! Measures the installed servers from outside: what people wait for, and what the machine gives for it.
//!
//! `tests/bench.sh` builds and prepares everything and calls this. Figures that are compared come from one run, and are
//! taken in turns, so that a busy machine slows both.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use crate::figures::{Report, ms};
use crate::http::Site;
use crate::servers::Installation;

mod core;
mod direct;
mod figures;
mod http;
mod load;
mod measure;
mod messages;
mod page;
mod servers;
mod site;
mod walk;
mod wire;

/// What is to be measured
#[derive(Parser)]
struct Arguments {
    /// The folder of the servers, in the release profile
    #[arg(long)]
    binaries: PathBuf,
    /// Where a core with the embedded directory and its portal are prepared
    #[arg(long)]
    embedded: PathBuf,
    /// Their first port
    #[arg(long)]
    embedded_base: u16,
    /// The same with a Samba domain, which runs
    #[arg(long)]
    samba: PathBuf,
    /// Their first port
    #[arg(long)]
    samba_base: u16,
    /// The program that writes to the domain by the LDAP library alone
    #[arg(long)]
    floor: PathBuf,
    /// The folder of the programs that do the least that a site could do
    #[arg(long)]
    examples: PathBuf,
    /// The script that pairs the prepared core with the prepared site
    #[arg(long)]
    pair: PathBuf,
    /// A folder in memory, in place of a faster disk
    #[arg(long)]
    in_memory: Option<PathBuf>,
    /// Where the benchmarks of single functions left their results
    #[arg(long)]
    criterion: PathBuf,
    /// The file for the table
    #[arg(long)]
    out: PathBuf,
    /// One part alone
    #[arg(long)]
    only: Option<Part>,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Part {
    /// Sizes, and times from start to ready
    Start,
    /// A reset beside the same write by the LDAP library alone
    Reset,
    /// Times before the first proof, by kind of account
    Sameness,
    /// Many visitors at once, and the memory that this leaves
    Load,
    /// Results of the benchmarks of single functions
    Functions,
    /// One-time messages
    Messages,
    /// Of them, pairs of a push and an opening alone, on the usual number of connections
    Pairs,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Only this call can take effect: nothing else runs yet.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.and_then(|runtime| runtime.block_on(all(&arguments))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            drop(writeln!(io::stderr(), "bench: {wrong}"));
            ExitCode::FAILURE
        }
    }
}

async fn all(arguments: &Arguments) -> io::Result<()> {
    let mut report = Report::new();
    let disk = ms(servers::fdatasync_median(&arguments.embedded)?);
    let disk = format!("fdatasync median {disk}");
    let wanted = |part| arguments.only.is_none_or(|only| only == part);
    let embedded = Place::new(arguments, &arguments.embedded, arguments.embedded_base)?;
    let samba = Place::new(arguments, &arguments.samba, arguments.samba_base)?;
    if wanted(Part::Start) {
        measure::size(&mut report, &arguments.binaries)?;
        measure::ready(&mut report, &embedded, "embedded directory")?;
        measure::ready(&mut report, &samba, "Samba domain")?;
    }
    if wanted(Part::Reset) {
        measure::reset(&mut report, &samba, &arguments.floor, &disk).await?;
    }
    if wanted(Part::Sameness) {
        measure::sameness(&mut report, &samba).await?;
    }
    if wanted(Part::Load) {
        measure::under_load(&mut report, &embedded, &disk).await?;
    }
    if wanted(Part::Functions) {
        measure::functions(&mut report, &arguments.criterion)?;
    }
    let messages = wanted(Part::Messages);
    // The last: from here on this process stays on one core of the processor.
    if messages || wanted(Part::Pairs) {
        let means = messages::Means {
            installation: &embedded.installation,
            examples: arguments.examples.clone(),
            pair: arguments.pair.clone(),
            in_memory: arguments.in_memory.clone(),
        };
        if messages {
            messages::measure(&mut report, &means).await?;
        } else {
            messages::pairs(&mut report, &means).await?;
        }
    }
    fs::write(&arguments.out, report.text())?;
    write!(io::stdout(), "{}", report.text())
}

/// Servers, and the site that they are.
struct Place {
    installation: Installation,
    site: Site,
}

impl Place {
    fn new(arguments: &Arguments, state: &Path, base: u16) -> io::Result<Self> {
        let site = Site::new("portal.localhost", base, &state.join("pki/ca.pem"))?;
        let installation = Installation {
            binaries: arguments.binaries.clone(),
            state: state.to_owned(),
            base,
        };
        Ok(Self { installation, site })
    }
}
