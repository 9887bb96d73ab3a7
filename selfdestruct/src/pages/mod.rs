//! The site's pages: each a pure function of a frame and, where it has something to say, a view struct.
//!
//! Most states of a message are known to the browser only, because the site learns neither the link's secret nor what
//! is inside. So the pages of messages and drop boxes hold every state as a section, and the script shows one. They are
//! the same bytes for every id and every visitor of one language, which is what the core's check of them relies on.

pub mod drop_box;
pub mod gallery;
pub mod home;
pub mod message;
pub mod problem;

use contract::pairing::Look;
use maud::{Markup, html};
use ui::form::Weight;
use ui::notice::{Kind, notice};
use ui::{Demo, Helpdesk, Layout, Service, Site, Words};

/// What every page is drawn with.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// The words of the person's language.
    pub words: &'a Words,
    /// The organisation, its helpdesk, and whether this is a demonstration.
    pub site: &'a Site,
}

/// What the core decided at the pairing that the pages say.
pub fn site(look: &Look) -> Site {
    Site {
        service: Service::Messages,
        organisation: look.organisation.clone(),
        helpdesk: Helpdesk {
            phone: look.phone.clone(),
            mail: look.mail.clone(),
        },
        demo: look.demo.then_some(Demo::Messages),
    }
}

impl Frame<'_> {
    fn document(&self, title: &str, script: Option<&str>, failed: bool, body: &Markup) -> Markup {
        let layout = Layout {
            words: self.words,
            site: self.site,
            title,
            // Relative: the language switch stays on the page's address, whatever id is in it.
            path: "",
            script,
            failed,
        };
        ui::page(&layout, body)
    }
}

/// The top of a page: its title, and a sentence.
fn head(title: &str, lead: &str) -> Markup {
    html! { div.head { h1 { (title) } p.lead { (lead) } } }
}

/// The top of a page with several states: each has a title of its own, which the script puts here, with the focus.
fn changing_head(title: &str) -> Markup {
    html! { div.head { h1 tabindex="-1" data-title { (title) } } }
}

/// A state of a page, hidden until the script shows it: a remark, and what follows it.
struct Panel<'a> {
    name: &'a str,
    kind: Kind,
    title: &'a str,
    /// What it means and what to do.
    line: &'a Markup,
    more: &'a Markup,
}

impl Panel<'_> {
    fn draw(&self) -> Markup {
        html! {
            section.panel data-panel=(self.name) data-heading=(self.title) hidden {
                (notice(self.kind, &html! { p { (self.line) } }))
                (self.more)
            }
        }
    }
}

/// A panel whose words have nothing in them that is known only later.
fn plain_panel(words: &Words, name: &str, kind: Kind, [title, line]: [&str; 2], more: &Markup) -> Markup {
    let line = words.get(line);
    Panel {
        name,
        kind,
        title: &words.get(title),
        line: &html! { (line) },
        more,
    }
    .draw()
}

/// The button that does the last thing again.
fn again(words: &Words) -> Markup {
    html! {
        p.actions {
            button class=(Weight::Primary.class()) type="button" data-again data-busy=(words.get("message-busy-again")) {
                (words.get("message-again"))
            }
        }
    }
}

/// What is going on, for those who see and those who listen.
fn status() -> Markup {
    html! { p.status role="status" data-status {} }
}

#[cfg(test)]
mod tests;
