//! The demo as a newcomer starts it: `deploy/demo.sh` in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::Deserialize;

use crate::folder::Folder;
use crate::ports::reserve_ports;
use crate::processes::{Running, binary, wait_for};
use crate::repository;

/// How long the demo may take to be ready; provisioning a domain takes the most of it.
const LIMIT: Duration = Duration::from_mins(5);

/// What the demo writes down about itself in `demo.json`.
#[derive(Deserialize)]
pub struct Known {
    /// The portal's origin.
    pub portal: String,
    /// The origin of the site of one-time messages.
    pub selfdestruct: String,
    /// The authority of its certificate, PEM.
    pub ca: PathBuf,
    /// Where mail goes.
    pub mail_dir: PathBuf,
    /// The people.
    pub accounts: Vec<Person>,
    /// The servers.
    pub services: Vec<Service>,
}

/// A server of the demo.
#[derive(Deserialize)]
pub struct Service {
    /// `core-api`, `portal` or `selfdestruct`.
    pub name: String,
    /// Its process.
    pub pid: u32,
    /// Its configuration.
    pub config: PathBuf,
    /// Where it logs.
    pub log: PathBuf,
    /// The origin of its health and metrics.
    pub health: String,
}

/// Somebody to try things as.
#[derive(Clone, Deserialize)]
pub struct Person {
    /// sAMAccountName.
    pub username: String,
    /// userPrincipalName.
    pub upn: String,
    /// The first password.
    pub password: String,
    /// The private address.
    pub email: String,
    /// The authenticator app's secret.
    pub totp_secret: Option<String>,
    /// What is the matter with the account.
    pub state: String,
}

/// The person called `username`.
///
/// # Panics
/// When there is nobody.
pub fn person<'a>(people: &'a [Person], username: &str) -> &'a Person {
    let mut people = people.iter();
    people
        .find(|person| person.username == username)
        .unwrap_or_else(|| panic!("nobody is called {username}"))
}

/// A running demo; it ends with this value, or with this process if that ends first.
pub struct Demo {
    folder: Folder,
    script: Running,
    /// Its standard input is a pipe from us. When we are gone, the pipe ends and the keeper ends the demo.
    keeper: Child,
    known: Known,
}

fn script(folder: &Path) -> Command {
    let mut command = Command::new(repository().join("deploy/demo.sh"));
    let servers = binary("core-api");
    command.env(
        "TEST_BIN_DIR",
        servers.parent().expect("a server lies in a folder"),
    );
    command.arg("--state").arg(state(folder));
    command
}

fn state(folder: &Path) -> PathBuf {
    folder.join("demo")
}

impl Demo {
    /// Starts the demo with this kind of directory.
    pub async fn start(directory: &str) -> Self {
        Self::start_in(Folder::new(), directory).await
    }

    async fn start_in(folder: Folder, directory: &str) -> Self {
        let mut keeper = Command::new("setsid");
        keeper.args(["sh", "-c", r#"cat >/dev/null; "$0" --stop --state "$1""#]);
        keeper
            .arg(repository().join("deploy/demo.sh"))
            .arg(state(&folder));
        keeper
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let keeper = keeper.spawn().expect("setsid can be started");
        let file = state(&folder).join("demo.json");
        let _ = std::fs::remove_file(&file); // of an earlier start; the script removes it, too, but later
        let base = reserve_ports().to_string();
        let mut command = script(&folder);
        command.args(["--directory", directory, "--port-base", &base]);
        let mut script = Running::spawn(command, &folder.join("demo.log"));
        let known = wait_for("demo.json", LIMIT, async || {
            assert!(script.is_running(), "the demo did not start:\n{}", script.log());
            // The last words are said when everything is there.
            script
                .log()
                .contains("Ctrl-C ends it")
                .then(|| std::fs::read(&file).ok())?
        })
        .await;
        let known = serde_json::from_slice(&known).expect("demo.json is what this reads");
        Self {
            folder,
            script,
            keeper,
            known,
        }
    }

    /// What tools find in `demo.json`.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// The person called `username`.
    pub fn person(&self, username: &str) -> &Person {
        person(&self.known.accounts, username)
    }

    /// Where everything of the demo is kept.
    pub fn state(&self) -> PathBuf {
        state(&self.folder)
    }

    /// What the script has said.
    pub fn said(&self) -> String {
        self.script.log()
    }

    /// Ends it by the script's own way, from another shell, and gives its folder.
    pub async fn stop(mut self) -> Folder {
        let stopped = script(&self.folder)
            .arg("--stop")
            .stdout(Stdio::null())
            .status()
            .expect("the script can be started");
        assert!(stopped.success(), "the demo does not stop");
        let script = &mut self.script;
        wait_for("the script's end", LIMIT, async || {
            (!script.is_running()).then_some(())
        })
        .await;
        std::mem::take(&mut self.folder)
    }

    /// Starts a demo on the folder of an earlier one.
    pub async fn again(folder: Folder, directory: &str) -> Self {
        Self::start_in(folder, directory).await
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
