//! Every page in both languages, held by snapshots, and what must hold for all of them.

use jiff::tz::TimeZone;
use ui::{Calendar, Lang, Words};

use super::act::{ActView, Action};
use super::problem::{ProblemView, Trouble};
use super::refused::Refusal;
use super::state::{AccountState, Fact};
use super::{Frame, act, gallery, problem};

fn with_frame<T>(lang: Lang, draw: impl Fn(&Frame<'_>) -> T) -> T {
    let site = gallery::site();
    let calendar = Calendar {
        now_ms: gallery::NOW,
        zone: TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone of its own"),
    };
    draw(&Frame {
        words: Words::of(lang),
        calendar: &calendar,
        site: &site,
        path: "/recovery",
    })
}

/// One tag a line, the assets' digest blotted out, so that a change reads well in a review.
fn pretty(page: &str) -> String {
    let mut text = page.replace("><", ">\n<");
    while let Some(start) = text.find("/assets/") {
        let end = start + "/assets/".len() + 16;
        text.replace_range(start..end, "ASSETS");
    }
    text
}

#[test]
fn every_page_in_both_languages() {
    for (name, draw) in gallery::pages() {
        for lang in Lang::ALL {
            let page = with_frame(lang, draw).into_string();
            insta::assert_snapshot!(format!("{name}-{}", lang.tag()), pretty(&page));
        }
    }
}

#[test]
fn nothing_is_inline_and_every_document_is_whole() {
    for (name, draw) in gallery::pages() {
        for lang in Lang::ALL {
            let page = with_frame(lang, draw).into_string();
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
}

#[test]
fn ids_are_unique_and_every_label_has_its_field() {
    for (name, draw) in gallery::pages() {
        let page = with_frame(Lang::En, draw).into_string();
        let ids = values(&page, " id=\"");
        for (i, id) in ids.iter().enumerate() {
            assert!(!ids[i + 1..].contains(id), "{name} has the id {id} twice");
        }
        for attribute in [
            " for=\"",
            " aria-describedby=\"",
            " aria-labelledby=\"",
            " data-reveal=\"",
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
fn where_sealing_is_required_no_secret_has_a_name() {
    let (_, draw) = gallery::pages()
        .into_iter()
        .find(|(name, _)| *name == "act-sealed-only")
        .expect("the sample");
    let page = with_frame(Lang::En, draw).into_string();
    for field in page
        .split("<input")
        .skip(1)
        .filter(|field| field.contains("data-secret"))
    {
        let tag = field.split('>').next().unwrap_or_default();
        assert!(!tag.contains(" name="), "{tag}");
    }
    assert_eq!(page.matches("data-secret=").count(), 3);
}

#[test]
fn a_locked_account_is_offered_the_unlock_first() {
    let page = with_frame(Lang::En, |frame| act::page(frame, &ActView::sample())).into_string();
    let unlock = page.find("Unlock account").expect("the unlock button");
    let reset = page.find("Set new password").expect("the reset button");
    assert!(unlock < reset);

    let view = ActView {
        account: AccountState {
            facts: vec![],
            ..AccountState::sample()
        },
        ..ActView::sample()
    };
    let page = with_frame(Lang::En, |frame| act::page(frame, &view)).into_string();
    assert!(page.find("Unlock account") > page.find("Set new password"));
}

#[test]
fn every_refusal_and_every_state_has_words_in_both_languages() {
    let refusals = [
        Refusal::Missing,
        Refusal::Mismatch,
        Refusal::sample(),
        Refusal::Rules(vec![ui::rules::Rule::MinAge(gallery::NOW + 60_000)]),
        Refusal::Domain {
            reference: "R".into(),
        },
        Refusal::WrongPassword { tries_left: 0 },
        Refusal::WrongPassword { tries_left: 1 },
        Refusal::WrongPassword { tries_left: 2 },
        Refusal::NoMoreTries,
        Refusal::TooManyToday,
        Refusal::Forbidden {
            reference: "R".into(),
        },
        Refusal::DirectoryAway,
    ];
    let facts = vec![
        Fact::PasswordExpires(gallery::NOW),
        Fact::TooYoungUntil(gallery::NOW),
        Fact::PasswordExpired,
        Fact::MustChange,
        Fact::Locked { until: None },
        Fact::Expired(gallery::NOW),
        Fact::Disabled,
        Fact::Protected,
    ];
    let account = AccountState {
        name: "Alice".into(),
        facts,
    };
    for lang in Lang::ALL {
        let mut seen = Vec::new();
        for refusal in &refusals {
            let view = ActView {
                account: account.clone(),
                refused: Some((Action::Change, refusal.clone())),
                ..ActView::sample_change()
            };
            let page = with_frame(lang, |frame| act::page(frame, &view)).into_string();
            assert!(page.contains("role=\"alert\""), "{refusal:?}");
            assert!(!seen.contains(&page), "{refusal:?} reads like another one");
            seen.push(page);
        }
        for trouble in Trouble::ALL {
            let view = ProblemView {
                trouble,
                reference: Some("7F3K".into()),
            };
            let page = with_frame(lang, |frame| problem::page(frame, &view)).into_string();
            assert!(page.contains("7F3K"), "{trouble:?}");
        }
    }
}
