//! The site as it is shipped, but that its wall clock is wrong.
//!
//! `shifted_site CONFIG FILE`: the clock is as many milliseconds ahead of the machine's as the file says, behind it with a
//! minus. The file may be written while the site runs, as somebody sets a clock.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use selfdestruct::config::SiteConfig;
use selfdestruct::given::{Clock, Given, Unwatched};
use selfdestruct::machine::{OsRandom, SystemClock};
use selfdestruct::serve::serve;
use server::config::load;
use server::logs::LogSettings;

struct Shifted(PathBuf);

impl Clock for Shifted {
    fn now_ms(&self) -> i64 {
        let shift = std::fs::read_to_string(&self.0).ok();
        let shift: Option<i64> = shift.and_then(|text| text.trim().parse().ok());
        SystemClock.now_ms() + shift.expect("the file holds a number")
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic() // nobody sets it
    }
}

fn main() -> ExitCode {
    server::command::run("shifted_site", async {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [config, file] = arguments.as_slice() else {
            return Err("CONFIG FILE".into());
        };
        run(Path::new(config), PathBuf::from(file)).await
    })
}

async fn run(config: &Path, file: PathBuf) -> Result<ExitCode, Box<dyn Error>> {
    let folder = config.parent().unwrap_or(Path::new("."));
    let ((settings, log), _) = load(config, std::env::vars(), |root| {
        (
            SiteConfig::read(folder, root),
            LogSettings::read(&root.section("log")),
        )
    })?;
    let given = Given {
        clock: Arc::new(Shifted(file)),
        randomness: Arc::new(OsRandom),
        steps: Arc::new(Unwatched),
    };
    serve(&settings, &log, given).await
}
