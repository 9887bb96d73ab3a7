//! A folder for one test: gone afterwards, unless the test failed and somebody will want to look.

use std::fmt::Write as _;
use std::fs::FileType;
use std::ops::Deref;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

/// A temporary folder that outlives a failed test, says where it is and how its logs end.
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
            eprint!("{}", ends_of_logs(&kept));
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

/// The last lines of every log in a folder and below. From CI they are all that one gets to see.
fn ends_of_logs(folder: &Path) -> String {
    const LINES: usize = 15;
    const BYTES: usize = 16 * 1024;
    let mut ends = String::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, kind) = (entry.path(), entry.file_type());
        if kind.as_ref().is_ok_and(FileType::is_dir) {
            ends += &ends_of_logs(&path);
        } else if kind.is_ok_and(|kind| kind.is_file()) && path.extension().is_some_and(|end| end == "log") {
            let log = std::fs::read(&path).unwrap_or_default();
            let end = String::from_utf8_lossy(&log[log.len().saturating_sub(BYTES)..]);
            // A browser calls parts of its databases logs.
            if end.is_empty() || end.contains('\0') {
                continue;
            }
            let lines: Vec<&str> = end.lines().collect();
            let last = &lines[lines.len().saturating_sub(LINES)..];
            let _ = writeln!(ends, "the end of {}:\n{}", path.display(), last.join("\n"));
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use std::fs::{create_dir, write};
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn the_ends_of_logs_are_found_below_and_not_through_links() {
        let folder = Folder::new();
        create_dir(folder.join("below")).unwrap();
        let lines: Vec<String> = (0..100).map(|number| format!("line {number}\n")).collect();
        write(folder.join("below/server.log"), lines.concat()).unwrap();
        write(folder.join("000003.log"), b"a\0b").unwrap();
        write(folder.join("else.txt"), "not a log").unwrap();
        symlink(folder.join("else.txt"), folder.join("link.log")).unwrap();
        symlink(&*folder, folder.join("below/back")).unwrap();
        let ends = ends_of_logs(&folder);
        assert!(ends.contains("below/server.log:\nline 85\n"), "{ends}");
        assert!(
            ends.ends_with("line 99\n") && !ends.contains("line 84\n"),
            "{ends}"
        );
        assert_eq!(ends.matches("the end of").count(), 1, "{ends}");
    }
}
