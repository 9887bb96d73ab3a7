//! Log lines leave on a thread of their own, because whoever takes them may be slow, full or gone.
//!
//! A line that cannot be written at once would otherwise hold up the worker that serves everybody, and `eprintln!` panics
//! when standard error is closed. So nobody who logs waits: a line beyond those that wait, or that cannot be written, is lost,
//! counted, and told of as soon as there is room.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

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

/// Takes lines.
pub(crate) struct Lines {
    queue: SyncSender<Item>,
    lost: Arc<AtomicU64>,
}

enum Item {
    Line(Vec<u8>),
    /// Everything before it is written: somebody waits for that.
    Written(SyncSender<()>),
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
        let lost = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&lost);
        std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write(&waiting, out, &counted))?;
        let end = LastLines(queue.clone());
        Ok((Self { queue, lost }, end))
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
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

/// A whole line at a time.
impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.queue.try_send(Item::Line(line.to_vec())).is_err() {
            lose(&self.lost, 1);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lose(lost: &AtomicU64, lines: u64) {
    lost.fetch_add(lines, Ordering::Relaxed);
    metrics::counter!("log_lines_lost_total").increment(lines);
}

/// Until nobody is left who could log.
fn write(waiting: &Receiver<Item>, mut out: impl Write, lost: &AtomicU64) {
    let mut told = Instant::now();
    loop {
        match waiting.recv_timeout(TELL_EVERY) {
            Ok(first) => {
                let gathered = gather(first, waiting);
                if out.write_all(&gathered.text).is_err() {
                    lose(lost, gathered.lines);
                }
                for caller in gathered.callers {
                    let _ = caller.send(());
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if told.elapsed() >= TELL_EVERY {
            tell(lost);
            told = Instant::now();
        }
    }
}

/// What is written together.
#[derive(Default)]
struct Gathered {
    text: Vec<u8>,
    lines: u64,
    /// Who wait until it is.
    callers: Vec<SyncSender<()>>,
}

impl Gathered {
    fn add(&mut self, item: Item) {
        match item {
            Item::Line(line) => {
                self.text.extend_from_slice(&line);
                self.lines += 1;
            }
            Item::Written(caller) => self.callers.push(caller),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this thread is there to wait")]
fn gather(first: Item, waiting: &Receiver<Item>) -> Gathered {
    let mut gathered = Gathered::default();
    gathered.add(first);
    std::thread::sleep(GATHER);
    while gathered.text.len() < TOGETHER
        && let Ok(next) = waiting.try_recv()
    {
        gathered.add(next);
    }
    gathered
}

/// Says how many were lost, by a line that is queued like any other. If that is lost, too, it is said again.
fn tell(lost: &AtomicU64) {
    let count = lost.load(Ordering::Relaxed);
    if count > 0 {
        tracing::warn!(
            lost = count,
            "log lines were lost: whoever takes them was too slow, or away"
        );
        if lost.load(Ordering::Relaxed) == count {
            lost.fetch_sub(count, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    /// Takes what is written each time that it is let.
    struct Slow {
        let_go: Receiver<()>,
        taken: std::sync::mpsc::Sender<String>,
    }

    impl Write for Slow {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.let_go.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
            let taken = self.taken.send(String::from_utf8_lossy(text).into_owned());
            taken.map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn slow() -> (Lines, LastLines, std::sync::mpsc::Sender<()>, Receiver<String>) {
        let ((go, let_go), (taken, seen)) = (channel(), channel());
        let (lines, end) = Lines::to(Slow { let_go, taken }).unwrap();
        (lines, end, go, seen)
    }

    /// Lets it take what there is until this many lines have come.
    fn take(go: &std::sync::mpsc::Sender<()>, seen: &Receiver<String>, lines: usize) -> String {
        let mut text = String::new();
        while text.lines().count() < lines {
            go.send(()).unwrap();
            text.push_str(&seen.recv().unwrap());
        }
        text
    }

    #[test]
    fn whoever_logs_does_not_wait_and_what_is_lost_is_counted() {
        let (lines, _end, go, seen) = slow();
        let all = 3 * MOST_WAITING;
        for number in 0..all {
            (&lines).write_all(format!("{number}\n").as_bytes()).unwrap();
        }
        let lost = usize::try_from(lines.lost.load(Ordering::Relaxed)).unwrap();
        // Those that are on their way by then make room for as many.
        assert!(lost > 0 && lost <= all - MOST_WAITING, "{lost}");
        let text = take(&go, &seen, all - lost);
        let written: Vec<usize> = text.lines().map(|line| line.parse().unwrap()).collect();
        assert_eq!(written.len(), all - lost);
        assert!(written.is_sorted() && written[0] == 0, "the first ones, in order");
    }

    #[test]
    fn lines_are_written_together() {
        let (lines, _end, go, seen) = slow();
        for _ in 0..100 {
            (&lines).write_all(b"a line\n").unwrap();
        }
        take(&go, &seen, 100);
        (&lines).write_all(b"another\n").unwrap();
        go.send(()).unwrap();
        assert_eq!(seen.recv().unwrap(), "another\n");
        assert!(seen.try_recv().is_err(), "nothing comes twice");
    }

    #[test]
    fn what_was_lost_is_told_when_there_is_room_and_as_often_as_it_was_lost() {
        let (lines, _end, go, seen) = slow();
        let lost = Arc::clone(&lines.lost);
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(lines)
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let before = AtomicU64::new(7);
            tell(&before);
            assert!(take(&go, &seen, 1).contains("lost=7"));
            assert_eq!(before.load(Ordering::Relaxed), 0);
            // Nobody takes anything: the queue is full, and the notice has no room either.
            let before = loop {
                tracing::info!("a line");
                let so_far = lost.load(Ordering::Relaxed);
                if so_far > MOST_WAITING as u64 {
                    break so_far;
                }
            };
            tell(&lost);
            assert!(lost.load(Ordering::Relaxed) > before, "not forgotten");
        });
    }

    #[test]
    fn the_last_lines_are_written_before_the_end() {
        let (lines, end, go, seen) = slow();
        (&lines).write_all(b"the last one\n").unwrap();
        go.send(()).unwrap();
        drop(end);
        assert_eq!(seen.try_recv().unwrap(), "the last one\n");
    }

    #[test]
    fn whoever_takes_no_lines_holds_nobody_up() {
        let (lines, end, go, seen) = slow();
        drop((go, seen));
        for _ in 0..3 * MOST_WAITING {
            (&lines).write_all(b"to nobody\n").unwrap();
        }
        drop(end);
    }
}
