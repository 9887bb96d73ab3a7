//! The page of a message, `/m/<id>`, whichever id: one button, and every state that its script can get into.

use contract::sync::End;
use maud::{Markup, html};
use ui::Words;
use ui::form::Weight;
use ui::layout::{contacts, needs_script};
use ui::notice::{Kind, notice};

use super::{Frame, Panel, again, changing_head, plain_panel, status};

/// The page. It has no view: it is the same for everybody.
pub fn page(frame: &Frame<'_>) -> Markup {
    let words = frame.words;
    let title = words.get("open-title");
    let helpdesk = contacts(words, &frame.site.helpdesk);
    let nothing = html! {};
    let body = html! {
        (changing_head(&title))
        (needs_script(words, "message-needs-script"))
        (start(words))
        (opened(words))
        (plain_panel(words, "wiped", Kind::Good, ["wiped-title", "wiped-line"], &nothing))
        (plain_panel(words, "unable", Kind::Stop, ["message-unable-title", "message-unable"], &helpdesk))
        (plain_panel(words, "incomplete", Kind::Warning, ["open-incomplete-title", "open-incomplete"], &nothing))
        (plain_panel(words, "newer", Kind::Warning, ["open-newer-title", "open-newer"], &helpdesk))
        (plain_panel(words, "gone", Kind::Info, ["open-gone-title", "open-gone"], &nothing))
        (plain_panel(words, "locked", Kind::Stop, ["open-locked-title", "open-locked"], &nothing))
        (plain_panel(words, "away", Kind::Warning, ["open-away-title", "open-away"], &again(words)))
        (plain_panel(words, "failed", Kind::Warning, ["open-failed-title", "open-failed"], &again(words)))
        (plain_panel(words, "broken", Kind::Stop, ["open-broken-title", "open-broken"], &again(words)))
        @for state in [End::Read, End::Expired, End::Revoked, End::Destroyed] { (ended(words, state)) }
        (status())
    };
    frame.document(&title, Some("message.js"), false, &body)
}

/// One button; the script shows the field if the link says that there is a passphrase.
fn start(words: &Words) -> Markup {
    let id = "passphrase";
    let label = words.get("open-passphrase");
    html! {
        section.panel data-panel="start" hidden {
            p.lead { (words.get("open-lead")) }
            form.sheet data-open novalidate autocomplete="off"
                data-missing=(words.get("open-passphrase-missing"))
                data-wrong=(words.with("open-passphrase-wrong", &[("left", "%".into())]))
                data-checking=(words.get("open-checking"))
                data-fetching=(words.get("open-fetching"))
                data-opening=(words.get("open-unlocking"))
            {
                div.field data-passphrase hidden {
                    label for=(id) { (label) }
                    p.hint id={ (id) "-hint" } { (words.get("open-passphrase-hint")) }
                    p.wrong id={ (id) "-problem" } hidden {}
                    div.reveal {
                        input #(id) type="password" autocomplete="off" maxlength="1024"
                            autocapitalize="none" autocorrect="off" spellcheck="false"
                            aria-describedby={ (id) "-hint" };
                        (reveal_button(words, id, &label))
                    }
                }
                div.actions {
                    button class=(Weight::Primary.class()) type="submit" data-busy=(words.get("open-busy")) {
                        (words.get("open-button"))
                    }
                }
            }
        }
    }
}

fn reveal_button(words: &Words, id: &str, label: &str) -> Markup {
    let field = [("field", label.into())];
    html! {
        button.show type="button" hidden aria-controls=(id) data-reveal=(id)
            data-show=(words.get("password-show")) data-hide=(words.get("password-hide"))
            data-show-label=(words.with("password-show-label", &field))
            data-hide-label=(words.with("password-hide-label", &field))
            aria-label=(words.with("password-show-label", &field))
        { (words.get("password-show")) }
    }
}

/// The message, once the browser has opened it.
fn opened(words: &Words) -> Markup {
    html! {
        section.panel data-panel="opened" data-heading=(words.get("opened-title")) hidden {
            (notice(Kind::Warning, &html! { p { (words.get("opened-once")) } }))
            div.sheet data-text-part hidden {
                h2 #opened-text { (words.get("opened-text")) }
                div.message-text data-text role="region" aria-labelledby="opened-text" tabindex="0" dir="auto" translate="no" {}
                div.actions {
                    button class=(Weight::Secondary.class()) type="button" data-copy
                        data-copied=(words.get("opened-copied")) data-selected=(words.get("opened-selected"))
                    { (words.get("opened-copy")) }
                }
            }
            div.sheet data-files-part hidden {
                h2 { (words.get("opened-files")) }
                p.soft { (words.get("opened-trust")) }
                ul.files data-files {}
                template {
                    li {
                        span.file-text { bdi.file-name data-name {} " " span.file-size data-size {} }
                        a class={ (Weight::Secondary.class()) " small" } href="" { (words.get("opened-save")) }
                    }
                }
            }
            div.leave {
                p.soft { (words.get("opened-wipe-line")) }
                button class=(Weight::Secondary.class()) type="button" data-wipe { (words.get("opened-wipe")) }
            }
        }
    }
}

/// What only the holder of the whole link learns: how it ended, and when.
fn ended(words: &Words, state: End) -> Markup {
    let (name, kind, title, line) = match state {
        End::Read => ("ended-read", Kind::Warning, "open-read-title", "open-read"),
        End::Expired => ("ended-expired", Kind::Info, "open-expired-title", "open-expired"),
        End::Revoked => ("ended-revoked", Kind::Info, "open-revoked-title", "open-revoked"),
        End::Destroyed => (
            "ended-destroyed",
            Kind::Info,
            "open-destroyed-title",
            "open-destroyed",
        ),
    };
    Panel {
        name,
        kind,
        title: &words.get(title),
        line: &words.rich(line, "at", &html! { time {} }),
        more: &html! {},
    }
    .draw()
}
