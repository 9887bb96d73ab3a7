//! Every page with its samples: what the snapshots hold and what `examples/gallery.rs` writes out to be looked at.

use maud::Markup;
use ui::{Demo, Helpdesk, Service, Site};

use super::act::{self, ActView};
use super::away::{self, AwayView};
use super::choose::{self, ChooseView};
use super::done::{self, DoneView};
use super::enrol::codes::{self, CodesView};
use super::enrol::email::{self, EmailCodeView, EmailView};
use super::enrol::factors::{self, FactorsView};
use super::enrol::remove::{self, RemoveView};
use super::enrol::totp::{self, TotpView};
use super::identify::{self, IdentifyView};
use super::not_me::{self, NotMeView};
use super::problem::{self, ProblemView, Trouble};
use super::prove::{self, ProveView};
use super::refused::Refusal;
use super::send::{self, SendView};
use super::slow::{self, SlowView};
use super::unknown::{self, UnknownView};
use super::{Frame, home, working};

/// The moment at which all samples are looked at: 22 November 2026, 12:45 UTC.
pub const NOW: i64 = 1_795_351_500_000;

/// An organisation with a helpdesk, as a demonstration.
pub fn site() -> Site {
    Site {
        service: Service::Account,
        organisation: "Example Corp".into(),
        helpdesk: Helpdesk {
            phone: Some("+49 30 123 4567".into()),
            mail: Some("help@corp.example".into()),
        },
        demo: Some(Demo::NoRealDirectory),
    }
}

/// Draws one sample.
pub type Draw = fn(&Frame<'_>) -> Markup;

/// Each page's name and the function that draws its sample.
pub fn pages() -> Vec<(&'static str, Draw)> {
    [proving(), proved(), enrolment()].concat()
}

/// Up to the last proof.
fn proving() -> Vec<(&'static str, Draw)> {
    vec![
        ("home", |frame| home::page(frame, None)),
        ("home-set-up", |frame| home::page(frame, Some(home::News::SetUp))),
        ("home-over", |frame| home::page(frame, Some(home::News::Over))),
        ("identify", |frame| identify::page(frame, &IdentifyView::sample())),
        ("choose", |frame| choose::page(frame, &ChooseView::sample())),
        ("choose-next", |frame| {
            choose::page(
                frame,
                &ChooseView {
                    is_next_step: true,
                    ..ChooseView::sample()
                },
            )
        }),
        ("send", |frame| send::page(frame, &SendView::sample())),
        ("prove", |frame| prove::page(frame, &ProveView::sample())),
        ("prove-wrong", |frame| {
            prove::page(frame, &ProveView::sample_wrong())
        }),
        ("prove-sent-again", |frame| {
            prove::page(frame, &ProveView::sample_sent_again())
        }),
        ("prove-first-enrolment", |frame| {
            prove::page(frame, &ProveView::sample_first_enrolment())
        }),
    ]
}

/// After it, and what can come in between.
fn proved() -> Vec<(&'static str, Draw)> {
    vec![
        ("act-locked", |frame| act::page(frame, &ActView::sample())),
        ("act-change-refused", |frame| {
            act::page(frame, &ActView::sample_change())
        }),
        ("act-domain-refused", |frame| {
            let refusal = Refusal::Domain {
                reference: "7F3K-2QXM".into(),
            };
            act::page(
                frame,
                &ActView {
                    refused: Some((act::Action::Change, refusal)),
                    ..ActView::sample_change()
                },
            )
        }),
        ("act-sealed-only", |frame| {
            let mut view = ActView::sample_change();
            view.refused = None;
            for seal in view.offers.iter_mut().filter_map(|offer| offer.seal.as_mut()) {
                seal.required = true;
            }
            act::page(frame, &view)
        }),
        ("act-nothing", |frame| {
            act::page(frame, &ActView::sample_nothing())
        }),
        ("act-not-locked", |frame| {
            act::page(frame, &ActView::sample_not_locked())
        }),
        ("working", working::page),
        ("done", |frame| done::page(frame, &DoneView::sample())),
        ("done-unlock", |frame| {
            done::page(
                frame,
                &DoneView {
                    action: act::Action::Unlock,
                    ..DoneView::sample()
                },
            )
        }),
        ("unknown", |frame| unknown::page(frame, &UnknownView::sample())),
        ("problem", |frame| problem::page(frame, &ProblemView::sample())),
        ("problem-over", |frame| {
            problem::page(
                frame,
                &ProblemView {
                    trouble: Trouble::Over,
                    reference: None,
                },
            )
        }),
        ("away", |frame| away::page(frame, &AwayView::sample())),
        ("slow", |frame| slow::page(frame, &SlowView::sample())),
        ("slow-long", |frame| slow::page(frame, &SlowView::sample_long())),
        ("not-me", |frame| not_me::page(frame, &NotMeView::sample())),
        ("not-me-done", not_me::done),
    ]
}

/// Setting up recovery.
fn enrolment() -> Vec<(&'static str, Draw)> {
    vec![
        ("enrol-factors", |frame| {
            factors::page(frame, &FactorsView::sample())
        }),
        ("enrol-factors-empty", |frame| {
            factors::page(frame, &FactorsView::sample_empty())
        }),
        ("enrol-factors-complete", |frame| {
            factors::page(frame, &FactorsView::sample_complete())
        }),
        ("enrol-totp", |frame| totp::page(frame, &TotpView::sample())),
        ("enrol-totp-wrong", |frame| {
            totp::page(frame, &TotpView::sample_wrong())
        }),
        ("enrol-codes", |frame| codes::page(frame, &CodesView::sample())),
        ("enrol-email", |frame| email::page(frame, &EmailView::sample())),
        ("enrol-email-code", |frame| {
            email::code_page(frame, &EmailCodeView::sample())
        }),
        ("enrol-remove", |frame| remove::page(frame, &RemoveView::sample())),
    ]
}
