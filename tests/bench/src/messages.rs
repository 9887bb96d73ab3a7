//! One-time messages: how fast they are pushed and opened, beside the same commits by SQLite alone, and what that leaves in
//! memory and in files.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use data_encoding::BASE64URL_NOPAD;
use seal::{LinkSecret, MessageKeys};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::figures::{Report, Times, goal, megabytes, ms};
use crate::http::anonymous;
use crate::load;
use crate::measure::{REST, SMALL, told};
use crate::servers::{Installation, fdatasync_median};
use crate::site::{Bare, Commits, Floor, Pairs, Site};
use crate::wire::Place;

/// Pairs of connections, and how many pairs they do between them.
const LOADS: [(u16, u64); 3] = [(1, 5_000), (USUAL, 40_000), (64, 40_000)];
/// Each load is made in so many parts, in turns with the bare loop.
const TURNS: u64 = 4;
/// The same once the memory was looked at, for each connection takes some 40 KiB.
const CROWD: (u16, u64) = (256, 40_000);
const USUAL: u16 = 16;
const FEW: u64 = 1_000;
const MANY: u64 = 1_000_000;
/// After so many the memory is looked at.
const MANY_PAIRS: usize = 200_000;
const PIECE: u64 = 40_000;
const PUSHES: u64 = 20_000;
/// No load, and no bare loop beside it, lasts longer.
const LONGEST: Duration = Duration::from_secs(15);
/// No filling does.
const FILLING: Duration = Duration::from_mins(4);
/// Nor do the pairs before the memory is looked at.
const PAIRING: Duration = Duration::from_secs(100);
/// Where a commit is as fast as this, the pairs are held to a number, too.
const FAST_DISK: Duration = Duration::from_micros(300);
const FAST: f64 = 8_000.0;
const SHRUNK: &str = "20000";
const READINGS: usize = 30;
/// No reading takes as long to be known inside.
const KNOWN_WITHIN: Duration = Duration::from_secs(20);

/// What is needed for it.
pub(crate) struct Means<'a> {
    /// The servers, prepared. No core runs.
    pub(crate) installation: &'a Installation,
    /// The folder of the examples.
    pub(crate) examples: PathBuf,
    /// The script that pairs the prepared core and site.
    pub(crate) pair: PathBuf,
    /// A folder in memory, in place of a faster disk.
    pub(crate) in_memory: Option<PathBuf>,
}

/// All of it.
pub(crate) async fn measure(report: &mut Report, means: &Means<'_>) -> io::Result<()> {
    notices(report, means).await?;
    crate::site::keep_apart()?;
    let state = &means.installation.state;
    let usual = few(report, means, &state.join("few")).await?;
    many(report, means, &state.join("many"), usual).await?;
    shrink(report, means)?;
    if let Some(folder) = &means.in_memory {
        alone(report, means, folder, "memory").await?;
    }
    Ok(())
}

/// Pairs alone, on the usual number of connections: on a disk and in memory.
pub(crate) async fn pairs(report: &mut Report, means: &Means<'_>) -> io::Result<()> {
    crate::site::keep_apart()?;
    alone(report, means, &means.installation.state, "the temporary folder").await?;
    if let Some(folder) = &means.in_memory {
        alone(report, means, folder, "memory").await?;
    }
    Ok(())
}

async fn alone(report: &mut Report, means: &Means<'_>, folder: &Path, name: &str) -> io::Result<()> {
    let mut site = start(means, &folder.join("alone")).await?;
    site.fill(FEW, FILLING).await?;
    let mut bare = bare(means, folder)?;
    let disk = disk(folder, name)?;
    beside(report, &mut site, &mut bare, (USUAL, 40_000), &disk).await?;
    site.server.stop()
}

async fn start(means: &Means<'_>, folder: &Path) -> io::Result<Site> {
    let Installation {
        binaries,
        state,
        base,
    } = means.installation;
    Site::start(binaries, state, *base, folder).await
}

fn bare(means: &Means<'_>, folder: &Path) -> io::Result<Bare> {
    Bare::start(&means.examples.join("commits"), folder.to_owned())
}

/// Where the files are, and how fast it is.
struct Disk {
    words: String,
    sync: Duration,
}

fn disk(folder: &Path, name: &str) -> io::Result<Disk> {
    let sync = fdatasync_median(folder)?;
    let words = format!(
        "files in {name}, fdatasync median {:.2} ms",
        sync.as_secs_f64() * 1000.0
    );
    Ok(Disk { words, sync })
}

/// Pairs on a site with few messages, and its memory before and after many of them. Says how many pairs a second on the
/// usual number of connections.
async fn few(report: &mut Report, means: &Means<'_>, folder: &Path) -> io::Result<f64> {
    let mut site = start(means, folder).await?;
    let disk = disk(folder, "the temporary folder")?;
    sleep(REST).await;
    let bytes = std::fs::metadata(means.installation.binaries.join("selfdestruct"))?.len();
    report.add(
        "size of selfdestruct",
        &megabytes(bytes / 1024),
        "",
        "release, stripped",
    );
    let memory = site.server.memory()?;
    let small = goal("under 25 MB", memory.resident < SMALL);
    report.add(
        "site: resident memory at rest",
        &told(memory),
        &small,
        "paired, no message",
    );
    site.fill(FEW, FILLING).await?;
    let mut bare = bare(means, folder)?;
    let (mut usual, mut count) = (0.0, 0);
    for load in LOADS {
        let pairs = beside(report, &mut site, &mut bare, load, &disk).await?;
        count += pairs.count();
        if load.0 == USUAL {
            usual = pairs.rate();
        }
    }
    let begun = Instant::now();
    while count < MANY_PAIRS && begun.elapsed() < PAIRING {
        count += site.pairs(PIECE, USUAL, LONGEST).await?.count();
    }
    sleep(REST).await;
    let memory = site.server.memory()?;
    let small = goal("under 25 MB", memory.resident < SMALL && count >= MANY_PAIRS);
    let what = format!("site: resident memory after {count} pairs");
    report.add(
        &what,
        &told(memory),
        &small,
        "5 s of rest; leases and nonces are remembered",
    );
    beside(report, &mut site, &mut bare, CROWD, &disk).await?;
    sleep(REST).await;
    let memory = site.server.memory()?;
    report.add(
        "site: resident memory after that",
        &told(memory),
        "",
        "5 s of rest",
    );
    let (events, rate) = site.pull().await?;
    let what = "events pulled by the core";
    report.add(
        what,
        &format!("{rate:.0} a second"),
        "",
        &format!("{events}, one connection"),
    );
    site.server.stop()?;
    Ok(usual)
}

/// One load in turns with the bare loop: what a disk makes of either changes within seconds.
async fn beside(
    report: &mut Report,
    site: &mut Site,
    bare: &mut Bare,
    (connections, count): (u16, u64),
    disk: &Disk,
) -> io::Result<Pairs> {
    let (mut pairs, mut floor, mut ratios) = (None, Floor::default(), Vec::new());
    for _ in 0..TURNS {
        let turn = site.pairs(count / TURNS, connections, LONGEST).await?;
        let bare = bare.floor(&turn, LONGEST)?;
        ratios.push(format!("{:.2}", ratio(bare.changes, turn.took)));
        floor = floor.and(&bare);
        pairs = Some(match pairs.take() {
            None => turn,
            Some(former) => Pairs::and(former, turn),
        });
    }
    let pairs = pairs.expect("there is a turn");
    let (all, rate) = (ratio(floor.changes, pairs.took), pairs.rate());
    let mut goals = Vec::new();
    if connections == USUAL {
        goals.push(goal("at least 0.7 of it", all >= 0.7));
        if disk.sync <= FAST_DISK {
            goals.push(goal("at least 8000", rate >= FAST));
        }
    }
    let count = pairs.count();
    let Commits { keys, site } = pairs.commits;
    let groups = [tenths(count, keys), tenths(2 * count, site)];
    report.add(
        &format!("pairs of a push and an opening, {connections} connections"),
        &format!(
            "{rate:.0} a second = {all:.2} of the bare loop's {:.0}",
            load::rate(count, floor.changes)
        ),
        &goals.join("; "),
        &format!(
            "{count}, in turns of {} of it; a thousand messages stored; {} changes a commit to keys.db, {} to site.db; {:.2} of \
             the {:.0} that the loop makes with plain rows in place of the changes; {} µs of processor time a pair; {}",
            ratios.join(", "),
            groups[0],
            groups[1],
            ratio(floor.rows, pairs.took),
            load::rate(count, floor.rows),
            pairs.worked.as_micros() / count as u128,
            disk.words
        ),
    );
    report.add(
        &format!("push with receipt; opening; {connections} connections"),
        &format!("{}; {}", spread(&pairs.pushes), spread(&pairs.openings)),
        "",
        "p50 / p99 of each",
    );
    Ok(pairs)
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

/// How many of these there are for each of those.
fn tenths(many: usize, for_each: u64) -> String {
    let tenths = many as u64 * 10 / for_each.max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn spread(times: &Times) -> String {
    format!("{} / {}", ms(times.within(50)), ms(times.within(99)))
}

/// Pushes, and pairs on a site with a million messages.
async fn many(report: &mut Report, means: &Means<'_>, folder: &Path, usual: f64) -> io::Result<()> {
    let mut site = start(means, folder).await?;
    let (rate, times) = site.pushes(PUSHES, USUAL, LONGEST).await?;
    report.add(
        &format!("pushes one by one, {USUAL} connections"),
        &format!("{rate:.0} a second; {}", spread(&times)),
        "",
        "p50 / p99",
    );
    let (filled, rate) = site.fill(MANY - times.count() as u64, FILLING).await?;
    report.add(
        "pushes in batches of 1000",
        &format!("{rate:.0} a second"),
        "",
        &format!("{filled}, one connection"),
    );
    let pairs = site.pairs(40_000, USUAL, LONGEST).await?;
    let stored = filled + times.count();
    let ratio = pairs.rate() / usual;
    report.add(
        &format!("pairs with {stored} messages stored, {USUAL} connections"),
        &format!(
            "{:.0} a second = {ratio:.2} of that with a thousand",
            pairs.rate()
        ),
        &goal("at least 0.8 of it", ratio >= 0.8 && stored as u64 >= MANY),
        &format!(
            "push {}; opening {}; p50 / p99",
            spread(&pairs.pushes),
            spread(&pairs.openings)
        ),
    );
    let memory = site.server.memory()?;
    report.add(
        "site: resident memory with them",
        &told(memory),
        "",
        "after these pairs",
    );
    site.server.stop()
}

/// What is left in the files when all is over.
fn shrink(report: &mut Report, means: &Means<'_>) -> io::Result<()> {
    let output = Command::new(means.examples.join("shrink"))
        .arg(means.installation.state.join("shrink"))
        .arg(SHRUNK)
        .stdin(Stdio::null())
        .output()?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let sizes: Result<Vec<u64>, _> = printed.split_whitespace().map(str::parse).collect();
    let Ok([first, full, last]) = sizes.as_deref() else {
        return Err(io::Error::other(
            String::from_utf8_lossy(&output.stderr).into_owned(),
        ));
    };
    report.add(
        "site: size of its files when all is forgotten",
        &format!("{} KiB", last / 1024),
        &goal("at most 10 % above the first", last * 10 <= first * 11),
        &format!(
            "{} KiB at first, {} KiB with {SHRUNK} messages, half of them read; the clock moved by hand",
            first / 1024,
            full / 1024
        ),
    );
    Ok(())
}

/// How long after a reading the core inside says that it was read.
async fn notices(report: &mut Report, means: &Means<'_>) -> io::Result<()> {
    let installation = means.installation;
    let core = installation.core("250ms")?;
    let (core_api, selfdestruct) = (
        installation.binaries.join("core-api"),
        installation.binaries.join("selfdestruct"),
    );
    let paired = Command::new(&means.pair)
        .arg(&installation.state)
        .args([&core_api, &selfdestruct])
        .stdin(Stdio::null())
        .status()?;
    if !paired.success() {
        return Err(io::Error::other("core and site cannot be paired"));
    }
    let site = installation.site()?;
    let inside = |arguments: &[&str]| -> io::Result<Value> {
        let output = Command::new(&core_api)
            .current_dir(&installation.state)
            .args(["--config", "core-api.toml", "message"])
            .args(arguments)
            .stdin(Stdio::null())
            .output()?;
        serde_json::from_slice(&output.stdout)
            .map_err(|_| io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
    };
    std::fs::write(installation.state.join("message.txt"), "for you alone")?;
    let public = Place {
        host: "site.localhost".to_owned(),
        port: installation.base + 1,
        tls: anonymous(&installation.state.join("pki/ca.pem"))?,
    };
    let mut times = Vec::new();
    for _ in 0..READINGS {
        let sent = inside(&["send", "--text-file", "message.txt", "--json"])?;
        let (id, link) = (text(&sent, "id")?, text(&sent, "link")?);
        let opening = opening(id, link, &public.authority())?;
        let mut reader = public.connect(1).await?;
        let begun = Instant::now();
        reader.ask(&opening).await?.expect(200)?;
        while !has_been_opened(&inside(&["show", "--json", id])?) {
            if begun.elapsed() > KNOWN_WITHIN {
                return Err(io::Error::other("a reading does not get known inside"));
            }
        }
        times.push(begun.elapsed());
    }
    let times = Times::new(times);
    report.add(
        "from the opening until `message show` tells it inside",
        &format!("{}, slowest {}", ms(times.within(50)), ms(times.within(100))),
        &goal("median under 1 s", times.within(50) < Duration::from_secs(1)),
        &format!(
            "core and site, {}, the opening and the command itself included",
            times.count()
        ),
    );
    site.stop()?;
    core.stop()
}

fn text<'a>(of: &'a Value, key: &str) -> io::Result<&'a str> {
    of[key]
        .as_str()
        .ok_or_else(|| io::Error::other(format!("the command does not tell {key}")))
}

fn has_been_opened(shown: &Value) -> bool {
    let events = shown["events"].as_array();
    events.is_some_and(|events| events.iter().any(|event| event["kind"] == "opened"))
}

/// What the page of somebody with this link sends.
fn opening(id: &str, link: &str, authority: &str) -> io::Result<Vec<u8>> {
    let wrong = || io::Error::other("not a link");
    let (_, fragment) = link.split_once('#').ok_or_else(wrong)?;
    let (secret, _) = LinkSecret::parse(fragment).map_err(|_| wrong())?;
    let bytes = BASE64URL_NOPAD.decode(id.as_bytes()).map_err(io::Error::other)?;
    let bytes = <[u8; 16]>::try_from(bytes).map_err(|_| wrong())?;
    let keys = MessageKeys::derive(&bytes, &secret, None);
    let body = json!({ "link": BASE64URL_NOPAD.encode(keys.proofs().link()), "claim": id }).to_string();
    let length = body.len();
    Ok(format!(
        "POST /m/{id}/open HTTP/1.1\r\nHost: {authority}\r\nOrigin: https://{authority}\r\n\
         Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes())
}
