//! The socket's end in a command.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::{Answer, DEADLINE, LONGEST, LONGEST_BODY, MessageAnswer, MessageRequest, Request, socket_path};

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
    ask_with_body(data_dir, request, &[]).await
}

/// Like [`ask`], with bytes behind the line.
pub async fn ask_with_body(data_dir: &Path, request: &Request, body: &[u8]) -> Result<Answer, AskError> {
    ask_with(data_dir, request, body).await.map(|(answer, _)| answer)
}

/// Like [`ask`], with the bytes behind both lines.
async fn ask_with(
    data_dir: &Path,
    request: &Request,
    body: &[u8],
) -> Result<(Answer, Zeroizing<Vec<u8>>), AskError> {
    // The core's own deadline is the shorter one, unless it hangs.
    let (answer, body) = timeout(DEADLINE * 2, exchange(data_dir, request, body))
        .await
        .map_err(|_| AskError::TooSlow)??;
    match answer {
        Answer::Refused { why } => Err(AskError::Refused(why)),
        other => Ok((other, body)),
    }
}

/// Asks about messages.
pub async fn ask_about(data_dir: &Path, about: MessageRequest) -> Result<MessageAnswer, AskError> {
    ask_about_with(data_dir, about, &[]).await.map(|(told, _)| told)
}

/// Asks about messages, with the bytes behind both lines.
pub async fn ask_about_with(
    data_dir: &Path,
    about: MessageRequest,
    body: &[u8],
) -> Result<(MessageAnswer, Zeroizing<Vec<u8>>), AskError> {
    match ask_with(data_dir, &Request::Message { about }, body).await? {
        (Answer::Message { told }, body) => Ok((told, body)),
        _ => Err(AskError::Unknown),
    }
}

async fn exchange(
    data_dir: &Path,
    request: &Request,
    body: &[u8],
) -> Result<(Answer, Zeroizing<Vec<u8>>), AskError> {
    let path = socket_path(data_dir);
    let mut stream = UnixStream::connect(&path)
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => AskError::NotRunning(data_dir.to_owned()),
            ErrorKind::PermissionDenied => AskError::NotAllowed(path),
            _ => AskError::Broken(error),
        })?;
    let mut line = Zeroizing::new(serde_json::to_vec(request).expect("texts and numbers always become JSON"));
    line.push(b'\n');
    stream.write_all(&line).await?;
    // A core that refuses the line may be gone before all of the body is written; its answer says why.
    let written = stream.write_all(body).await;
    let mut stream = BufReader::new(stream);
    let mut answer = Zeroizing::new(Vec::new());
    (&mut stream)
        .take(LONGEST as u64)
        .read_until(b'\n', &mut answer)
        .await?;
    if answer.is_empty() {
        written?;
        return Err(AskError::NotAllowed(socket_path(data_dir)));
    }
    let answer: Answer = serde_json::from_slice(&answer).map_err(|_| AskError::Unknown)?;
    let size = answer.body();
    if u64::try_from(size).unwrap_or(u64::MAX) > LONGEST_BODY {
        return Err(AskError::Unknown);
    }
    let mut body = Zeroizing::new(vec![0; size]);
    stream.read_exact(&mut body).await?;
    Ok((answer, body))
}
