//! A folder for one test: gone afterwards, unless the test failed and somebody will want to look.

use std::ops::Deref;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

/// A temporary folder that outlives a failed test and says where it is.
pub struct Folder {
    inner: Option<TempDir>,
}

impl Folder {
    /// A new, empty folder, readable by its owner only.
    pub fn new() -> Self {
        let inner = tempfile::Builder::new().prefix("sallyport-").tempdir();
        Self {
            inner: Some(inner.expect("the temporary folder is writable")),
        }
    }
}

/// Puts a copy of everything in a folder in the place of another one, which may be there.
///
/// # Panics
/// When it cannot be copied.
pub fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    let copied = Command::new("cp")
        .args(["--archive", "--no-target-directory"])
        .arg(from)
        .arg(to)
        .status();
    assert!(
        copied.is_ok_and(|status| status.success()),
        "{} is copied",
        from.display()
    );
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for Folder {
    type Target = Path;

    fn deref(&self) -> &Path {
        self.inner.as_ref().expect("taken only by drop").path()
    }
}

impl Drop for Folder {
    #[expect(
        clippy::print_stderr,
        reason = "shown with the failure of the test, and only then"
    )]
    fn drop(&mut self) {
        let Some(inner) = self.inner.take() else { return };
        if std::thread::panicking() {
            let kept = inner.keep();
            eprintln!("kept for inspection: {}", kept.display());
            eprint!("{}", last_words(&kept));
            return;
        }
        // A process that was just killed may still write for a moment, and what it writes would keep the folder.
        let path = inner.keep();
        for _ in 0..100 {
            if std::fs::remove_dir_all(&path).is_ok() {
                return;
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        eprintln!("cannot be removed: {}", path.display());
    }
}

/// The last lines of every log in a folder and those within it: of a test that failed elsewhere, all that one gets to see.
fn last_words(folder: &Path) -> String {
    const LINES: usize = 15;
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let words = entries.map(|entry| {
        let path = entry.path();
        // A link is not followed: it may lead back.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            return last_words(&path);
        }
        let is_log = path.extension().is_some_and(|extension| extension == "log");
        let log = is_log
            .then(|| std::fs::read(&path).ok())
            .flatten()
            .unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        let last = lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default();
        if last.is_empty() {
            return String::new();
        }
        format!("the end of {}:\n{}\n", path.display(), last.join("\n"))
    });
    words.collect()
}
