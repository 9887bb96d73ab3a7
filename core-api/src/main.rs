//! The program: its commands stand in `cli/`.

use std::process::ExitCode;

use clap::Parser as _;
use core_api::cli::{Cli, run};

fn main() -> ExitCode {
    let cli = Cli::parse();
    server::command::run("core-api", async move {
        let mut out = std::io::stdout().lock();
        run(cli, std::env::vars(), &mut out).await
    })
}
