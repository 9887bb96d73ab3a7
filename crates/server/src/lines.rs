//! Log lines leave on a thread of their own, because whoever takes them may be slow, full or gone.
//!
//! A line that cannot be written at once would otherwise hold up the worker that serves everybody, and `eprintln!` panics
//! when standard error is closed. So nobody who logs waits: a line beyond those that wait, or that cannot be written, is lost,
//! counted, and told of as soon as there is room.

use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait at most. Each has some 300 bytes.
const MOST_WAITING: usize = 4096;
/// How long lines are gathered to be written together: nobody has to wake the thread that writes for each.
const GATHER: Duration = Duration::from_millis(5);
/// Bytes after which no more are gathered.
const TOGETHER: usize = 64 * 1024;
/// How long the end of the process waits for the last ones.
const LAST_LINES: Duration = Duration::from_secs(1);
/// What was lost is told of no more often than this.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// The target of the notice of lost lines, by which it is kept out of the queue.
const NOTICE: &str = "server::lines";

/// Takes lines.
pub(crate) struct Lines {
    queue: SyncSender<Item>,
    losses: Arc<Losses>,
}

enum Item {
    Line(Vec<u8>),
    /// Everything before it is written: somebody waits for that.
    Written(SyncSender<()>),
}

/// What was lost and has not been told of.
#[derive(Default)]
struct Losses {
    lines: AtomicU64,
    /// The notice of it, in the form that all lines have. It is not queued, for it would be lost there, too.
    notice: Mutex<Vec<u8>>,
}

/// Sees to it that the last lines are written: drop it when nothing more is to be said.
#[must_use = "the last lines are written when it is dropped"]
pub struct LastLines(SyncSender<Item>);

impl Lines {
    /// Has a thread write what is taken to `out`.
    ///
    /// # Errors
    /// When there can be no further thread.
    pub(crate) fn to(out: impl Write + Send + 'static) -> io::Result<(Self, LastLines)> {
        let (queue, waiting) = sync_channel(MOST_WAITING);
        let losses = Arc::new(Losses::default());
        let told = Arc::clone(&losses);
        std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write(&waiting, Out::new(out), &told))?;
        let end = LastLines(queue.clone());
        Ok((Self { queue, losses }, end))
    }

    fn take(&self, line: &[u8]) {
        if self.queue.try_send(Item::Line(line.to_vec())).is_err() {
            self.losses.add(1);
        }
    }
}

impl Losses {
    fn add(&self, lines: u64) {
        self.lines.fetch_add(lines, Ordering::Relaxed);
        metrics::counter!("log_lines_lost_total").increment(lines);
    }

    /// Says how many were lost. What cannot be said now is said again: if nobody takes the notice, or none is asked for.
    fn tell(&self, out: &mut Out<impl Write>) {
        let count = self.lines.load(Ordering::Relaxed);
        if count == 0 {
            return;
        }
        tracing::warn!(
            target: NOTICE,
            lost = count,
            "log lines were lost: whoever takes them was too slow, or away"
        );
        let notice = std::mem::take(&mut *self.notice.lock().unwrap_or_else(PoisonError::into_inner));
        if !notice.is_empty() && out.put(&notice) == notice.len() {
            self.lines.fetch_sub(count, Ordering::Relaxed);
        }
    }
}

impl Drop for LastLines {
    fn drop(&mut self) {
        let (queue, (written, all)) = (self.0.clone(), sync_channel(1));
        // By another thread, for it waits until there is room: the end of the process does not wait longer than it says.
        let asked = std::thread::Builder::new().spawn(move || queue.send(Item::Written(written)));
        if asked.is_ok() {
            let _ = all.recv_timeout(LAST_LINES);
        }
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Taker<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Taker::Queue(self)
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Self::Writer {
        if meta.target() == NOTICE {
            Taker::Notice(&self.losses.notice)
        } else {
            Taker::Queue(self)
        }
    }
}

/// Takes a whole line at a time.
pub(crate) enum Taker<'a> {
    Queue(&'a Lines),
    Notice(&'a Mutex<Vec<u8>>),
}

impl Write for Taker<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self {
            Self::Queue(lines) => lines.take(line),
            Self::Notice(notice) => {
                line.clone_into(&mut notice.lock().unwrap_or_else(PoisonError::into_inner));
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Until nobody is left who could log.
fn write(waiting: &Receiver<Item>, mut out: Out<impl Write>, losses: &Losses) {
    let mut told = Instant::now();
    loop {
        match waiting.recv_timeout(TELL_EVERY) {
            Ok(first) => {
                let gathered = gather(first, waiting, pause);
                let written = out.put(&gathered.text);
                losses.add(gathered.lost(written));
                for caller in gathered.callers {
                    let _ = caller.send(());
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if told.elapsed() >= TELL_EVERY {
            losses.tell(&mut out);
            told = Instant::now();
        }
    }
}

/// Where lines are written to.
struct Out<W> {
    to: W,
    /// A line was begun there and not finished.
    torn: bool,
}

impl<W: Write> Out<W> {
    fn new(to: W) -> Self {
        Self { to, torn: false }
    }

    /// Writes whole lines; says how many bytes are written, which is all unless it fails. A line that was torn then is not
    /// continued by the next.
    fn put(&mut self, lines: &[u8]) -> usize {
        if self.torn {
            self.torn = self.put_bytes(b"\n") == 0;
        }
        if self.torn {
            return 0;
        }
        let written = self.put_bytes(lines);
        self.torn = lines[..written].last().is_some_and(|last| *last != b'\n');
        written
    }

    /// Waits for whoever takes them as long as it takes, even if writing does not wait of its own.
    fn put_bytes(&mut self, bytes: &[u8]) -> usize {
        let mut written = 0;
        while written < bytes.len() {
            match self.to.write(&bytes[written..]) {
                Ok(0) => break,
                Ok(more) => written += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => pause(),
                Err(_) => break,
            }
        }
        written
    }
}

/// What is written together.
#[derive(Default)]
struct Gathered {
    text: Vec<u8>,
    /// Where in it each line ends.
    ends: Vec<usize>,
    /// Who wait until it is.
    callers: Vec<SyncSender<()>>,
}

impl Gathered {
    fn add(&mut self, item: Item) {
        match item {
            Item::Line(line) => {
                self.text.extend_from_slice(&line);
                self.ends.push(self.text.len());
            }
            Item::Written(caller) => self.callers.push(caller),
        }
    }

    fn add_all(&mut self, waiting: &Receiver<Item>) {
        while !self.is_enough()
            && let Ok(next) = waiting.try_recv()
        {
            self.add(next);
        }
    }

    /// How many lines are not there as a whole when so many bytes are.
    fn lost(&self, written: usize) -> u64 {
        let (before, lost) = (self.ends.partition_point(|end| *end <= written), self.ends.len());
        (lost - before) as u64
    }

    fn is_enough(&self) -> bool {
        self.text.len() >= TOGETHER
    }
}

/// Waits for further lines only where there are few: no line is lost because this thread sleeps.
fn gather(first: Item, waiting: &Receiver<Item>, pause: impl FnOnce()) -> Gathered {
    let mut gathered = Gathered::default();
    gathered.add(first);
    gathered.add_all(waiting);
    if !gathered.is_enough() {
        pause();
        gathered.add_all(waiting);
    }
    gathered
}

#[expect(clippy::disallowed_methods, reason = "this thread is there to wait")]
fn pause() {
    std::thread::sleep(GATHER);
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use tracing_subscriber::filter::LevelFilter;

    use super::*;

    /// Takes what is written each time that it is let.
    struct Slow {
        let_go: Receiver<()>,
        taken: Sender<String>,
    }

    impl Write for Slow {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.let_go.recv().map_err(|_| ErrorKind::BrokenPipe)?;
            let taken = self.taken.send(String::from_utf8_lossy(text).into_owned());
            taken.map_err(|_| ErrorKind::BrokenPipe)?;
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn slow() -> (Lines, LastLines, Sender<()>, Receiver<String>) {
        let ((go, let_go), (taken, seen)) = (channel(), channel());
        let (lines, end) = Lines::to(Slow { let_go, taken }).unwrap();
        (lines, end, go, seen)
    }

    /// Lets it take what there is until this many lines have come; gives what was written each time.
    fn take(go: &Sender<()>, seen: &Receiver<String>, lines: usize) -> Vec<String> {
        let (mut writes, mut came) = (Vec::new(), 0);
        while came < lines {
            go.send(()).unwrap();
            let text = seen.recv().unwrap();
            came += text.lines().count();
            writes.push(text);
        }
        writes
    }

    /// Answers each writing with the next of these, and then takes everything.
    struct Moody {
        moods: std::vec::IntoIter<Result<usize, ErrorKind>>,
        taken: Vec<u8>,
    }

    impl Moody {
        fn new(moods: Vec<Result<usize, ErrorKind>>) -> Out<Self> {
            Out::new(Self {
                moods: moods.into_iter(),
                taken: Vec::new(),
            })
        }
    }

    impl Write for Moody {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            let taken = self.moods.next().unwrap_or(Ok(text.len()))?;
            self.taken.extend_from_slice(&text[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Loses a line while it takes what is written.
    struct Losing<'a>(&'a Losses);

    impl Write for Losing<'_> {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.add(1);
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn whoever_logs_does_not_wait_and_what_is_lost_is_counted() {
        const LONG: usize = 64;
        let (lines, _end, go, seen) = slow();
        let all = 3 * MOST_WAITING;
        for number in 0..all {
            lines.take(format!("{number:0width$}\n", width = LONG - 1).as_bytes());
        }
        let lost = usize::try_from(lines.losses.lines.load(Ordering::Relaxed)).unwrap();
        // Those that are on their way by then make room for as many.
        let room = MOST_WAITING..=MOST_WAITING + TOGETHER / LONG;
        assert!(room.contains(&(all - lost)), "{lost}");
        let text = take(&go, &seen, all - lost).concat();
        let written: Vec<usize> = text.lines().map(|line| line.parse().unwrap()).collect();
        assert_eq!(written.len(), all - lost);
        assert!(written.is_sorted() && written[0] == 0, "the first ones, in order");
    }

    #[test]
    fn lines_are_written_together() {
        let (lines, _end, go, seen) = slow();
        for _ in 0..100 {
            lines.take(b"a line\n");
        }
        // Those that were there when the first was taken, and the rest.
        assert!(take(&go, &seen, 100).len() <= 2);
        lines.take(b"another\n");
        go.send(()).unwrap();
        assert_eq!(seen.recv().unwrap(), "another\n");
        assert!(seen.try_recv().is_err(), "nothing comes twice");
    }

    #[test]
    fn few_lines_are_waited_for_and_many_are_not() {
        let (queue, waiting) = sync_channel(MOST_WAITING);
        let line = || Item::Line(vec![b'x'; 1024]);
        let one_by_one = gather(line(), &waiting, || queue.send(line()).unwrap());
        assert_eq!(one_by_one.ends.len(), 2, "what comes in the meantime goes along");
        for _ in 0..100 {
            queue.send(line()).unwrap();
        }
        let many = gather(line(), &waiting, || panic!("there is enough to write"));
        assert_eq!(many.text.len(), TOGETHER);
    }

    #[test]
    fn what_was_lost_is_told_when_there_is_room_and_as_often_as_it_was_lost() {
        let (lines, _end, _go, _seen) = slow();
        let losses = Arc::clone(&lines.losses);
        let left = || losses.lines.load(Ordering::Relaxed);
        let log = |most, lines, doing: &dyn Fn()| {
            let subscriber = tracing_subscriber::fmt().with_max_level(most).with_writer(lines);
            tracing::subscriber::with_default(subscriber.with_ansi(false).finish(), doing);
        };
        let told = |moods| {
            let mut out = Moody::new(moods);
            losses.tell(&mut out);
            String::from_utf8(out.to.taken).unwrap()
        };
        losses.add(7);
        log(LevelFilter::WARN, lines, &|| {
            told(vec![Err(ErrorKind::StorageFull)]);
            assert_eq!(left(), 7, "nobody took the notice");
            let notice = told(Vec::new());
            assert!(notice.contains("lost=7") && notice.ends_with('\n'), "{notice}");
            assert_eq!((left(), told(Vec::new()).as_str()), (0, ""), "once");

            losses.add(7);
            losses.tell(&mut Out::new(Losing(&losses)));
            assert_eq!(left(), 1, "what was lost in the meantime is told next");
        });
        let (lines, ..) = slow();
        log(LevelFilter::ERROR, lines, &|| {
            assert_eq!(
                (told(Vec::new()).as_str(), left()),
                ("", 1),
                "not asked for, so not told"
            );
        });
    }

    #[test]
    fn a_line_that_was_torn_is_not_continued_by_another() {
        let mut out = Moody::new(vec![
            Ok(2),
            Err(ErrorKind::WouldBlock),
            Err(ErrorKind::Interrupted),
            Ok(6),
            Err(ErrorKind::StorageFull),
            Err(ErrorKind::StorageFull),
        ]);
        assert_eq!(out.put(b"first\nsecond\n"), 8);
        assert_eq!(out.put(b"while it is full\n"), 0);
        assert_eq!(out.put(b"third\n"), 6);
        assert_eq!(String::from_utf8(out.to.taken).unwrap(), "first\nse\nthird\n");
    }

    #[test]
    fn lines_that_were_written_before_a_failure_are_not_lost() {
        let mut gathered = Gathered::default();
        for line in ["first\n", "second\n", "third\n"] {
            gathered.add(Item::Line(line.into()));
        }
        assert_eq!(gathered.lost(8), 2);
    }

    #[test]
    fn the_last_lines_are_written_before_the_end() {
        let (lines, end, go, seen) = slow();
        lines.take(b"the last one\n");
        go.send(()).unwrap();
        drop(end);
        assert_eq!(seen.try_recv().unwrap(), "the last one\n");
    }

    #[test]
    fn whoever_takes_no_lines_holds_nobody_up() {
        let (lines, end, go, seen) = slow();
        drop((go, seen));
        for _ in 0..3 * MOST_WAITING {
            lines.take(b"to nobody\n");
        }
        drop(end);
    }
}
