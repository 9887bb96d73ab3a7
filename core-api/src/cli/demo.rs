//! `demo prepare`: the demo's people, for `deploy/demo.sh`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use super::Outcome;
use crate::config::Config;
use crate::demo::prepare;

/// The demo.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Demo {
    /// Make and enrol the demo's people, and print them with their passwords; needs `demo = true`
    Prepare {
        /// The people of a real domain: the accounts.json of deploy/samba
        #[arg(long, value_name = "FILE")]
        people: Option<PathBuf>,
        /// Where they are written down, as JSON (mode 0600)
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

pub(super) async fn run(command: Demo, config: Config, out: &mut dyn Write) -> Outcome {
    let Demo::Prepare { people, out: list } = command;
    let people = prepare(config, people.as_deref(), &list).await?;
    let mut row = |cells: [&str; 5]| {
        let [name, password, app, email, state] = cells;
        writeln!(out, "{name:<9} {password:<25} {app:<33} {email:<21} {state}")
    };
    row(["account", "password", "authenticator secret", "e-mail", "state"])?;
    for person in &people {
        let app = person.totp_secret.as_deref().unwrap_or("none yet: invite");
        row([
            &person.username,
            &person.password,
            app,
            &person.email,
            &person.state,
        ])?;
    }
    Ok(ExitCode::SUCCESS)
}
