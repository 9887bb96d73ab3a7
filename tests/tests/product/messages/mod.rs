//! One-time messages between real processes: shown once, known inside, gone afterwards, whatever fails.

mod at_once;
mod certificate;
mod changed;
mod clocks;
mod core_restored;
mod embedded;
mod faults;
mod first_day;
mod flood;
mod full;
mod gone;
mod kept;
mod killed;
mod large;
mod pins;
mod previews;
mod read_once;
mod restored;
mod reverted;
mod seen;
mod steps;
mod synced;
mod tool;
