//! The commands of the core. Each writes to the writer that it is given.

mod acting;
mod audit;
mod certificate;
mod check;
mod demo;
mod drop_box;
mod firewall;
mod message;
mod pki;
mod portal;
mod probe;
mod site;
mod spelling;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use server::command::CommonArgs;
use server::{Ended, lifecycle, logs};

use crate::config::{Config, read};
use crate::steps::{Steps, Unwatched};
use crate::{http, serve};

/// What every command gives: an exit code, or an error in words.
type Outcome = Result<ExitCode, Box<dyn Error>>;

/// The configuration file when none is named.
const USUAL_CONFIG: &str = "/etc/sallyport/core-api.toml";

/// The core of Sallyport: proves who asks, applies the rules and talks to the domain.
#[derive(Debug, clap::Parser)]
#[command(name = "core-api", version)]
pub struct Cli {
    #[command(flatten)]
    common: CommonArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Serve until told to stop
    Serve,
    /// Show the configuration in force, secrets masked
    Config,
    /// Try everything that the core needs; exit 1 if anything fails
    Check {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// The private authority for the links between our servers
    #[command(subcommand)]
    Pki(pki::Pki),
    /// Portals: enrol, pause, resume, retire
    #[command(subcommand)]
    Portal(portal::Portal),
    /// Sites of one-time messages: add, list, re-key, renew the certificate, retire
    #[command(subcommand)]
    Site(site::Site),
    /// Invite somebody to set up recovery; prints a one-time code
    Invite {
        /// Whom: a user name, DOMAIN\name, user principal name or mail address
        identifier: String,
        /// How many days the code is good
        #[arg(long)]
        days: Option<u16>,
    },
    /// Allow self-service of an account again, after its owner stopped it
    Unfreeze {
        /// Whose
        identifier: String,
    },
    /// One-time messages: send, show, list, revoke, extend, unlock, destroy
    #[command(subcommand)]
    Message(message::Message),
    /// Drop boxes: outsiders send something in
    #[command(subcommand)]
    Drop(drop_box::DropBox),
    /// The audit
    #[command(subcommand)]
    Audit(audit::Audit),
    /// The demo
    #[command(subcommand)]
    Demo(demo::Demo),
    /// Print which paths this installation needs, as rules that close every other one
    Firewall(firewall::Firewall),
    /// Print the description of the API, as JSON
    Openapi,
}

/// Runs one command.
///
/// # Errors
/// In words, for whoever typed it.
pub async fn run(
    cli: Cli,
    environment: impl IntoIterator<Item = (String, String)>,
    out: &mut dyn Write,
) -> Outcome {
    let file = cli.common.config_or(USUAL_CONFIG);
    let configured = || read(file, environment);
    match cli.command {
        Command::Serve => serve(configured()?.0, Arc::new(Unwatched)).await,
        Command::Config => {
            write!(out, "{}", configured()?.1)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Check { json } => check::run(file, configured(), json, out).await,
        Command::Pki(command) => pki::run(command, out),
        Command::Portal(command) => portal::run(command, &configured()?.0, out).await,
        Command::Site(command) => site::run(command, configured().map(|(config, _)| config), out).await,
        Command::Invite { identifier, days } => acting::invite(&configured()?.0, identifier, days, out).await,
        Command::Unfreeze { identifier } => acting::unfreeze(&configured()?.0, identifier, out).await,
        Command::Message(command) => message::run(command, &configured()?.0, out).await,
        Command::Drop(command) => drop_box::run(command, &configured()?.0, out).await,
        Command::Audit(command) => audit::run(command, configured()?.0, out).await,
        Command::Demo(command) => demo::run(command, configured()?.0, out).await,
        Command::Firewall(command) => firewall::run(command, &configured()?.0, out),
        Command::Openapi => {
            writeln!(out, "{}", http::openapi().to_pretty_json()?)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Serves until a signal ends it, with somebody who watches its steps.
///
/// # Errors
/// Why it cannot start, in words for whoever started it.
pub async fn serve(config: Config, steps: Arc<dyn Steps>) -> Outcome {
    let _last_lines = logs::install(&config.log)?;
    let orders = lifecycle::signals()?;
    let ended = serve::start(config, steps).await?.run(orders).await;
    Ok(if ended == Ended::Drained {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A file's path as it is shown to people.
fn shown(path: &Path) -> String {
    path.display().to_string()
}
