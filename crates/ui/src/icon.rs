//! Small line drawings, made for this project. They decorate; the words beside them carry the meaning.

use maud::{Markup, html};

/// A drawing of 24 by 24 units, in the colour of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// The project's mark: a small door in a wall.
    Door,
    /// A key: a forgotten password.
    Key,
    /// A closed padlock.
    Lock,
    /// Two arrows in a circle: a change.
    Change,
    /// A shield: recovery is prepared.
    Shield,
    /// A phone with digits: the authenticator app.
    Phone,
    /// An envelope.
    Mail,
    /// A sheet of paper with lines: recovery codes.
    Paper,
    /// A ticket: an invitation.
    Ticket,
    /// A tick in a circle: done.
    Done,
    /// An exclamation mark in a triangle.
    Warning,
    /// A cross in a circle: refused.
    Stop,
    /// An i in a circle.
    Info,
}

impl Icon {
    const fn strokes(self) -> &'static str {
        match self {
            Self::Door => "M3 21V8l9-5 9 5v13M8 21V12a4 4 0 0 1 8 0v9M3 21h18M13.2 16.2h.01",
            Self::Key => "M11 13a4.5 4.5 0 1 1 2-2l7 7v3h-3v-2h-2v-2h-2zM7.8 7.8h.01",
            Self::Lock => "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3M12 15v2",
            Self::Change => "M4.5 10A8 8 0 0 1 19 8M19.5 14A8 8 0 0 1 5 16M19.5 4v4.5H15M4.5 20v-4.5H9",
            Self::Shield => {
                "M12 3l7.5 2.5V11c0 4.6-3 8.2-7.5 10-4.5-1.8-7.5-5.4-7.5-10V5.5zM8.5 12l2.5 2.5 4.5-5"
            }
            Self::Phone => {
                "M7 2.5h10v19H7zM10.5 18.5h3M10 7h.01M12 7h.01M14 7h.01M10 10h.01M12 10h.01M14 10h.01"
            }
            Self::Mail => "M3 5.5h18v13H3zM3.5 6l8.5 7 8.5-7",
            Self::Paper => "M6 2.5h8.5L18 6v15.5H6zM9 9h6M9 13h6M9 17h3.5",
            Self::Ticket => {
                "M3 6.5h18v3.5a2 2 0 0 0 0 4v3.5H3V14a2 2 0 0 0 0-4zM14.5 9.5v.01M14.5 12v.01M14.5 14.5v.01"
            }
            Self::Done => "M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18zM8 12.3l2.8 2.8L16 9.5",
            Self::Warning => "M12 3.5l9.5 16.5h-19zM12 10v4.5M12 17.2h.01",
            Self::Stop => "M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18zM9 9l6 6M15 9l-6 6",
            Self::Info => "M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18zM12 11v5.5M12 7.7h.01",
        }
    }

    /// The drawing, hidden from screen readers.
    pub fn draw(self) -> Markup {
        html! {
            svg.icon viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false" {
                path d=(self.strokes()) fill="none" stroke="currentColor" stroke-width="1.75"
                    stroke-linecap="round" stroke-linejoin="round" {}
            }
        }
    }
}
