//! The core as it is shipped, but that it kills itself as soon as it reaches a step.
//!
//! `dying_core CONFIG STEP`, or `dying_core` alone, which prints the names of all steps.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use core_api::cli::serve;
use core_api::config::read;
use core_api::steps::{Step, Steps};
use rustix::process::{Signal, getpid, kill_process};

/// Nobody gets to tidy up after SIGKILL: what is not on the disk or on the wire by now never will be.
struct Deadly(Step);

impl Steps for Deadly {
    fn reached(&self, step: Step) {
        if step == self.0 {
            let _ = kill_process(getpid(), Signal::KILL);
        }
    }
}

fn main() -> ExitCode {
    server::command::run("dying_core", async {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [config, step] = arguments.as_slice() else {
            return tell_steps();
        };
        let step = Step::ALL.into_iter().find(|known| format!("{known:?}") == *step);
        let (settings, _) = read(Path::new(config), std::env::vars())?;
        serve(settings, Arc::new(Deadly(step.ok_or("there is no such step")?))).await
    })
}

fn tell_steps() -> Result<ExitCode, Box<dyn Error>> {
    for step in Step::ALL {
        writeln!(std::io::stdout(), "{step:?}")?;
    }
    Ok(ExitCode::SUCCESS)
}
