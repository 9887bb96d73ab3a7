//! Names of files as somebody sent them, made fit to be saved: `vectors/messages.json` holds the page's script to the
//! same rules.

/// Longest name, in bytes of UTF-8: file systems end at 255, and browsers add " (1)" to what exists already.
const MAX_NAME: usize = 200;
/// Longest ending that is kept when a name is cut, in bytes and with its dot.
const MAX_ENDING: usize = 20;
/// What a file is called whose name leaves nothing.
const NAMELESS: &str = "file";
/// Names that mean a device on Windows, whatever ending follows.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The name without folders, without what cannot be seen or turns the reading direction, without what some system
/// reserves, and not too long.
pub(crate) fn clean(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen: String = name.chars().filter(|c| !is_unseen(*c)).map(allowed).collect();
    // A dot ahead hides a file; a dot or a space behind is lost on Windows.
    let trimmed = seen.trim_matches([' ', '.', '\u{a0}']);
    let cut = shorten(trimmed);
    match cut.as_str() {
        "" => NAMELESS.to_owned(),
        name if is_device(name) => format!("_{name}"),
        _ => cut,
    }
}

/// Control characters, and format characters that are not seen but change what is: reading directions above all.
/// The joiners stay, because scripts and emoji need them.
const fn is_unseen(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}'
        | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// Windows allows none of these; a colon names a hidden stream there.
const fn allowed(c: char) -> char {
    match c {
        '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
        c => c,
    }
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(' ');
    let stem = stem.to_ascii_lowercase();
    let numbered = |kind| {
        stem.strip_prefix(kind)
            .is_some_and(|n: &str| matches!(n.as_bytes(), [b'1'..=b'9']))
    };
    DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

/// Cuts in front of the ending, between two characters.
fn shorten(name: &str) -> String {
    if name.len() <= MAX_NAME {
        return name.to_owned();
    }
    let ending = name.rfind('.').map_or("", |at| &name[at..]);
    let ending = if ending.len() <= MAX_ENDING { ending } else { "" };
    let stem = &name[..name.floor_char_boundary(MAX_NAME - ending.len())];
    format!("{}{ending}", stem.trim_end_matches([' ', '.', '\u{a0}']))
}

/// A type of a file (RFC 6838) if it is shaped like one. It is only ever shown: what is saved is served as bytes.
pub(crate) fn clean_kind(kind: &str) -> String {
    const UNKNOWN: &str = "application/octet-stream";
    let is_name = |part: &str| {
        (1..=63).contains(&part.len())
            && part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c))
    };
    match kind.split_once('/') {
        Some((top, sub)) if is_name(top) && is_name(sub) => kind.to_ascii_lowercase(),
        _ => UNKNOWN.to_owned(),
    }
}

/// Sets the names apart that are equal, in capital letters or not: they may be saved into one folder.
pub(crate) fn set_apart(names: &mut [String]) {
    for at in 1..names.len() {
        let (before, rest) = names.split_at_mut(at);
        let name = &mut rest[0];
        let is_taken = |wanted: &str| {
            let wanted = wanted.to_lowercase();
            before.iter().any(|other| other.to_lowercase() == wanted)
        };
        let (stem, ending) = name.split_at(name.rfind('.').unwrap_or(name.len()));
        // One more than can be taken.
        let free = (2..=before.len() + 2)
            .map(|number| format!("{stem} ({number}){ending}"))
            .find(|wanted| !is_taken(wanted));
        if let (true, Some(free)) = (is_taken(name), free) {
            *name = free;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_between_characters_and_keeps_its_ending() {
        let long = clean(&format!("{}.pdf", "ä".repeat(200)));
        assert!(long.len() <= MAX_NAME && long.ends_with("ä.pdf"), "{long}");
        let endless = clean(&format!("a.{}", "x".repeat(300)));
        assert_eq!(endless.len(), MAX_NAME);
    }

    #[test]
    fn cleaning_twice_changes_nothing() {
        for name in [
            "../x",
            "a\u{202e}fdp.exe",
            "..",
            "NUL.txt",
            "a:b",
            &"é.".repeat(200),
        ] {
            assert_eq!(clean(&clean(name)), clean(name), "{name}");
        }
    }

    #[test]
    fn equal_names_are_set_apart() {
        let mut names = ["a.txt", "A.TXT", "a.txt", "a (2).txt", "b", "b"].map(str::to_owned);
        set_apart(&mut names);
        assert_eq!(
            names,
            ["a.txt", "A (2).TXT", "a (3).txt", "a (2) (2).txt", "b", "b (2)"]
        );
    }
}
