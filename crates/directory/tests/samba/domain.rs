//! The domain controller: provisioned by the product's own scripts, on a loopback address of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, LazyLock};

use secrecy::SecretString;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::{OnceCell, RwLock};

/// Watches over the controller: takes it down when our end of its input closes, however we end.
const WATCH: &str = r#"
trap '' INT TERM HUP
"$0" up "$1" "$2" </dev/null && "$0" populate "$1" --min-password-age 0 </dev/null && echo ready
cat >/dev/null
"$0" down "$1" </dev/null
"#;

/// A running domain.
pub(crate) struct Domain {
    pub(crate) folder: PathBuf,
    pub(crate) address: IpAddr,
    pub(crate) ca_pem: Vec<u8>,
    pub(crate) service: (String, SecretString),
    pub(crate) admin: (String, SecretString),
    /// Held for reading by who uses the controller, for writing by who stops it.
    pub(crate) in_use: Arc<RwLock<()>>,
    /// Its input keeps the controller up.
    _watch: Child,
}

/// Connections are driven here, because each test's own runtime ends with its test.
pub(crate) fn runtime() -> Handle {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2).enable_all().build().expect("a runtime")
    });
    RUNTIME.handle().clone()
}

/// The one domain of this test run.
pub(crate) async fn domain() -> &'static Domain {
    static DOMAIN: OnceCell<Domain> = OnceCell::const_new();
    let start = || async {
        let domain = tokio::task::spawn_blocking(Domain::start)
            .await
            .expect("Samba starts");
        super::people::prepare(&domain).await;
        domain
    };
    DOMAIN.get_or_init(start).await
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/samba/dc.sh")
}

impl Domain {
    fn start() -> Self {
        let [.., high, middle, low] = std::process::id().to_be_bytes();
        let address = Ipv4Addr::new(127, 64 + high % 128, middle, low.max(1));
        let folder = std::env::temp_dir().join(format!("directory-tests-{}", std::process::id()));
        let mut watch = Command::new("bash")
            .args(["-c", WATCH])
            .arg(script())
            .arg(&folder)
            .arg(address.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("bash runs");
        let mut told = String::new();
        BufReader::new(watch.stdout.take().expect("is piped"))
            .read_line(&mut told)
            .expect("can be read");
        if told.trim() != "ready" {
            drop(watch.stdin.take());
            let mut said = String::new();
            let mut errors = watch.stderr.take().expect("is piped");
            errors.read_to_string(&mut said).expect("can be read");
            panic!(
                "no Samba domain (root and samba-ad-dc, samba-ad-provision, krb5-user are needed): {told}{said}"
            );
        }
        let known = std::fs::read(folder.join("accounts.json")).expect("can be read");
        let known: serde_json::Value = serde_json::from_slice(&known).expect("is JSON");
        let text = |path: &str| {
            known
                .pointer(path)
                .and_then(|value| value.as_str())
                .expect("is told")
                .to_owned()
        };
        Self {
            address: IpAddr::V4(address),
            ca_pem: std::fs::read(folder.join("tls/ca.pem")).expect("can be read"),
            service: (text("/service/upn"), text("/service/password").into()),
            admin: (
                format!("CORP\\{}", text("/admin/username")),
                text("/admin/password").into(),
            ),
            in_use: Arc::default(),
            folder,
            _watch: watch,
        }
    }

    /// Runs a verb of the script on this domain.
    pub(crate) fn run(&self, verb: &str) {
        let done = Command::new(script())
            .arg(verb)
            .arg(&self.folder)
            .stdin(Stdio::null())
            .status();
        assert!(done.expect("the script runs").success(), "dc.sh {verb}");
    }

    /// Sends a signal to every process of the controller: `STOP` makes it silent, `CONT` wakes it up.
    pub(crate) fn signal(&self, signal: &str) {
        let leader = std::fs::read_to_string(self.folder.join("server.pid")).expect("it runs");
        let group = format!("-{}", leader.split(' ').next().expect("a process id"));
        let sent = Command::new("kill")
            .args([&format!("-{signal}"), "--", &group])
            .status();
        assert!(sent.expect("kill runs").success(), "kill -{signal} {group}");
    }

    /// Dates a password back by years, which no LDAP client may: in the database itself, with Samba's own control
    /// for it.
    pub(crate) fn set_password_long_ago(&self, dn: &str) {
        let mut ldbmodify = Command::new("ldbmodify")
            .arg("-H")
            .arg(self.folder.join("private/sam.ldb"))
            .arg("--controls=local_oid:1.3.6.1.4.1.7165.4.3.20:0")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("ldbmodify is installed (ldb-tools)");
        let mut input = ldbmodify.stdin.take().expect("is piped");
        let change = "changetype: modify\nreplace: pwdLastSet\npwdLastSet: 125911584000000000";
        writeln!(input, "dn: {dn}\n{change}").expect("ldbmodify reads");
        drop(input);
        assert!(ldbmodify.wait().expect("ends").success(), "{dn}");
    }
}
