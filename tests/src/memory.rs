//! The memory of a running process, as a dump would show it.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;

/// Gives each writable region of the process to `look`, in pieces that overlap, so that nothing is cut in two.
///
/// # Errors
/// When the process is not there, or not ours to look into.
pub fn read(pid: u32, mut look: impl FnMut(&[u8])) -> io::Result<()> {
    /// More than any form of any secret that is looked for.
    const OVERLAP: usize = 4096;
    const PIECE: usize = 1024 * 1024;
    let maps = fs::read_to_string(format!("/proc/{pid}/maps"))?;
    let memory = File::open(format!("/proc/{pid}/mem"))?;
    let mut piece = vec![0; PIECE + OVERLAP];
    for (start, end) in maps.lines().filter_map(writable) {
        let mut at = start;
        while at < end {
            let length = usize::try_from(end - at).map_or(piece.len(), |left| left.min(piece.len()));
            // A region may go while it is read; what is gone cannot be in a dump either.
            let Ok(read) = memory.read_at(&mut piece[..length], at) else {
                break;
            };
            look(&piece[..read]);
            if read <= OVERLAP {
                break;
            }
            at += (read - OVERLAP) as u64;
        }
    }
    Ok(())
}

/// The addresses of a line of `/proc/PID/maps`, if the process may write there.
fn writable(line: &str) -> Option<(u64, u64)> {
    let (range, rest) = line.split_once(' ')?;
    let (start, end) = range.split_once('-')?;
    let parse = |text| u64::from_str_radix(text, 16).ok();
    rest.starts_with("rw").then_some((parse(start)?, parse(end)?))
}

/// The most memory that a process has had so far, in bytes.
///
/// # Panics
/// When there is no such process.
pub fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.expect("the kernel tells it") * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_in_memory_is_found() {
        let kept = Box::new(*b"kept for a while");
        let mut found = false;
        let needle: Vec<u8> = b"KEPT FOR A WHILE".to_ascii_lowercase();
        read(std::process::id(), |piece| {
            found |= piece
                .windows(needle.len())
                .any(|window| window == kept.as_slice());
        })
        .expect("one's own memory");
        assert!(found);
    }
}
