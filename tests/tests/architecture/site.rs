//! What the site of one-time messages links and calls: nothing that dials, and no cipher but in one file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use tests::repository;

use super::{PLATFORMS, WALLS, read};

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
