//! Where log lines go and what they look like.

use std::io;

use tracing_subscriber::EnvFilter;

use crate::config::Section;
pub use crate::lines::LastLines;
use crate::lines::Lines;

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One JSON object a line, for collectors.
    Json,
    /// For people.
    Human,
}

/// The section `[log]`.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// `json` or `human`.
    pub form: Form,
    /// A level such as `info`, or levels per module.
    pub level: String,
}

impl LogSettings {
    /// Reads `format` (default `json`) and `level` (default `info`).
    pub fn read(section: &Section<'_>) -> Self {
        let level: String = section.get_or("level", "info".to_owned());
        if EnvFilter::builder().parse(&level).is_err() {
            section.mistake(
                "level",
                "write error, warn, info, debug or trace, or levels per module",
            );
        }
        let forms = [("json", Form::Json), ("human", Form::Human)];
        Self {
            form: section.choice("format", &forms, Some("json")),
            level,
        }
    }
}

/// Sends all log lines to standard error, by a thread that may wait, and panics into the log. Only the first call of a
/// process counts.
///
/// A panic is logged with its place only: its text may have been made from what a person typed.
///
/// # Errors
/// When there can be no further thread.
pub fn install(settings: &LogSettings) -> io::Result<LastLines> {
    let filter = EnvFilter::builder().parse_lossy(&settings.level);
    let (lines, last) = Lines::to(io::stderr())?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(lines)
        .log_internal_errors(false); // they would go to standard error by `eprintln!`, which panics where that is closed
    // The error says that a subscriber is installed already.
    drop(match settings.form {
        Form::Json => subscriber
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .try_init(),
        Form::Human => subscriber.with_ansi(false).try_init(),
    });
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
    Ok(last)
}
