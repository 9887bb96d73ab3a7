//! The site's command line.

use std::error::Error;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use contract::pairing::PairingAnswer;
use selfdestruct::check::check;
use selfdestruct::config::SiteConfig;
use selfdestruct::given::{Clock as _, Unwatched};
use selfdestruct::machine::{OsRandom, SystemClock};
use selfdestruct::pair::{Place, pair, read_pairing, take_next_key};
use selfdestruct::serve::serve;
use selfdestruct::site::Given;
use server::check::report;
use server::command::{CommonArgs, run};
use server::config::{Effective, load};
use server::logs::LogSettings;
use tikv_jemallocator::Jemalloc;

/// Holds many visitors' connections and gives their memory back when they are gone, which the C library's does not. How it
/// is tuned stands in `.cargo/config.toml`.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

const USUAL_FILE: &str = "/etc/sallyport/selfdestruct.toml";

/// Sallyport's site of one-time messages: it waits for the core and for readers, and dials nobody
#[derive(Parser)]
#[command(name = "selfdestruct", version)]
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
    /// Look at everything that will be needed
    Check {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the configuration in force
    Config,
    /// Take the file that the core wrote, and answer with one for the core
    Pair {
        /// What `core-api site add NAME URL` wrote. It holds a secret: delete it afterwards
        file: PathBuf,
        /// Where the answer goes; standard output without
        #[arg(long, value_name = "ANSWER")]
        out: Option<PathBuf>,
        /// The pairing that there is was retired: everything that is here is erased
        #[arg(long)]
        again: bool,
    },
    /// Take the next key of the sync link into use, which the core knows already; then restart
    Rekey,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    run("selfdestruct", async move {
        let ((config, log), effective) = read(&arguments.common)?;
        match arguments.command {
            Command::Serve => serve(&config, &log, given()).await,
            Command::Check { json } => Ok(report(
                &check(&config, SystemClock.now_ms()),
                json,
                &mut io::stdout(),
            )?),
            Command::Config => {
                write!(io::stdout(), "{effective}")?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Pair { file, out, again } => {
                let answer = pair(&config, given(), &read_pairing(&file)?, again).await?;
                hand_out(&answer, out.as_deref())?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Rekey => {
                take_next_key(&Place::new(&config.data_dir))?;
                Ok(ExitCode::SUCCESS)
            }
        }
    })
}

fn read(arguments: &CommonArgs) -> Result<((SiteConfig, LogSettings), Effective), Box<dyn Error>> {
    let file = arguments.config_or(USUAL_FILE);
    let folder = file.parent().unwrap_or(Path::new("."));
    Ok(load(file, std::env::vars(), |root| {
        (
            SiteConfig::read(folder, root),
            LogSettings::read(&root.section("log")),
        )
    })?)
}

fn given() -> Given {
    Given {
        clock: Arc::new(SystemClock),
        randomness: Arc::new(OsRandom),
        steps: Arc::new(Unwatched),
    }
}

/// The answer holds no secret, and is proven by the one in the file. An older one is not overwritten.
fn hand_out(answer: &PairingAnswer, out: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let text = serde_json::to_string_pretty(answer)?;
    let Some(path) = out else {
        return Ok(writeln!(io::stdout(), "{text}")?);
    };
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let written = file.and_then(|mut file| writeln!(file, "{text}"));
    written.map_err(|error| format!("{}: {error}; the answer is:\n{text}", path.display()))?;
    Ok(())
}
