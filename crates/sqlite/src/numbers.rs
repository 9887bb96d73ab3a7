//! Figures for the metrics page.

use std::sync::atomic::{AtomicU64, Ordering};

/// What the writer has done since the database was opened, and what waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// Tasks that wait for the writer now.
    pub queued: u64,
    /// The most that can wait; at this number a further write waits before it is taken.
    pub queue_limit: u64,
    /// Transactions committed.
    pub groups: u64,
    /// Jobs whose change was committed.
    pub written: u64,
    /// Jobs that were undone: refused by themselves, panicked, or lost with their transaction.
    pub undone: u64,
    /// The most jobs that shared one commit.
    pub largest_group: u64,
    /// Transactions that could not be begun or committed. More than none wants an operator.
    pub failed_groups: u64,
}

/// The writer's side of [`Numbers`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    groups: AtomicU64,
    written: AtomicU64,
    undone: AtomicU64,
    largest_group: AtomicU64,
    failed_groups: AtomicU64,
}

impl Counters {
    pub(crate) fn committed(&self, written: u64, undone: u64) {
        self.groups.fetch_add(1, Ordering::Relaxed);
        self.written.fetch_add(written, Ordering::Relaxed);
        self.undone.fetch_add(undone, Ordering::Relaxed);
        self.largest_group.fetch_max(written + undone, Ordering::Relaxed);
    }

    pub(crate) fn lost(&self, jobs: u64) {
        self.failed_groups.fetch_add(1, Ordering::Relaxed);
        self.undone.fetch_add(jobs, Ordering::Relaxed);
    }

    pub(crate) fn read(&self, queued: usize, queue_limit: usize) -> Numbers {
        Numbers {
            queued: queued as u64,
            queue_limit: queue_limit as u64,
            groups: self.groups.load(Ordering::Relaxed),
            written: self.written.load(Ordering::Relaxed),
            undone: self.undone.load(Ordering::Relaxed),
            largest_group: self.largest_group.load(Ordering::Relaxed),
            failed_groups: self.failed_groups.load(Ordering::Relaxed),
        }
    }
}
