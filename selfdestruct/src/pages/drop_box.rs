//! The page of a drop box, `/d/<id>`, whichever id: what is typed and chosen is sealed before it leaves the browser.

use maud::{Markup, html};
use ui::Words;
use ui::form::Weight;
use ui::layout::{contacts, needs_script};
use ui::notice::Kind;

use super::{Frame, again, changing_head, plain_panel, status};

/// The page. It has no view: it is the same for everybody.
pub fn page(frame: &Frame<'_>) -> Markup {
    let words = frame.words;
    let title = words.get("drop-title");
    let helpdesk = contacts(words, &frame.site.helpdesk);
    let nothing = html! {};
    let body = html! {
        (changing_head(&title))
        (needs_script(words, "message-needs-script"))
        section.panel data-panel="looking" hidden { p { (words.get("drop-looking")) } }
        (start(words))
        (plain_panel(words, "sent", Kind::Good, ["drop-sent-title", "drop-sent"], &nothing))
        (plain_panel(words, "unable", Kind::Stop, ["message-unable-title", "message-unable"], &helpdesk))
        (plain_panel(words, "incomplete", Kind::Warning, ["drop-incomplete-title", "drop-incomplete"], &nothing))
        (plain_panel(words, "closed", Kind::Info, ["drop-closed-title", "drop-closed"], &nothing))
        (plain_panel(words, "changed", Kind::Stop, ["drop-changed-title", "drop-changed"], &helpdesk))
        (plain_panel(words, "full", Kind::Warning, ["drop-full-title", "drop-full"], &again(words)))
        (plain_panel(words, "failed", Kind::Warning, ["drop-failed-title", "drop-failed"], &again(words)))
        (plain_panel(words, "unreachable", Kind::Warning, ["drop-unreachable-title", "drop-unreachable"], &look(words)))
        (status())
    };
    frame.document(&title, Some("drop.js"), false, &body)
}

fn start(words: &Words) -> Markup {
    html! {
        section.panel data-panel="start" hidden {
            p.lead { (words.get("drop-lead")) }
            form.sheet data-drop novalidate autocomplete="off"
                data-missing=(words.get("drop-missing"))
                data-too-large=(words.with("drop-too-large", &[("largest", "%".into())]))
                data-too-many=(words.with("drop-too-many", &[("most", "%".into())]))
                data-unreadable=(words.get("drop-unreadable"))
                data-sealing=(words.get("drop-sealing"))
                data-sending=(words.get("drop-sending"))
            {
                p.form-message role="alert" data-problem hidden {}
                div.field {
                    label for="text" { (words.get("drop-text")) }
                    textarea #text rows="8" autocomplete="off" autocapitalize="none" autocorrect="off"
                        spellcheck="false" dir="auto" {}
                }
                div.field {
                    label for="files" { (words.get("drop-files")) }
                    p.hint #files-hint { (words.get("drop-files-hint")) }
                    input #files type="file" multiple aria-describedby="files-hint";
                    ul.chosen data-chosen hidden {}
                }
                div.actions {
                    button class=(Weight::Primary.class()) type="submit" data-busy=(words.get("drop-busy")) {
                        (words.get("drop-button"))
                    }
                }
            }
        }
    }
}

/// The button that asks for the key again.
fn look(words: &Words) -> Markup {
    html! {
        p.actions {
            button class=(Weight::Primary.class()) type="button" data-look { (words.get("message-again")) }
        }
    }
}
