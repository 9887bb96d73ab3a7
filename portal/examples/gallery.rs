//! Writes every sample page in both languages, with the assets beside them, into the folder given as argument.
//!
//! For people who work on the pages: `cargo run -p portal --example gallery -- FOLDER`, then serve that
//! folder (modules need http) and look.

use std::path::PathBuf;
use std::{env, fs, io};

use jiff::tz::TimeZone;
use portal::pages::{Frame, gallery};
use ui::{Assets, Calendar, Lang, Words};

fn main() -> io::Result<()> {
    let folder: PathBuf = env::args_os()
        .nth(1)
        .ok_or_else(|| io::Error::other("name a folder"))?
        .into();
    let site = gallery::site();
    let calendar = Calendar {
        now_ms: gallery::NOW,
        zone: TimeZone::UTC,
    };
    for (path, _, bytes) in Assets::all() {
        let file = folder.join(path.trim_start_matches('/'));
        fs::create_dir_all(file.parent().unwrap_or(&folder))?;
        fs::write(file, bytes)?;
    }
    for (name, draw) in gallery::pages() {
        for lang in Lang::ALL {
            let frame = Frame {
                words: Words::of(lang),
                calendar: &calendar,
                site: &site,
                path: "/recovery",
            };
            fs::write(
                folder.join(format!("{name}-{}.html", lang.tag())),
                draw(&frame).into_string(),
            )?;
        }
    }
    Ok(())
}
