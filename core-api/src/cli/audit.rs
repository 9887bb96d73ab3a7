//! `audit verify | export`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use domain::Clock as _;

use super::Outcome;
use crate::admin::{Answer, AskError, Request, ask};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::keys::OsRandomness;
use crate::serve::signing_key;
use crate::store::audit::Reading;
use crate::store::{Store, StoreError};
use crate::usecase::audit::export::{COLUMNS, Exported, csv_line, page};
use crate::usecase::audit::read::{self, Reader};
use crate::usecase::audit::verify::verify;
use crate::worker::checkpoint::witness_key;

/// Records read from the file at a time.
const PAGE: u32 = 1000;

/// The audit.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Audit {
    /// Check that it is as it was written; refuses while a core runs
    Verify {
        /// Checkpoint lines that were kept elsewhere, one a line
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
    },
    /// Write it out, oldest record first
    Export {
        /// One JSON object a line, each record exactly as it was hashed (the default)
        #[arg(long, conflicts_with = "csv")]
        json_lines: bool,
        /// A table, safe to open in a spreadsheet
        #[arg(long)]
        csv: bool,
        /// Only records after this number
        #[arg(long, default_value_t = 0)]
        after: u64,
    },
}

pub(super) async fn run(command: Audit, config: Config, out: &mut dyn Write) -> Outcome {
    match command {
        Audit::Verify { against } => check(&config, against, out).await,
        Audit::Export { csv, after, .. } => export(&config, csv, after, out).await,
    }
}

async fn check(config: &Config, against: Option<PathBuf>, out: &mut dyn Write) -> Outcome {
    let key = witness_key(&signing_key(&config.data_dir, &config.keys)?);
    let elsewhere = match against {
        None => Vec::new(),
        Some(path) => std::fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(str::to_owned)
            .collect(),
    };
    let store = open(config)?;
    let report = match note(&store, Reading::Verify, 0).await {
        Ok(()) => verify(&store, key, elsewhere).await,
        Err(error) => Err(error),
    };
    store.database().close().await;
    let report = report?;
    writeln!(
        out,
        "{} records, held against {} signed checkpoints.",
        report.records, report.witnesses
    )?;
    if report.faults.is_empty() {
        writeln!(
            out,
            "Nothing was changed, added or removed up to record {}.",
            report.witnessed
        )?;
        if report.witnessed < report.records {
            writeln!(
                out,
                "The records after it fit together; no checkpoint vouches for them yet."
            )?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    for fault in &report.faults {
        writeln!(out, "WRONG: {fault}")?;
    }
    Ok(ExitCode::FAILURE)
}

/// The database of a core that is not running. A command makes no database: its user would be the owner.
fn open(config: &Config) -> Result<Store, Box<dyn std::error::Error>> {
    let path = config.data_dir.join("core.db");
    if !path.is_file() {
        return Err(format!("{}: there is no database", path.display()).into());
    }
    Ok(Store::open(&config.data_dir)?)
}

/// From the running core if there is one, and otherwise from the file.
async fn export(config: &Config, csv: bool, mut after: u64, out: &mut dyn Write) -> Outcome {
    if csv {
        writeln!(out, "{}", csv_line(COLUMNS.map(str::to_owned)))?;
    }
    let (mut store, mut begins) = (None, true);
    loop {
        let records = if let Some(store) = &store {
            Store::read(store, move |c| page(c, after, PAGE)).await?
        } else if let Some(records) = from_running(config, after, begins).await? {
            records
        } else {
            let opened = open(config)?;
            if begins {
                note(&opened, Reading::Export, after).await?;
            }
            store = Some(opened);
            begins = false;
            continue;
        };
        begins = false;
        let Some(last) = records.last() else { break };
        after = last.seq;
        for record in &records {
            writeln!(
                out,
                "{}",
                if csv {
                    record.csv_line()?
                } else {
                    record.json_line()
                }
            )?;
        }
    }
    if let Some(store) = store {
        store.database().close().await;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes down who reads the file while no core runs.
async fn note(store: &Store, how: Reading, after: u64) -> Result<(), StoreError> {
    let operator = format!("uid {}", rustix::process::geteuid().as_raw());
    let reader = Reader {
        how,
        after,
        operator: &operator,
        reference: "",
    };
    read::note(store, &OsRandomness, SystemClock.now(), &reader).await
}

async fn from_running(config: &Config, after: u64, begins: bool) -> Result<Option<Vec<Exported>>, AskError> {
    match ask(&config.data_dir, &Request::Audit { after, begins }).await {
        Ok(Answer::Audit { records }) => Ok(Some(records)),
        Ok(_) => Err(AskError::Unknown),
        Err(AskError::NotRunning(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
