use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use domain::Method;
use secrecy::ExposeSecret as _;

use super::{Config, DirectorySettings, Role, Transport, read};

const EXAMPLE: &str = include_str!("../../../deploy/config/core-api.example.toml");

/// Every file that the example names, so that only the configuration itself is judged.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("pki/core.pem", "x"),
        ("pki/core.key", "x"),
        ("pki/root.pem", "x"),
        ("pki/issuing.pem", "x"),
        ("pki/issuing.key", "x"),
        ("pki/domain-ca.pem", "ca"),
        ("pki/mail-ca.pem", "ca"),
        ("tls/secret.pem", "x"),
        ("tls/secret.key", "x"),
        ("secrets/bind-password", "hunter2\n"),
        ("secrets/mail-password", "hunter3\n"),
        ("secrets/at-rest.key", &"ab".repeat(32)),
        ("passwords/blocked.txt", "x"),
        ("passwords/pwned-sha1-ordered-by-hash.txt", "x"),
    ];
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    folder
}

fn read_in(folder: &Path, text: &str) -> Result<(Config, String), String> {
    let file = folder.join("core-api.toml");
    std::fs::write(&file, text).unwrap();
    read(&file, [])
        .map(|(config, shown)| (config, shown.to_string()))
        .map_err(|wrong| wrong.to_string())
}

#[test]
fn the_example_is_read_as_it_stands() {
    let folder = folder();
    let (config, shown) = read_in(folder.path(), EXAMPLE).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert_eq!(config.settings.lifetime, Duration::from_mins(15));
    assert_eq!(config.settings.policies.0[0].steps.len(), 2);
    assert!(config.settings.policies.0[0].steps[0].contains(&Method::Totp));
    assert_eq!(
        config.settings.portals["portal1.dmz.corp.example"],
        "https://reset.corp.example"
    );
    assert!(matches!(&config.peers[0].role, Role::Portal { .. }));
    assert!(config.settings.senders.contains_key("hr.corp.example"));
    assert!(!config.settings.messages.allow_link_only_mail);
    assert!(
        config.pki.is_some(),
        "portals renew their certificates in an installation that follows the example"
    );
    let DirectorySettings::ActiveDirectory {
        settings: domain,
        probe_account: None,
    } = &config.directory
    else {
        panic!("the example is of a real domain");
    };
    assert_eq!(domain.bind_password.expose_secret(), "hunter2");
    assert_eq!(domain.controllers[0].name, "dc1.corp.example");
    assert_eq!(domain.policy_groups.len(), 1);
    let Transport::Smtp {
        port,
        login: Some((user, _)),
        ..
    } = &config.mail.transport
    else {
        panic!("the example sends over SMTP with a login");
    };
    assert_eq!((*port, user.as_str()), (587, "sallyport"));
    assert!(!shown.contains("hunter"), "a secret is shown:\n{shown}");
    assert!(shown.contains("directory[0].bind_password_file = "));
}

#[test]
fn a_site_that_the_core_serves_itself_stands_inside() {
    let folder = folder();
    let (config, _) = read_in(folder.path(), EXAMPLE).unwrap_or_else(|wrong| panic!("{wrong}"));
    let [embedded] = config.embedded.as_slice() else {
        panic!("the example has one");
    };
    let site = config
        .settings
        .sites
        .iter()
        .find(|site| site.is_embedded)
        .unwrap();
    assert_eq!(site.name, embedded.name);
    assert_eq!(embedded.config.sync.address.to_string(), "127.0.0.1:8444");
    assert_eq!(embedded.config.sync.sources, ["127.0.0.1/32".parse().unwrap()]);
    assert!(embedded.config.health.is_none());
    assert_eq!(
        embedded.config.data_dir,
        Path::new("/var/lib/sallyport/core/sites/inside")
    );
    assert_eq!(
        embedded.config.keys_dir,
        Path::new("/var/lib/sallyport/core/site-keys/inside"),
        "not below the former, which somebody may copy"
    );

    let open_to_all = EXAMPLE
        .replace("sources = [\"10.0.0.0/8\"]\n# In files", "# In files")
        .replace(
            "# sync_url = \"https://127.0.0.1:8444\"",
            "sync_url = \"https://10.2.0.10:8444\"",
        );
    let mistakes = read_in(folder.path(), &open_to_all).err().unwrap();
    for word in ["site[1].embedded.sources", "site[1].sync_url", "loopback"] {
        assert!(mistakes.contains(word), "{word} is not in:\n{mistakes}");
    }
}

#[test]
fn a_site_that_the_core_serves_itself_shares_no_file_that_its_renewal_overwrites() {
    let folder = folder();
    std::os::unix::fs::symlink("core.key", folder.path().join("pki/linked.key")).unwrap();
    let shared = EXAMPLE
        .replace("cert_file = \"tls/secret.pem\"", "cert_file = \"pki/core.pem\"")
        .replace("key_file = \"tls/secret.key\"", "key_file = \"pki/linked.key\"");
    let mistakes = read_in(folder.path(), &shared).err().unwrap();
    for key in ["site[1].embedded.cert_file", "site[1].embedded.key_file"] {
        assert!(mistakes.contains(key), "{key} is not in:\n{mistakes}");
    }
    let section = &EXAMPLE[EXAMPLE.find("\n[[site]]\nname = \"inside\"").unwrap()..];
    let section = &section[..section.find("\n[keys]").unwrap()];
    let twice = format!("{EXAMPLE}{}", section.replace("\"inside\"", "\"second\""));
    let mistakes = read_in(folder.path(), &twice).err().unwrap();
    assert!(mistakes.contains("site[2].embedded.cert_file"), "{mistakes}");
}

/// Whoever takes the comment sign from a default must get that default: the example may not promise another.
#[test]
fn every_default_in_the_example_is_the_real_one() {
    let folder = folder();
    let shown = read_in(folder.path(), EXAMPLE)
        .unwrap_or_else(|wrong| panic!("{wrong}"))
        .1;
    let without_default = [
        "probe_account",
        "unlock_steps",
        "blocked_file",
        "breached_file",
        "ca_file",
        "public_address",
        "public_ca_file",
        "directory",
        "at_rest_file",
        "signing_key_file",
        "notify",
        "recipients",
    ];
    let mut checked = 0;
    for line in EXAMPLE.lines() {
        let Some((key, value)) = line.strip_prefix("# ").and_then(|line| line.split_once(" = ")) else {
            continue;
        };
        let is_key = key
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || b"_.".contains(&byte));
        if !is_key || without_default.contains(&key) {
            continue;
        }
        let wanted = format!("{key} = {value}  # default");
        assert!(
            shown
                .lines()
                .any(|line| line == wanted || line.ends_with(&format!(".{wanted}"))),
            "the default of `{key}` is not {value}:\n{shown}"
        );
        checked += 1;
    }
    assert!(checked > 20, "only {checked} defaults were found");
}

#[test]
fn all_mistakes_are_reported_at_once_with_their_lines() {
    let folder = folder();
    std::fs::set_permissions(
        folder.path().join("secrets/mail-password"),
        std::fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    let text = r#"organisation = ""
[api]
listen = "core:8443"
sources = ["10.1.0.0/24"]
cert_file = "pki/core.pem"
key_file = "pki/gone.key"
client_ca_file = "pki/root.pem"
[[api.peer]]
san = "portal1"
role = "portal"
[[api.peer]]
san = "PORTAL1"
role = "client"
origin = "https://reset.corp.example"
notify = "it@corp.example"
[[directory]]
kind = "embedded"
[messages]
default_expiry = "4d"
longest_expiry = "3d"
most_waiting = "128MiB"
most_waiting_each = "256MiB"
recipients = ["*.partner.example"]
notify = "nobody"
site = "dmz9"
[recovery]
lifetime = "2h"
own_mail_domains = ["a@corp.example"]
[[recovery.policy]]
name = "staff"
actions = ["reset", "dance"]
steps = [["passkey"], []]
[passwords]
words = ["a"]
[mail]
transport = "smtp"
host = "mail.corp.example"
user = "sallyport"
password_file = "secrets/mail-password"
from = "nobody"
helpdesk = "help@corp.example"
time_zone = "Europe/Atlantis"
[keys]
at_rest_previous_files = ["pki/core.pem"]
"#;
    let wrong = read_in(folder.path(), text)
        .err()
        .expect("nearly everything is wrong");
    let lines: Vec<(usize, &str)> = wrong
        .lines()
        .map(|line| line.split_once("core-api.toml:").unwrap().1)
        .filter_map(|rest| {
            rest.split_once(": ")
                .and_then(|(line, text)| Some((line.parse().ok()?, text)))
        })
        .collect();
    let expected = [
        (1, "`organisation`"),
        (3, "`api.listen`"),
        (6, "`api.key_file`"),
        (8, "`api.peer[0].origin`"),
        (12, "`api.peer[1].san`"),
        (14, "`api.peer[1].origin`"),
        (17, "`directory[0].kind`"),
        (15, "`api.peer[1].notify`"),
        (19, "`messages.default_expiry`"),
        (22, "`messages.most_waiting_each`"),
        (23, "`messages.recipients`"),
        (24, "`messages.notify`"),
        (25, "`messages.site`"),
        (27, "`recovery.lifetime`"),
        (28, "`recovery.own_mail_domains`"),
        (31, "`recovery.policy[0].actions`"),
        (32, "`recovery.policy[0].steps`: every policy"),
        (32, "`recovery.policy[0].steps`: \"passkey\" is not offered"),
        (34, "`passwords.words`"),
        (39, "`mail.password_file`: everybody on this host"),
        (40, "`mail.from`"),
        (42, "`mail.time_zone`"),
        (44, "`keys.at_rest_previous_files`"),
    ];
    for (line, text) in expected {
        assert!(
            lines
                .iter()
                .any(|(at, found)| *at == line && found.starts_with(text)),
            "line {line} {text} is not in:\n{wrong}"
        );
    }
    assert!(wrong.contains("`data_dir` is missing"), "{wrong}");
    assert_eq!(wrong.lines().count(), expected.len() + 1, "{wrong}");
}

#[test]
fn the_embedded_directory_is_for_the_demo() {
    let folder = folder();
    let text = format!("demo = true\n{EXAMPLE}");
    let start = text.find("[[directory]]").unwrap();
    let end = text.find("[recovery]").unwrap();
    let embedded = "[[directory]]\nkind = \"embedded\"\n";
    let text = format!("{}{embedded}{}", &text[..start], &text[end..]);
    let (config, _) = read_in(folder.path(), &text).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert!(
        matches!(&config.directory, DirectorySettings::Embedded { policy_groups } if policy_groups.len() == 1)
    );
}
