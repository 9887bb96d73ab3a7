//! The socket's end in a command.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::{Answer, DEADLINE, LONGEST, Request, socket_path};

/// Why a running core gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// There is none.
    #[error("no core runs on {}: start it first", .0.display())]
    NotRunning(PathBuf),
    /// Its socket is not ours to use.
    #[error("{}: only root and the user that the core runs as may command it", .0.display())]
    NotAllowed(PathBuf),
    /// It ended the connection.
    #[error("the core did not answer: {0}")]
    Broken(#[from] io::Error),
    /// It said nothing in time.
    #[error("the core did not answer in time")]
    TooSlow,
    /// What it said is not known here.
    #[error("the core's answer is not understood; is it of another release?")]
    Unknown,
    /// It refused.
    #[error("{0}")]
    Refused(String),
}

/// Asks the core that runs on this data directory. A refusal is an error.
pub async fn ask(data_dir: &Path, request: &Request) -> Result<Answer, AskError> {
    // The core's own deadline is the shorter one, unless it hangs.
    let answer = timeout(DEADLINE * 2, exchange(data_dir, request))
        .await
        .map_err(|_| AskError::TooSlow)??;
    match answer {
        Answer::Refused { why } => Err(AskError::Refused(why)),
        other => Ok(other),
    }
}

async fn exchange(data_dir: &Path, request: &Request) -> Result<Answer, AskError> {
    let path = socket_path(data_dir);
    let mut stream = UnixStream::connect(&path)
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => AskError::NotRunning(data_dir.to_owned()),
            ErrorKind::PermissionDenied => AskError::NotAllowed(path),
            _ => AskError::Broken(error),
        })?;
    let mut line = serde_json::to_vec(request).expect("texts and numbers always become JSON");
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut answer = Zeroizing::new(Vec::new());
    stream.take(LONGEST as u64).read_to_end(&mut answer).await?;
    if answer.is_empty() {
        return Err(AskError::NotAllowed(socket_path(data_dir)));
    }
    serde_json::from_slice(&answer).map_err(|_| AskError::Unknown)
}
