//! Core, portal and site under the test's own hand: laid out as for the demo, then changed, stopped, started and doubled as a
//! scenario needs it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::demo::{self, Person};
use crate::disk::traced;
use crate::folder::Folder;
use crate::pki::Authority;
use crate::ports::reserve_ports;
use crate::processes::{Running, binary, run, serve, wait_for};
use crate::repository;

const LIMIT: Duration = Duration::from_mins(1);

/// What a portal, a core and a site need, and those of them that run.
pub struct Stack {
    /// The core, while it runs.
    pub core: Option<Running>,
    /// The portal, while it runs.
    pub portal: Option<Running>,
    /// The site of one-time messages, while it runs.
    pub site: Option<Running>,
    /// The portal's port; the site's is one more, the core's three, the site's sync listener four; their health is ten
    /// (core), eleven (portal) and twelve (site) more.
    pub port: u16,
    /// The network namespace in which the core's commands run, if it is not the machine's own.
    pub commands_in: Option<String>,
    people: Vec<Person>,
    folder: Folder,
}

impl Stack {
    /// Lays everything out with the embedded directory; nothing runs yet.
    pub async fn prepare() -> Self {
        let folder = Folder::new();
        let port = reserve_ports();
        let mut command = tokio::process::Command::new(repository().join("deploy/demo/prepare.sh"));
        command
            .arg(folder.join("demo"))
            .arg("embedded")
            .arg(binary("core-api"));
        command.args([0, 1, 3, 4, 10, 11, 12].map(|distance| (port + distance).to_string()));
        run(&mut command).await.expect("the demo can be laid out");
        let people = std::fs::read(folder.join("demo/people.json")).expect("the people are written down");
        let people = serde_json::from_slice(&people).expect("people.json is what this reads");
        Self {
            core: None,
            portal: None,
            site: None,
            port,
            commands_in: None,
            people,
            folder,
        }
    }

    /// Lays everything out and starts it.
    pub async fn start() -> Self {
        let mut stack = Self::prepare().await;
        stack.start_core().await;
        stack.start_portal().await;
        stack
    }

    /// Where everything is kept.
    pub fn state(&self) -> PathBuf {
        self.folder.join("demo")
    }

    /// The portal's origin.
    pub fn origin(&self) -> String {
        format!("https://portal.localhost:{}", self.port)
    }

    /// The authority of every certificate, PEM.
    pub fn ca(&self) -> PathBuf {
        self.state().join("pki/ca.pem")
    }

    /// The person called `username`.
    pub fn person(&self, username: &str) -> &Person {
        demo::person(&self.people, username)
    }

    /// Replaces `was` by `is` in a file of the state folder.
    ///
    /// # Panics
    /// When `was` does not stand there: a change that changes nothing would test nothing.
    pub fn edit(&self, file: &str, was: &str, is: &str) {
        let path = self.state().join(file);
        let text = std::fs::read_to_string(&path).expect("a file of the stack");
        assert!(text.contains(was), "{file} does not say {was}");
        std::fs::write(&path, text.replace(was, is)).expect("the test's folder is writable");
    }

    /// Lets a site keep what was opened for its reader for the longest that it may. When that time is over the message
    /// counts as read: whoever waits to see it as opened must see it before.
    pub fn lengthen_leases(&self) {
        let data_dir = "data_dir = \"site\"\n";
        self.edit(
            "selfdestruct.toml",
            data_dir,
            &format!("{data_dir}lease = \"10m\"\n"),
        );
    }

    /// Lets the core reach its site through something that listens on another port.
    pub fn route_sync_through(&self, port: u16) {
        let [was, is] = [self.port + 4, port].map(|port| format!("sync_url = \"https://127.0.0.1:{port}\""));
        self.edit("core-api.toml", &was, &is);
    }

    /// Lets the core believe this authority's certificates of sites, too.
    ///
    /// # Panics
    /// When the stack's files are not there.
    pub fn trust_for_sites(&self, authority: &Authority) {
        let [was, is] = ["pki/root.pem", "public-ca.pem"].map(|file| format!("public_ca_file = \"{file}\""));
        self.edit("core-api.toml", &was, &is);
        let own = std::fs::read_to_string(self.state().join("pki/root.pem")).expect("the stack's authority");
        std::fs::write(
            self.state().join("public-ca.pem"),
            format!("{own}{}", authority.pem()),
        )
        .expect("the test's folder is writable");
    }

    /// Starts the core and waits until it is ready.
    pub async fn start_core(&mut self) {
        self.core = Some(self.run_core());
        self.await_ready(10, self.core.as_ref()).await;
    }

    /// Runs a core under the caller's own hand.
    pub fn run_core(&self) -> Running {
        serve(
            "core-api",
            &self.state().join("core-api.toml"),
            &self.state().join("log"),
        )
    }

    /// Starts the portal and waits until it is ready.
    pub async fn start_portal(&mut self) {
        self.launch_portal();
        self.await_ready(11, self.portal.as_ref()).await;
    }

    /// Starts the portal; whether it gets ready is the test's question.
    pub fn launch_portal(&mut self) {
        self.portal = Some(serve(
            "portal",
            &self.state().join("portal.toml"),
            &self.state().join("log"),
        ));
    }

    /// The origin of the site of one-time messages.
    pub fn site_origin(&self) -> String {
        format!("https://site.localhost:{}", self.port + 1)
    }

    /// Lets core and site know each other, unless they do, starts the site and waits until it is ready. The core runs.
    pub async fn start_site(&mut self) {
        self.pair().await;
        self.launch_site();
        self.await_ready(12, self.site.as_ref()).await;
    }

    /// Lets core and site know each other, unless they do. The core runs, the site does not.
    pub async fn pair(&self) {
        let mut command = tokio::process::Command::new(repository().join("deploy/demo/pair.sh"));
        command
            .arg(self.state())
            .arg(binary("core-api"))
            .arg(binary("selfdestruct"));
        run(&mut command).await.expect("core and site can be paired");
    }

    /// Starts the site; whether it gets ready is the test's question.
    pub fn launch_site(&mut self) {
        self.site = Some(self.run_site());
    }

    /// Runs a site under the caller's own hand.
    pub fn run_site(&self) -> Running {
        serve(
            "selfdestruct",
            &self.state().join("selfdestruct.toml"),
            &self.state().join("log"),
        )
    }

    /// Runs a site whose program somebody has changed: `is` stands where `was` did. The site is paired.
    ///
    /// # Panics
    /// When `was` does not stand there: a change that changes nothing would test nothing.
    pub async fn run_changed_site(&self, was: &str, is: &str) -> Running {
        let (program, changed) = (binary("selfdestruct"), self.state().join("changed-selfdestruct"));
        std::fs::copy(&program, &changed).expect("the test's folder is writable");
        // By another process: nobody may execute what one of ours, or of a test beside us, still has open for writing.
        let mut sed = tokio::process::Command::new("sed");
        sed.env("LC_ALL", "C").arg("--in-place");
        sed.arg(format!("s/{was}/{is}/g")).arg(&changed);
        run(&mut sed).await.expect("sed is installed");
        let read = |path| std::fs::read(path).expect("a program of the stack");
        assert!(
            read(&program) != read(&changed),
            "the site's program does not say {was}"
        );
        let mut command = Command::new(&changed);
        command
            .arg("serve")
            .arg("--config")
            .arg(self.state().join("selfdestruct.toml"));
        Running::spawn(command, &self.state().join("log/changed.log"))
    }

    /// Runs a site whose calls are noted in `trace`.
    pub fn run_traced_site(&self, trace: &Path) -> Running {
        let mut command = Command::new(binary("selfdestruct"));
        let config = self.state().join("selfdestruct.toml");
        command.arg("serve").arg("--config").arg(config);
        Running::spawn(traced(&command, trace), &self.state().join("log/traced.log"))
    }

    /// Ends the core in an orderly way.
    pub async fn stop_core(&mut self) {
        self.core.take().expect("the core runs").stop(LIMIT).await;
    }

    /// Ends all of them in an orderly way.
    pub async fn stop(&mut self) {
        let servers = [self.portal.take(), self.site.take(), self.core.take()];
        for server in servers.into_iter().flatten() {
            server.stop(LIMIT).await;
        }
    }

    /// Runs a command of the core and gives what it prints.
    pub async fn core_api(&self, arguments: &[&str]) -> std::io::Result<String> {
        run(&mut self.command_of_core(arguments)).await
    }

    /// Runs a command of the core that may fail, and gives all that it says.
    pub async fn output(&self, arguments: &[&str]) -> Output {
        let mut command = self.command_of_core(arguments);
        let output = command.kill_on_drop(true).output().await;
        output.expect("the command can be started")
    }

    /// A command of the core, to be run.
    pub(crate) fn command_of_core(&self, arguments: &[&str]) -> tokio::process::Command {
        let program = binary("core-api");
        let mut command = match &self.commands_in {
            None => tokio::process::Command::new(program),
            Some(namespace) => {
                let mut command = tokio::process::Command::new("ip");
                command.args(["netns", "exec", namespace]).arg(program);
                command
            }
        };
        command
            .current_dir(self.state())
            .args(["--config", "core-api.toml"])
            .args(arguments);
        command
    }

    /// Whether the server whose health stands at this distance from the portal's port is ready.
    pub async fn is_ready(&self, distance: u16) -> bool {
        let answer = ask(self.port + distance, "/readyz").await.unwrap_or_default();
        answer.starts_with("HTTP/1.1 200")
    }

    /// Waits until the server whose health stands at this distance serves at all.
    pub async fn await_alive(&self, distance: u16) {
        wait_for("a server that serves", LIMIT, async || {
            let answer = ask(self.port + distance, "/healthz").await.ok()?;
            answer.starts_with("HTTP/1.1 200").then_some(())
        })
        .await;
    }

    /// Waits until the server whose health stands at this distance is ready.
    pub async fn await_ready(&self, distance: u16, server: Option<&Running>) {
        let ready = tokio::time::timeout(LIMIT, async {
            while !self.is_ready(distance).await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let is_ready = ready.await.is_ok();
        assert!(
            is_ready,
            "not ready:\n{}",
            server.map(Running::log).unwrap_or_default()
        );
    }

    /// A further portal's configuration in the state folder: `portal.toml` with these replacements.
    pub fn further_portal(&self, name: &str, changes: &[(&str, &str)]) -> Running {
        let text = std::fs::read_to_string(self.state().join("portal.toml")).expect("a file of the stack");
        let text = changes.iter().fold(text, |text, (was, is)| {
            assert!(text.contains(was), "portal.toml does not say {was}");
            text.replace(was, is)
        });
        let config = self.state().join(format!("{name}.toml"));
        std::fs::write(&config, text).expect("the test's folder is writable");
        let mut command = Command::new(binary("portal"));
        command.arg("serve").arg("--config").arg(config);
        Running::spawn(command, &self.state().join(format!("log/{name}.log")))
    }
}

/// The whole answer to a GET in clear on a loopback port.
async fn ask(port: u16, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// Waits until the log of a server says this.
pub async fn await_log(log: &Path, words: &str) {
    wait_for(&format!("\"{words}\" in {}", log.display()), LIMIT, async || {
        std::fs::read_to_string(log).ok()?.contains(words).then_some(())
    })
    .await;
}
