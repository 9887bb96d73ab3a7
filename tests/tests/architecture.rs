//! The walls between the crates, over what cargo resolves. A target of its own, because it needs no server at all.
//!
//! Walls are crates and not cargo features: features unite in a workspace build, and nobody sees it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use tests::crate_graph::{Crate, CrateGraph, Origin, Walls};
use tests::{manifests, repository};
use toml::Table;

const PLATFORMS: [&str; 2] = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];

const ALL: &[&str] = &[
    "client",
    "contract",
    "core-api",
    "directory",
    "domain",
    "journal",
    "portal",
    "seal",
    "selfdestruct",
    "server",
    "sqlite",
    "stretch",
    "ui",
];

/// Who of ours may use whom of ours.
const WALLS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("contract", &[]),
    ("seal", &[]),
    ("journal", &[]),
    ("sqlite", &[]),
    ("stretch", &[]),
    ("ui", &[]),
    ("client", &["contract"]),
    ("server", &["contract"]),
    ("directory", &["domain", "sqlite", "stretch"]),
    ("portal", &["client", "contract", "seal", "server", "ui"]),
    // Neither client nor seal: it has no code that dials and none that opens an envelope.
    ("selfdestruct", &["contract", "journal", "sqlite", "server", "ui"]),
    (
        "core-api",
        &[
            "client",
            "contract",
            "directory",
            "domain",
            "journal",
            "seal",
            "selfdestruct",
            "server",
            "sqlite",
            "stretch",
            "ui",
        ],
    ),
    ("tests", ALL),
    // It sees the servers from outside, as browsers and, towards a site, the core do.
    ("bench", &["contract", "journal", "seal"]),
    // What is proved of the protocol is not proved by its own code.
    ("model", &[]),
];

/// One TLS stack: rustls on aws-lc-rs. Two would mean two places to look for every advisory.
const SECOND_STACKS: &[&str] = &["native-tls", "openssl", "openssl-sys", "ring", "schannel"];

const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MPL-2.0",
    "Unicode-3.0",
    "Zlib",
];

fn walls() -> Walls<'static> {
    WALLS.iter().copied().collect()
}

/// The graph as each platform that we build for sees it.
static GRAPHS: LazyLock<BTreeMap<&str, CrateGraph>> = LazyLock::new(|| {
    let resolve = |platform| {
        let graph = CrateGraph::resolve(&repository(), platform).expect("cargo resolves the workspace");
        assert!(
            graph.crates.len() > 100,
            "the graph of {platform} is nearly empty: nothing would be judged"
        );
        (platform, graph)
    };
    PLATFORMS.into_iter().map(resolve).collect()
});

/// What a rule finds on each platform, so that a failure names it.
fn everywhere(rule: impl Fn(&CrateGraph) -> Vec<String>) -> BTreeMap<&'static str, Vec<String>> {
    let judge = |(platform, graph): (&&'static str, &CrateGraph)| (*platform, rule(graph));
    GRAPHS
        .iter()
        .map(judge)
        .filter(|(_, found)| !found.is_empty())
        .collect()
}

#[test]
fn every_crate_stays_inside_its_wall() {
    // The site of one-time messages is expected once its folder exists.
    let site_exists = repository().join("selfdestruct").exists();
    let not_yet: &[&str] = if site_exists { &[] } else { &["selfdestruct"] };
    assert_eq!(
        everywhere(|graph| graph.breaches(&walls(), not_yet)),
        BTreeMap::new()
    );
}

#[test]
fn one_crate_alone_uses_each_dangerous_library() {
    let rule = |graph: &CrateGraph| {
        let pairs = [
            ("ldap3", "directory"),
            ("rusqlite", "sqlite"),
            ("reqwest", "client"),
            ("argon2", "stretch"),
        ];
        pairs
            .iter()
            .flat_map(|(library, user)| graph.users_besides(library, user))
            .collect()
    };
    assert_eq!(everywhere(rule), BTreeMap::new());
}

#[test]
fn the_portal_has_no_database_no_directory_and_no_rules() {
    let rule =
        |graph: &CrateGraph| graph.reached("portal", &["domain", "directory", "sqlite", "rusqlite", "ldap3"]);
    assert_eq!(everywhere(rule), BTreeMap::new());
}

/// What asks over HTTP, looks names up, speaks LDAP or sends mail, and what only such a library needs.
const CLIENTS: &[&str] = &[
    "attohttpc",
    "awc",
    "curl",
    "hickory-client",
    "hickory-proto",
    "hickory-resolver",
    "hyper",
    "hyper-rustls",
    "hyper-util",
    "isahc",
    "ldap3",
    "lettre",
    "minreq",
    "reqwest",
    "rustls-native-certs",
    "rustls-platform-verifier",
    "surf",
    "tonic",
    "tungstenite",
    "ureq",
    "webpki-roots",
];

/// Which of these a tree names, one package a line.
fn clients_in(tree: &str) -> Vec<&str> {
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    names.filter(|name| CLIENTS.contains(name)).collect()
}

/// What the site links, one package a line. Resolved alone, as it is built to be shipped: in the workspace as a whole
/// features unite, and what another crate asks for would be laid to the site's charge or hide what the site asks for.
fn linked_by_the_site(workspace: &Path, platform: &str, further: &[&str]) -> String {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--package", "selfdestruct", "--edges", "normal"])
        .args(further)
        .args(["--prefix", "none", "--target", platform])
        .current_dir(workspace)
        .output()
        .expect("cargo runs");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    String::from_utf8(tree.stdout).expect("names and versions")
}

fn names(tree: &str) -> BTreeSet<&str> {
    tree.lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn the_site_of_messages_links_nothing_that_dials() {
    for platform in PLATFORMS {
        let tree = linked_by_the_site(&repository(), platform, &["--locked"]);
        assert!(names(&tree).contains("actix-web"), "{platform}: {tree}");
        assert_eq!(clients_in(&tree), Vec::<&str>::new(), "{platform}");
    }
}

/// No list of clients is complete. So each package that the site links stands in a list of its own, and whoever adds one
/// has looked whether it dials.
#[test]
fn the_site_of_messages_links_what_was_looked_at_and_no_more() {
    let trees: Vec<String> = PLATFORMS
        .iter()
        .map(|platform| linked_by_the_site(&repository(), platform, &["--locked"]))
        .collect();
    let linked: BTreeSet<&str> = trees.iter().flat_map(|tree| names(tree)).collect();
    let list = std::fs::read_to_string(repository().join("selfdestruct/linked.txt")).expect("the list");
    let looked_at: BTreeSet<&str> = list.lines().filter(|line| !line.starts_with('#')).collect();
    let new: Vec<_> = linked.difference(&looked_at).collect();
    let gone: Vec<_> = looked_at.difference(&linked).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "selfdestruct/linked.txt: look whether these dial, then add them: {new:?}; take these out: {gone:?}"
    );
}

/// The ways to a connection that the site's code may not take.
const DIALLING: &[&str] = &[
    "std::net::TcpStream::connect",
    "std::net::TcpStream::connect_timeout",
    "std::net::UdpSocket::bind",
    "std::net::UdpSocket::connect",
    "std::net::ToSocketAddrs::to_socket_addrs",
    "std::os::unix::net::UnixStream::connect",
    "std::os::unix::net::UnixDatagram::connect",
    "std::process::Command::new",
    "tokio::net::lookup_host",
    "tokio::net::TcpStream::connect",
    "tokio::net::TcpSocket::connect",
    "tokio::net::UdpSocket::bind",
    "tokio::net::UnixStream::connect",
    "tokio::process::Command::new",
];

/// The nearest `clippy.toml` hides the workspace's, so it must say all that this one says.
#[test]
fn the_sites_lints_are_those_of_the_workspace_and_every_call_that_dials() {
    let paths = |file: &Path| -> BTreeSet<String> {
        let all = read(file)["disallowed-methods"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let path = |method: &toml::Value| method["path"].as_str().map(str::to_owned);
        all.iter().filter_map(path).collect()
    };
    let own = paths(&repository().join("selfdestruct/clippy.toml"));
    let shared = paths(&repository().join("clippy.toml"));
    assert!(shared.len() > 5, "{shared:?}");
    let wanted = shared.into_iter().chain(DIALLING.iter().map(ToString::to_string));
    let missing: Vec<String> = wanted.filter(|path| !own.contains(path)).collect();
    assert_eq!(missing, Vec::<String>::new());
    let without_methods = |file: &str| {
        let mut settings = read(&repository().join(file));
        settings.remove("disallowed-methods");
        settings
    };
    assert_eq!(
        without_methods("selfdestruct/clippy.toml"),
        without_methods("clippy.toml")
    );
}

/// Nor does any of ours that it links, though their lints do not know.
#[test]
fn what_the_site_links_of_ours_has_no_call_that_dials() {
    let calls = [
        "::connect(",
        "::connect_timeout(",
        "lookup_host",
        "to_socket_addrs",
        "UdpSocket",
        "UnixStream",
        "Command::new",
    ];
    let (_, used) = WALLS
        .iter()
        .find(|(name, _)| *name == "selfdestruct")
        .expect("its wall");
    let mut found = Vec::new();
    for name in *used {
        let sources = sources(&repository().join("crates").join(name).join("src"));
        assert!(!sources.is_empty(), "{name} has no sources");
        for (path, text) in sources {
            let dials = calls.iter().filter(|call| text.contains(**call));
            found.extend(dials.map(|call| format!("{}: {call}", path.display())));
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

/// Every file under a folder, with its text.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of ours") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                found.push((path, text));
            }
        }
    }
    found
}

/// The site enciphers what it stores once more, and opens no envelope: one file alone knows the cipher.
#[test]
fn the_site_uses_its_cipher_in_one_file() {
    let users: Vec<PathBuf> = sources(&repository().join("selfdestruct/src"))
        .into_iter()
        .filter_map(|(path, text)| text.contains("aes_gcm").then_some(path))
        .collect();
    assert_eq!(users, [repository().join("selfdestruct/src/store/keys.rs")]);
}

#[test]
fn there_is_one_tls_stack() {
    assert_eq!(everywhere(|graph| graph.present(SECOND_STACKS)), BTreeMap::new());
}

#[test]
fn every_licence_is_one_that_we_may_ship() {
    assert_eq!(everywhere(|graph| graph.unlicensed(LICENCES)), BTreeMap::new());
}

#[test]
fn every_package_is_ours_or_from_the_public_registry() {
    assert_eq!(everywhere(CrateGraph::strays), BTreeMap::new());
}

/// Every manifest of ours by the name of its package, found in the folders and not by cargo's word.
fn members() -> BTreeMap<String, Table> {
    let root: Table = read(&repository().join("Cargo.toml"));
    let patterns = root["workspace"]["members"]
        .as_array()
        .expect("a list of members")
        .clone();
    let mut folders = Vec::new();
    for pattern in patterns.iter().filter_map(|pattern| pattern.as_str()) {
        match pattern.strip_suffix("/*") {
            None => folders.push(repository().join(pattern)),
            Some(parent) => folders.extend(
                std::fs::read_dir(repository().join(parent))
                    .expect("the folder of crates")
                    .map(|entry| entry.expect("a readable folder").path()),
            ),
        }
    }
    let manifest = |folder: &PathBuf| {
        let manifest = read(&folder.join("Cargo.toml"));
        (
            manifest["package"]["name"].as_str().expect("a name").to_owned(),
            manifest,
        )
    };
    folders.iter().map(manifest).collect()
}

fn read(path: &Path) -> Table {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.parse().expect("a manifest that cargo reads is TOML")
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let found: Vec<_> = members()
        .iter()
        .flat_map(|(name, manifest)| manifests::without_lints(name, manifest))
        .collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn versions_are_stated_once_and_with_a_reason() {
    let mut found: Vec<_> = members()
        .iter()
        .flat_map(|(name, manifest)| manifests::own_versions(name, manifest))
        .collect();
    let root = std::fs::read_to_string(repository().join("Cargo.toml")).expect("the root manifest");
    found.extend(manifests::without_reason(&root));
    assert_eq!(found, Vec::<String>::new());
}

/// Each rule on a graph or manifest that breaks it. A rule that cannot fail guards nothing.
mod can_fail {
    use super::*;

    fn graph(edges: &[(&str, Origin, &[&str])]) -> CrateGraph {
        let one = |(name, origin, uses): &(&str, Origin, &[&str])| {
            let uses: BTreeSet<String> = uses.iter().map(ToString::to_string).collect();
            let licence = Some("MIT OR Apache-2.0".to_owned());
            (
                (*name).to_owned(),
                Crate {
                    name: (*name).to_owned(),
                    licence,
                    origin: origin.clone(),
                    uses,
                },
            )
        };
        CrateGraph {
            crates: edges.iter().map(one).collect(),
        }
    }

    fn two_walls() -> Walls<'static> {
        Walls::from([("portal", &["contract"] as &[&str]), ("contract", &[])])
    }

    #[test]
    fn a_breach_of_a_wall_is_found() {
        let sound = graph(&[
            ("portal", Origin::Ours, &["contract"]),
            ("contract", Origin::Ours, &["serde"]),
        ]);
        assert_eq!(sound.breaches(&two_walls(), &[]), Vec::<String>::new());
        let breached = graph(&[
            ("portal", Origin::Ours, &[]),
            ("contract", Origin::Ours, &["portal"]),
        ]);
        assert_eq!(
            breached.breaches(&two_walls(), &[]),
            ["contract must not use portal"]
        );
    }

    #[test]
    fn a_renamed_or_missing_crate_is_found() {
        let renamed = graph(&[("gate", Origin::Ours, &[]), ("contract", Origin::Ours, &[])]);
        let found = renamed.breaches(&two_walls(), &[]);
        assert_eq!(
            found,
            [
                "portal has a wall, but there is no such crate",
                "gate has no wall"
            ]
        );
        let absent = graph(&[("contract", Origin::Ours, &[])]);
        assert_eq!(absent.breaches(&two_walls(), &["portal"]), Vec::<String>::new());
    }

    #[test]
    fn a_second_user_of_a_library_is_found() {
        let by_ours = graph(&[
            ("client", Origin::Ours, &["reqwest"]),
            ("portal", Origin::Ours, &["reqwest"]),
            ("reqwest", Origin::Registry, &[]),
        ]);
        assert_eq!(
            by_ours.users_besides("reqwest", "client"),
            ["portal uses reqwest, which only client may"]
        );
        let by_foreign = graph(&[
            ("client", Origin::Ours, &["reqwest"]),
            ("portal", Origin::Ours, &["telemetry"]),
            ("telemetry", Origin::Registry, &["reqwest"]),
            ("reqwest", Origin::Registry, &[]),
        ]);
        assert_eq!(
            by_foreign.users_besides("reqwest", "client"),
            ["telemetry uses reqwest, which only client may"]
        );
    }

    #[test]
    fn a_user_that_comes_with_the_tests_is_allowed_and_a_rule_without_subject_is_not() {
        let by_tests = graph(&[
            ("client", Origin::Ours, &["reqwest"]),
            ("tests", Origin::Ours, &["thirtyfour"]),
            ("thirtyfour", Origin::Registry, &["reqwest"]),
            ("reqwest", Origin::Registry, &[]),
        ]);
        assert_eq!(by_tests.users_besides("reqwest", "client"), Vec::<String>::new());
        let unused = graph(&[("client", Origin::Ours, &[])]);
        assert_eq!(unused.users_besides("reqwest", "client").len(), 1);
    }

    #[test]
    fn a_linked_second_stack_is_found_at_any_depth() {
        let linked = graph(&[
            ("portal", Origin::Ours, &["a"]),
            ("a", Origin::Registry, &["ring"]),
            ("ring", Origin::Registry, &[]),
        ]);
        assert_eq!(linked.present(SECOND_STACKS), ["ring is linked"]);
        assert_eq!(linked.reached("portal", &["ring"]), ["portal reaches ring"]);
    }

    #[test]
    fn a_licence_that_we_may_not_ship_is_found() {
        let judge = |licence: Option<&str>| {
            let mut one = graph(&[("a", Origin::Registry, &[])]);
            one.crates.get_mut("a").expect("it was just made").licence = licence.map(str::to_owned);
            one.unlicensed(LICENCES).len()
        };
        assert_eq!(judge(Some("GPL-3.0-only OR MIT")), 0);
        assert_eq!(judge(Some("MIT/Apache-2.0")), 0);
        assert_eq!(judge(Some("MIT AND GPL-3.0-only")), 1);
        assert_eq!(judge(Some("GPL-3.0-or-later")), 1);
        assert_eq!(judge(Some("nonsense")), 1);
        assert_eq!(judge(None), 1);
    }

    #[test]
    fn a_package_from_elsewhere_is_found() {
        let stray = graph(&[(
            "a",
            Origin::Elsewhere("git+https://git.example/a".to_owned()),
            &[],
        )]);
        assert_eq!(stray.strays(), ["a comes from git+https://git.example/a"]);
    }

    /// Manifests and sources, without what was built of them.
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).expect("a folder");
        for entry in std::fs::read_dir(from).expect("a folder of ours") {
            let entry = entry.expect("an entry");
            let (path, name) = (entry.path(), entry.file_name());
            if !path.is_dir() {
                std::fs::copy(&path, to.join(name)).expect("a file of ours");
            } else if !["target", "node_modules", ".git"]
                .iter()
                .any(|skipped| name == *skipped)
            {
                copy(&path, &to.join(name));
            }
        }
    }

    #[test]
    fn a_client_that_is_added_to_the_site_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        copy(&repository(), folder.path());
        let manifest = folder.path().join("selfdestruct/Cargo.toml");
        let text = std::fs::read_to_string(&manifest).expect("a manifest");
        let added = text.replacen(
            "[dependencies]\n",
            "[dependencies]\nreqwest.workspace = true\n",
            1,
        );
        assert_ne!(text, added);
        std::fs::write(&manifest, added).expect("a copy");
        let tree = linked_by_the_site(folder.path(), PLATFORMS[0], &[]);
        let found = clients_in(&tree);
        assert!(
            found.contains(&"reqwest") && found.contains(&"hyper"),
            "{found:?}"
        );
    }

    #[test]
    fn a_manifest_with_rules_of_its_own_is_found() {
        let bare: Table = "[package]\nname = \"a\"".parse().expect("TOML");
        assert_eq!(manifests::without_lints("a", &bare).len(), 1);
        let own =
            "[target.'cfg(unix)'.dev-dependencies]\nserde = \"1\"\n[dependencies]\ntoml = { path = \"x\" }";
        assert_eq!(manifests::own_versions("a", &own.parse().expect("TOML")).len(), 2);
        let root =
            "[workspace.dependencies]\nserde = \"1\" # values to and from text\ntoml = \"1\"\n[other]\nx = 1";
        assert_eq!(
            manifests::without_reason(root),
            ["no reason behind: toml = \"1\""]
        );
    }
}
