//! Servers that kill themselves at a step, told by its name: the shipped ones otherwise (`examples/dying_site.rs` of the
//! site, `examples/dying_core.rs` of the core).

use std::path::Path;
use std::process::Command;

use crate::disk::traced;
use crate::processes::{Running, example};
use crate::stack::Stack;

/// The names of all steps of `dying_site` or `dying_core`, in order.
///
/// # Panics
/// When the example cannot be run.
pub fn steps_of(dying: &str) -> Vec<String> {
    let output = Command::new(example(dying)).output().expect("it can be started");
    assert!(output.status.success(), "{output:?}");
    let names = String::from_utf8(output.stdout).expect("names");
    names.lines().map(str::to_owned).collect()
}

fn dying(name: &str, config: &Path, step: &str) -> Command {
    let mut command = Command::new(example(name));
    command.arg(config).arg(step);
    command
}

impl Stack {
    /// Runs a site that dies at this step.
    pub fn site_that_dies_at(&self, step: &str) -> Running {
        self.dying("dying_site", &self.state().join("selfdestruct.toml"), step)
    }

    /// Runs a core that dies at this step.
    pub fn core_that_dies_at(&self, step: &str) -> Running {
        self.dying("dying_core", &self.state().join("core-api.toml"), step)
    }

    /// Runs a core that dies at this step, whose calls are noted in `trace`.
    pub fn traced_core_that_dies_at(&self, step: &str, trace: &Path) -> Running {
        let command = dying("dying_core", &self.state().join("core-api.toml"), step);
        Running::spawn(traced(&command, trace), &self.state().join("log/traced.log"))
    }

    fn dying(&self, name: &str, config: &Path, step: &str) -> Running {
        let log = self.state().join(format!("log/{name}.log"));
        Running::spawn(dying(name, config, step), &log)
    }
}
