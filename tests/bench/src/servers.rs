//! Starts core and portal on a prepared state folder, says when they are ready and how much memory they hold.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// No server takes as long to start or end.
const PATIENCE: Duration = Duration::from_secs(15);
/// The unit of processor time in `/proc`: every Linux that we build for counts a hundred a second (time(7), `USER_HZ`).
const TICK_MS: u64 = 10;
/// Between two questions whether it is ready.
const LOOK: Duration = Duration::from_millis(2);

/// Where the servers are, and where their configuration stands (as written by `deploy/demo/prepare.sh`).
pub(crate) struct Installation {
    /// The folder of the executables.
    pub(crate) binaries: PathBuf,
    /// The folder with the configuration.
    pub(crate) state: PathBuf,
    /// The first port: portal; core on the third after it, health on the tenth and eleventh.
    pub(crate) base: u16,
}

impl Installation {
    /// Starts the core. Answers before proofs leave at multiples of `answer_after`.
    pub(crate) fn core(&self, answer_after: &str) -> io::Result<Server> {
        let limits = [
            "CODES_AN_HOUR",
            "CODES_A_DAY",
            "CODES_TO_DESTINATION_AN_HOUR",
            "WRONG_TRIES_A_DAY",
            "BEGUN_BY_SOURCE_AN_HOUR",
            "BEGUN_BY_IDENTIFIER_AN_HOUR",
            "ACTIONS_A_DAY",
            "ACTIONS_BY_PORTAL_AN_HOUR",
            "FAILED_FROM_NETWORK_AN_HOUR",
            "FAILED_ACCOUNTS_AN_HOUR",
            "FAILED_BY_PORTAL_AN_HOUR",
        ];
        let mut settings: Vec<_> = limits
            .iter()
            .map(|limit| (format!("SALLYPORT_RECOVERY__LIMITS__{limit}"), "1000000"))
            .collect();
        settings.push(("SALLYPORT_RECOVERY__ANSWER_AFTER".to_owned(), answer_after));
        self.start("core-api", self.base + 10, &settings)
    }

    /// Starts the portal.
    pub(crate) fn portal(&self) -> io::Result<Server> {
        let limits = ["REQUESTS_PER_MINUTE", "REQUESTS_AT_ONCE"];
        let settings = limits.map(|limit| (format!("SALLYPORT_PUBLIC__{limit}"), "1000000"));
        self.start("portal", self.base + 11, &settings)
    }

    /// Starts the site of one-time messages as it is configured.
    pub(crate) fn site(&self) -> io::Result<Server> {
        self.start("selfdestruct", self.base + 12, &[])
    }

    fn start(&self, name: &str, health: u16, settings: &[(String, &str)]) -> io::Result<Server> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.state.join("log").join(format!("{name}.log")))?;
        let mut command = Command::new(self.binaries.join(name));
        command
            .arg("serve")
            .arg("--config")
            .arg(self.state.join(format!("{name}.toml")))
            .env("MALLOC_ARENA_MAX", "2") // for the core, as `deploy/demo.sh` and its unit do
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        Server::start(command, health, "/readyz")
    }
}

/// What the health listener on this port answers.
pub(crate) fn told(port: u16, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// A running server; it ends with this value.
pub(crate) struct Server {
    child: Child,
    /// From the start of the process to the first 200 of `/readyz`.
    pub(crate) ready_after: Duration,
}

/// Resident memory in KiB.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    /// All of it.
    pub(crate) resident: u64,
    /// What is not a page of a file, such as of the program itself.
    pub(crate) own: u64,
}

impl Server {
    /// Starts it, and waits until its health listener says yes on this path.
    pub(crate) fn start(mut command: Command, health: u16, path: &str) -> io::Result<Self> {
        let begun = Instant::now();
        let mut server = Self {
            child: command.spawn()?,
            ready_after: Duration::ZERO,
        };
        while !told(health, path).is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")) {
            if begun.elapsed() > PATIENCE || server.child.try_wait()?.is_some() {
                let name = command.get_program().display();
                return Err(io::Error::other(format!(
                    "{name} does not get ready; see its log"
                )));
            }
            std::thread::park_timeout(LOOK);
        }
        server.ready_after = begun.elapsed();
        Ok(server)
    }

    /// How much memory it holds now.
    pub(crate) fn memory(&self) -> io::Result<Memory> {
        let mut status = String::new();
        File::open(format!("/proc/{}/status", self.child.id()))?.read_to_string(&mut status)?;
        let line = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        let find =
            |name: &str| line(name).ok_or_else(|| io::Error::other("the kernel does not tell the memory"));
        Ok(Memory {
            resident: find("VmRSS:")?,
            own: find("RssAnon:")?,
        })
    }

    /// How long processors have worked for it so far.
    pub(crate) fn worked(&self) -> io::Result<Duration> {
        let mut stat = String::new();
        File::open(format!("/proc/{}/stat", self.child.id()))?.read_to_string(&mut stat)?;
        // Behind the name, which may hold anything, in proc_pid_stat(5): user and system time are fields 14 and 15.
        let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11);
        let ticks: Result<Vec<u64>, _> = fields.take(2).map(str::parse).collect();
        let ticks: u64 = ticks.map_err(io::Error::other)?.iter().sum();
        Ok(Duration::from_millis(ticks * TICK_MS))
    }

    /// Ends it as its operator would.
    pub(crate) fn stop(mut self) -> io::Result<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let begun = Instant::now();
        while self.child.try_wait()?.is_none() {
            if begun.elapsed() > PATIENCE {
                return Err(io::Error::other("a server does not end"));
            }
            std::thread::park_timeout(LOOK);
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, which is all that is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The middle one of times that a small write needs to be on this folder's disk.
pub(crate) fn fdatasync_median(folder: &Path) -> io::Result<Duration> {
    let path = folder.join("fdatasync");
    let mut file = File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..200 {
        file.write_all(&[7; 4096])?;
        let begun = Instant::now();
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    std::fs::remove_file(path)?;
    Ok(crate::figures::Times::new(times).within(50))
}
