use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use secrecy::{ExposeSecret as _, SecretString};

use super::{Effective, Mistakes, Origin, Section, load};

fn written(folder: &Path, text: &str) -> PathBuf {
    let file = folder.join("sample.toml");
    std::fs::write(&file, text).unwrap();
    file
}

fn secret(folder: &Path, mode: u32) -> PathBuf {
    let file = folder.join("password");
    std::fs::write(&file, "hunter2\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    file
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Link {
    Forward,
    Answer,
}

struct Sample {
    origin: Origin,
    listen: SocketAddr,
    sources: Vec<IpNet>,
    lifetime: Duration,
    link: Link,
    password: SecretString,
    peers: Vec<String>,
}

fn sample(root: &Section<'_>) -> Sample {
    let api = root.section("api");
    Sample {
        origin: root.get("public_origin"),
        listen: api.get("listen"),
        sources: api.get_or("sources", Vec::new()),
        lifetime: api.get_within(
            "lifetime",
            Duration::from_mins(15),
            Duration::from_mins(1)..=Duration::from_hours(1),
        ),
        link: api.choice(
            "link",
            &[("forward", Link::Forward), ("answer", Link::Answer)],
            Some("forward"),
        ),
        password: api.secret_file("password_file"),
        peers: api.sections("peer").iter().map(|peer| peer.get("san")).collect(),
    }
}

fn read(text: &str, mode: u32, environment: &[(&str, &str)]) -> Result<(Sample, Effective), Mistakes> {
    let folder = tempfile::tempdir().unwrap();
    secret(folder.path(), mode);
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load(&written(folder.path(), text), environment, sample)
}

const RIGHT: &str = r#"
public_origin = "https://reset.corp.example:8443"
[api]
listen = "10.2.0.10:8443"
sources = ["10.1.0.0/24", "::1"]
password_file = "password"
[[api.peer]]
san = "portal1.dmz.corp.example"
[[api.peer]]
san = "portal2.dmz.corp.example"
"#;

#[test]
fn reads_every_kind_of_value() {
    let (sample, _) = read(RIGHT, 0o600, &[]).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert_eq!(sample.origin.as_str(), "https://reset.corp.example:8443");
    assert_eq!(sample.listen, "10.2.0.10:8443".parse().unwrap());
    assert_eq!(
        sample.sources,
        [
            "10.1.0.0/24".parse().unwrap(),
            "::1/128".parse::<IpNet>().unwrap()
        ]
    );
    assert_eq!(sample.lifetime, Duration::from_mins(15));
    assert_eq!(sample.link, Link::Forward);
    assert_eq!(sample.password.expose_secret(), "hunter2");
    assert_eq!(
        sample.peers,
        ["portal1.dmz.corp.example", "portal2.dmz.corp.example"]
    );
}

#[test]
fn reports_every_mistake_with_its_line_and_what_would_be_right() {
    let text = r#"
public_origin = "http://reset.corp.example"
[api]
listen = "core.corp.example:8443"
sorces = ["10.1.0.0/24"]
lifetime = "2h"
link = "sideways"
password_file = "password"
[[api.peer]]
name = "portal1"
[elsewhere]
x = 1
"#;
    let wrong = read(text, 0o644, &[]).err().unwrap().to_string();
    let mistakes: Vec<&str> = wrong
        .lines()
        .map(|line| line.split_once("sample.toml:").unwrap().1)
        .collect();
    assert_eq!(
        mistakes,
        [
            "2: `public_origin`: \"http://reset.corp.example\" is not right: \
             write an origin such as \"https://reset.corp.example\": https, no path",
            "4: `api.listen`: \"core.corp.example:8443\" is not right: write a literal address with a port, \
             such as \"10.2.0.10:8443\" or \"[::1]:9090\", not a host name",
            "5: `api.sorces` is not known here; did you mean `sources`?",
            "6: `api.lifetime`: \"2h\" is outside \"1m\" to \"1h\"",
            "7: `api.link`: \"sideways\" is not right: write \"forward\" or \"answer\"",
            "8: `api.password_file`: everybody on this host may use the file (mode 0644); chmod it to 0600",
            "9: `api.peer[0].san` is missing: write a text in quotes that is not empty",
            "10: `api.peer[0].name` is not known here",
            "11: `elsewhere` is not known here",
        ]
    );
}

#[test]
fn reports_every_broken_line() {
    let wrong = read("a = \nb = \"x\"\nc = \"open\n[d\n", 0o600, &[])
        .err()
        .unwrap()
        .to_string();
    for line in [1, 3, 4] {
        assert!(
            wrong.contains(&format!("sample.toml:{line}: ")),
            "line {line} is not in:\n{wrong}"
        );
    }
}

#[test]
fn the_environment_overrides_the_file_and_says_so() {
    let environment = [
        ("SALLYPORT_API__LISTEN", "127.0.0.1:1"),
        ("SALLYPORT_API__SOURCES", "127.0.0.0/8, ::1"),
        ("SALLYPORT_API__LINK", "answer"),
        ("PATH", "/bin"),
    ];
    let (sample, effective) = read(RIGHT, 0o600, &environment).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert_eq!(sample.listen, "127.0.0.1:1".parse().unwrap());
    assert_eq!(sample.sources.len(), 2);
    assert_eq!(sample.link, Link::Answer);
    let shown = effective.to_string();
    for line in [
        "public_origin = \"https://reset.corp.example:8443\"  # file",
        "api.listen = \"127.0.0.1:1\"  # environment",
        "api.lifetime = \"15m\"  # default",
        "api.password_file = \"password\"  # file",
    ] {
        assert!(
            shown.lines().any(|shown| shown == line),
            "{line} is not in:\n{shown}"
        );
    }
    assert!(!shown.contains("hunter2"));
}

#[test]
fn secrets_and_nonsense_in_the_environment_are_refused_without_being_repeated() {
    let environment = [
        ("SALLYPORT_API__PASSWORD", "hunter3"),
        ("SALLYPORT_API__BIND_PASSWORD", "hunter3"),
        ("SALLYPORT_API__SIGNING_KEY", "hunter3"),
        ("SALLYPORT_API__", "hunter3"),
        ("SALLYPORT_API__LISTNE", "hunter3"),
        ("SALLYPORT_API__PEER__SAN", "hunter3"),
    ];
    let wrong = read(RIGHT, 0o600, &environment).err().unwrap().to_string();
    assert_eq!(wrong.lines().count(), environment.len(), "{wrong}");
    for (name, _) in environment {
        assert!(
            wrong
                .lines()
                .any(|line| line.starts_with(&format!("environment {name}: "))),
            "{name}:\n{wrong}"
        );
    }
    assert!(wrong.contains("did you mean `listen`?"));
    assert!(!wrong.contains("hunter3"));
}

#[test]
fn a_missing_file_is_one_mistake() {
    let wrong = load(Path::new("/nowhere/sample.toml"), [], sample)
        .err()
        .unwrap()
        .to_string();
    assert!(
        wrong.starts_with("/nowhere/sample.toml: cannot be read"),
        "{wrong}"
    );
}
