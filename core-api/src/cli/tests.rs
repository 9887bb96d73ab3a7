use std::path::Path;

use clap::{CommandFactory as _, Parser as _};

use super::*;

/// Runs a command line; gives its exit code's success and what it wrote, or its error.
async fn typed(words: &[&str]) -> Result<(bool, String), String> {
    let cli =
        Cli::try_parse_from(std::iter::once(&"core-api").chain(words)).map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    let code = run(cli, [], &mut out).await.map_err(|error| error.to_string())?;
    let well = format!("{code:?}") == format!("{:?}", ExitCode::SUCCESS);
    Ok((well, String::from_utf8(out).unwrap()))
}

/// A folder with an authority, the core's certificate and a configuration for the demo.
async fn installed(folder: &Path) -> String {
    let at = |name: &str| folder.join(name).display().to_string();
    typed(&["pki", "init", &at("pki")]).await.unwrap();
    let san = "localhost,127.0.0.1";
    typed(&[
        "pki",
        "issue",
        &at("pki"),
        "--role",
        "core",
        "--san",
        san,
        "--out",
        &at("core"),
    ])
    .await
    .unwrap();
    let config = r#"
demo = true
data_dir = "data"
organisation = "Test"
[api]
listen = "127.0.0.1:8443"
sources = ["127.0.0.0/8"]
cert_file = "core.pem"
key_file = "core.key"
client_ca_file = "pki/root.pem"
[[api.peer]]
san = "portal.localhost"
role = "portal"
origin = "https://portal.localhost:8443"
[[directory]]
kind = "embedded"
[[recovery.policy]]
name = "all"
actions = ["reset"]
steps = [["totp", "recovery-code"], ["email-code", "recovery-code"]]
[mail]
transport = "file"
directory = "mail"
from = "reset@corp.example"
helpdesk = "help@corp.example"
"#;
    let file = at("core-api.toml");
    std::fs::write(&file, config).unwrap();
    file
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[tokio::test]
async fn check_tells_what_is_well_what_is_weak_and_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let file = installed(folder.path()).await;
    let (well, table) = typed(&["--config", &file, "check"]).await.unwrap();
    assert!(well, "{table}");
    assert!(
        table.contains("89 days left") || table.contains("90 days left"),
        "{table}"
    );
    assert!(
        table.contains("WEAK  policy"),
        "proofs of one class are a weakness:\n{table}"
    );
    assert!(
        table.contains("into fewer than one of 1000 accounts"),
        "two steps are not guessed:\n{table}"
    );
    assert!(
        table.contains("WEAK  portals"),
        "nobody renews the portal's certificate:\n{table}"
    );

    let config = std::fs::read_to_string(&file).unwrap();
    let one_step = config.replace(r#", ["email-code", "recovery-code"]]"#, "]");
    std::fs::write(&file, one_step).unwrap();
    let (_, table) = typed(&["--config", &file, "check"]).await.unwrap();
    let guessed = "by totp, a stranger who tries all year gets into one of 91 accounts (reset)";
    assert!(table.contains(guessed), "{table}");
    std::fs::write(&file, config).unwrap();

    std::fs::write(folder.path().join("core.pem"), "nothing").unwrap();
    let (well, json) = typed(&["--config", &file, "check", "--json"]).await.unwrap();
    assert!(!well);
    let lines: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    let wrong: Vec<_> = lines.iter().filter(|line| line["state"] == "fail").collect();
    assert_eq!(wrong.len(), 1, "{json}");
    assert_eq!(wrong[0]["what"], "listener certificate");
    assert!(wrong[0]["remedy"].is_string());
    assert!(!folder.path().join("data").exists(), "a check makes nothing");

    std::fs::write(&file, "demo = 7\n").unwrap();
    let (well, table) = typed(&["--config", &file, "check"]).await.unwrap();
    assert!(!well);
    assert!(
        table
            .lines()
            .filter(|line| line.starts_with("FAIL  configuration"))
            .count()
            > 5,
        "{table}"
    );
}

#[tokio::test]
async fn check_tells_of_each_site_and_of_an_authority_that_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let file = installed(folder.path()).await;
    let site = r#"
[[site]]
name = "dmz1"
sync_url = "https://127.0.0.1:9"
public_origin = "https://secret.corp.example"
public_ca_file = "outside.pem"
"#;
    let config = std::fs::read_to_string(&file).unwrap() + site;
    std::fs::write(&file, config).unwrap();
    std::fs::copy(
        folder.path().join("pki/root.pem"),
        folder.path().join("outside.pem"),
    )
    .unwrap();
    let (well, table) = typed(&["--config", &file, "check"]).await.unwrap();
    assert!(
        well && table.contains("the running core says whether it is paired"),
        "{table}"
    );

    std::fs::write(folder.path().join("outside.pem"), "nothing").unwrap();
    let (well, table) = typed(&["--config", &file, "check"]).await.unwrap();
    assert!(!well && table.contains("FAIL  authority of a site"), "{table}");
}

/// A certificate and a key of its own for an embedded site.
fn files_of(folder: &Path, name: &str) {
    for ending in ["pem", "key"] {
        let own = folder.join(format!("{name}.{ending}"));
        std::fs::copy(folder.join(format!("core.{ending}")), own).unwrap();
    }
}

#[tokio::test]
async fn check_tells_once_of_the_files_that_the_core_and_its_embedded_sites_may_open() {
    let folder = tempfile::tempdir().unwrap();
    let file = installed(folder.path()).await;
    let told = async || {
        let (_, table) = typed(&["--config", &file, "check"]).await.unwrap();
        table.lines().filter(|line| line.contains("open files")).count()
    };
    assert_eq!(told().await, 0, "a core alone serves a few portals");
    let embedded = |name: &str, port: u16| {
        format!(
            "[[site]]\nname = \"{name}\"\nsync_url = \"https://127.0.0.1:{port}\"\n\
             public_origin = \"https://{name}.localhost\"\n[site.embedded]\nlisten = \"127.0.0.1:9443\"\n\
             sources = [\"10.0.0.0/8\"]\ncert_file = \"{name}.pem\"\nkey_file = \"{name}.key\"\n"
        )
    };
    let config = std::fs::read_to_string(&file).unwrap();
    files_of(folder.path(), "inside");
    files_of(folder.path(), "other");
    let config = config + &embedded("inside", 8444) + &embedded("other", 8445);
    std::fs::write(&file, config).unwrap();
    assert_eq!(told().await, 1);
}

#[tokio::test]
async fn a_portal_is_enrolled_with_the_pin_of_the_key_that_signs() {
    let folder = tempfile::tempdir().unwrap();
    let file = installed(folder.path()).await;
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (pki, prefix) = (at("pki"), at("p1"));
    let enrol = |name: &'static str, prefix: String| {
        let (file, pki) = (file.clone(), pki.clone());
        async move {
            typed(&[
                "--config", &file, "portal", "enrol", name, "--pki", &pki, "--out", &prefix,
            ])
            .await
        }
    };
    let early = enrol("portal.localhost", prefix.clone()).await.unwrap_err();
    assert!(early.contains("start the core once"), "{early}");

    let key = seal::SigningKey::generate(&mut seal::os_random);
    std::fs::create_dir_all(folder.path().join("data/keys")).unwrap();
    std::fs::write(
        folder.path().join("data/keys/signing.pem"),
        key.to_pem().as_bytes(),
    )
    .unwrap();
    let (_, printed) = enrol("portal.localhost", prefix).await.unwrap();
    let snippet: toml::Table = printed
        .parse()
        .unwrap_or_else(|error| panic!("{error}:\n{printed}"));
    assert_eq!(
        snippet["core"]["signing_key"].as_str(),
        Some(key.pinned().to_string().as_str())
    );
    assert_eq!(snippet["core"]["url"].as_str(), Some("https://127.0.0.1:8443"));
    assert_eq!(
        snippet["public_origin"].as_str(),
        Some("https://portal.localhost:8443")
    );
    assert!(folder.path().join("p1.key").exists());

    let unknown = enrol("other.localhost", at("p2")).await.unwrap_err();
    assert!(unknown.contains("--origin"), "{unknown}");
}

#[tokio::test]
async fn commands_that_need_a_running_core_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = installed(folder.path()).await;
    for command in [
        &["invite", "alice"][..],
        &["unfreeze", "alice"],
        &["portal", "pause", "portal.localhost"],
    ] {
        let words = [&["--config", file.as_str()][..], command].concat();
        let wrong = typed(&words).await.unwrap_err();
        assert!(wrong.contains("no core runs on"), "{wrong}");
    }
    let wrong = typed(&["--config", &file, "audit", "export"]).await.unwrap_err();
    assert!(wrong.contains("there is no database"), "{wrong}");
}

#[tokio::test]
async fn the_api_describes_itself() {
    let (_, document) = typed(&["openapi"]).await.unwrap();
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert!(document["paths"].get(contract::paths::RECOVERIES).is_some());
}

/// It stands inside: no rule may let the world in, and the core dials itself by loopback.
#[tokio::test]
async fn firewall_opens_an_embedded_site_to_its_sources_only() {
    let folder = tempfile::tempdir().unwrap();
    let file = installed(folder.path()).await;
    let site = r#"
[[site]]
name = "inside"
public_origin = "https://secret.localhost"
[site.embedded]
listen = "10.2.0.10:9443"
sources = ["10.0.0.0/8"]
cert_file = "inside.pem"
key_file = "inside.key"
"#;
    files_of(folder.path(), "inside");
    let text = std::fs::read_to_string(&file).unwrap() + site;
    std::fs::write(&file, text).unwrap();
    for place in ["core", "dmz-firewall"] {
        let (_, rules) = typed(&["--config", &file, "firewall", "--for", place])
            .await
            .unwrap();
        let about: Vec<&str> = rules.lines().filter(|line| line.contains("dport 9443")).collect();
        assert_eq!(about.len(), 1, "{place}:\n{rules}");
        assert!(about[0].contains("ip saddr { 10.0.0.0/8 }"), "{place}:\n{rules}");
        assert!(!rules.contains("dport 8444"), "{place}:\n{rules}");
    }
}

#[tokio::test]
async fn firewall_opens_a_site_where_its_listener_is_and_not_at_the_port_that_people_use() {
    let folder = tempfile::tempdir().unwrap();
    let file = installed(folder.path()).await;
    let site = r#"
[[site]]
name = "dmz1"
sync_url = "https://10.1.0.20:8444"
public_origin = "https://secret.localhost:9443"
public_address = "10.1.0.20:443"
"#;
    let text = std::fs::read_to_string(&file).unwrap() + site;
    std::fs::write(&file, text).unwrap();
    let (_, rules) = typed(&["--config", &file, "firewall", "--for", "core"])
        .await
        .unwrap();
    assert!(rules.contains("ip daddr { 10.1.0.20 } tcp dport 443 "), "{rules}");
    assert!(!rules.contains("9443"), "{rules}");
}

#[tokio::test]
async fn firewall_prints_the_paths_of_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let file = installed(folder.path()).await;
    let typed_with = async |more: &[&str]| {
        let words = [&["--config", &file, "firewall"], more].concat();
        typed(&words).await
    };
    let (_, rules) = typed_with(&["--for", "dmz-firewall"]).await.unwrap();
    assert!(
        rules.contains("# CLOSED: portal.localhost has no address"),
        "{rules}"
    );
    assert!(
        rules.contains("ip saddr { 127.0.0.0/8 } ip daddr { 127.0.0.1 } tcp dport 8443"),
        "{rules}"
    );
    let firewall = ["--for", "dmz-firewall", "--address", "Portal.localhost=10.1.0.10"];
    let (_, rules) = typed_with(&firewall).await.unwrap();
    assert!(!rules.contains("CLOSED"), "{rules}");
    assert!(rules.contains("ip daddr { 10.1.0.10 } tcp dport 8443"), "{rules}");
    let (_, json) = typed_with(&["--json"]).await.unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["missing"], serde_json::json!(["portal.localhost"]));
    assert_eq!(json["paths"][0]["port"], 8443);
    for wrong in ["portal.localhost", "x=10.1", "=10.1.0.10"] {
        assert!(typed_with(&["--address", wrong]).await.is_err(), "{wrong}");
    }
    assert!(typed_with(&["--site-user", "a\" accept"]).await.is_err());
    // Unless another one is said, a site's connections are known by the user that the shipped unit runs it as.
    let unit = include_str!("../../../deploy/systemd/sallyport-site.service");
    let user = unit.lines().find_map(|line| line.strip_prefix("User=")).unwrap();
    let (_, rules) = typed_with(&["--for", "site"]).await.unwrap();
    assert!(
        rules.contains(&format!("meta skuid \"{user}\" ct state new")),
        "{rules}"
    );
}

/// Ids are random: one in 64 begins like an option.
#[test]
fn an_id_may_begin_with_a_hyphen() {
    let id = "-pQlFiCFEo8ul52g78X4RA";
    for command in [
        vec!["message", "show", id, "--json"],
        vec!["message", "revoke", id],
        vec!["message", "extend", id, "--expires", "1d"],
        vec!["message", "unlock", id],
        vec!["message", "destroy", id],
        vec!["drop", "show", id, "--out", "folder"],
        vec!["site", "probe", "dmz1", "--id", id],
    ] {
        let parsed = Cli::try_parse_from([&["core-api"], command.as_slice()].concat());
        assert!(parsed.is_ok(), "{command:?}: {}", parsed.unwrap_err());
    }
}

#[tokio::test]
async fn nothing_is_asked_of_a_site_whose_request_could_not_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let config = installed(folder.path()).await;
    let asked = async |file: &Path| {
        let file = file.display().to_string();
        let words = ["--config", &config, "site", "certificate", "dmz1", "--out", &file];
        typed(&words).await.unwrap_err()
    };
    let refused = asked(&folder.path().join("none/dmz1.csr")).await;
    assert!(refused.contains("none/dmz1.csr"), "{refused}");
    let there = folder.path().join("there.csr");
    std::fs::write(&there, "another").unwrap();
    let refused = asked(&there).await;
    assert!(refused.contains("never overwritten"), "{refused}");
    assert_eq!(std::fs::read_to_string(&there).unwrap(), "another");

    let fresh = folder.path().join("fresh.csr");
    let refused = asked(&fresh).await;
    assert!(refused.contains("no core runs"), "{refused}");
    assert!(!fresh.exists(), "an empty file is no request");
}

#[tokio::test]
async fn probe_judges_no_address_that_nothing_is_known_of() {
    let folder = tempfile::tempdir().unwrap();
    let file = installed(folder.path()).await;
    let probe = ["site", "probe", "https://elsewhere.example"];
    let refused = async |config: &str, more: &[&str]| {
        let words = [&["--config", config][..], &probe, more].concat();
        typed(&words).await.unwrap_err()
    };
    let told = refused(&file, &[]).await;
    assert!(
        told.contains("has this address") && told.contains("--expect"),
        "{told}"
    );
    let told = refused(&file, &["--digests"]).await;
    assert!(
        told.contains("has this address") && !told.contains("--expect"),
        "{told}"
    );

    std::fs::write(&file, "demo = tru").unwrap();
    let told = refused(&file, &[]).await;
    assert!(
        told.contains("core-api.toml") && told.contains("--expect"),
        "{told}"
    );
    assert!(!told.contains("has this address"), "nobody knows: {told}");
}
