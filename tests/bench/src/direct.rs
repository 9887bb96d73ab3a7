//! The same write by the LDAP library alone: `crates/directory/examples/floor.rs`, asked for one write at a time.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// The running program, with a connection that it keeps. It ends with this value.
pub(crate) struct Direct {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Direct {
    /// Starts it for an account of the domain in this folder (as made by `deploy/samba/dc.sh`).
    pub(crate) fn start(floor: &Path, domain: &Path, username: &str) -> io::Result<Self> {
        let mut child = Command::new(floor)
            .arg(domain.join("accounts.json"))
            .arg(username)
            .arg(domain.join("tls/ca.pem"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let ask = child.stdin.take().expect("it was just piped");
        let answers = BufReader::new(child.stdout.take().expect("it was just piped"));
        Ok(Self { child, ask, answers })
    }

    /// Sets another password and says how long it took.
    pub(crate) fn reset(&mut self) -> io::Result<Duration> {
        writeln!(self.ask)?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        let took = answer.trim().parse().map_err(io::Error::other)?;
        Ok(Duration::from_micros(took))
    }
}

impl Drop for Direct {
    fn drop(&mut self) {
        // It may have ended already, which is all that is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
