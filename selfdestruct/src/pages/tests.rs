//! Every page in both languages, held by snapshots, and what must hold for all of them.

use ui::{Assets, Lang, Words};

use super::{Frame, drop_box, gallery, message, site};

/// Each sample as name, language and text.
fn samples() -> Vec<(&'static str, Lang, String)> {
    let site = site(&gallery::look());
    let draw = |lang| {
        let frame = Frame {
            words: Words::of(lang),
            site: &site,
        };
        let pages = gallery::pages(&frame);
        pages
            .into_iter()
            .map(move |(name, page)| (name, lang, page.into_string()))
    };
    Lang::ALL.into_iter().flat_map(draw).collect()
}

/// One tag a line, the assets' digest blotted out, so that a change reads well in a review.
fn pretty(page: &str) -> String {
    let folder = Assets::url("site.css").replace("site.css", "");
    page.replace(&folder, "ASSETS/").replace("><", ">\n<")
}

#[test]
fn every_page_in_both_languages() {
    for (name, lang, page) in samples() {
        insta::assert_snapshot!(format!("{name}-{}", lang.tag()), pretty(&page));
    }
}

#[test]
fn nothing_is_inline_and_every_document_is_whole() {
    for (name, lang, page) in samples() {
        for inline in [" style=", "<style", "javascript:", " onclick", " onsubmit"] {
            assert!(!page.contains(inline), "{name} contains {inline}");
        }
        assert_eq!(page.matches("<h1").count(), 1, "{name} has one h1");
        assert_eq!(page.matches("<main").count(), 1, "{name} has one main");
        assert_eq!(
            page.matches("<script").count(),
            page.matches("<script type=\"module\" src=").count()
        );
        assert!(page.contains(&format!("<html lang=\"{}\">", lang.tag())));
    }
}

#[test]
fn ids_are_unique_and_every_label_has_its_field() {
    for (name, _, page) in samples() {
        let ids = values(&page, " id=\"");
        for (i, id) in ids.iter().enumerate() {
            assert!(!ids[i + 1..].contains(id), "{name} has the id {id} twice");
        }
        for attribute in [
            " for=\"",
            " aria-describedby=\"",
            " aria-labelledby=\"",
            " aria-controls=\"",
            " href=\"#",
        ] {
            for id in values(&page, attribute).iter().flat_map(|ids| ids.split(' ')) {
                assert!(ids.contains(&id), "{name} points to {id} by{attribute}");
            }
        }
    }
}

fn values<'a>(page: &'a str, before: &str) -> Vec<&'a str> {
    page.split(before)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

#[test]
fn the_pages_of_messages_and_drop_boxes_are_the_same_bytes_for_everybody() {
    let site = site(&gallery::look());
    let frame = Frame {
        words: Words::of(Lang::En),
        site: &site,
    };
    for draw in [message::page, drop_box::page] {
        let page = draw(&frame).into_string();
        assert_eq!(page, draw(&frame).into_string());
        assert!(page.contains("href=\"?lang=de\""), "the switch keeps the address");
        assert!(
            !page.contains("<form method"),
            "nothing is sent without the script"
        );
    }
}

/// The script shows states by name; the page must have them all, and none that nobody shows.
#[test]
fn every_state_that_a_script_shows_is_on_its_page() {
    let scripts: [(&str, &str); 2] = [
        ("message", include_str!("../../../crates/ui/assets/message.js")),
        ("drop-box", include_str!("../../../crates/ui/assets/drop.js")),
    ];
    let pages = samples();
    for (page, script) in scripts {
        let (_, _, text) = pages.iter().find(|(name, ..)| *name == page).expect("the sample");
        let panels = values(text, " data-panel=\"");
        let is_shown = |panel: &str| script.contains(&format!("\"{panel}\""));
        for panel in &panels {
            assert!(
                is_shown(panel) || panel.starts_with("ended-"),
                "{page}: nobody shows {panel}"
            );
        }
        let shown = ["show(\"", "lead(\""];
        for panel in shown.iter().flat_map(|call| values(script, call)) {
            assert!(panels.contains(&panel), "{page} has no {panel}");
        }
    }
}
