//! How findings are made and shown.

use std::io::{self, Write};

use directory::CheckLine;

/// How JSON tells what works and could be better.
const WEAK: &str = "weak: ";

fn line(what: &str, place: &str, result: Result<String, String>, remedy: Option<&str>) -> CheckLine {
    CheckLine {
        what: what.to_owned(),
        where_: place.to_owned(),
        port: None,
        result,
        remedy: remedy.map(str::to_owned),
    }
}

/// As it should be.
pub(super) fn good(what: &str, place: &str, result: &str) -> CheckLine {
    line(what, place, Ok(result.to_owned()), None)
}

/// Works, and could be better.
pub(super) fn weak(what: &str, place: &str, result: &str, remedy: &str) -> CheckLine {
    line(what, place, Ok(format!("{WEAK}{result}")), Some(remedy))
}

/// Does not work.
pub(super) fn bad(what: &str, place: &str, result: &str, remedy: &str) -> CheckLine {
    line(what, place, Err(result.to_owned()), Some(remedy))
}

/// What, where, port and result in columns; the remedy below its line.
pub(super) fn table(lines: &[CheckLine], out: &mut dyn Write) -> io::Result<()> {
    let widest = |cell: fn(&CheckLine) -> usize| lines.iter().map(cell).max().unwrap_or(0);
    let what = widest(|line| line.what.chars().count());
    let place = widest(|line| line.where_.chars().count());
    for line in lines {
        let (mark, result) = match &line.result {
            Ok(result) if line.remedy.is_some() => ("WEAK", result.trim_start_matches(WEAK)),
            Ok(result) => ("ok", result.as_str()),
            Err(result) => ("FAIL", result.as_str()),
        };
        let port = line.port.map_or(String::new(), |port| port.to_string());
        writeln!(
            out,
            "{mark:<4}  {:<what$}  {:<place$}  {port:<5}  {result}",
            line.what, line.where_
        )?;
        if let Some(remedy) = &line.remedy {
            writeln!(out, "      -> {remedy}")?;
        }
    }
    Ok(())
}
