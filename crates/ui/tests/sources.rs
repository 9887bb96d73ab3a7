//! Reads the repository's sources: what the content security policy and maud's escaping rely on.

mod walk;

use walk::{repository_sources, without_comments};

/// Patterns that no page may contain, and the one file that may, with the reason.
const FORBIDDEN: &[(&str, &str)] = &[
    // Markup that was not escaped: only the frame may need it.
    ("PreEscaped(", "crates/ui/src/layout.rs"),
    // Both would need `unsafe-inline`.
    (" style=", ""),
    ("<style", ""),
];

#[test]
fn nothing_is_inline_and_nothing_goes_unescaped() {
    let sources = repository_sources(&["rs"]);
    assert!(sources.len() > 20, "the walk finds the repository");
    for (path, text) in sources {
        // Tests name what they forbid.
        if path.contains("/tests/") || path.ends_with("tests.rs") {
            continue;
        }
        let text = without_comments(&text);
        for (pattern, exception) in FORBIDDEN {
            let is_excepted = path == *exception;
            assert!(
                is_excepted || !text.contains(pattern),
                "{path} contains {pattern}"
            );
        }
        assert!(!has_handler(&text), "{path} has an on… attribute");
    }
}

/// Whether an attribute such as `onclick=` stands in maud markup: a word that begins with "on", then `="` or `=(`.
fn has_handler(text: &str) -> bool {
    ["=\"", "=("].iter().any(|end| {
        text.match_indices(end).any(|(at, _)| {
            let word = text[..at]
                .rsplit(|c: char| !c.is_ascii_lowercase())
                .next()
                .unwrap_or_default();
            word.len() > 4 && word.starts_with("on")
        })
    })
}

#[test]
fn the_scan_finds_what_it_is_for() {
    assert!(has_handler("button onclick=\"f()\" {}") && has_handler("form onsubmit=(x) {}"));
    assert!(!has_handler("let on = x; button class=\"online\" {}"));
}
