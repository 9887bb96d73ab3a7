//! `message show | list`.

use std::io::Write;
use std::process::ExitCode;

use contract::sync::Token;

use super::view;
use crate::admin::{AskError, MessageAnswer, MessageRequest, ask_about};
use crate::cli::Outcome;
use crate::cli::spelling::moment;
use crate::config::Config;
use crate::usecase::message::show::MOST;

pub(super) async fn show(config: &Config, id: Token, json: bool, out: &mut dyn Write) -> Outcome {
    let view = view(config, id).await?;
    if json {
        writeln!(out, "{}", serde_json::to_string(&view)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "{}  {}", view.id, view.state)?;
    writeln!(out, "site      {}", view.site)?;
    writeln!(out, "sent      {}", moment(view.made_at))?;
    writeln!(out, "expires   {}", moment(view.expires_at))?;
    if let Some(left) = view.readings_left {
        writeln!(out, "readings  {left} left")?;
    }
    if let Some(to) = &view.to {
        writeln!(out, "for       {to}")?;
    }
    if let Some(reason) = &view.reason {
        writeln!(out, "reason    {reason}")?;
    }
    for event in &view.events {
        let source = event
            .source
            .as_ref()
            .map(|source| format!("  from {source}"))
            .unwrap_or_default();
        writeln!(out, "{}  {}{source}", moment(event.at), event.kind)?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn list(config: &Config, before: Option<Token>, json: bool, out: &mut dyn Write) -> Outcome {
    let asked = MessageRequest::List { before };
    let MessageAnswer::Messages(messages) = ask_about(&config.data_dir, asked).await? else {
        return Err(AskError::Unknown.into());
    };
    let last = messages.last().map(|message| message.id.clone());
    let is_full = u32::try_from(messages.len()).is_ok_and(|count| count == MOST);
    if json {
        writeln!(out, "{}", serde_json::to_string(&messages)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    for message in messages {
        let about = message.to.or(message.reason).unwrap_or_default();
        writeln!(
            out,
            "{}  {:<10} {}  {}  {about}",
            message.id,
            message.state,
            moment(message.made_at),
            message.site
        )?;
    }
    if let Some(last) = last.filter(|_| is_full) {
        writeln!(out, "for older ones: core-api message list --before {last}")?;
    }
    Ok(ExitCode::SUCCESS)
}
