//! The socket's end in the core.

use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use server::{Reference, Stop};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::handle::handle;
use super::{Answer, DEADLINE, LONGEST, Request, Response, socket_path};
use crate::core::Core;

/// Commands at the same time; more wait.
const AT_ONCE: usize = 4;

/// The longest line of a command, in bytes. What is larger comes as a body behind it.
const LONGEST_COMMAND: u64 = 4096;

/// The socket, taken away when it is dropped.
pub struct AdminSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        // Gone already, or replaced by a mode that forbids it: the next start takes it away.
        drop(std::fs::remove_file(&self.path));
    }
}

impl AdminSocket {
    /// Binds the socket (mode 0600). The database's lock says that no other core runs on this data directory, so what
    /// stands there is left from one that was killed.
    pub fn bind(data_dir: &Path) -> io::Result<Self> {
        let path = socket_path(data_dir);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        // The folder is 0700, so nobody came in before this.
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self { listener, path })
    }

    /// Answers until the end.
    pub async fn serve(&self, core: Arc<Core>, stop: Stop) {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = stop.ordered() => return,
            };
            let Ok((stream, _)) = accepted else {
                stop.pause(Duration::from_millis(100)).await; // out of file descriptors, most likely
                continue;
            };
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            let core = Arc::clone(&core);
            tokio::spawn(async move {
                let _place = place;
                match timeout(DEADLINE, answer(&core, stream)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::warn!(%error, "a command over the admin socket was cut off"),
                    Err(_) => tracing::warn!("a command over the admin socket took too long"),
                }
            });
        }
    }
}

/// Whether a process of this user may command a core that runs as `own`: the same user, and root, who could anyway.
pub fn may_command(peer: u32, own: u32) -> bool {
    peer == own || peer == 0
}

async fn answer(core: &Arc<Core>, stream: UnixStream) -> io::Result<()> {
    let peer = stream.peer_cred()?.uid();
    if !may_command(peer, rustix::process::geteuid().as_raw()) {
        tracing::warn!(peer, "a command of a foreign user was refused");
        return Ok(());
    }
    let (reading, mut writing) = stream.into_split();
    // A line may hold a link.
    let mut line = Zeroizing::new(String::with_capacity(
        usize::try_from(LONGEST_COMMAND).unwrap_or(0),
    ));
    let mut reading = BufReader::new(reading);
    (&mut reading).take(LONGEST_COMMAND).read_line(&mut line).await?;
    let asked = serde_json::from_str::<Request>(&line);
    let too_long = asked.as_ref().ok().and_then(Request::too_long);
    let response = match asked {
        Ok(_) if too_long.is_some() => Response::of(Answer::Refused {
            why: too_long.unwrap_or_default().to_owned(),
        }),
        Ok(request) => {
            let mut body = vec![0; usize::try_from(request.body()).unwrap_or(0)];
            reading.read_exact(&mut body).await?;
            let randomness = Arc::clone(&core.randomness);
            let fill: server::Randomness = Arc::new(move |bytes| randomness.fill(bytes));
            let reference = Reference::new(&fill);
            handle(core, request, body, &format!("uid {peer}"), reference.as_str()).await
        }
        Err(_) => Response::of(Answer::Refused {
            why: "this core does not know the command; is it of another release?".to_owned(),
        }),
    };
    let mut bytes = Zeroizing::new(serde_json::to_vec(&response.answer)?);
    bytes.push(b'\n');
    debug_assert!(bytes.len() <= LONGEST, "a page of records is far below");
    writing.write_all(&bytes).await?;
    writing.write_all(&response.body).await?;
    writing.shutdown().await
}
