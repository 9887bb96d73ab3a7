//! Starting servers and making sure that they end with the test.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::time::{Instant, sleep};

use crate::repository;

/// A process in a process group of its own, whose output goes to a file. Dropped, the whole group is killed.
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Starts it; standard output and error go to the end of `log`, and it has no standard input.
    pub fn spawn(mut command: Command, log: &Path) -> Self {
        let out = File::options()
            .create(true)
            .append(true)
            .open(log)
            .expect("the log is writable");
        let err = out.try_clone().expect("a second handle of an open file");
        command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .process_group(0);
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        Self {
            child,
            log: log.to_owned(),
        }
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Whether it has not ended yet.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// All that it has written so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it has ended by itself, or by somebody else.
    ///
    /// # Panics
    /// When it has not ended within `limit`.
    pub async fn ended(&mut self, limit: Duration) -> ExitStatus {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().expect("our own child can be waited for") {
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "still running after {limit:?}:\n{}",
                self.log()
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Sends a signal to the process itself, for instance SIGHUP to reload.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("a process that we have not waited for can be signalled");
    }

    /// Asks it to end by SIGTERM and waits for it.
    ///
    /// # Panics
    /// When it has not ended within `limit`.
    pub async fn stop(mut self, limit: Duration) -> ExitStatus {
        self.signal(Signal::TERM);
        self.ended(limit).await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The group may outlive its leader, so it is killed in any case; no such group is what we want.
        let _ = kill_process_group(self.pid(), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// A command, run by a user who may read every file and listen on every port, and nothing else. Needs root.
pub fn as_user(user: u32, command: &Command) -> Command {
    const RIGHTS: &str = "-all,+dac_override,+net_bind_service";
    let mut unprivileged = Command::new("setpriv");
    unprivileged.args(["--reuid", "--regid"].map(|which| format!("{which}={user}")));
    unprivileged.arg("--clear-groups");
    unprivileged
        .args(["--inh-caps", "--ambient-caps", "--bounding-set"].map(|set| format!("{set}={RIGHTS}")));
    unprivileged.arg(command.get_program()).args(command.get_args());
    unprivileged
}

/// Looks again and again until `look` finds something, and returns it.
///
/// # Panics
/// When it has found nothing within `limit`; `what` says what was waited for.
pub async fn wait_for<T>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {limit:?} in vain: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// The executable of one of our servers: from `TEST_BIN_DIR` if that is set, else built once for this test run.
pub fn binary(server: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| std::env::var_os("TEST_BIN_DIR").map_or_else(build, PathBuf::from));
    let path = folder.join(server);
    assert!(path.is_file(), "no such server: {}", path.display());
    path
}

/// An executable among the examples: `cargo build --workspace --examples` makes it, which `tests/run.sh` sees to.
pub fn example(name: &str) -> PathBuf {
    let path = profile().join("examples").join(name);
    assert!(path.is_file(), "build the examples first: {}", path.display());
    path
}

/// Where the test that runs was built, `TARGET/PROFILE`.
fn profile() -> PathBuf {
    let test = std::env::current_exe().expect("the path of the running test");
    let folder = test.ancestors().nth(2);
    folder.expect("a test lies in TARGET/PROFILE/deps").to_owned()
}

/// Builds every server beside the test that runs, in the same profile, and returns where they are.
fn build() -> PathBuf {
    let folder = profile();
    let target = folder
        .parent()
        .expect("a profile's folder lies in the target folder");
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(repository()).args([
        "build",
        "--locked",
        "--workspace",
        "--exclude",
        "tests",
        "--bins",
    ]);
    cargo.args(["--profile", profile, "--target-dir"]).arg(target);
    let output = cargo.output().expect("cargo can be started");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    folder
}

/// Starts one of our servers with `serve --config FILE`; its log is `NAME.log` in `folder`.
pub fn serve(server: &str, config: &Path, folder: &Path) -> Running {
    let mut command = Command::new(binary(server));
    command.arg("serve").arg("--config").arg(config);
    Running::spawn(command, &folder.join(format!("{server}.log")))
}

/// Runs a command to its end and returns its standard output.
///
/// # Errors
/// When it cannot be started or fails; the error holds what it wrote to standard error.
pub async fn run(command: &mut tokio::process::Command) -> io::Result<String> {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(io::Error::other(format!(
            "{command:?} ended with {}: {said}",
            output.status
        )))
    }
}
