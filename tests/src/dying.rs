//! Servers that kill themselves at a step, told by its name: the shipped ones otherwise (`examples/dying_site.rs` of the
//! site, `examples/dying_core.rs` of the core).

use std::path::Path;
use std::process::Command;

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

impl Stack {
    /// Runs a site that dies at this step.
    pub fn site_that_dies_at(&self, step: &str) -> Running {
        self.dying("dying_site", &self.state().join("selfdestruct.toml"), step)
    }

    /// Runs a core that dies at this step.
    pub fn core_that_dies_at(&self, step: &str) -> Running {
        self.dying("dying_core", &self.state().join("core-api.toml"), step)
    }

    fn dying(&self, name: &str, config: &Path, step: &str) -> Running {
        let mut command = Command::new(example(name));
        command.arg(config).arg(step);
        Running::spawn(command, &self.state().join(format!("log/{name}.log")))
    }
}
