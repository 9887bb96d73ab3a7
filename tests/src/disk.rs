//! The disk as a power cut would leave it, at any moment that a process under `strace` went through: what it wrote and did
//! not sync is lost, and so is the name of a file whose folder was not synced.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Calls that change files, and those by which bytes come and go.
const CALLS: &str =
    "openat,pwrite64,write,ftruncate,fdatasync,fsync,unlink,rename,recvfrom,read,sendto,writev,sendmsg";
/// Longer than whatever is written at once.
const LONGEST: &str = "4000000";
/// What a peer sends to say that it goes is shorter, what it asks is longer.
const NOTHING_ASKED: usize = 64;

/// A command that runs `command` and notes its calls in `trace`.
pub fn traced(command: &Command, trace: &Path) -> Command {
    let mut strace = Command::new("strace");
    // Everything in hexadecimal, descriptors with what they stand for.
    strace.args(["-f", "-qq", "-yy", "-xx", "-s", LONGEST, "-e"]);
    strace.arg(format!("trace={CALLS}")).arg("-o").arg(trace);
    strace
        .arg("--")
        .arg(command.get_program())
        .args(command.get_args());
    strace
}

/// What a process did, in order.
pub struct Trace {
    done: Vec<Done>,
}

/// A moment in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(usize);

/// A question and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exchange {
    /// When the last byte of the question came in.
    pub asked: Moment,
    /// When the first byte of the answer left.
    pub answered: Moment,
}

/// Whether the disk keeps its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syncs {
    /// What was synced is there.
    Count,
    /// It keeps nothing, as if nobody had asked it to.
    DoNotCount,
}

enum Done {
    Created(PathBuf),
    Written {
        file: PathBuf,
        at: usize,
        bytes: Vec<u8>,
    },
    Cut {
        file: PathBuf,
        length: usize,
    },
    Removed(PathBuf),
    Synced(PathBuf),
    /// So many bytes came in by this connection.
    Received {
        by: Connection,
        bytes: usize,
    },
    /// Bytes are about to leave by it.
    Sending(Connection),
    /// Bytes are about to leave to somebody on this machine who has connected to this socket.
    Telling(PathBuf),
}

/// The ports of a connection, our own first.
type Connection = (u16, u16);

impl Trace {
    /// Reads what `strace` noted of what was done to the files in these folders, and on the network.
    ///
    /// # Panics
    /// When it holds what this cannot follow: then an image would prove nothing.
    pub fn read(trace: &Path, folders: &[PathBuf]) -> Self {
        let text = std::fs::read_to_string(trace).expect("strace has written it");
        let mut unfinished: HashMap<&str, String> = HashMap::new();
        let mut done = Vec::new();
        for line in text.lines() {
            let (thread, call) = line.split_once(' ').expect("a thread's number comes first");
            let call = call.trim_start();
            // Bytes leave when the call begins; everything else is done when it is over.
            if let Some(begun) = call.strip_suffix("<unfinished ...>") {
                done.extend(sending(begun));
                unfinished.insert(thread, begun.to_owned());
            } else if let Some(rest) = call.strip_prefix("<... ") {
                let (_, rest) = rest.split_once(" resumed>").expect("a call that goes on");
                let begun = unfinished.remove(thread).expect("it has begun");
                done.extend(finished(&format!("{begun}{rest}"), folders));
            } else {
                done.extend(sending(call));
                done.extend(finished(call, folders));
            }
        }
        Self { done }
    }

    /// The last question of at least so many bytes on each connection to this port, with its answer, in order.
    pub fn exchanges(&self, port: u16, at_least: usize) -> Vec<Exchange> {
        let exchanges = self.exchanges_since(Moment(0), port);
        let last: BTreeMap<Connection, Exchange> = exchanges
            .filter(|(_, _, bytes)| *bytes >= at_least)
            .map(|(by, exchange, _)| (by, exchange))
            .collect();
        let in_order: BTreeSet<Exchange> = last.into_values().collect();
        in_order.into_iter().collect()
    }

    /// Every question to this port that began to come in after `moment` and was answered, by its connection, with its
    /// bytes.
    fn exchanges_since(
        &self,
        moment: Moment,
        port: u16,
    ) -> impl Iterator<Item = (Connection, Exchange, usize)> {
        let mut asked: BTreeMap<Connection, (usize, Moment)> = BTreeMap::new();
        let later = self.done.iter().enumerate().skip(moment.0);
        later.filter_map(move |(number, done)| match done {
            Done::Received { by, bytes } if by.0 == port && *bytes > NOTHING_ASKED => {
                let (so_far, last) = asked.entry(*by).or_insert((0, Moment(number)));
                (*so_far, *last) = (*so_far + bytes, Moment(number));
                None
            }
            Done::Sending(by) => {
                let (bytes, asked) = asked.remove(by)?;
                let answered = Moment(number);
                Some((*by, Exchange { asked, answered }, bytes))
            }
            _ => None,
        })
    }

    /// The first question to this port that was asked after `moment`, with its answer.
    ///
    /// # Panics
    /// When there is none.
    pub fn first_exchange_since(&self, moment: Moment, port: u16) -> Exchange {
        let exchanges = self.exchanges_since(moment, port);
        let first = exchanges.min_by_key(|(_, exchange, _)| exchange.answered);
        first.expect("something was asked").1
    }

    /// When the process last began to answer anything on this port of its own.
    ///
    /// # Panics
    /// When it never did.
    pub fn last_answer_on(&self, port: u16) -> Moment {
        self.last(|done| matches!(done, Done::Sending(by) if by.0 == port))
    }

    /// When the process last began to ask something of this port of another.
    ///
    /// # Panics
    /// When it never did.
    pub fn last_question_to(&self, port: u16) -> Moment {
        self.last(|done| matches!(done, Done::Sending(by) if by.1 == port))
    }

    /// When the process last began to answer by this socket.
    ///
    /// # Panics
    /// When it never did.
    pub fn last_answer_by(&self, socket: &Path) -> Moment {
        self.last(|done| matches!(done, Done::Telling(by) if by == socket))
    }

    fn last(&self, is_meant: impl Fn(&Done) -> bool) -> Moment {
        Moment(self.done.iter().rposition(is_meant).expect("it did so"))
    }

    /// Puts `folder`, as it was before, into the state that a power cut would have left at `moment`.
    ///
    /// # Panics
    /// When the folder cannot be read or written.
    pub fn cut_power(&self, moment: Moment, folder: &Path, syncs: Syncs) {
        let mut disk = Disk::of(folder);
        for done in &self.done[..moment.0] {
            disk.follow(done, syncs);
        }
        for path in disk.seen.keys().filter(|path| !disk.kept.contains_key(*path)) {
            // It was there before, or it never was.
            let _ = std::fs::remove_file(path);
        }
        for (path, bytes) in &disk.kept {
            std::fs::write(path, bytes).expect("the folder is writable");
        }
    }
}

/// Files as the process sees them, and as the disk keeps them.
struct Disk {
    folder: PathBuf,
    seen: BTreeMap<PathBuf, Vec<u8>>,
    synced: BTreeMap<PathBuf, Vec<u8>>,
    kept: BTreeMap<PathBuf, Vec<u8>>,
}

impl Disk {
    fn of(folder: &Path) -> Self {
        let entries = std::fs::read_dir(folder).expect("the folder can be read");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let files: BTreeMap<_, _> = paths
            .filter(|path| path.is_file())
            .map(|path| (path.clone(), std::fs::read(&path).expect("a file")))
            .collect();
        Self {
            folder: folder.to_owned(),
            seen: files.clone(),
            synced: files.clone(),
            kept: files,
        }
    }

    fn follow(&mut self, done: &Done, syncs: Syncs) {
        match done {
            Done::Created(file) if self.holds(file) => {
                self.seen.entry(file.clone()).or_default();
            }
            Done::Written { file, at, bytes } if self.holds(file) => {
                let seen = self.seen.entry(file.clone()).or_default();
                seen.resize(seen.len().max(at + bytes.len()), 0);
                seen[*at..at + bytes.len()].copy_from_slice(bytes);
            }
            Done::Cut { file, length } if self.holds(file) => {
                self.seen.entry(file.clone()).or_default().resize(*length, 0);
            }
            Done::Removed(file) if self.holds(file) => drop(self.seen.remove(file)),
            Done::Synced(path) if syncs == Syncs::Count => self.sync(path),
            _ => {}
        }
    }

    fn holds(&self, file: &Path) -> bool {
        file.parent() == Some(&self.folder)
    }

    /// A file keeps its bytes, a folder the names in it.
    fn sync(&mut self, path: &Path) {
        if *path == self.folder {
            self.synced.retain(|file, _| self.seen.contains_key(file));
            self.kept = self.seen.keys().map(|file| (file.clone(), Vec::new())).collect();
        } else if let Some(seen) = self.seen.get(path) {
            self.synced.insert(path.to_owned(), seen.clone());
        }
        for (file, kept) in &mut self.kept {
            self.synced.get(file).unwrap_or(&Vec::new()).clone_into(kept);
        }
    }
}

fn sending(call: &str) -> Option<Done> {
    let (name, arguments) = call.split_once('(')?;
    let is_sending = matches!(name, "sendto" | "write" | "writev" | "sendmsg");
    if !is_sending {
        return None;
    }
    let told = || socket(arguments).map(Done::Telling);
    connection(arguments).map(Done::Sending).or_else(told)
}

fn finished(call: &str, folders: &[PathBuf]) -> Option<Done> {
    let (name, rest) = call.split_once('(')?;
    // What is killed has no result; a long gap stands before those of others.
    let (arguments, result) = rest.rsplit_once(" = ")?;
    let arguments = arguments.trim_end().strip_suffix(')').expect("a call");
    let result = result.split([' ', '<']).next().unwrap_or(result);
    // What failed did nothing.
    let result = usize::try_from(result.parse::<i64>().ok()?).ok()?;
    if matches!(name, "recvfrom" | "read") {
        let by = connection(arguments)?;
        return Some(Done::Received { by, bytes: result });
    }
    let ours = |path: PathBuf| {
        let is_below = |folder: &PathBuf| path == *folder || path.parent() == Some(folder);
        let is_lock = path.extension().is_some_and(|ending| ending == "lock");
        (folders.iter().any(is_below) && !is_lock).then_some(path)
    };
    let number = |text: &str| text.trim().parse::<usize>().expect("a number");
    match name {
        "openat" if arguments.contains("O_CREAT") => ours(quoted(arguments)?).map(Done::Created),
        "unlink" => ours(quoted(arguments)?).map(Done::Removed),
        "fdatasync" | "fsync" => ours(descriptor(arguments)?).map(Done::Synced),
        "ftruncate" => {
            let file = ours(descriptor(arguments)?)?;
            let (_, length) = arguments.rsplit_once(',').expect("a length");
            let length = number(length);
            Some(Done::Cut { file, length })
        }
        "pwrite64" => {
            let file = ours(descriptor(arguments)?)?;
            let (_, at) = arguments.rsplit_once(',').expect("a place");
            let mut bytes = bytes(between(arguments, "\"", "\"").expect("bytes"));
            bytes.truncate(result);
            let at = number(at);
            Some(Done::Written { file, at, bytes })
        }
        "write" | "writev" | "rename" => {
            let file = if name == "rename" {
                quoted(arguments)
            } else {
                descriptor(arguments)
            };
            let followed = file.and_then(ours).is_none();
            assert!(followed, "{name} of a file is not followed");
            None
        }
        _ => None,
    }
}

/// `7<TCP:[127.0.0.1:443->127.0.0.1:40000]>`.
fn connection(arguments: &str) -> Option<Connection> {
    let ends = between(arguments, "<TCP:[", "]>")?;
    let (own, peer) = ends.split_once("->")?;
    let port = |end: &str| end.rsplit(':').next()?.parse().ok();
    Some((port(own)?, port(peer)?))
}

/// `7<UNIX-STREAM:[100->101,"\x2f..."]>`.
fn socket(arguments: &str) -> Option<PathBuf> {
    let ends = between(arguments, "<UNIX-STREAM:[", "]>")?;
    quoted(ends)
}

/// `7<\x2f...>`.
fn descriptor(arguments: &str) -> Option<PathBuf> {
    let name = between(arguments, "<", ">")?;
    name.starts_with("\\x").then(|| path(name))
}

fn quoted(arguments: &str) -> Option<PathBuf> {
    between(arguments, "\"", "\"").map(path)
}

fn path(hexadecimal: &str) -> PathBuf {
    OsString::from_vec(bytes(hexadecimal)).into()
}

fn between<'text>(text: &'text str, before: &str, after: &str) -> Option<&'text str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(inner, _)| inner)
}

/// `\x6f\x75...`.
fn bytes(hexadecimal: &str) -> Vec<u8> {
    let pairs = hexadecimal.split("\\x").skip(1);
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).expect("strace -xx"))
        .collect()
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::folder::Folder;

    #[test]
    fn what_was_not_synced_is_lost_and_so_is_an_unsynced_name() {
        let (folder, notes) = (Folder::new(), Folder::new());
        let place = folder.to_owned();
        std::fs::write(place.join("old"), "old").expect("a file");
        let hex = |text: &str| {
            let bytes: Vec<String> = text.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
            bytes.concat()
        };
        let of = |name: &str| hex(place.join(name).to_str().expect("UTF-8"));
        let (old, new, itself) = (of("old"), of("new"), hex(place.to_str().expect("UTF-8")));
        let socket = "9<TCP:[127.0.0.1:443->127.0.0.1:40000]>";
        let local = format!("8<UNIX-STREAM:[12->13,\"{}\"]>", of("socket"));
        let question = "\\x00".repeat(100);
        let lines = [
            format!("1 pwrite64(3<{old}>, \"{}\", 1, 1) = 1", hex("1")),
            format!("1 fdatasync(3<{old}>) = 0"),
            format!("2 recvfrom({socket}, \"{question}\", 100, 0, NULL, NULL) = 100"),
            format!("1 pwrite64(3<{old}>, \"{}\", 1, 2 <unfinished ...>", hex("2")),
            format!("2 sendto({socket}, \"{question}\", 100, MSG_NOSIGNAL, NULL, 0) = 100"),
            "1 <... pwrite64 resumed>)            = 1".to_owned(),
            format!("1 openat(AT_FDCWD<{itself}>, \"{new}\", O_RDWR|O_CREAT, 0600) = 4<{new}>"),
            format!("1 pwrite64(4<{new}>, \"{}\", 3, 0) = 3", hex("new")),
            format!("2 recvfrom({socket}, \"{question}\", 100, 0, NULL, NULL) = 100"),
            format!("2 sendto({local}, \"{question}\", 100, MSG_NOSIGNAL, NULL, 0) = 100"),
            format!("2 sendto({socket}, \"{question}\", 100, MSG_NOSIGNAL, NULL, 0) = 100"),
            format!("1 fsync(4<{new}>) = 0"),
            format!("1 fsync(5<{itself}>) = 0"),
            format!("1 unlink(\"{old}\") = 0"),
            format!("1 fdatasync(3<{old}>) = ?"),
        ];
        let file = notes.join("trace");
        std::fs::write(&file, lines.join("\n")).expect("a file");
        let trace = Trace::read(&file, std::slice::from_ref(&place));
        let exchange = trace.first_exchange_since(Moment(0), 443);
        let next = trace.first_exchange_since(exchange.answered, 443);
        assert_eq!(trace.exchanges(443, 0), [next], "the last on this connection");
        let told = trace.last_answer_by(&place.join("socket"));
        assert!(exchange.answered < next.asked && next.asked < told && told < next.answered);
        let ends = [trace.last_answer_on(443), trace.last_question_to(40000)];
        assert_eq!(ends, [next.answered; 2]);
        let look = |moment, syncs| {
            let mut disk = Disk::of(&place);
            for done in &trace.done[..moment] {
                disk.follow(done, syncs);
            }
            let text = |name: &str| {
                disk.kept
                    .get(&place.join(name))
                    .map(|kept| String::from_utf8_lossy(kept).into_owned())
            };
            (text("old"), text("new"))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(look(exchange.answered.0, Syncs::Count), (some("o1d"), None));
        assert_eq!(look(exchange.answered.0, Syncs::DoNotCount), (some("old"), None));
        let before_the_folder = trace.done.len() - 2;
        assert_eq!(look(before_the_folder, Syncs::Count), (some("o1d"), None));
        assert_eq!(look(trace.done.len(), Syncs::Count), (some("o1d"), some("new")));
    }
}
