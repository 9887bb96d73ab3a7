//! What a `check` command found: one shape, one table and one exit code for every server.

use std::io::{self, Write};
use std::process::ExitCode;

use serde::Serialize;

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// Works, and could be better.
    Weak,
    /// Does not work.
    Fail,
}

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// How it stands.
    pub state: State,
    /// What was tried.
    pub what: String,
    /// Where: a host, an address, a file or a section of the configuration.
    #[serde(rename = "where")]
    pub place: String,
    /// The TCP port, if one was dialled.
    pub port: Option<u16>,
    /// What was found.
    pub result: String,
    /// What to do about it; `None` when all is well.
    pub remedy: Option<String>,
}

impl Line {
    /// As it should be.
    pub fn ok(what: &str, place: &str, result: &str) -> Self {
        Self::new(State::Ok, what, place, result, None)
    }

    /// Works, and could be better.
    pub fn weak(what: &str, place: &str, result: &str, remedy: &str) -> Self {
        Self::new(State::Weak, what, place, result, Some(remedy))
    }

    /// Does not work.
    pub fn fail(what: &str, place: &str, result: &str, remedy: &str) -> Self {
        Self::new(State::Fail, what, place, result, Some(remedy))
    }

    /// The same, with the TCP port that was dialled.
    #[must_use]
    pub fn at_port(self, port: u16) -> Self {
        Self {
            port: Some(port),
            ..self
        }
    }

    fn new(state: State, what: &str, place: &str, result: &str, remedy: Option<&str>) -> Self {
        Self {
            state,
            what: what.to_owned(),
            place: place.to_owned(),
            port: None,
            result: result.to_owned(),
            remedy: remedy.map(str::to_owned),
        }
    }
}

/// Writes the lines, as JSON for tools or as a table for people. The exit code says whether everything works.
pub fn report(lines: &[Line], json: bool, out: &mut dyn Write) -> io::Result<ExitCode> {
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(lines)?)?;
    } else {
        table(lines, out)?;
    }
    let works = lines.iter().all(|line| line.state != State::Fail);
    Ok(if works {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// State, what, where, port and result in columns; the remedy below its line.
fn table(lines: &[Line], out: &mut dyn Write) -> io::Result<()> {
    let widest = |cell: fn(&Line) -> &str| {
        let widths = lines.iter().map(|line| cell(line).chars().count());
        widths.max().unwrap_or(0)
    };
    let (what, place) = (widest(|line| &line.what), widest(|line| &line.place));
    for line in lines {
        let state = match line.state {
            State::Ok => "ok",
            State::Weak => "WEAK",
            State::Fail => "FAIL",
        };
        let port = line.port.map_or(String::new(), |port| port.to_string());
        writeln!(
            out,
            "{state:<4}  {:<what$}  {:<place$}  {port:<5}  {}",
            line.what, line.place, line.result
        )?;
        if let Some(remedy) = &line.remedy {
            writeln!(out, "      -> {remedy}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(lines: &[Line], json: bool) -> (bool, String) {
        let mut out = Vec::new();
        let code = report(lines, json, &mut out).expect("a buffer takes everything");
        let works = format!("{code:?}") == format!("{:?}", ExitCode::SUCCESS);
        (works, String::from_utf8(out).expect("text"))
    }

    #[test]
    fn what_is_weak_is_told_and_only_what_fails_fails() {
        let weak = [
            Line::ok("database", "/var/lib/x", "opens"),
            Line::weak("Schlüssel", "[keys]", "near", "move it").at_port(636),
        ];
        let (works, table) = reported(&weak, false);
        assert!(works, "{table}");
        let expected = "ok    database   /var/lib/x         opens\n\
                        WEAK  Schlüssel  [keys]      636    near\n      -> move it\n";
        assert_eq!(table, expected);

        let (works, json) = reported(&[Line::fail("mail", "host", "away", "look")], true);
        assert!(!works);
        let read: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(
            (&read[0]["state"], &read[0]["where"]),
            (&"fail".into(), &"host".into())
        );
    }
}
