//! The program itself, under the filter that it sets.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use contract::sync::push_body;
use futures_util::future::try_join_all;
use rcgen::generate_simple_self_signed;
use rustix::process::{Pid, Signal, kill_process};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::{TcpSocket, TcpStream};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::core::Core;
use crate::line::Line;
use crate::site::{HOST, Message, ORIGIN, anonymous, config};

const PATIENCE: Duration = Duration::from_mins(1);

/// A started `serve`, with what it says.
struct Served {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    public: SocketAddr,
    sync: SocketAddr,
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_selfdestruct"));
    command.arg("--config").arg(folder.join("selfdestruct.toml"));
    command.kill_on_drop(true).stdin(Stdio::null());
    command
}

async fn serve(folder: &Path) -> Served {
    let mut child = command(folder)
        .arg("serve")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let said = until(&mut lines, "the way out closed").await;
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    let address = |key: &str| said[key].as_str().unwrap().parse().unwrap();
    Served {
        child,
        lines,
        public: address("public"),
        sync: address("sync"),
    }
}

/// Pairs what was [written](write).
async fn paired(folder: &Path) -> Core {
    let file = |name: &str| folder.join(name);
    Core::pair(&file("of-core.json"), async || {
        let mut pair = command(folder);
        pair.arg("pair")
            .arg(file("of-core.json"))
            .arg("--out")
            .arg(file("answer.json"));
        let done = pair.output().await.unwrap();
        assert!(done.status.success(), "{done:?}");
        serde_json::from_slice(&std::fs::read(file("answer.json")).unwrap()).unwrap()
    })
    .await
}

/// The first line with these words.
async fn until(lines: &mut Lines<BufReader<ChildStderr>>, words: &str) -> String {
    let found = async {
        let mut before = Vec::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains(words) {
                return line;
            }
            before.push(line);
        }
        panic!("it ended without saying {words}: {before:#?}");
    };
    timeout(PATIENCE, found)
        .await
        .unwrap_or_else(|_| panic!("never said: {words}"))
}

fn write(folder: &Path) {
    let own = generate_simple_self_signed(vec![HOST.to_owned()]).unwrap();
    std::fs::write(folder.join("public.pem"), own.cert.pem()).unwrap();
    std::fs::write(folder.join("public.key"), own.signing_key.serialize_pem()).unwrap();
    std::fs::set_permissions(
        folder.join("public.key"),
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .unwrap();
    let text = r#"
        data_dir = "data"
        keys_dir = "keys"
        [public]
        listen = "127.0.0.1:0"
        cert_file = "public.pem"
        key_file = "public.key"
        requests_per_minute = 10000
        requests_at_once = 10000
        [sync]
        listen = "127.0.0.1:0"
        sources = ["127.0.0.1", "127.0.0.2"]
        [health]
        listen = "127.0.0.1:0"
    "#;
    std::fs::write(folder.join("selfdestruct.toml"), text).unwrap();
}

fn now_ms() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the program asks the machine, too")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_pairs_serves_reloads_and_ends_with_the_way_out_closed() {
    server::tls::install_crypto();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    write(folder.path());
    let unpaired = command(folder.path()).arg("serve").output().await.unwrap();
    assert!(!unpaired.status.success());
    assert!(String::from_utf8_lossy(&unpaired.stderr).contains("run selfdestruct pair FILE"));

    let mut core = paired(folder.path()).await;
    let mut pair = command(folder.path());
    let twice = pair.arg("pair").arg(file("of-core.json")).output().await.unwrap();
    assert!(!twice.status.success());
    assert!(
        String::from_utf8_lossy(&twice.stderr).contains("paired already, as dmz1"),
        "{twice:?}"
    );
    core.now_ms = now_ms();

    let mut served = serve(folder.path()).await;
    let pid = served.child.id().unwrap();
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let filters = tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("status")).unwrap());
    let filters: Vec<bool> = filters.map(|status| status.contains("Seccomp:\t2")).collect();
    assert!(
        filters.len() > 3 && filters.iter().all(|filtered| *filtered),
        "{filters:?}"
    );

    let line = |address, name, tls| Line { address, name, tls };
    let sync = line(served.sync, "selfdestruct", core.tls(&config(folder.path())));
    let public = line(served.public, HOST, anonymous(&file("public.pem")));
    let confirmed = core.get(&sync, &core.events(0)).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.text());
    let message = Message::new(1, None, core.now_ms);
    let path = format!("/sync/v1/messages/{}", message.id);
    let pushed = core
        .send(
            &sync,
            "PUT",
            &path,
            &push_body(&message.head(), &vec![7; 400_000]),
        )
        .await;
    assert_eq!(pushed.status, 201, "{}", pushed.text());
    let headers = [ORIGIN, "Content-Type: application/json"];
    let open = format!("POST /m/{}/open", message.id);
    let opened = public.ask(&open, &headers, message.proofs(1).as_bytes()).await;
    assert_eq!((opened.status, opened.body.len()), (200, 400_000));

    // Another certificate, and the word to read it.
    write(folder.path());
    let signal = |signal| kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).unwrap();
    signal(Signal::HUP);
    until(&mut served.lines, "certificate read again").await;
    let renewed = line(served.public, HOST, anonymous(&file("public.pem")));
    assert_eq!(renewed.ask("GET /", &[], b"").await.status, 200);

    signal(Signal::TERM);
    let ended = timeout(PATIENCE, served.child.wait()).await.unwrap().unwrap();
    assert!(ended.success(), "{ended}");
    let log = serve(folder.path()).await; // its past is found again
    assert!(log.public.port() != 0);
}

/// More lines than a pipe holds, first while nobody reads them and then when nobody is left who could.
#[tokio::test(flavor = "multi_thread")]
async fn a_site_whose_log_nobody_takes_serves_on() {
    server::tls::install_crypto();
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    paired(folder.path()).await;
    let mut served = serve(folder.path()).await;
    let public = Line {
        address: served.public,
        name: HOST,
        tls: anonymous(&folder.path().join("public.pem")),
    };
    let visit = async |times: usize| {
        for _ in 0..times {
            assert_eq!(public.ask("GET /", &[], b"").await.status, 200);
        }
    };
    timeout(PATIENCE, visit(500))
        .await
        .expect("nobody waits for the log");
    drop(served.lines);
    timeout(PATIENCE, visit(50))
        .await
        .expect("nor for a reader who is gone");
    assert!(served.child.try_wait().unwrap().is_none(), "it runs");
    let pid = served.child.id().unwrap();
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::TERM).unwrap();
    let ended = timeout(PATIENCE, served.child.wait()).await.unwrap().unwrap();
    assert!(ended.success(), "{ended}");
}

/// A connection that stays: it has asked for something, and has the beginning of the answer.
async fn hold(from: [u8; 4], line: &Line, request: &[u8]) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(line.name).unwrap();
    let stream = connect(from, line.address).await?;
    let mut stream = TlsConnector::from(Arc::clone(&line.tls))
        .connect(name, stream)
        .await?;
    stream.write_all(request).await?;
    stream.flush().await?;
    let mut status = [0; 12];
    stream.read_exact(&mut status).await?;
    assert_eq!(&status, b"HTTP/1.1 200");
    Ok(stream)
}

async fn connect(from: [u8; 4], to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((from, 0)))?;
    socket.connect(to).await
}

/// Whoever has the key of the link alone does not take the places of readers, and whoever has not even that takes nobody's
/// from an address of his own.
#[tokio::test(flavor = "multi_thread")]
async fn one_address_holds_sixty_four_connections_to_the_sync_listener() {
    const CORE: [u8; 4] = [127, 0, 0, 1];
    const STRANGER: [u8; 4] = [127, 0, 0, 2];
    server::tls::install_crypto();
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let mut core = paired(folder.path()).await;
    core.now_ms = now_ms();
    let served = serve(folder.path()).await;
    let strangers = try_join_all((0..100).map(|_| connect(STRANGER, served.sync))).await;
    let sync = Line {
        address: served.sync,
        name: "selfdestruct",
        tls: core.tls(&config(folder.path())),
    };
    let request = || {
        let closing = String::from_utf8(core.signed(&sync, "GET", "/sync/v1/inventory", b"")).unwrap();
        closing.replace("Connection: close\r\n", "").into_bytes()
    };
    let until_refused = async {
        let mut held = Vec::new();
        while let Ok(one) = hold(CORE, &sync, &request()).await {
            held.push(one);
        }
        held
    };
    let held = timeout(PATIENCE, until_refused).await.expect("one too many");
    assert_eq!(held.len(), 64);
    drop((held, strangers.unwrap()));
    let is_free = async {
        while hold(CORE, &sync, &request()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, is_free)
        .await
        .expect("places that were left are free");
}
