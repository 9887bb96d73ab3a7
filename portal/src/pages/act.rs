//! Everything is proved: the account in plain words, and what can be done about it.

use maud::{Markup, html};
use ui::Words;
use ui::form::{Form, Secret, SecretField, Weight, element_id, link_button, submit};
use ui::layout::contacts;
use ui::notice::{Kind, notice};
use ui::rules::{self, Rule};

use super::refused::{self, Refusal};
use super::state::{self, AccountState, Fact};
use super::{Frame, Seal, cancel, head, stale_notice, works_until};
use crate::routes;

/// What can be done with a proved account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Take the lock away; the password stays.
    Unlock,
    /// Set a new password without the old one.
    Reset,
    /// Set a new password with the old one.
    Change,
}

impl Action {
    /// Its name in forms and in the contract.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unlock => "unlock",
            Self::Reset => "reset",
            Self::Change => "change",
        }
    }
}

/// An action that may be asked for.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The action.
    pub action: Action,
    /// The block to seal the passwords to; none for an unlock.
    pub seal: Option<Seal>,
    /// The rules for the new password.
    pub rules: Vec<Rule>,
    /// The lock goes away along with it.
    pub unlocks: bool,
    /// The idempotency key of this form.
    pub key: String,
}

/// A proved account.
#[derive(Clone, Debug)]
pub struct ActView {
    /// What is the matter with it.
    pub account: AccountState,
    /// What may be done.
    pub offers: Vec<Offer>,
    /// Which action was refused just now, and why.
    pub refused: Option<(Action, Refusal)>,
    /// What was sent belonged to an earlier page.
    pub is_stale: bool,
    /// When the recovery ends by itself, in milliseconds since the Unix epoch.
    pub until: Option<i64>,
}

impl ActView {
    /// A locked account whose owner may unlock it or set a new password.
    pub fn sample() -> Self {
        let reset = Offer {
            action: Action::Reset,
            seal: Some(Seal::sample()),
            rules: vec![
                Rule::MinLength(12),
                Rule::Classes(3),
                Rule::NotAccountName("alice".into()),
                Rule::NotDisplayName(vec!["Alice".into(), "Müller".into()]),
                Rule::NotBlocked,
                Rule::NotBreached,
                Rule::History(24),
            ],
            unlocks: true,
            key: "key-1".into(),
        };
        let unlock = Offer {
            action: Action::Unlock,
            seal: None,
            rules: vec![],
            unlocks: true,
            key: "key-2".into(),
        };
        Self {
            account: AccountState::sample(),
            offers: vec![reset, unlock],
            refused: None,
            is_stale: false,
            until: Some(super::gallery::NOW + 15 * 60_000),
        }
    }

    /// A password that must be changed, and a first try that broke two rules.
    pub fn sample_change() -> Self {
        let account = AccountState {
            name: "bob".into(),
            facts: vec![Fact::MustChange],
        };
        let mut change = Self::sample().offers.remove(0);
        change.action = Action::Change;
        change.unlocks = false;
        change.rules.push(Rule::NotSimilar);
        Self {
            account,
            offers: vec![change],
            refused: Some((Action::Change, Refusal::sample())),
            ..Self::sample()
        }
    }

    /// A disabled account for which nothing can be done here.
    pub fn sample_nothing() -> Self {
        let account = AccountState {
            name: "Carol".into(),
            facts: vec![Fact::Disabled],
        };
        Self {
            account,
            offers: vec![],
            ..Self::sample()
        }
    }

    /// Somebody who came for an unlock, and whose lock has ended by itself.
    pub fn sample_not_locked() -> Self {
        let mut view = Self::sample_nothing();
        view.account.facts = vec![];
        view
    }

    /// The offers, an unlock first where the account is locked: it is what most people then need.
    fn ordered(&self) -> Vec<&Offer> {
        let mut offers: Vec<&Offer> = self.offers.iter().collect();
        if self.account.is_locked() {
            offers.sort_by_key(|offer| offer.action != Action::Unlock);
        }
        offers
    }
}

/// The state, then one sheet for each action.
pub fn page(frame: &Frame<'_>, view: &ActView) -> Markup {
    let words = frame.words;
    let title = words.get("act-title");
    let offers = view.ordered();
    let who = words.with("act-who", &[("name", view.account.name.as_str().into())]);
    let body = html! {
        @if let Some((action, refusal)) = &view.refused { (refusal_summary(frame, &offers, *action, refusal)) }
        (stale_notice(words, view.is_stale))
        (head(None, &title, Some(&who)))
        section aria-labelledby="state-heading" {
            h2.unseen #state-heading { (words.get("state-title")) }
            (state::notices(frame, &view.account))
        }
        @for (place, offer) in offers.iter().enumerate() { (sheet(frame, view, offer, place > 0)) }
        @if offers.is_empty() { (nothing_to_do(frame, &view.account)) } @else { (works_until(frame, view.until)) }
        div.elsewhere { (cancel(words)) }
    };
    frame.document(&title, &body, view.refused.is_some())
}

/// Nothing is offered: the helpdesk's business, or there is no lock to take away.
fn nothing_to_do(frame: &Frame<'_>, account: &AccountState) -> Markup {
    let words = frame.words;
    html! {
        @if account.is_stopped() || account.is_locked() {
            p { (words.get("act-nothing")) }
            (contacts(words, &frame.site.helpdesk))
        } @else {
            section.sheet {
                h2 { (words.get("act-not-locked")) }
                p { (words.get("act-not-locked-line")) }
                div.actions {
                    (link_button(routes::FORGOT, &words.get("home-forgot"), Weight::Primary))
                    (link_button(routes::CHANGE, &words.get("home-change"), Weight::Secondary))
                }
            }
        }
    }
}

fn refusal_summary(frame: &Frame<'_>, offers: &[&Offer], action: Action, refusal: &Refusal) -> Markup {
    let is_offered = action != Action::Unlock && offers.iter().any(|offer| offer.action == action);
    let field = refusal
        .field()
        .filter(|_| is_offered)
        .map(|field| format!("{}-{field}", action.name()));
    refused::summary(frame, refusal, field.as_deref())
}

fn sheet(frame: &Frame<'_>, view: &ActView, offer: &Offer, is_second: bool) -> Markup {
    let words = frame.words;
    let refusal = view
        .refused
        .as_ref()
        .filter(|(action, _)| *action == offer.action)
        .map(|(_, refusal)| refusal);
    let title = words.get(match offer.action {
        Action::Unlock => "unlock-title",
        Action::Reset if is_second => "reset-title-else",
        Action::Reset => "reset-title",
        Action::Change => "change-title",
    });
    let hidden = [("action", offer.action.name()), ("key", offer.key.as_str())];
    let data = rules::as_json(&offer.rules);
    let form = Form {
        action: routes::ACT,
        seal: offer.seal.as_ref().map(Seal::as_form),
        hidden: &hidden,
        rules: (!offer.rules.is_empty()).then_some(data.as_str()),
    };
    let fields = match offer.action {
        Action::Unlock => unlock_button(words, &form),
        Action::Reset | Action::Change => password_fields(frame, view, offer, &form, refusal),
    };
    html! { section.sheet { h2 { (title) } (form.around(words, &fields)) } }
}

fn unlock_button(words: &Words, form: &Form<'_>) -> Markup {
    html! {
        p.soft { (words.get("unlock-line")) }
        div.actions {
            (submit(form, &words.get("unlock-button"), &words.get("unlock-busy"), Weight::Primary))
        }
    }
}

fn password_fields(
    frame: &Frame<'_>,
    view: &ActView,
    offer: &Offer,
    form: &Form<'_>,
    refusal: Option<&Refusal>,
) -> Markup {
    let words = frame.words;
    let problem = refusal.map(|refusal| refused::field_sentence(frame, refusal));
    let field = |name: &'static str, label: &str, kind: Secret| {
        let is_to_blame = refusal.and_then(Refusal::field) == Some(name);
        let problem = problem.as_deref().filter(|_| is_to_blame);
        SecretField {
            name,
            label,
            kind,
            hint: None,
            problem,
            focus: false,
        }
        .within(form, words)
    };
    let button = if offer.action == Action::Change {
        "change-button"
    } else {
        "reset-button"
    };
    // With a second sheet above it, the unlock is what most people want: one primary button a page is enough.
    let weight = if view.offers.len() > 1 && view.account.is_locked() {
        Weight::Secondary
    } else {
        Weight::Primary
    };
    html! {
        (known_user(form, &view.account.name))
        @if offer.unlocks { p.soft { (words.get("reset-unlocks")) } }
        @if offer.action == Action::Change {
            (field("current", &words.get("password-current"), Secret::CurrentPassword))
            p { a href=(routes::FORGOT) { (words.get("password-current-unknown")) } }
        }
        p.soft { (tip(words, &offer.rules)) }
        (suggestion(words))
        (rules::list(words, frame.calendar, &offer.rules, refusal.map_or(&[], Refusal::broken)))
        (field("new", &words.get("password-new"), Secret::NewPassword))
        (field("repeat", &words.get("password-repeat"), Secret::NewPassword))
        @if refusal.is_some() {
            (notice(Kind::Info, &html! { p { (words.get("refused-proved")) } }))
        }
        div.actions { (submit(form, &words.get(button), &words.get("password-busy"), weight)) }
    }
}

/// How to find a password, in line with the rules beside it and with what is suggested.
fn tip(words: &Words, rules: &[Rule]) -> Markup {
    html! {
        (words.get("password-tip"))
        @if rules.iter().any(|rule| matches!(rule, Rule::Classes(_))) {
            " " (words.get("password-tip-classes"))
        }
    }
}

/// Tells password keepers whose password this is; it has no name and is never sent.
fn known_user(form: &Form<'_>, name: &str) -> Markup {
    html! {
        input #(element_id(form, "user")) type="text" value=(name) autocomplete="username" readonly hidden;
    }
}

fn suggestion(words: &Words) -> Markup {
    html! {
        div.suggest {
            button.button.secondary.small type="button" data-suggest hidden { (words.get("password-suggest")) }
            div.suggestion role="status" data-suggestion hidden {
                (words.get("password-suggested"))
                " " span.secret-text data-suggested {}
            }
        }
    }
}
