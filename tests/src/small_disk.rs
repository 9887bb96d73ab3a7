//! A small file system of its own for one folder, which a test fills up.

use std::fs::{File, remove_file};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::folder::copy;

/// Mounted at a folder, with what was in it; needs root. Dropped, it is gone with everything.
pub struct SmallDisk {
    place: PathBuf,
}

impl SmallDisk {
    /// Puts one of so many MiB in the place of a folder that nobody uses at the moment.
    ///
    /// # Panics
    /// When it cannot be mounted.
    pub fn at(place: &Path, mebibytes: u32) -> Self {
        let aside = place.with_extension("aside");
        copy(place, &aside);
        let size = format!("size={mebibytes}m,mode=0700");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(place)
            .status();
        assert!(
            mounted.is_ok_and(|status| status.success()),
            "only root can mount a file system"
        );
        let disk = Self {
            place: place.to_owned(),
        };
        let copied = Command::new("cp")
            .args(["--archive", "--no-target-directory"])
            .args([&aside, place])
            .status();
        assert!(copied.is_ok_and(|status| status.success()), "its files are there");
        disk
    }

    fn ballast(&self) -> PathBuf {
        self.place.join("ballast")
    }

    /// Leaves no room.
    ///
    /// # Panics
    /// When something else than that goes wrong.
    pub fn fill(&self) {
        let mut ballast = File::create(self.ballast()).expect("there is room for a name");
        let zeros = vec![0; 1 << 20];
        for piece in [&zeros[..], &zeros[..4096]] {
            let full = loop {
                if let Err(error) = ballast.write_all(piece) {
                    break error;
                }
            };
            assert_eq!(full.kind(), ErrorKind::StorageFull);
        }
    }

    /// Makes room again.
    ///
    /// # Panics
    /// When it was not filled.
    pub fn make_room(&self) {
        remove_file(self.ballast()).expect("it was filled");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: whoever was just killed may still hold a file for a moment.
        let _ = Command::new("umount").arg("--lazy").arg(&self.place).status();
    }
}
