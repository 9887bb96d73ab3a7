//! The frame around every page: one complete HTML document without anything inline.

use maud::{DOCTYPE, Markup, html};

use crate::assets::Assets;
use crate::icon::Icon;
use crate::notice::{Kind, notice};
use crate::words::{Lang, Words};

/// Where a person reaches a person. Both come from the configuration.
#[derive(Clone, Debug, Default)]
pub struct Helpdesk {
    /// A telephone number as people write it.
    pub phone: Option<String>,
    /// A mail address.
    pub mail: Option<String>,
}

/// What a demonstration must say about itself on every page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demo {
    /// The accounts are made up; no directory is behind them.
    NoRealDirectory,
    /// A real but local test domain, with short holds and limits.
    TestDomain,
    /// Messages that are sent here are no secrets.
    Messages,
}

/// What a server is there for: it stands in the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Service {
    /// Help with an account.
    #[default]
    Account,
    /// One-time messages.
    Messages,
}

/// What is the same on every page of one server.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// What it is there for.
    pub service: Service,
    /// The organisation's name, shown in the header and in each title.
    pub organisation: String,
    /// Whom to call.
    pub helpdesk: Helpdesk,
    /// Set while this is a demonstration.
    pub demo: Option<Demo>,
}

/// What the frame needs to know of one page.
pub struct Layout<'a> {
    /// The language's words.
    pub words: &'a Words,
    /// The server's constants.
    pub site: &'a Site,
    /// The page's title, without the organisation.
    pub title: &'a str,
    /// The path that the language switch leads to: a GET that shows this page again.
    pub path: &'a str,
    /// The script of this page (the name of an asset), if it has one.
    pub script: Option<&'a str>,
    /// Whether the page tells of a problem; the title then says so first, for those who hear it.
    pub failed: bool,
}

/// The complete document around `body`.
pub fn page(layout: &Layout<'_>, body: &Markup) -> Markup {
    let words = layout.words;
    let title = if layout.failed {
        words.with("title-problem", &[("title", layout.title.into())])
    } else {
        layout.title.to_owned()
    };
    html! {
        (DOCTYPE)
        html lang=(words.lang().tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                meta name="format-detection" content="telephone=no";
                title { (title) " – " (layout.site.organisation) }
                link rel="icon" href=(Assets::url("mark.svg")) type="image/svg+xml";
                link rel="stylesheet" href=(Assets::url("site.css"));
                @if let Some(script) = layout.script {
                    script type="module" src=(Assets::url(script)) {}
                }
            }
            body {
                a.skip href="#main" { (words.get("skip-link")) }
                (header(layout))
                @if let Some(demo) = layout.site.demo { (demo_banner(words, demo)) }
                main #main tabindex="-1" { (body) }
                (footer(words, &layout.site.helpdesk))
            }
        }
    }
}

fn header(layout: &Layout<'_>) -> Markup {
    let words = layout.words;
    html! {
        header.top {
            div.top-inner {
                a.brand href="/" {
                    (Icon::Door.draw())
                    span.brand-text {
                        span.brand-name { (layout.site.organisation) }
                        " "
                        span.brand-what { (service_name(words, layout.site.service)) }
                    }
                }
                nav.languages aria-label=(words.get("language-switch")) {
                    ul {
                        @for lang in Lang::ALL { li { (language_link(layout, lang)) } }
                    }
                }
            }
        }
    }
}

fn service_name(words: &Words, service: Service) -> String {
    match service {
        Service::Account => words.get("site-name"),
        Service::Messages => words.get("message-site-name"),
    }
}

fn language_link(layout: &Layout<'_>, lang: Lang) -> Markup {
    let joint = if layout.path.contains('?') { '&' } else { '?' };
    let href = format!("{}{joint}lang={}", layout.path, lang.tag());
    let current = (lang == layout.words.lang()).then_some("true");
    html! {
        a href=(href) lang=(lang.tag()) hreflang=(lang.tag()) aria-current=[current] { (lang.name()) }
    }
}

fn demo_banner(words: &Words, demo: Demo) -> Markup {
    let text = match demo {
        Demo::NoRealDirectory => words.get("demo-no-directory"),
        Demo::TestDomain => words.get("demo-test-domain"),
        Demo::Messages => words.get("message-demo"),
    };
    html! {
        aside.demo aria-label=(words.get("demo-label")) {
            p { strong { (words.get("demo-label")) ":" } " " (text) }
        }
    }
}

fn footer(words: &Words, helpdesk: &Helpdesk) -> Markup {
    html! {
        footer.bottom {
            div.bottom-inner {
                @if helpdesk.phone.is_some() || helpdesk.mail.is_some() {
                    p.bottom-help { (words.get("footer-help")) }
                    (contacts(words, helpdesk))
                }
                p.bottom-warning { (words.get("footer-never-asks")) }
            }
        }
    }
}

/// The helpdesk's number and address as a list of links; nothing if neither is configured.
pub fn contacts(words: &Words, helpdesk: &Helpdesk) -> Markup {
    html! {
        @if helpdesk.phone.is_some() || helpdesk.mail.is_some() {
            ul.contacts {
                @if let Some(phone) = &helpdesk.phone {
                    li { span.contact-kind { (words.get("contact-phone")) } " " a href=(dial(phone)) { (phone) } }
                }
                @if let Some(mail) = &helpdesk.mail {
                    li { span.contact-kind { (words.get("contact-mail")) } " " a href={ "mailto:" (mail) } { (mail) } }
                }
            }
        }
    }
}

/// A `tel:` address (RFC 3966) from a number as people write it.
fn dial(phone: &str) -> String {
    let digits: String = phone
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == '+')
        .collect();
    format!("tel:{digits}")
}

/// The reference that joins this page, a log line and an audit record, with what it is good for.
pub fn reference(words: &Words, reference: &str) -> Markup {
    html! {
        p.reference { (words.rich("reference-line", "reference", &html! { code { (reference) } })) }
    }
}

/// The remark for those whose browser runs no script, where a page cannot work without one.
pub fn needs_script(words: &Words, key: &str) -> Markup {
    html! { noscript { (notice(Kind::Warning, &html! { p { (words.get(key)) } })) } }
}
