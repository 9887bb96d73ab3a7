//! `site certificate`: shows a site's public certificate, fetches its signing request, brings the signed chain.

use std::fs::File;
use std::io::{Read as _, Write};
use std::path::Path;
use std::process::ExitCode;

use contract::sync::LONGEST_CHAIN;

use super::spelling::moment;
use super::{Outcome, shown};
use crate::admin::{Answer, AskError, Request, ask, ask_with_body};
use crate::config::Config;
use crate::pki::write_new;
use crate::usecase::site::certificate::{Shown, chain_in};

/// What is in use now; fails when an operator should do something about it.
pub(super) async fn show(config: &Config, site: String, out: &mut dyn Write) -> Outcome {
    let Answer::SiteCertificate { in_use } =
        ask(&config.data_dir, &Request::SiteCertificate { site }).await?
    else {
        return Err(AskError::Unknown.into());
    };
    tell(&in_use, out)
}

/// Has the site make a signing request, and writes it to `file`, which is made before: asking makes the request before
/// void. What is there already is never overwritten.
pub(super) async fn request(config: &Config, site: String, file: &Path, out: &mut dyn Write) -> Outcome {
    write_new(file, b"", 0o644)?;
    let asked = Request::SiteCertificateRequest { site: site.clone() };
    let written = match ask(&config.data_dir, &asked).await {
        Ok(Answer::SigningRequest { request }) => std::fs::write(file, request).map_err(Into::into),
        Ok(_) => Err(AskError::Unknown.into()),
        Err(error) => Err(error.into()),
    };
    if let Err(error) = written {
        std::fs::remove_file(file)?;
        return Err(error);
    }
    writeln!(
        out,
        "{} is the site's signing request; an earlier one is void. Have it signed as it stands, and bring the chain: \
         core-api site certificate {site} --chain FILE",
        shown(file)
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Brings the chain in `file`, the site's own certificate first, and tells what is in use then.
pub(super) async fn bring(config: &Config, site: String, file: &Path, out: &mut dyn Write) -> Outcome {
    let chain = read(file).map_err(|error| format!("{}: {error}", shown(file)))?;
    chain_in(&chain).map_err(|error| format!("{}: {error}", shown(file)))?;
    let asked = Request::SiteCertificateChain {
        site: site.clone(),
        size: chain.len(),
    };
    let Answer::SiteCertificate { in_use } = ask_with_body(&config.data_dir, &asked, &chain).await? else {
        return Err(AskError::Unknown.into());
    };
    writeln!(out, "{site} shows this certificate:")?;
    tell(&in_use, out)
}

/// One byte more than a chain may have, so that what is longer is known to be.
fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?
        .take(LONGEST_CHAIN as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn tell(in_use: &Shown, out: &mut dyn Write) -> Outcome {
    writeln!(out, "names:  {}", in_use.names.join(", "))?;
    writeln!(out, "issuer: {}", in_use.issuer)?;
    writeln!(out, "until:  {}", moment(in_use.until))?;
    Ok(match &in_use.wrong {
        None => ExitCode::SUCCESS,
        Some(wrong) => {
            writeln!(out, "WRONG:  {wrong}")?;
            ExitCode::FAILURE
        }
    })
}
