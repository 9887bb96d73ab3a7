//! The first page: what do you need?

use maud::{Markup, html};
use ui::icon::Icon;
use ui::notice::{Kind, notice};

use super::{Frame, head};
use crate::routes;

/// What just happened, for whoever was led here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Recovery was set up.
    SetUp,
    /// There was no recovery to go on with.
    Over,
}

/// Four choices as large links, the most wanted first.
pub fn page(frame: &Frame<'_>, news: Option<News>) -> Markup {
    let words = frame.words;
    let title = words.get("home-title");
    let choices = [
        (
            routes::FORGOT,
            Icon::Key,
            words.get("home-forgot"),
            words.get("home-forgot-line"),
        ),
        (
            routes::UNLOCK,
            Icon::Lock,
            words.get("home-unlock"),
            words.get("home-unlock-line"),
        ),
        (
            routes::CHANGE,
            Icon::Change,
            words.get("home-change"),
            words.get("home-change-line"),
        ),
        (
            routes::ENROL,
            Icon::Shield,
            words.get("home-enrol"),
            words.get("home-enrol-line"),
        ),
    ];
    let said = news.map(|news| match news {
        News::SetUp => (Kind::Good, words.get("home-set-up")),
        News::Over => (Kind::Info, words.get("home-over")),
    });
    let body = html! {
        @if let Some((kind, text)) = said { (notice(kind, &html! { p role="status" { (text) } })) }
        (head(None, &title, Some(&words.get("home-lead"))))
        ul.choices {
            @for (path, icon, name, line) in choices {
                li { a.choice href=(path) { (icon.draw()) (choice_text(&name, &line)) } }
            }
        }
    };
    frame.page(&title, &body)
}

/// The name of a choice and the line that explains it.
pub(super) fn choice_text(name: &str, line: &str) -> Markup {
    html! {
        span.choice-text { span.choice-name { (name) } " " span.choice-line { (line) } }
    }
}
