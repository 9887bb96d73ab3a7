//! One-time messages between real processes: shown once, known inside, gone afterwards, whatever fails.

mod at_once;
mod faults;
mod killed;
mod large;
mod previews;
mod read_once;
mod restored;
mod seen;
