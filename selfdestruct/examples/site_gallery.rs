//! Writes every sample page in both languages, with the assets beside them, into the folder given as argument.
//!
//! For people who work on the pages: `cargo run -p selfdestruct --example site_gallery -- FOLDER`, then serve that
//! folder (modules need http) and look.

use std::path::PathBuf;
use std::{env, fs, io};

use selfdestruct::pages::{Frame, gallery, site};
use ui::{Assets, Lang, Words};

fn main() -> io::Result<()> {
    let folder: PathBuf = env::args_os()
        .nth(1)
        .ok_or_else(|| io::Error::other("name a folder"))?
        .into();
    let site = site(&gallery::look());
    for (path, _, bytes) in Assets::all() {
        let file = folder.join(path.trim_start_matches('/'));
        fs::create_dir_all(file.parent().unwrap_or(&folder))?;
        fs::write(file, bytes)?;
    }
    for lang in Lang::ALL {
        let frame = Frame {
            words: Words::of(lang),
            site: &site,
        };
        for (name, page) in gallery::pages(&frame) {
            let file = format!("{name}-{}.html", lang.tag());
            fs::write(folder.join(file), page.into_string())?;
        }
    }
    Ok(())
}
