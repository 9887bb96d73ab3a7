//! Why a page is not shown, what to do, and the reference that joins it with the log.

use maud::{Markup, html};
use ui::Words;
use ui::form::{Weight, link_button};
use ui::layout::{contacts, reference};

use super::{Frame, head};

/// What a person can be told. The list is closed: no text of the inside gets here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No such page.
    NotFound,
    /// What was sent cannot be understood.
    Malformed,
    /// Too many requests from one network.
    TooMany,
    /// Nothing can be given out at present.
    Away,
    /// Something broke inside.
    Broken,
}

impl Trouble {
    /// Every one, for samples.
    pub const ALL: [Self; 5] = [
        Self::NotFound,
        Self::Malformed,
        Self::TooMany,
        Self::Away,
        Self::Broken,
    ];

    /// Its name among the samples.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotFound => "problem-not-found",
            Self::Malformed => "problem-malformed",
            Self::TooMany => "problem-too-many",
            Self::Away => "problem-away",
            Self::Broken => "problem-broken",
        }
    }

    /// Title and explanation.
    fn words(self, words: &Words) -> (String, String) {
        let (title, line) = match self {
            Self::NotFound => ("problem-not-found-title", "message-not-found"),
            Self::Malformed => ("problem-malformed-title", "message-not-found"),
            Self::TooMany => ("slow-title", "message-slow"),
            Self::Away => ("away-title", "message-away"),
            Self::Broken => ("problem-unexpected-title", "message-broken"),
        };
        (words.get(title), words.get(line))
    }
}

/// A refusal or a failure.
#[derive(Clone, Debug)]
pub struct ProblemView {
    /// What to say.
    pub trouble: Trouble,
    /// What joins this page and the log, if there is one.
    pub reference: Option<String>,
}

impl ProblemView {
    /// A sample of each.
    pub fn sample(trouble: Trouble) -> Self {
        Self {
            trouble,
            reference: (trouble == Trouble::Broken).then(|| "7F3K-2QXM".to_owned()),
        }
    }
}

/// What happened, the way on, the reference.
pub fn page(frame: &Frame<'_>, view: &ProblemView) -> Markup {
    let words = frame.words;
    let (title, line) = view.trouble.words(words);
    let body = html! {
        (head(&title, &line))
        p.actions { (link_button("/", &words.get("to-first-page"), Weight::Primary)) }
        @if view.trouble == Trouble::Broken { (contacts(words, &frame.site.helpdesk)) }
        @if let Some(code) = &view.reference { (reference(words, code)) }
    };
    frame.document(&title, None, true, &body)
}
