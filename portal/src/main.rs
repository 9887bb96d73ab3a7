//! The portal's command line.

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Parser, Subcommand};
use portal::check::check;
use portal::config::PortalConfig;
use portal::{Opened, Surroundings};
use server::check::report;
use server::command::{CommonArgs, run};
use server::config::{Effective, load};
use server::{Ended, lifecycle, logs, observe};
use tikv_jemallocator::Jemalloc;

/// Holds many visitors' connections and gives their memory back when they are gone, which the C library's does not. How it
/// is tuned stands in `.cargo/config.toml`.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

const USUAL_FILE: &str = "/etc/sallyport/portal.toml";

/// Sallyport's portal: people reset, unlock or change their password here
#[derive(Parser)]
#[command(name = "portal", version)]
struct Arguments {
    #[command(flatten)]
    common: CommonArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until a signal ends it
    Serve,
    /// Try every connection that will be needed
    Check {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the configuration in force
    Config,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    run("portal", async move {
        let (config, effective) = read(&arguments.common)?;
        match arguments.command {
            Command::Serve => serve(&config).await,
            Command::Check { json } => Ok(report(&check(&config, now()).await, json, &mut io::stdout())?),
            Command::Config => {
                write!(io::stdout(), "{effective}")?;
                Ok(ExitCode::SUCCESS)
            }
        }
    })
}

fn read(arguments: &CommonArgs) -> Result<(PortalConfig, Effective), Box<dyn Error>> {
    Ok(load(
        arguments.config_or(USUAL_FILE),
        std::env::vars(),
        PortalConfig::read,
    )?)
}

async fn serve(config: &PortalConfig) -> Result<ExitCode, Box<dyn Error>> {
    let _last_lines = logs::install(&config.log)?;
    let orders = lifecycle::signals()?;
    let surroundings = Surroundings {
        clock: Arc::new(now),
        randomness: Arc::new(seal::os_random),
        metrics: observe::install_metrics()?,
    };
    let portal = Opened::new(config, surroundings)?;
    tracing::info!(public = %portal.public(), health = %portal.health(), "serving");
    Ok(match portal.run(orders).await {
        Ended::Drained | Ended::CutShort => ExitCode::SUCCESS,
        Ended::Failed => ExitCode::FAILURE,
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that everything else is given"
)]
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
