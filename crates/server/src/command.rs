//! What the commands of all servers share.

use std::error::Error;
use std::future::Future;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::tls::install_crypto;

/// Arguments that every command of every server takes.
#[derive(Clone, Debug, clap::Args)]
pub struct CommonArgs {
    /// The configuration file (TOML)
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl CommonArgs {
    /// The file that was named, or `usual`.
    pub fn config_or<'a>(&'a self, usual: &'a str) -> &'a Path {
        self.config.as_deref().unwrap_or(Path::new(usual))
    }
}

/// Runs a server's `main`: the TLS provider first, then a runtime, then `work`. An error goes to standard error
/// under `name`, line by line, and makes the process fail. What others said may be a part of it, so nothing in it moves
/// the cursor or changes how the terminal goes on.
pub fn run<F>(name: &str, work: F) -> ExitCode
where
    F: Future<Output = Result<ExitCode, Box<dyn Error>>>,
{
    install_crypto();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Box::from)
        .and_then(|runtime| runtime.block_on(work));
    outcome.unwrap_or_else(|wrong: Box<dyn Error>| {
        for line in wrong.to_string().lines() {
            // Nobody is left to tell when standard error is closed.
            drop(writeln!(std::io::stderr(), "{name}: {}", harmless(line)));
        }
        ExitCode::FAILURE
    })
}

/// The line without control characters and those that turn the direction of reading around (Unicode, UAX #9).
fn harmless(line: &str) -> String {
    let acts = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    line.chars()
        .map(|c| if acts(c) { char::REPLACEMENT_CHARACTER } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_tells_a_terminal_nothing_but_letters() {
        let said = "the site answered \u{1b}]0;owned\u{7}\u{9b}2J \u{202e}txt.exe: 500 – größer";
        let shown = harmless(said);
        assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']));
        assert!(shown.starts_with("the site answered ") && shown.ends_with("txt.exe: 500 – größer"));
    }
}
