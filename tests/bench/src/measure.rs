//! Each thing that is measured, and the line about it.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;

use crate::Place;
use crate::direct::Direct;
use crate::figures::{Report, Times, goal, megabytes, ms};
use crate::load;
use crate::servers::{Memory, Server};
use crate::walk::{self, Mailbox};

/// Leaves before proofs at once, for what is not about sameness.
const AT_ONCE: &str = "1ms";
/// As shipped.
const USUAL: &str = "250ms";

const STARTS: usize = 9;
const RESETS: usize = 60;
/// Resets before those that count: connections open, caches fill.
const WARM_UP: usize = 5;
const CONNECTIONS: u8 = 16;
const RECOVERIES: usize = 10_000;
const TRIES_OF_EACH: usize = 200;
/// After load: what was queued is done, and the memory comes to rest.
pub(crate) const REST: Duration = Duration::from_secs(5);
/// No load lasts longer.
const LONGEST: Duration = Duration::from_secs(75);

const READY: Duration = Duration::from_millis(300);
/// 25 MB, in KiB.
pub(crate) const SMALL: u64 = 25_000_000 / 1024;
/// What the first recoveries may add until every cache is full, in KiB.
const FILL: u64 = 5_000_000 / 1024;
/// What 10,000 further ones may add, in KiB.
const GROWTH: u64 = 2_000_000 / 1024;

/// Sizes of the programs.
pub(crate) fn size(report: &mut Report, binaries: &Path) -> io::Result<()> {
    for name in ["core-api", "portal"] {
        let bytes = fs::metadata(binaries.join(name))?.len();
        report.add(
            &format!("size of {name}"),
            &megabytes(bytes / 1024),
            "",
            "release, stripped",
        );
    }
    Ok(())
}

/// How long each server takes from its start until it is ready, and its memory at rest.
pub(crate) fn ready(report: &mut Report, place: &Place, with: &str) -> io::Result<()> {
    let (mut cores, mut portals) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let core = place.installation.core(USUAL)?;
        let portal = place.installation.portal()?;
        cores.push(core.ready_after);
        portals.push(portal.ready_after);
        portal.stop()?;
        core.stop()?;
    }
    for (name, times) in [("core", cores), ("portal", portals)] {
        let times = Times::new(times);
        let (half, slowest) = (times.within(50), times.within(100));
        report.add(
            &format!("{name}: start to ready"),
            &format!("{}, slowest {}", ms(half), ms(slowest)),
            &goal("under 300 ms", half < READY),
            &format!("{with}; median of {STARTS} starts"),
        );
    }
    let core = place.installation.core(USUAL)?;
    let portal = place.installation.portal()?;
    std::thread::park_timeout(REST);
    at_rest(report, "at rest", with, &core, &portal)?;
    portal.stop()?;
    core.stop()
}

fn at_rest(report: &mut Report, when: &str, with: &str, core: &Server, portal: &Server) -> io::Result<()> {
    for (name, server) in [("core", core), ("portal", portal)] {
        let memory = server.memory()?;
        report.add(
            &format!("{name}: resident memory {when}"),
            &told(memory),
            &goal("under 25 MB", memory.resident < SMALL),
            with,
        );
    }
    Ok(())
}

/// In words.
pub(crate) fn told(memory: Memory) -> String {
    let (all, own) = (megabytes(memory.resident), megabytes(memory.own));
    format!("{all}, of it {own} not pages of files")
}

/// A reset from form to answer beside the same write by the LDAP library alone, in turns.
pub(crate) async fn reset(report: &mut Report, place: &Place, floor: &Path, disk: &str) -> io::Result<()> {
    let core = place.installation.core(AT_ONCE)?;
    let portal = place.installation.portal()?;
    let state = &place.installation.state;
    let mut direct = Direct::start(floor, &state.join("dc"), "alice")?;
    let mut mailbox = Mailbox::new(&state.join("mail"))?;
    let mut visitor = place.site.visit(1).await?;
    let (mut ours, mut theirs, mut pages) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..WARM_UP + RESETS {
        let page = walk::prove_by_mail(&mut visitor, &mut mailbox, "alice").await?;
        let new = format!("Tidy-Otter-{}-{round}x!", std::process::id());
        let reset = walk::reset(&mut visitor, &page, &new).await?;
        let shown = visitor.get("/recovery").await?.expect(200)?;
        let written = direct.reset()?;
        if round >= WARM_UP {
            ours.push(reset);
            pages.push(reset + shown.took);
            theirs.push(written);
        }
    }
    let (ours, theirs, pages) = (Times::new(ours), Times::new(theirs), Times::new(pages));
    let ratio = |times: &Times| times.within(50).as_secs_f64() / theirs.within(50).as_secs_f64();
    let in_turns = format!("Samba; medians of {}, in turns; {disk}", ours.count());
    report.add(
        "reset by ldap3 alone, kept LDAPS connection",
        &ms(theirs.within(50)),
        "",
        &in_turns,
    );
    report.add(
        "reset, form to answer, sealing included",
        &format!("{} = {:.2} of it", ms(ours.within(50)), ratio(&ours)),
        &goal("at most 1.3", ratio(&ours) <= 1.3),
        &in_turns,
    );
    report.add(
        "the same and the page behind it",
        &format!("{} = {:.2} of it", ms(pages.within(50)), ratio(&pages)),
        "",
        &in_turns,
    );
    portal.stop()?;
    core.stop()
}

/// What begin, pick and prove take for identifiers of each kind.
pub(crate) async fn sameness(report: &mut Report, place: &Place) -> io::Result<()> {
    let core = place.installation.core(USUAL)?;
    let portal = place.installation.portal()?;
    let kinds = [
        ("known", "alice"),
        ("unknown", "nobody-at-all"),
        ("disabled", "carol"),
        ("privileged", "padmin"),
        ("unenrolled", "grace"),
    ];
    let steps = ["begin", "pick", "prove"];
    let mut times = vec![Vec::new(); kinds.len() * steps.len()];
    let rounds = TRIES_OF_EACH * kinds.len();
    let shared = std::cell::RefCell::new(&mut times);
    load::run(
        &place.site,
        2 * CONNECTIONS,
        rounds,
        LONGEST,
        async |visitor, number| {
            let kind = number % kinds.len();
            let begun = walk::begin(visitor, kinds[kind].1).await?.took;
            let picked = walk::pick(visitor, "totp").await?.took;
            let page = visitor.get("/recovery").await?.expect(200)?;
            let proved = walk::prove(visitor, &page.body, "000000").await?.took;
            for (step, took) in [begun, picked, proved].into_iter().enumerate() {
                shared.borrow_mut()[kind * steps.len() + step].push(took);
            }
            Ok(begun + picked + proved)
        },
    )
    .await?;
    for (place, times) in times.into_iter().enumerate() {
        let ((kind, _), step) = (kinds[place / steps.len()], steps[place % steps.len()]);
        let times = Times::new(times);
        report.add(
            &format!("{step}, {kind} account"),
            &times.spread(),
            "",
            &format!(
                "Samba; p50 / p90 / p99 of {}, {} visitors",
                times.count(),
                2 * CONNECTIONS
            ),
        );
    }
    portal.stop()?;
    core.stop()
}

/// How many recoveries are begun a second, how long pages take meanwhile, and what is left in memory.
pub(crate) async fn under_load(report: &mut Report, place: &Place, disk: &str) -> io::Result<()> {
    let core = place.installation.core(AT_ONCE)?;
    let portal = place.installation.portal()?;
    sleep(REST).await;
    let fresh = [core.memory()?, portal.memory()?];
    let with = format!("{CONNECTIONS} connections, load from the same two cores");
    let home = load::run(
        &place.site,
        CONNECTIONS,
        RECOVERIES,
        LONGEST,
        async |visitor, _| Ok(visitor.get("/").await?.expect(200)?.took),
    );
    let home = home.await?;
    let line = |load: &load::Load| format!("{}; {:.0} a second", load.times.spread(), load.rate);
    report.add("first page, p50 / p90 / p99", &line(&home), "", &with);
    let begun = load::run(
        &place.site,
        CONNECTIONS,
        RECOVERIES,
        LONGEST,
        async |visitor, number| Ok(walk::begin(visitor, &identifier(number)).await?.took),
    );
    let begun = begun.await?;
    report.add(
        "recoveries begun, durable",
        &format!("{:.0} a second", begun.rate),
        "",
        &format!("embedded directory, {}; {with}; {disk}", begun.times.count()),
    );
    report.add(
        "POST of the identifier, p50 / p90 / p99",
        &begun.times.spread(),
        "",
        &with,
    );
    let mut walks = Vec::new();
    let mut rests = vec![fresh];
    for _ in 0..2 {
        walks.push(load::run(&place.site, CONNECTIONS, RECOVERIES, LONGEST, tried_in_vain).await?);
        sleep(REST).await;
        rests.push([core.memory()?, portal.memory()?]);
    }
    let (first, second) = (walks[0].times.count(), walks[1].times.count());
    report.add(
        "page of the current step during whole walks, p50 / p90 / p99",
        &walks[0].times.spread(),
        "",
        &format!(
            "{:.0} walks a second (begin, page, pick, page, wrong code); {with}",
            walks[0].rate
        ),
    );
    for (place, name) in ["core", "portal"].into_iter().enumerate() {
        let [before, filled, after] = [0, 1, 2].map(|rest| rests[rest][place]);
        let fill = filled.resident.saturating_sub(before.resident);
        let growth = after.resident.saturating_sub(filled.resident);
        report.add(
            &format!(
                "{name}: resident memory after {} recoveries",
                begun.times.count() + first
            ),
            &told(filled),
            &goal("caches take at most 5 MB", fill <= FILL),
            &format!(
                "{} before; embedded directory, 5 s of rest",
                megabytes(before.resident)
            ),
        );
        report.add(
            &format!("{name}: growth over {second} further recoveries"),
            &megabytes(growth),
            &goal("at most 2 MB", growth <= GROWTH),
            &format!("then {}", told(after)),
        );
    }
    portal.stop()?;
    core.stop()
}

/// One in ten is somebody's.
fn identifier(number: usize) -> String {
    let known = ["alice", "bob", "frank", "hannah"];
    if number.is_multiple_of(10) {
        known[number / 10 % known.len()].to_owned()
    } else {
        format!("nobody-{number}")
    }
}

/// A recovery up to a wrong code; the time is that of the page with the challenge.
async fn tried_in_vain(visitor: &mut crate::http::Visitor, number: usize) -> io::Result<Duration> {
    walk::begin(visitor, &identifier(number)).await?;
    visitor.get("/recovery").await?.expect(200)?;
    walk::pick(visitor, "totp").await?;
    let page = visitor.get("/recovery").await?.expect(200)?;
    walk::prove(visitor, &page.body, "000000").await?;
    Ok(page.took)
}

/// What `cargo bench` found: one folder for each function, with the estimates in nanoseconds.
pub(crate) fn functions(report: &mut Report, criterion: &Path) -> io::Result<()> {
    let mut folders: Vec<_> = fs::read_dir(criterion)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    folders.sort();
    for folder in folders {
        let file = folder.join("new/estimates.json");
        if !file.exists() {
            continue;
        }
        let found: serde_json::Value = serde_json::from_slice(&fs::read(file)?)?;
        let median = found
            .pointer("/median/point_estimate")
            .and_then(serde_json::Value::as_f64);
        let median = median.ok_or_else(|| io::Error::other("criterion writes something else now"))?;
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        report.add(
            &name,
            &format!("{:.1} µs", median / 1000.0),
            "",
            "median by `cargo bench`",
        );
    }
    Ok(())
}
