//! Commands that act: they ask the running core over its socket.

use std::io::Write;
use std::process::ExitCode;

use super::Outcome;
use crate::admin::{Answer, AskError, Request, ask};
use crate::config::Config;

/// `invite IDENTIFIER [--days N]`
pub(super) async fn invite(
    config: &Config,
    identifier: String,
    days: Option<u16>,
    out: &mut dyn Write,
) -> Outcome {
    let Answer::Invited { code, name, until } =
        ask(&config.data_dir, &Request::Invite { identifier, days }).await?
    else {
        return Err(AskError::Unknown.into());
    };
    let until = jiff::Timestamp::from_millisecond(until)?.strftime("%Y-%m-%d %H:%M UTC");
    writeln!(out, "{code}")?;
    writeln!(
        out,
        "For {name}, once, until {until}. It is shown only now; hand it over in person or by letter."
    )?;
    Ok(ExitCode::SUCCESS)
}

/// `unfreeze IDENTIFIER`
pub(super) async fn unfreeze(config: &Config, identifier: String, out: &mut dyn Write) -> Outcome {
    act(config, Request::Unfreeze { identifier }, out).await
}

/// Asks for something that is answered with one sentence.
pub(super) async fn act(config: &Config, request: Request, out: &mut dyn Write) -> Outcome {
    let Answer::Done { what } = ask(&config.data_dir, &request).await? else {
        return Err(AskError::Unknown.into());
    };
    writeln!(out, "{what}")?;
    Ok(ExitCode::SUCCESS)
}
