//! `check`: looks at everything that a site needs, and says what to do about what is wrong. It dials nobody.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;

use ipnet::IpNet;
use rustix::process::{Resource, getrlimit};
use server::certificate::Certificate;
use server::check::Line;
use server::config::Origin;
use server::tls::{Clients, Tls};
use server::{ListenerSettings, most_connections};

use crate::config::SiteConfig;
use crate::files::open_to_others;
use crate::pair::{PairError, Paired, Place};
use crate::public_certificate::are_one;
use crate::room;

/// Open files besides connections: databases with their readers, sockets, certificates.
const OTHER_FILES: u64 = 256;

/// Looks at everything, one after the other. `now` is in milliseconds since the Unix epoch.
pub fn check(config: &SiteConfig, now: i64) -> Vec<Line> {
    let place = Place::new(&config.data_dir);
    let paired = Paired::load(&place);
    let mut lines = vec![pairing(&place, &paired)];
    let origin = paired.as_ref().ok().and_then(Paired::origin);
    lines.push(public_certificate(config, origin.as_ref().map(Origin::host), now));
    lines.extend(one_file(config));
    if let Ok(paired) = &paired {
        lines.push(sync_certificate(config, paired));
        lines.push(clock(&place, now));
    }
    lines.extend([
        listener("public listener", &config.public),
        listener("sync listener", &config.sync),
        sources(&config.sync.sources),
        open_files(1),
        private_files(&place),
        folder("data", &config.data_dir),
        folder("keys", &config.keys_dir),
        free_room("data", &config.data_dir, config.limits.most_stored),
        free_room("keys", &config.keys_dir, 0),
    ]);
    lines.extend(
        config
            .health
            .as_ref()
            .map(|health| listener("health listener", health)),
    );
    lines
}

/// Looks at what a site needs that the core serves itself for `host`. Its folders are made at the first start. What the
/// process needs for all that it serves is for [`open_files`].
pub fn check_embedded(config: &SiteConfig, host: &str, now: i64) -> Vec<Line> {
    let mut lines = vec![
        public_certificate(config, Some(host), now),
        listener("public listener", &config.public),
        listener("sync listener", &config.sync),
    ];
    lines.extend(one_file(config));
    for (what, path, wanted) in [
        ("data", &config.data_dir, config.limits.most_stored),
        ("keys", &config.keys_dir, 0),
    ] {
        if path.exists() {
            lines.extend([folder(what, path), free_room(what, path, wanted)]);
        }
    }
    lines
}

fn pairing(place: &Place, paired: &Result<Paired, PairError>) -> Line {
    let (what, at) = ("pairing", place.pairing().display().to_string());
    match paired {
        Ok(paired) => Line::ok(
            what,
            &at,
            &format!("as {}, for {}", paired.site, paired.look.public_origin),
        ),
        Err(wrong) => Line::fail(
            what,
            &at,
            &wrong.to_string(),
            "selfdestruct pair FILE, with the file that core-api site add wrote",
        ),
    }
}

fn public_certificate(config: &SiteConfig, host: Option<&str>, now: i64) -> Line {
    let what = "public certificate";
    let remedy = "put the certificate for the public address and its key where [public] says";
    let Some(files) = config.public.tls.clone() else {
        return Line::fail(what, "[public]", "no TLS", remedy);
    };
    let (place, cert) = (files.cert.display().to_string(), files.cert.clone());
    if let Err(wrong) = Tls::new(files) {
        return Line::fail(what, &place, &wrong.to_string(), remedy);
    }
    let Some(leaf) = Certificate::read(&cert) else {
        return Line::fail(what, &place, "no certificate", remedy);
    };
    if let Some(host) = host
        && !leaf.is_for(host)
    {
        return Line::fail(what, &place, &format!("is not for {host}"), remedy);
    }
    match leaf.days_left(now) {
        left if left < 0 => Line::fail(what, &place, "has ended", remedy),
        left if leaf.ends_soon(now) => Line::weak(what, &place, &format!("{left} days left"), remedy),
        left => Line::ok(what, &place, &format!("{left} days left")),
    }
}

/// A renewal from inside puts the chain in the place of one file and the key in that of another.
fn one_file(config: &SiteConfig) -> Option<Line> {
    let files = config.public.tls.as_ref()?;
    let place = files.cert.display().to_string();
    are_one(&files.cert, &files.key).then(|| {
        Line::weak(
            "renewal",
            &place,
            "its key is in the same file, so it cannot be renewed from inside",
            "give the key a file of its own, for core-api site certificate",
        )
    })
}

fn sync_certificate(config: &SiteConfig, paired: &Paired) -> Line {
    let what = "sync keys";
    let Some(mut files) = config.sync.tls.clone() else {
        return Line::fail(what, "[sync]", "no TLS", "pair this site again");
    };
    let place = files.cert.display().to_string();
    files.clients = Clients::Pinned(paired.core_pins.clone());
    match Tls::new(files) {
        Ok(_) => Line::ok(
            what,
            &place,
            &format!("fit; {} keys of the core are known", paired.core_pins.len()),
        ),
        Err(wrong) => Line::fail(
            what,
            &place,
            &wrong.to_string(),
            "pair this site again: selfdestruct pair --again",
        ),
    }
}

/// Nothing is asked over the network, so a clock can only be seen to be behind what is known.
fn clock(place: &Place, now: i64) -> Line {
    let (what, at) = ("clock", "this host");
    let remedy = "set the clock, and keep it with an NTP service: beyond 5 minutes the core is not believed";
    let paired_at = std::fs::metadata(place.pairing()).and_then(|data| data.modified());
    let paired_at = paired_at.map(|time| time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default());
    match paired_at.map(|time| i64::try_from(time.as_millis()).unwrap_or(i64::MAX)) {
        Ok(paired_at) if now < paired_at => {
            Line::fail(what, at, "it is behind the time of the pairing", remedy)
        }
        _ => Line::ok(
            what,
            at,
            "not behind the time of the pairing; the core shows how far the two are apart",
        ),
    }
}

fn listener(what: &str, settings: &ListenerSettings) -> Line {
    let place = settings.address.to_string();
    match TcpListener::bind(settings.address) {
        Ok(_) => Line::ok(what, &place, "free"),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            Line::ok(what, &place, "in use, as while the site or its socket unit runs")
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let remedy = "let systemd open it, as sallyport-site.socket does";
            Line::weak(what, &place, "this user may not open it by itself", remedy)
        }
        Err(error) => {
            let remedy = "the address must be one of this host";
            Line::fail(what, &place, &error.to_string(), remedy)
        }
    }
}

/// The listener believes nobody but the core; whoever else may connect takes up connections that the core needs. No company
/// has a network wider than these: 10.0.0.0/8 is the widest private one.
fn sources(networks: &[IpNet]) -> Line {
    let (what, at) = ("sync sources", "[sync]");
    let is_wide = |network: &&IpNet| network.prefix_len() < if network.addr().is_ipv4() { 8 } else { 16 };
    match networks.iter().find(is_wide) {
        _ if networks.is_empty() => Line::weak(what, at, "anybody may connect", NAME_THE_CORE),
        Some(wide) => {
            let told = format!("everybody in {wide} may connect");
            Line::weak(what, at, &told, NAME_THE_CORE)
        }
        None => Line::ok(what, at, "no network is wider than /8 (IPv6: /16)"),
    }
}

const NAME_THE_CORE: &str = "name the addresses from which the core comes";

fn private_files(place: &Place) -> Line {
    let what = "private files";
    for file in place.private_files() {
        if let Some(mode) = open_to_others(&file) {
            let at = file.display().to_string();
            return Line::fail(
                what,
                &at,
                &format!("others may read it (mode {mode:04o})"),
                "chmod it to 0600",
            );
        }
    }
    Line::ok(what, "the data folder", "for this user alone")
}

fn folder(what: &str, path: &Path) -> Line {
    let (what, place) = (format!("{what} folder"), path.display().to_string());
    if !path.is_dir() {
        let remedy = "selfdestruct pair makes it";
        return Line::fail(&what, &place, "is not there", remedy);
    }
    if let Some(mode) = open_to_others(path) {
        let wrong = format!("others may look into it (mode {mode:04o})");
        return Line::fail(&what, &place, &wrong, "chmod it to 0700");
    }
    let beside = path.join("check");
    let writable = std::fs::File::create_new(&beside).and_then(|_| std::fs::remove_file(&beside));
    match writable {
        Ok(()) => Line::ok(&what, &place, "can be written"),
        Err(error) => Line::fail(&what, &place, &error.to_string(), "let the site's user own it"),
    }
}

/// `wanted`: what may be stored there in all.
fn free_room(what: &str, path: &Path, wanted: u64) -> Line {
    let (what, place) = (format!("room for {what}"), path.display().to_string());
    let remedy = if wanted == 0 {
        "make room"
    } else {
        "make room, or lower limits.most_stored"
    };
    let Some(free) = room::free(path) else {
        return Line::fail(
            &what,
            &place,
            "cannot be told",
            "selfdestruct pair makes the folder",
        );
    };
    let told = format!("{} MiB free", free >> 20);
    if free < room::LEAST {
        Line::fail(&what, &place, &told, remedy)
    } else if free < wanted {
        Line::weak(
            &what,
            &place,
            &format!("{told}, less than limits.most_stored"),
            remedy,
        )
    } else {
        Line::ok(&what, &place, &told)
    }
}

/// Looks at how many files whoever runs the check may open. `serving`: sets of listeners of one process, each with
/// workers of its own: its own site, the core's API, a site that the core serves.
pub fn open_files(serving: usize) -> Line {
    let each = most_connections() as u64 + OTHER_FILES;
    judge_open_files(getrlimit(Resource::Nofile).current, each * serving as u64)
}

/// `limit`: how many may be open, if that has an end.
fn judge_open_files(limit: Option<u64>, wanted: u64) -> Line {
    let (what, at) = ("open files", "this user's limit");
    match limit {
        Some(limit) if limit < wanted => Line::weak(
            what,
            at,
            &format!("{limit}, and the listeners may take {wanted}: then nobody else gets in"),
            "start it with LimitNOFILE=65536, as its unit in deploy/systemd does (a shell has its own limit: ulimit -n)",
        ),
        Some(limit) => Line::ok(what, at, &format!("{limit}, enough for {wanted}")),
        None => Line::ok(what, at, "none"),
    }
}

#[cfg(test)]
mod tests {
    use server::check::State;

    use super::*;

    #[test]
    fn a_sync_listener_that_anybody_reaches_is_worth_a_word() {
        let state = |networks: &[&str]| {
            let networks: Vec<_> = networks.iter().map(|text| text.parse().unwrap()).collect();
            sources(&networks).state
        };
        for wide in [
            &[][..],
            &["0.0.0.0/0"],
            &["10.1.0.5/32", "::/0"],
            &["10.0.0.0/7"],
            &["fc00::/15"],
        ] {
            assert_eq!(state(wide), State::Weak, "{wide:?}");
        }
        assert_eq!(state(&["10.0.0.0/8", "fc00::/16"]), State::Ok);
    }

    #[test]
    fn a_limit_of_open_files_below_what_the_listeners_take_is_worth_a_word() {
        let state = |limit| judge_open_files(limit, 1_000).state;
        assert_eq!(state(Some(999)), State::Weak);
        assert_eq!((state(Some(1_000)), state(None)), (State::Ok, State::Ok));
    }
}
