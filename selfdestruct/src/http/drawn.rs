//! The pages that are the same for everybody, drawn once.

use actix_web::web::Bytes;
use contract::pairing::Look;
use maud::Markup;
use ui::{Lang, Words};

use crate::pages::problem::{self, ProblemView};
use crate::pages::{self, Frame, drop_box, home, message};

/// A page that has the same bytes for everybody who reads one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The first page.
    Home,
    /// The page of any message.
    Message,
    /// The page of any drop box.
    DropBox,
}

impl Page {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Home, Self::Message, Self::DropBox];
}

/// What the pages of one site look like. The core draws them, too, from the same look, and compares.
pub struct Drawn {
    site: ui::Site,
    pages: Vec<(Page, Lang, Bytes)>,
}

impl Drawn {
    /// Draws every page in every language.
    pub fn of(look: &Look) -> Self {
        let site = pages::site(look);
        let each = Page::ALL
            .into_iter()
            .flat_map(|page| Lang::ALL.into_iter().map(move |lang| (page, lang)));
        let pages = each
            .map(|(page, lang)| (page, lang, Bytes::from(draw(&site, page, lang).into_string())))
            .collect();
        Self { site, pages }
    }

    /// The bytes of a page. Cheap.
    pub fn page(&self, page: Page, lang: Lang) -> Bytes {
        let found = self
            .pages
            .iter()
            .find(|(of, drawn, _)| *of == page && *drawn == lang);
        found.map(|(.., bytes)| bytes.clone()).unwrap_or_default()
    }

    /// The page that tells of a problem.
    pub(crate) fn problem(&self, lang: Lang, view: &ProblemView) -> String {
        let frame = Frame {
            words: Words::of(lang),
            site: &self.site,
        };
        problem::page(&frame, view).into_string()
    }
}

fn draw(site: &ui::Site, page: Page, lang: Lang) -> Markup {
    let frame = Frame {
        words: Words::of(lang),
        site,
    };
    match page {
        Page::Home => home::page(&frame),
        Page::Message => message::page(&frame),
        Page::DropBox => drop_box::page(&frame),
    }
}
