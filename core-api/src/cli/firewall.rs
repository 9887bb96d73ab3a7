//! `firewall`: prints what stays open, as rules that close the rest.

use std::io::Write;
use std::net::IpAddr;
use std::process::ExitCode;

use serde::Serialize;

use super::Outcome;
use crate::config::Config;
use crate::firewall::{Addresses, Path, Place, plan, rules};

/// Rules for nftables
#[derive(Debug, clap::Args)]
pub(super) struct Firewall {
    /// For which host
    #[arg(long = "for", value_name = "PLACE", default_value = "all")]
    place: Place,
    /// The address of a name that the configuration has; nothing is looked up
    #[arg(long = "address", value_name = "NAME=IP", value_parser = named)]
    addresses: Vec<(String, IpAddr)>,
    /// The user that a site runs as, by name or number
    #[arg(long, value_name = "USER", default_value = "sallyport-site", value_parser = user)]
    site_user: String,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    paths: &'a [Path],
    missing: Vec<&'a str>,
    rules: Vec<Rules>,
}

#[derive(Serialize)]
struct Rules {
    table: &'static str,
    text: String,
}

fn named(typed: &str) -> Result<(String, IpAddr), String> {
    let pair = typed.split_once('=').and_then(|(name, address)| {
        let address = address.parse().ok()?;
        (!name.is_empty()).then(|| (name.to_ascii_lowercase(), address))
    });
    pair.ok_or_else(|| format!("{typed:?} is not NAME=IP, such as mail.corp.example=10.2.0.25"))
}

/// It gets into the rules, so it must not be more than a name.
fn user(typed: &str) -> Result<String, String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if typed.is_empty() || !typed.bytes().all(is_plain) {
        return Err(format!("{typed:?} is no user"));
    }
    Ok(if typed.bytes().all(|byte| byte.is_ascii_digit()) {
        typed.to_owned()
    } else {
        format!("\"{typed}\"")
    })
}

pub(super) fn run(command: Firewall, config: &Config, out: &mut dyn Write) -> Outcome {
    let mut addresses = Addresses::new();
    for (name, address) in command.addresses {
        addresses.entry(name).or_default().insert(address);
    }
    let plan = plan(config, &addresses, &command.site_user);
    if command.json {
        let each = command.place.each();
        let report = Report {
            paths: &plan.paths,
            missing: plan.missing().into_iter().collect(),
            rules: each
                .into_iter()
                .map(|place| Rules {
                    table: place.table(),
                    text: rules(&plan, place),
                })
                .collect(),
        };
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        write!(out, "{}", rules(&plan, command.place))?;
    }
    Ok(ExitCode::SUCCESS)
}
