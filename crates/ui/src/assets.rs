//! The stylesheet, the scripts and the icon, compiled in and served under one folder named after their digest.
//!
//! One digest for the whole set, as a folder: the modules import each other by relative path, so names of their
//! own would have to be written into the files. Any change of any file gives a new folder, and what stands under
//! a folder never changes, so it may be cached for ever.

use std::sync::LazyLock;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// Name, content type and bytes of each file.
const FILES: &[(&str, &str, &[u8])] = &[
    (
        "site.css",
        "text/css; charset=utf-8",
        include_bytes!("../assets/site.css"),
    ),
    ("mark.svg", "image/svg+xml", include_bytes!("../assets/mark.svg")),
    ("portal.js", JAVASCRIPT, include_bytes!("../assets/portal.js")),
    ("enrol.js", JAVASCRIPT, include_bytes!("../assets/enrol.js")),
    (
        "generator.js",
        JAVASCRIPT,
        include_bytes!("../assets/generator.js"),
    ),
    ("rules.js", JAVASCRIPT, include_bytes!("../assets/rules.js")),
    ("seal.js", JAVASCRIPT, include_bytes!("../assets/seal.js")),
    ("content.js", JAVASCRIPT, include_bytes!("../assets/content.js")),
    ("drop-box.js", JAVASCRIPT, include_bytes!("../assets/drop-box.js")),
    ("drop.js", JAVASCRIPT, include_bytes!("../assets/drop.js")),
    ("envelope.js", JAVASCRIPT, include_bytes!("../assets/envelope.js")),
    ("message.js", JAVASCRIPT, include_bytes!("../assets/message.js")),
    ("panels.js", JAVASCRIPT, include_bytes!("../assets/panels.js")),
    ("words.js", JAVASCRIPT, include_bytes!("../assets/words.js")),
];
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

static FOLDER: LazyLock<String> = LazyLock::new(|| {
    let mut digest = Sha256::new();
    for (name, _, bytes) in FILES {
        digest.update(name.as_bytes());
        digest.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(bytes);
    }
    format!("/assets/{}/", HEXLOWER.encode(&digest.finalize()[..8]))
});

/// The files that pages load.
pub struct Assets;

impl Assets {
    /// What `Cache-Control` says of each.
    pub const CACHING: &str = "public, max-age=31536000, immutable";

    /// The path of the file `name` as pages name it, for example `/assets/0123456789abcdef/site.css`.
    pub fn url(name: &str) -> String {
        debug_assert!(
            FILES.iter().any(|file| file.0 == name),
            "there is no asset {name}"
        );
        format!("{}{name}", *FOLDER)
    }

    /// Content type and bytes of what stands at `path`; `None` for anything else, old digests included.
    /// The answer may be cached without end, see [`CACHING`](Self::CACHING).
    pub fn get(path: &str) -> Option<(&'static str, &'static [u8])> {
        let name = path.strip_prefix(FOLDER.as_str())?;
        FILES
            .iter()
            .find(|file| file.0 == name)
            .map(|file| (file.1, file.2))
    }

    /// Every file as path, content type and bytes, for the digest of the public pages.
    pub fn all() -> impl Iterator<Item = (String, &'static str, &'static [u8])> {
        FILES
            .iter()
            .map(|(name, kind, bytes)| (Self::url(name), *kind, *bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_found_by_its_address_only() {
        let url = Assets::url("site.css");
        assert_eq!(
            Assets::get(&url).expect("the stylesheet").0,
            "text/css; charset=utf-8"
        );
        assert!(Assets::get("/assets/site.css").is_none());
        assert!(Assets::get("/assets/0000000000000000/site.css").is_none());
        assert!(Assets::get(&format!("{url}/../site.css")).is_none());
    }

    #[test]
    fn every_import_of_a_script_is_an_asset() {
        for (name, kind, bytes) in FILES {
            if *kind != JAVASCRIPT {
                continue;
            }
            let text = std::str::from_utf8(bytes).expect("scripts are UTF-8");
            for line in text.lines().filter(|line| line.contains(" from \"")) {
                let path = line.rsplit('"').nth(1).unwrap_or_default();
                let file = path
                    .strip_prefix("./")
                    .unwrap_or_else(|| panic!("{name} imports {path}"));
                assert!(
                    FILES.iter().any(|f| f.0 == file),
                    "{name} imports {file}, which is not served"
                );
            }
        }
    }
}
