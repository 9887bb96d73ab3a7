//! The parts of a form: fields with their labels, hints and problems, buttons, and the summary of what is wrong.
//!
//! A field that holds a secret is marked `data-secret`: the script seals it in the browser and takes it out of
//! what is sent. There is no way to give such a field a value, so nothing secret is ever shown again.

use maud::{Markup, html};

use crate::words::Words;

/// The block that secrets of this form are sealed to.
#[derive(Clone, Copy, Debug)]
pub struct Seal<'a> {
    /// The block's bytes exactly as the core made them; they are authenticated as they stand.
    pub block: &'a str,
    /// Whether nothing plain may leave the browser (`require_browser_sealing`): secret fields then have no
    /// name and the button waits for the script.
    pub required: bool,
}

/// A form that posts to `action`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Form<'a> {
    /// A path of this server.
    pub action: &'a str,
    /// Set if the form has secret fields.
    pub seal: Option<Seal<'a>>,
    /// Hidden fields: name and value.
    pub hidden: &'a [(&'a str, &'a str)],
    /// The password rules as JSON, if the form sets a password (see [`crate::rules::as_json`]).
    pub rules: Option<&'a str>,
}

impl Form<'_> {
    /// The form around `body`.
    pub fn around(&self, words: &Words, body: &Markup) -> Markup {
        let unable = self.seal.map(|_| words.get("seal-unable"));
        html! {
            form method="post" action=(self.action) accept-charset="utf-8"
                data-seal=[self.seal.map(|seal| seal.block)] data-rules=[self.rules]
                data-unable=[unable.as_deref()]
            {
                @if let Some(seal) = self.seal { input type="hidden" name="seal" value=(seal.block); }
                @for (name, value) in self.hidden { input type="hidden" name=(name) value=(value); }
                @if self.is_script_needed() { (crate::layout::needs_script(words, "seal-needs-script")) }
                (body)
                @if self.seal.is_some() { p.form-message role="alert" hidden {} }
            }
        }
    }

    /// Whether secret fields of this form must stay without a name.
    pub fn is_script_needed(&self) -> bool {
        self.seal.is_some_and(|seal| seal.required)
    }
}

/// What a browser should know about a secret field, to help and to keep from meddling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    /// The password that holds now.
    CurrentPassword,
    /// A password to be set.
    NewPassword,
    /// A code of digits only.
    Digits,
    /// A code of letters and digits.
    Letters,
}

impl Secret {
    const fn autocomplete(self) -> &'static str {
        match self {
            Self::CurrentPassword => "current-password",
            Self::NewPassword => "new-password",
            Self::Digits => "one-time-code",
            Self::Letters => "off",
        }
    }
}

/// A labelled field for a secret. A password gets a button that shows it; a code is visible as it is typed.
#[derive(Clone, Copy, Debug)]
pub struct SecretField<'a> {
    /// Its name in the form and in the sealed object; also its id.
    pub name: &'a str,
    /// The label.
    pub label: &'a str,
    /// What kind of secret.
    pub kind: Secret,
    /// A helpful line below the label.
    pub hint: Option<&'a str>,
    /// What is wrong with what was sent.
    pub problem: Option<&'a str>,
    /// Whether the cursor starts here.
    pub focus: bool,
}

impl SecretField<'_> {
    /// The field as part of `form`, which decides whether it may have a name.
    pub fn within(&self, form: &Form<'_>, words: &Words) -> Markup {
        let is_password = matches!(self.kind, Secret::CurrentPassword | Secret::NewPassword);
        let id = element_id(form, self.name);
        let said_by = said_by(&id, self.hint.is_some(), self.problem.is_some());
        let label = [("field", self.label.into())];
        html! {
            div.field.bad[self.problem.is_some()] {
                label for=(id) { (self.label) }
                (remarks(&id, self.hint, self.problem))
                div.reveal[is_password] {
                    input.code[!is_password] #(id)
                        type=(if is_password { "password" } else { "text" })
                        name=[(!form.is_script_needed()).then_some(self.name)]
                        data-secret=(self.name)
                        autocomplete=(self.kind.autocomplete())
                        inputmode=[(self.kind == Secret::Digits).then_some("numeric")]
                        maxlength="1024"
                        autocapitalize="none" autocorrect="off" spellcheck="false"
                        aria-describedby=[said_by.as_deref()]
                        aria-invalid=[self.problem.map(|_| "true")]
                        autofocus[self.focus] required;
                    @if is_password {
                        button.show type="button" hidden aria-controls=(id) data-reveal=(id)
                            data-show=(words.get("password-show")) data-hide=(words.get("password-hide"))
                            data-show-label=(words.with("password-show-label", &label))
                            data-hide-label=(words.with("password-hide-label", &label))
                            aria-label=(words.with("password-show-label", &label))
                        { (words.get("password-show")) }
                    }
                }
            }
        }
    }
}

/// A labelled field for something that is no secret.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextField<'a> {
    /// Its name in the form; also its id.
    pub name: &'a str,
    /// The label.
    pub label: &'a str,
    /// `text` or `email`.
    pub kind: &'a str,
    /// The token of the HTML standard that tells a browser what belongs here.
    pub autocomplete: &'a str,
    /// What was typed before, shown again.
    pub echo: Option<&'a str>,
    /// A helpful line below the label.
    pub hint: Option<&'a str>,
    /// What is wrong with what was sent.
    pub problem: Option<&'a str>,
    /// Whether the cursor starts here.
    pub focus: bool,
}

impl TextField<'_> {
    /// The field.
    pub fn draw(&self) -> Markup {
        let said_by = said_by(self.name, self.hint.is_some(), self.problem.is_some());
        html! {
            div.field.bad[self.problem.is_some()] {
                label for=(self.name) { (self.label) }
                (remarks(self.name, self.hint, self.problem))
                input #(self.name) type=(self.kind) name=(self.name) value=[self.echo]
                    autocomplete=(self.autocomplete) maxlength="512"
                    autocapitalize="none" autocorrect="off" spellcheck="false"
                    aria-describedby=[said_by.as_deref()]
                    aria-invalid=[self.problem.map(|_| "true")]
                    autofocus[self.focus] required;
            }
        }
    }
}

/// A box to tick.
pub fn tick(name: &str, label: &str, ticked: bool, required: bool) -> Markup {
    html! {
        div.tick {
            input #(name) type="checkbox" name=(name) value="yes" checked[ticked] required[required];
            label for=(name) { (label) }
        }
    }
}

/// How much a button stands out. A page has one primary button for each thing that it is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// What most people came for.
    Primary,
    /// Another way on.
    Secondary,
    /// A way out.
    Quiet,
    /// Takes something away.
    Danger,
}

impl Weight {
    /// The class list of such a button.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Primary => "button primary",
            Self::Secondary => "button secondary",
            Self::Quiet => "button quiet",
            Self::Danger => "button danger",
        }
    }
}

/// The button that sends `form`. While it is on its way the script shows `busy` and ignores a second press.
pub fn submit(form: &Form<'_>, label: &str, busy: &str, weight: Weight) -> Markup {
    html! {
        button class=(weight.class()) type="submit" data-busy=(busy) disabled[form.is_script_needed()] { (label) }
    }
}

/// A link that looks like a button.
pub fn link_button(href: &str, label: &str, weight: Weight) -> Markup {
    html! { a class=(weight.class()) href=(href) { (label) } }
}

/// One thing that is wrong, and the field that it is about.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The element's id, if one field is to blame.
    pub field: Option<String>,
    /// What to do about it.
    pub text: String,
}

/// What is wrong, at the top of the page, said at once to those who listen.
pub fn problem_summary(words: &Words, problems: &[Problem]) -> Markup {
    html! {
        @if !problems.is_empty() {
            div.summary role="alert" tabindex="-1" autofocus {
                p.summary-title { (words.get("problem-summary")) }
                ul {
                    @for problem in problems {
                        li {
                            @match &problem.field {
                                Some(field) => a href={ "#" (field) } { (problem.text) },
                                None => (problem.text),
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The id of the field `name` in `form`: pages with several forms may ask for the same thing twice.
pub fn element_id(form: &Form<'_>, name: &str) -> String {
    form.hidden
        .iter()
        .find(|(key, _)| *key == "action")
        .map_or_else(|| name.to_owned(), |(_, action)| format!("{action}-{name}"))
}

fn remarks(id: &str, hint: Option<&str>, problem: Option<&str>) -> Markup {
    html! {
        @if let Some(hint) = hint { p.hint id={ (id) "-hint" } { (hint) } }
        @if let Some(problem) = problem { p.wrong id={ (id) "-problem" } { (problem) } }
    }
}

fn said_by(id: &str, hint: bool, problem: bool) -> Option<String> {
    match (hint, problem) {
        (false, false) => None,
        (true, false) => Some(format!("{id}-hint")),
        (false, true) => Some(format!("{id}-problem")),
        (true, true) => Some(format!("{id}-problem {id}-hint")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Lang;

    const FIELD: SecretField<'_> = SecretField {
        name: "new",
        label: "New password",
        kind: Secret::NewPassword,
        hint: None,
        problem: Some("Too short"),
        focus: false,
    };

    fn form(required: bool) -> Form<'static> {
        Form {
            action: "/act",
            seal: Some(Seal {
                block: "{\"v\":1}",
                required,
            }),
            ..Form::default()
        }
    }

    #[test]
    fn a_secret_without_the_script_has_no_name_where_sealing_is_required() {
        let words = Words::of(Lang::En);
        let strict = FIELD.within(&form(true), words).into_string();
        assert!(
            strict.contains("data-secret=\"new\"") && !strict.contains(" name="),
            "{strict}"
        );
        let button = submit(&form(true), "Set", "Setting", Weight::Primary).into_string();
        assert!(button.contains(" disabled"), "{button}");

        let lenient = FIELD.within(&form(false), words).into_string();
        assert!(lenient.contains(" name=\"new\""), "{lenient}");
        let button = submit(&form(false), "Set", "Setting", Weight::Primary).into_string();
        assert!(!button.contains(" disabled"), "{button}");
    }

    #[test]
    fn a_problem_is_tied_to_its_field() {
        let page = FIELD.within(&form(false), Words::of(Lang::En)).into_string();
        assert!(page.contains("aria-describedby=\"new-problem\"") && page.contains("id=\"new-problem\""));
        assert!(page.contains("aria-invalid=\"true\""));
    }

    #[test]
    fn the_block_stands_in_the_page_twice_and_unchanged() {
        let page = form(false).around(Words::of(Lang::En), &html! {}).into_string();
        assert_eq!(page.matches("\"{&quot;v&quot;:1}\"").count(), 2, "{page}");
    }
}
