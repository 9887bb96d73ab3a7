//! Files that must be whole or not there, and private.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// A file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {wrong}", path.display())]
pub struct FileError {
    /// Which one.
    pub path: PathBuf,
    /// What the system says.
    pub wrong: io::Error,
}

/// Names the file of an error.
pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> FileError {
    let path = path.to_owned();
    move |wrong| FileError { path, wrong }
}

/// Puts a private file (0600) in its place at once: whoever looks sees what was there before, or all of it.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    Fresh::write(path, bytes)?.put()
}

/// Tries whether [`replace`] could put something there.
pub(crate) fn can_replace(path: &Path) -> Result<(), FileError> {
    Fresh::write(path, b"").map(drop)
}

/// A private file (0600) that lies, whole and on the disk, beside the place that it is for. Dropped, it is gone.
pub(crate) struct Fresh<'a> {
    place: &'a Path,
    beside: PathBuf,
}

impl<'a> Fresh<'a> {
    pub(crate) fn write(place: &'a Path, bytes: &[u8]) -> Result<Self, FileError> {
        let mut beside = place.as_os_str().to_owned();
        beside.push(".new");
        let fresh = Self {
            place,
            beside: beside.into(),
        };
        remove(&fresh.beside)?; // left behind by a run that was cut short
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&fresh.beside)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .map_err(at(&fresh.beside))?;
        Ok(fresh)
    }

    /// In the place of what is there.
    pub(crate) fn put(self) -> Result<(), FileError> {
        fs::rename(&self.beside, self.place).map_err(at(self.place))?;
        sync_folder(self.place)
    }
}

impl Drop for Fresh<'_> {
    fn drop(&mut self) {
        drop(remove(&self.beside)); // in its place by now, or of no use
    }
}

/// Makes the folder's entries durable, as after a rename.
pub(crate) fn sync_folder(path: &Path) -> Result<(), FileError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(at(folder))
}

/// The text of a file that may hold a secret.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<String>, FileError> {
    fs::read_to_string(path).map(Zeroizing::new).map_err(at(path))
}

/// Removes it, if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(wrong) if wrong.kind() != ErrorKind::NotFound => Err(at(path)(wrong)),
        _ => Ok(()),
    }
}

/// Makes the folder, for this user alone, if it is not there.
pub(crate) fn private_folder(path: &Path) -> Result<(), FileError> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o700)))
        .map_err(at(path))
}

/// The permission bits of others, if they have any; a file that is not there has none.
pub(crate) fn open_to_others(path: &Path) -> Option<u32> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        fs::write(&path, "old").unwrap();
        fs::write(folder.path().join("a.json.new"), "left behind").unwrap();
        replace(&path, b"fresh").unwrap();
        assert_eq!(read(&path).unwrap().as_str(), "fresh");
        assert_eq!(open_to_others(&path), None);
        assert!(!folder.path().join("a.json.new").exists());
        remove(&path).unwrap();
        remove(&path).unwrap();
    }
}
