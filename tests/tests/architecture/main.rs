//! The walls between the crates, over what cargo resolves. A target of its own, because it needs no server at all.
//!
//! Walls are crates and not cargo features: features unite in a workspace build, and nobody sees it.

mod site;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
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
    let manifest = |folder: &Path| {
        let manifest = read(&folder.join("Cargo.toml"));
        (
            manifest["package"]["name"].as_str().expect("a name").to_owned(),
            manifest,
        )
    };
    folders.iter().map(|folder| manifest(folder)).collect()
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
