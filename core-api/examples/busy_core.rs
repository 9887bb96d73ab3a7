//! The core as it is shipped, but that it sends many messages by itself as soon as it runs, with no link to anybody but in a
//! file.
//!
//! `busy_core CONFIG COUNT LENGTH LINKS`: so many texts of so many bytes, each beginning with its number; their links go to
//! the file, one in a line, once all are stored.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use core_api::config::read;
use core_api::core::Core;
use core_api::serve::start;
use core_api::steps::Unwatched;
use core_api::usecase::message::seal::seal;
use core_api::usecase::message::send::{Handed, Sender, Wish, reserve, send};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use seal::Content;
use server::{Ended, lifecycle, logs};

/// Senders at the same time: their messages share commits.
const AT_ONCE: usize = 64;

fn main() -> ExitCode {
    server::command::run("busy_core", async {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [config, count, length, links] = arguments.as_slice() else {
            return Err("CONFIG COUNT LENGTH LINKS".into());
        };
        let (config, _) = read(Path::new(config), std::env::vars())?;
        let _last_lines = logs::install(&config.log)?;
        let orders = lifecycle::signals()?;
        let running = start(config, Arc::new(Unwatched)).await?;
        let (count, length) = (count.parse()?, length.parse()?);
        send_many(&running.core, count, length, Path::new(links)).await?;
        Ok(match running.run(orders).await {
            Ended::Drained => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        })
    })
}

async fn send_many(core: &Core, count: usize, length: usize, file: &Path) -> Result<(), Box<dyn Error>> {
    let sending = stream::iter(0..count).map(|number| send_one(core, number, length));
    let links: Vec<String> = sending.buffered(AT_ONCE).try_collect().await?;
    let mut text = String::new();
    for link in links {
        writeln!(text, "{link}")?;
    }
    // Under its own name only when it is whole.
    let part = file.with_extension("part");
    std::fs::write(&part, text)?;
    Ok(std::fs::rename(part, file)?)
}

async fn send_one(core: &Core, number: usize, length: usize) -> Result<String, Box<dyn Error>> {
    let sender = Sender {
        name: "busy".to_owned(),
        through: "command".to_owned(),
        reference: String::new(),
        notify: None,
    };
    let wish = Wish::default();
    let (id, plan) = reserve(core, &sender, &wish).await?;
    let content = Content::new(format!("{number:<length$}").into(), vec![])?;
    let sealed = seal(&id, &plan.address(&id), &content, None);
    let link = sealed.link.expose().to_owned();
    let handed = Handed {
        id,
        is_reserved: true,
        wish,
        envelope: sealed.envelope,
        proofs: sealed.proofs,
        link: None,
    };
    send(core, &sender, None, vec![handed]).await?;
    Ok(link)
}
