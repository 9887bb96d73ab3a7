//! A site of its own on one core, with the core's end of it on the other.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use contract::sync::{Position, Pushed};
use tokio::time::sleep;

use crate::core::{Core, Letter};
use crate::figures::Times;
use crate::http::anonymous;
use crate::load;
use crate::servers::{Server, told};
use crate::wire::{Place, Wire};

/// The processor core of what is measured, and that of what measures.
const SERVERS: &str = "0";
const LOAD: &str = "1";
/// The site tells its figures as they were at most so long ago.
const FIGURES_AFTER: Duration = Duration::from_millis(1_500);
/// More than any load reaches: what is measured is not the limit.
const UNLIMITED: &str = "1000000";
/// Messages in one batch: the site takes so many.
const BATCH: u64 = 1000;

/// Keeps what makes the load off the core of what is measured, from here on.
pub(crate) fn keep_apart() -> io::Result<()> {
    let pid = std::process::id().to_string();
    let mut command = Command::new("taskset");
    command.args(["--all-tasks", "--pid", "--cpu-list", LOAD, &pid]);
    succeed(&mut command)
}

fn on_servers_core(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", SERVERS]).arg(program);
    command
}

fn succeed(command: &mut Command) -> io::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(io::Error::other(said))
}

/// A running site, paired with nobody but the bench.
pub(crate) struct Site {
    core: Core,
    sync: Place,
    public: Place,
    /// The process.
    pub(crate) server: Server,
    health: u16,
    /// The number of the next message.
    next: u64,
}

/// What came of pushes and openings.
pub(crate) struct Pairs {
    /// How long all of them took.
    pub(crate) took: Duration,
    /// How long each push took, until its receipt was there.
    pub(crate) pushes: Times,
    /// How long each opening took.
    pub(crate) openings: Times,
    /// Commits to both files meanwhile.
    pub(crate) commits: Commits,
    /// How long the processor worked for the site.
    pub(crate) worked: Duration,
}

impl Pairs {
    /// How many there were.
    pub(crate) fn count(&self) -> usize {
        self.pushes.count()
    }

    /// Pairs a second.
    pub(crate) fn rate(&self) -> f64 {
        load::rate(self.count(), self.took)
    }

    /// With those of a later turn.
    pub(crate) fn and(self, later: Self) -> Self {
        Self {
            took: self.took + later.took,
            pushes: self.pushes.and(later.pushes),
            openings: self.openings.and(later.openings),
            commits: Commits {
                keys: self.commits.keys + later.commits.keys,
                site: self.commits.site + later.commits.site,
            },
            worked: self.worked + later.worked,
        }
    }
}

/// Transactions since the site was started.
#[derive(Clone, Copy)]
pub(crate) struct Commits {
    /// To `keys.db`.
    pub(crate) keys: u64,
    /// To `site.db`.
    pub(crate) site: u64,
}

/// Two kept connections: the core's and a reader's.
struct Ends {
    sync: Wire,
    public: Wire,
}

impl Site {
    /// Starts one in `folder`, with the certificates and the configuration that were prepared in `state` on the ports
    /// from `base` on.
    pub(crate) async fn start(binaries: &Path, state: &Path, base: u16, folder: &Path) -> io::Result<Self> {
        let program = binaries.join("selfdestruct");
        let data = folder.join("site");
        let configured = |command: &mut Command| {
            command
                .arg("--config")
                .arg(state.join("selfdestruct.toml"))
                .env("SALLYPORT_CONFIRM_WITHIN", "60m") // who asks for nothing but the first events confirms no longer than this
                .env("SALLYPORT_DATA_DIR", &data)
                .env("SALLYPORT_KEYS_DIR", folder.join("keys"))
                .env("SALLYPORT_LIMITS__MOST_MESSAGES", "2000000")
                .env("SALLYPORT_PUBLIC__REQUESTS_PER_MINUTE", UNLIMITED)
                .env("SALLYPORT_PUBLIC__REQUESTS_AT_ONCE", UNLIMITED);
        };
        fs::create_dir(folder)?;
        let core = Core::pair(&folder.join("pairing.json"), |answer| {
            let mut pair = Command::new(&program);
            configured(&mut pair);
            pair.arg("pair")
                .arg(folder.join("pairing.json"))
                .arg("--out")
                .arg(answer);
            succeed(&mut pair)
        })?;
        let log = fs::File::create(folder.join("log"))?;
        let mut serve = on_servers_core(&program);
        configured(&mut serve);
        serve
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let health = base + 12;
        let server = Server::start(serve, health, "/healthz")?;
        let site = Self {
            sync: core.sync(&data.join("sync.pem"), base + 4)?,
            public: Place {
                host: "site.localhost".to_owned(),
                port: base + 1,
                tls: anonymous(&state.join("pki/ca.pem"))?,
            },
            core,
            server,
            health,
            next: 0,
        };
        site.confirm().await?;
        Ok(site)
    }

    /// Confirms the chain, without which nothing is opened.
    pub(crate) async fn confirm(&self) -> io::Result<()> {
        let mut sync = self.sync.connect(1).await?;
        self.core.events(&mut sync, self.core.origin(), 1).await?;
        Ok(())
    }

    fn letters(&mut self, count: u64) -> Vec<Letter> {
        let first = self.next;
        self.next += count;
        (first..self.next).map(Letter::new).collect()
    }

    /// Stores so many messages that stay, one batch after the other, until the time is over; says how many, and how many
    /// a second.
    pub(crate) async fn fill(&mut self, count: u64, limit: Duration) -> io::Result<(usize, f64)> {
        let mut sync = self.sync.connect(1).await?;
        let (mut stored, mut took) = (0, Duration::ZERO);
        while (stored as u64) < count && took < limit {
            let letters = self.letters(BATCH.min(count - stored as u64));
            let request = self.core.push_batch(&letters);
            let begun = std::time::Instant::now();
            let answer = sync.ask(&request).await?.expect(200)?;
            took += begun.elapsed();
            let pushed: Vec<Pushed> = serde_json::from_slice(&answer.body)?;
            for (pushed, letter) in pushed.iter().zip(&letters).step_by(100) {
                self.core.believes(pushed, letter)?;
            }
            stored += pushed.len();
        }
        Ok((stored, load::rate(stored, took)))
    }

    /// Pushes so many on this many connections that are kept, each as soon as the one before is answered; says how many a
    /// second, and how long each took.
    pub(crate) async fn pushes(
        &mut self,
        count: u64,
        connections: u16,
        limit: Duration,
    ) -> io::Result<(f64, Times)> {
        let letters = self.letters(count);
        let requests: Vec<_> = letters.iter().map(|letter| self.core.push(letter)).collect();
        let mut wires = Vec::new();
        for number in 0..connections {
            wires.push(self.sync.connect(source(number)).await?);
        }
        let push = async |wire: &mut Wire, number: usize| {
            timed(wire, &requests[number], 201).await.map(|(_, took)| took)
        };
        let (times, took) = load::over(&mut wires, letters.len(), limit, push).await?;
        Ok((load::rate(times.len(), took), Times::new(times)))
    }

    /// Pushes so many and opens each as soon as its receipt is there, on this many pairs of connections that are kept,
    /// until the time is over. What is pushed was made and signed before; what came back is looked at afterwards.
    pub(crate) async fn pairs(&mut self, count: u64, connections: u16, limit: Duration) -> io::Result<Pairs> {
        let letters = self.letters(count);
        let requests: Vec<_> = letters
            .iter()
            .map(|letter| (self.core.push(letter), letter.opening()))
            .collect();
        let mut ends = Vec::new();
        for number in 0..connections {
            ends.push(self.ends(source(number)).await?); // one by one: handshakes that are under way are limited
        }
        self.confirm().await?;
        let before = self.commits().await?;
        let pair = async |ends: &mut Ends, number: usize| {
            let (push, open) = &requests[number];
            let (receipt, pushed) = timed(&mut ends.sync, push, 201).await?;
            let (opened, opening) = timed(&mut ends.public, open, 200).await?;
            if !letters[number].is_in(&opened) {
                return Err(io::Error::other("another message was handed out"));
            }
            Ok((number, receipt.body, pushed, opening))
        };
        let worked = self.server.worked()?;
        let (done, took) = load::over(&mut ends, letters.len(), limit, pair).await?;
        let worked = self.server.worked()?.saturating_sub(worked);
        let after = self.commits().await?;
        for (number, receipt, ..) in &done {
            self.core
                .believes(&serde_json::from_slice(receipt)?, &letters[*number])?;
        }
        Ok(Pairs {
            took,
            pushes: Times::new(done.iter().map(|(.., pushed, _)| *pushed).collect()),
            openings: Times::new(done.iter().map(|(.., opening)| *opening).collect()),
            commits: Commits {
                keys: after.keys - before.keys,
                site: after.site - before.site,
            },
            worked,
        })
    }

    async fn ends(&self, number: u8) -> io::Result<Ends> {
        Ok(Ends {
            sync: self.sync.connect(number).await?,
            public: self.public.connect(number).await?,
        })
    }

    /// Pulls every event from the beginning, in answers as large as the site makes them; says how many, and how many a
    /// second.
    pub(crate) async fn pull(&self) -> io::Result<(usize, f64)> {
        let mut sync = self.sync.connect(1).await?;
        let (mut count, mut last) = (0, self.core.origin());
        let begun = std::time::Instant::now();
        loop {
            let events = self.core.events(&mut sync, last, u32::MAX).await?;
            count += events.len();
            let Some(event) = events.last() else {
                return Ok((count, load::rate(count, begun.elapsed())));
            };
            last = Position {
                seq: event.seq,
                hash: event.hash,
                ..last
            };
        }
    }

    async fn commits(&self) -> io::Result<Commits> {
        sleep(FIGURES_AFTER).await;
        let figures = told(self.health, "/metrics")?;
        let find = |database: &str| {
            let begin = format!("site_commits_total{{database=\"{database}\"}} ");
            let value = figures.lines().find_map(|line| line.strip_prefix(&begin));
            let value = value.and_then(|value| value.trim().parse().ok());
            value.ok_or_else(|| io::Error::other("the site does not tell its commits"))
        };
        Ok(Commits {
            keys: find("keys")?,
            site: find("site")?,
        })
    }
}

/// An address for the connection of this number: enough of them come from each.
const fn source(number: u16) -> u8 {
    (number % 200) as u8 + 1
}

async fn timed(wire: &mut Wire, request: &[u8], status: u16) -> io::Result<(crate::wire::Answer, Duration)> {
    let begun = std::time::Instant::now();
    let answer = wire.ask(request).await?;
    let took = begun.elapsed();
    Ok((answer.expect(status)?, took))
}

/// How long the bare loop takes for as many pairs.
#[derive(Default)]
pub(crate) struct Floor {
    /// With their changes.
    pub(crate) changes: Duration,
    /// With rows of like size in one table in their place.
    pub(crate) rows: Duration,
}

impl Floor {
    /// With those of a later turn.
    pub(crate) fn and(self, later: &Self) -> Self {
        Self {
            changes: self.changes + later.changes,
            rows: self.rows + later.rows,
        }
    }
}

/// The same commits by SQLite alone: `selfdestruct/examples/commits.rs`, asked for one run at a time.
pub(crate) struct Bare {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Bare {
    /// Starts it on files in this folder.
    pub(crate) fn start(program: &Path, folder: PathBuf) -> io::Result<Self> {
        let mut child = on_servers_core(program)
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let ask = child.stdin.take().expect("it was just piped");
        let answers = BufReader::new(child.stdout.take().expect("it was just piped"));
        Ok(Self { child, ask, answers })
    }

    /// How long it takes in groups of the same size.
    pub(crate) fn floor(&mut self, pairs: &Pairs, limit: Duration) -> io::Result<Floor> {
        let (count, Commits { keys, site }) = (pairs.count(), pairs.commits);
        writeln!(self.ask, "{count} {keys} {site} {}", limit.as_secs())?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        let rates: Result<Vec<f64>, _> = answer.split_whitespace().map(str::parse).collect();
        match rates.as_deref() {
            Ok(&[changes, rows]) => Ok(Floor {
                changes: load::time(count, changes),
                rows: load::time(count, rows),
            }),
            _ => Err(io::Error::other(format!("the bare loop says {answer:?}"))),
        }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // It may have ended already, which is all that is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
