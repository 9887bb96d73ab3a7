//! The site as it is shipped, but that it kills itself as soon as it reaches a step.
//!
//! `dying_site CONFIG STEP`, or `dying_site` alone, which prints the names of all steps.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use rustix::process::{Signal, getpid, kill_process};
use selfdestruct::config::SiteConfig;
use selfdestruct::given::{Given, Step, Steps};
use selfdestruct::machine::{OsRandom, SystemClock};
use selfdestruct::serve::serve;
use server::config::load;
use server::logs::LogSettings;

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
    server::command::run("dying_site", async {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [config, step] = arguments.as_slice() else {
            return tell_steps();
        };
        let step = Step::ALL.into_iter().find(|known| format!("{known:?}") == *step);
        die_at(Path::new(config), step.ok_or("there is no such step")?).await
    })
}

fn tell_steps() -> Result<ExitCode, Box<dyn Error>> {
    for step in Step::ALL {
        writeln!(std::io::stdout(), "{step:?}")?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn die_at(config: &Path, step: Step) -> Result<ExitCode, Box<dyn Error>> {
    let folder = config.parent().unwrap_or(Path::new("."));
    let ((settings, log), _) = load(config, std::env::vars(), |root| {
        (
            SiteConfig::read(folder, root),
            LogSettings::read(&root.section("log")),
        )
    })?;
    let given = Given {
        clock: Arc::new(SystemClock),
        randomness: Arc::new(OsRandom),
        steps: Arc::new(Deadly(step)),
    };
    serve(&settings, &log, given).await
}
