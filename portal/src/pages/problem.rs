//! Why it does not go on, what to do, and the reference that joins this page with the log.

use maud::{Markup, html};
use ui::Words;
use ui::form::{Weight, link_button};
use ui::layout::{contacts, reference};

use super::{Frame, head};
use crate::routes;

/// What a person can be told. The list is closed: no text of the inside gets here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The recovery is finished, expired, unknown, or of another account: one and the same for all of these.
    Over,
    /// The step was used already, or its key is gone.
    Stale,
    /// What was sent cannot be understood.
    Malformed,
    /// What was sent is too large.
    TooLarge,
    /// It took too long to arrive.
    TooSlow,
    /// No such page.
    NotFound,
    /// The request came from another website.
    CrossSite,
    /// Somebody in charge has stopped this portal.
    Paused,
    /// Factors stay as they are for a day after a recovery.
    TooSoon,
    /// This change of factors takes another proof than the one given.
    OtherProof,
    /// Something broke inside.
    Unexpected,
}

impl Trouble {
    /// Every one, for samples.
    pub const ALL: [Self; 11] = [
        Self::Over,
        Self::Stale,
        Self::Malformed,
        Self::TooLarge,
        Self::TooSlow,
        Self::NotFound,
        Self::CrossSite,
        Self::Paused,
        Self::TooSoon,
        Self::OtherProof,
        Self::Unexpected,
    ];

    /// Title and explanation.
    fn words(self, words: &Words) -> (String, String) {
        let (title, line) = match self {
            Self::Over => ("problem-over-title", "problem-over"),
            Self::Stale => ("problem-stale-title", "problem-stale"),
            Self::Malformed => ("problem-malformed-title", "problem-malformed"),
            Self::TooLarge => ("problem-too-large-title", "problem-too-large"),
            Self::TooSlow => ("problem-too-slow-title", "problem-too-slow"),
            Self::NotFound => ("problem-not-found-title", "problem-not-found"),
            Self::CrossSite => ("problem-cross-site-title", "problem-cross-site"),
            Self::Paused => ("problem-paused-title", "problem-paused"),
            Self::TooSoon => ("problem-too-soon-title", "problem-too-soon"),
            Self::OtherProof => ("problem-other-proof-title", "problem-other-proof"),
            Self::Unexpected => ("problem-unexpected-title", "problem-unexpected"),
        };
        (words.get(title), words.get(line))
    }

    /// Where to go on.
    fn way_on(self, words: &Words) -> Markup {
        match self {
            Self::Stale => link_button(routes::RECOVERY, &words.get("problem-stale-go"), Weight::Primary),
            Self::NotFound => link_button(routes::HOME, &words.get("to-first-page"), Weight::Primary),
            _ => link_button(routes::HOME, &words.get("start-again"), Weight::Primary),
        }
    }

    /// Whether the helpdesk's contact belongs into the middle of the page, not only below it.
    const fn is_for_helpdesk(self) -> bool {
        matches!(self, Self::Paused | Self::Unexpected)
    }
}

/// A refusal or a failure.
#[derive(Clone, Debug)]
pub struct ProblemView {
    /// What to say.
    pub trouble: Trouble,
    /// What joins this page, the log and the audit, if there is one.
    pub reference: Option<String>,
}

impl ProblemView {
    /// Something broke inside.
    pub fn sample() -> Self {
        Self {
            trouble: Trouble::Unexpected,
            reference: Some("7F3K-2QXM".into()),
        }
    }
}

/// What happened, the way on, the reference.
pub fn page(frame: &Frame<'_>, view: &ProblemView) -> Markup {
    let words = frame.words;
    let (title, line) = view.trouble.words(words);
    let body = html! {
        (head(None, &title, Some(&line)))
        p.actions { (view.trouble.way_on(words)) }
        @if view.trouble.is_for_helpdesk() { (contacts(words, &frame.site.helpdesk)) }
        @if let Some(code) = &view.reference { (reference(words, code)) }
    };
    frame.problem_page(&title, &body)
}
