//! A code has to be sent first. Says the same whether or not there is an address to send it to.

use maud::{Markup, html};
use ui::form::{Form, Weight, link_button, submit};

use super::{Frame, Purpose, cancel, head, works_until};
use crate::routes;

/// The question whether to send a code by e-mail.
#[derive(Clone, Debug)]
pub struct SendView {
    /// What the person came for.
    pub purpose: Purpose,
    /// When the recovery ends by itself, in milliseconds since the Unix epoch.
    pub until: Option<i64>,
}

impl SendView {
    /// For a forgotten password.
    pub fn sample() -> Self {
        Self {
            purpose: Purpose::Reset,
            until: Some(super::gallery::NOW + 15 * 60_000),
        }
    }
}

/// One button.
pub fn page(frame: &Frame<'_>, view: &SendView) -> Markup {
    let words = frame.words;
    let title = words.get("send-title");
    let form = Form {
        action: routes::SEND,
        ..Form::default()
    };
    let button = html! {
        p { (words.get("send-lead")) }
        div.actions { (submit(&form, &words.get("send-button"), &words.get("busy-wait"), Weight::Primary)) }
    };
    let body = html! {
        (head(Some(&view.purpose.name(words)), &title, None))
        div.sheet { (form.around(words, &button)) }
        (works_until(frame, view.until))
        div.elsewhere {
            (link_button(routes::OTHER_WAY, &words.get("prove-other"), Weight::Quiet))
            (cancel(words))
        }
    };
    frame.page(&title, &body)
}
