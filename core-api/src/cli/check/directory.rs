//! Whether the directory is there, and gives the service account the rights that it needs and no more.

use std::path::Path;
use std::sync::Arc;

use directory::{CheckLine, DirectoryError};
use server::check::Line;

use super::super::shown;
use super::IN_USE;
use crate::clock::SystemClock;
use crate::config::DirectorySettings;
use crate::keys::OsRandomness;
use crate::serve::{Opened, open_directory};

/// Everything that the directory needs, tried.
pub(super) async fn check(data_dir: &Path, settings: DirectorySettings) -> Vec<Line> {
    let path = data_dir.join("directory.db");
    let what = "embedded directory";
    let probe = match &settings {
        DirectorySettings::Embedded { .. } if !path.exists() => {
            return vec![Line::ok(what, &shown(&path), "is made at the first start")];
        }
        DirectorySettings::Embedded { .. } => None,
        DirectorySettings::ActiveDirectory { probe_account, .. } => probe_account.clone(),
    };
    match open_directory(data_dir, settings, Arc::new(SystemClock), Arc::new(OsRandomness)).await {
        Ok(opened) => {
            let found = opened.directory().check().await;
            let mut lines: Vec<Line> = found.iter().map(line).collect();
            lines.extend(reset_right(&opened, probe.as_deref()).await);
            opened.close().await;
            lines
        }
        Err(DirectoryError::Misconfigured(why)) if why.contains(" is in use by ") => {
            vec![Line::ok(what, &shown(&path), IN_USE)]
        }
        Err(error) => {
            vec![Line::fail(
                "directory",
                "[[directory]]",
                &error.for_operator(),
                "see what the message says",
            )]
        }
    }
}

/// The one right that no attribute tells: it is tried on an account that serves nothing else.
async fn reset_right(opened: &Opened, probe: Option<&str>) -> Option<Line> {
    let Opened::Real(directory) = opened else {
        return None;
    };
    Some(match probe {
        Some(probe) => line(&directory.check_reset_right(probe, &OsRandomness).await),
        None => Line::weak(
            "the right to reset",
            "[[directory]]",
            "not tried",
            "make an account that serves nothing else, and name it in probe_account",
        ),
    })
}

/// A finding of the directory, as every check shows it.
fn line(found: &CheckLine) -> Line {
    let (what, place) = (&found.what, &found.where_);
    let line = match &found.result {
        Ok(result) => Line::ok(what, place, result),
        Err(wrong) => Line::fail(
            what,
            place,
            wrong,
            found.remedy.as_deref().unwrap_or("see what the message says"),
        ),
    };
    Line {
        port: found.port,
        ..line
    }
}
