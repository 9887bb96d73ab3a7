//! Documents say what is there: links lead somewhere, commands and tests that they name exist, the map is whole.
//! A target of its own, because it needs no server at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};

use tests::repository;

/// Where documents may lead, besides the names reserved for examples (RFC 2606, RFC 6761).
const KNOWN_HOSTS: [&str; 6] = [
    "127.0.0.1",
    "github.com",
    "owasp.org",
    "pages.nist.gov",
    "www.apache.org",
    "www.rfc-editor.org",
];

/// A document and its text.
struct Document {
    path: PathBuf,
    text: String,
}

impl Document {
    fn name(&self) -> String {
        let path = self.path.strip_prefix(repository()).unwrap_or(&self.path);
        path.display().to_string()
    }

    /// Lines of prose, without those of code blocks.
    fn prose(&self) -> impl Iterator<Item = &str> {
        blocks(&self.text)
            .filter(|(kind, _)| kind.is_none())
            .map(|(_, line)| line)
    }

    /// Code within prose, and lines of blocks that are marked as shell.
    fn code(&self) -> impl Iterator<Item = &str> {
        let shell = blocks(&self.text).filter(|(kind, _)| *kind == Some("sh"));
        self.prose().flat_map(spans).chain(shell.map(|(_, line)| line))
    }
}

/// Each line with the kind of the code block that it stands in.
fn blocks(text: &str) -> impl Iterator<Item = (Option<&str>, &str)> {
    let mut within = None;
    text.lines().filter_map(
        move |line| match (line.trim_start().strip_prefix("```"), within) {
            (Some(kind), None) => {
                within = Some(kind.trim());
                None
            }
            (Some(_), Some(_)) => {
                within = None;
                None
            }
            (None, _) => Some((within, line)),
        },
    )
}

/// What stands between single backticks.
fn spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Where the links of a line lead.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

fn documents() -> Vec<Document> {
    let mut found = Vec::new();
    collect(&repository(), &mut found);
    assert!(found.len() > 10, "nearly no documents: nothing would be judged");
    found
}

fn collect(folder: &Path, found: &mut Vec<Document>) {
    for entry in read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if path.is_dir() && !name.starts_with('.') && !["target", "node_modules"].contains(&name) {
            collect(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            let text = read_to_string(&path).expect("a document is text");
            found.push(Document { path, text });
        }
    }
}

fn dead_links(document: &Document) -> Vec<String> {
    let folder = document.path.parent().expect("a document stands in a folder");
    let files = document
        .prose()
        .flat_map(links)
        .filter(|link| !link.contains("://"));
    files
        .map(|link| link.split('#').next().unwrap_or_default())
        .filter(|file| !file.is_empty() && !folder.join(file).exists())
        .map(|file| format!("{} links to {file}, which is not there", document.name()))
        .collect()
}

/// Documents below `docs/` to which no links lead from where a reader begins.
fn unreached(documents: &[Document]) -> Vec<String> {
    let at = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut waiting = ["README.md", "ARCHITECTURE.md"]
        .map(|first| at(&repository().join(first)))
        .to_vec();
    let mut reached = BTreeSet::new();
    while let Some(path) = waiting.pop() {
        let Some(document) = documents.iter().find(|document| at(&document.path) == path) else {
            continue;
        };
        if reached.insert(document.name()) {
            let folder = document.path.parent().expect("a document stands in a folder");
            let targets = document.prose().flat_map(links);
            let files = targets.map(|link| link.split('#').next().unwrap_or_default());
            waiting.extend(files.map(|file| at(&folder.join(file))));
        }
    }
    let names = documents.iter().map(Document::name);
    names
        .filter(|name| name.starts_with("docs/") && !reached.contains(name))
        .collect()
}

fn foreign_hosts(document: &Document) -> Vec<String> {
    let after = |scheme| document.text.split(scheme).skip(1);
    let hosts = after("https://").chain(after("http://")).map(|rest| {
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-'));
        &rest[..end.unwrap_or(rest.len())]
    });
    let is_known = |host: &&str| {
        KNOWN_HOSTS.contains(host) || [".example", ".localhost"].iter().any(|end| host.ends_with(end))
    };
    hosts
        .filter(|host| !host.is_empty() && !is_known(host))
        .map(|host| format!("{} leads to {host}", document.name()))
        .collect()
}

/// Tests are named as `path/of/file.rs: name_of_the_test`, files as their path from the root.
fn missing_files_and_tests(document: &Document) -> Vec<String> {
    let root = repository();
    let top = |path: &str| {
        path.split_once('/')
            .is_some_and(|(first, _)| !first.is_empty() && root.join(first).is_dir())
    };
    let missing = |span: &str| {
        let (path, test) = span
            .split_once(": ")
            .map_or((span, None), |(path, test)| (path, Some(test)));
        if !top(path) || path.contains(['*', ' ', '<', '{']) {
            return false;
        }
        let Ok(source) = read_to_string(root.join(path)) else {
            return !root.join(path).is_dir();
        };
        test.is_some_and(|test| {
            test.split(", ").any(|name| {
                !source.contains(&format!("fn {name}(")) && !source.contains(&format!("test(\"{name}\""))
            })
        })
    };
    let spans = document.prose().flat_map(spans).filter(|span| missing(span));
    spans
        .map(|span| format!("{} names {span}, which is not there", document.name()))
        .collect()
}

/// The subcommands of a `clap` enum, by their names on the command line; those that have commands of their own with
/// the module of these.
fn subcommands(source: &str) -> BTreeMap<String, Option<String>> {
    let after = source
        .split("Subcommand)]")
        .nth(1)
        .expect("the source defines subcommands");
    let body = after.lines().skip(1).take_while(|line| *line != "}");
    let variants = body.filter_map(|line| line.strip_prefix("    "));
    variants
        .filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))
        .map(|line| {
            let end = line
                .find(|c: char| !c.is_ascii_alphanumeric())
                .unwrap_or(line.len());
            let module = line[end..]
                .strip_prefix('(')
                .and_then(|inner| inner.split_once("::"));
            (
                typed_form(&line[..end]),
                module.map(|(module, _)| module.to_owned()),
            )
        })
        .collect()
}

/// A variant's name as it is typed, the way that clap writes it: `ReKey` is `re-key`.
fn typed_form(variant: &str) -> String {
    let mut typed = String::new();
    for letter in variant.chars() {
        if letter.is_ascii_uppercase() && !typed.is_empty() {
            typed.push('-');
        }
        typed.push(letter.to_ascii_lowercase());
    }
    typed
}

/// Every command of the programs, a command of a group as two words.
fn commands() -> BTreeMap<&'static str, BTreeSet<String>> {
    let source = |path: String| read_to_string(repository().join(path)).expect("the source of the commands");
    let mut core = BTreeSet::new();
    for (name, module) in subcommands(&source("core-api/src/cli/mod.rs".to_owned())) {
        match module {
            None => drop(core.insert(name)),
            Some(module) => {
                let folder = format!("core-api/src/cli/{module}");
                let is_folder = repository().join(&folder).is_dir();
                let below = source(folder + if is_folder { "/mod.rs" } else { ".rs" });
                if below.contains("Subcommand)]") {
                    core.extend(
                        subcommands(&below)
                            .into_keys()
                            .map(|verb| format!("{name} {verb}")),
                    );
                } else {
                    core.insert(name); // its arguments have a module of their own
                }
            }
        }
    }
    let plain = |path: &str| subcommands(&source(path.to_owned())).into_keys().collect();
    BTreeMap::from([
        ("core-api", core),
        ("portal", plain("portal/src/main.rs")),
        ("selfdestruct", plain("selfdestruct/src/main.rs")),
    ])
}

fn unknown_commands(document: &Document, commands: &BTreeMap<&str, BTreeSet<String>>) -> Vec<String> {
    let unknown = |code: &str| {
        let words: Vec<&str> = code.split_whitespace().collect();
        let at = |(place, word): (usize, &&str)| {
            let program = word.rsplit('/').next().unwrap_or_default();
            commands.get(program).map(|known| (known, &words[place + 1..]))
        };
        words
            .iter()
            .enumerate()
            .find_map(at)
            .and_then(|(known, rest)| typed(rest, known))
    };
    let found = document.code().filter_map(unknown);
    found
        .map(|command| format!("{} names the command {command}", document.name()))
        .collect()
}

/// The command that was typed, if it is one and there is none like it.
fn typed(rest: &[&str], known: &BTreeSet<String>) -> Option<String> {
    let mut words = rest.iter();
    let mut first = words.next()?;
    while first.starts_with('-') {
        words.next()?;
        first = words.next()?;
    }
    let is_word = |word: &str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    if !is_word(first) || known.contains(*first) {
        return None;
    }
    let command = words
        .next()
        .map_or_else(|| (*first).to_owned(), |second| format!("{first} {second}"));
    let is_group = known.iter().any(|known| known.split(' ').next() == Some(first));
    let names_the_group = is_group && command == **first;
    (!known.contains(&command) && !names_the_group).then_some(command)
}

#[test]
fn every_link_leads_somewhere_and_to_nobody_unknown() {
    let documents = documents();
    let wrong: Vec<String> = documents
        .iter()
        .flat_map(|d| [dead_links(d), foreign_hosts(d)].concat())
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn links_lead_to_every_document() {
    assert_eq!(unreached(&documents()), Vec::<String>::new());
}

#[test]
fn every_file_and_test_that_is_named_is_there() {
    let wrong: Vec<String> = documents().iter().flat_map(missing_files_and_tests).collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_command_that_is_named_is_there() {
    let commands = commands();
    let wrong: Vec<String> = documents()
        .iter()
        .flat_map(|d| unknown_commands(d, &commands))
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_crate_is_on_the_map() {
    let map = read_to_string(repository().join("ARCHITECTURE.md")).expect("the map");
    let crates = read_dir(repository().join("crates")).expect("the crates");
    let names = crates.map(|entry| format!("crates/{}", entry.expect("a crate").file_name().display()));
    let tops = ["core-api", "portal", "selfdestruct", "tests", "deploy", "docs"].map(str::to_owned);
    let missing: Vec<String> = names
        .chain(tops)
        .filter(|name| !map.contains(&format!("`{name}/`")))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn no_document_knows_the_machine_that_it_was_written_on() {
    let root = repository().canonicalize().expect("the repository is there");
    let above = root.parent().filter(|parent| parent.parent().is_some());
    let home = std::env::var("HOME").ok().filter(|home| home.len() > 1);
    let places: Vec<String> = above
        .map(|path| path.display().to_string())
        .into_iter()
        .chain(home)
        .collect();
    for document in documents() {
        for place in &places {
            assert!(
                !document.text.contains(&format!("{place}/")),
                "{} names {place}",
                document.name()
            );
        }
    }
}

#[test]
fn what_is_wrong_is_found() {
    let text = "[a](nowhere.md) [b](README.md) `core-api pki revoke` `core-api pki init DIR` `portal --config F dance`\n\
                `core-api portal` `tests/tests/documents.rs: what_is_wrong_is_found` `tests/src/lib.rs: nothing_like_it`\n\
                <https://packages.corp.internal/x> <https://reset.corp.example/>\n\
                ```sh\nsudo core-api fly --far\n```\n```toml\ncore-api fly\n```\n";
    let document = Document {
        path: repository().join("made-up.md"),
        text: text.to_owned(),
    };
    assert_eq!(
        dead_links(&document),
        ["made-up.md links to nowhere.md, which is not there"]
    );
    assert_eq!(
        foreign_hosts(&document),
        ["made-up.md leads to packages.corp.internal"]
    );
    let wrong =
        ["pki revoke", "dance", "fly --far"].map(|command| format!("made-up.md names the command {command}"));
    assert_eq!(unknown_commands(&document, &commands()), wrong);
    let lost = "made-up.md names tests/src/lib.rs: nothing_like_it, which is not there";
    assert_eq!(missing_files_and_tests(&document), [lost]);
    let path = repository().join("docs/made-up.md");
    let text = "[itself](made-up.md)".to_owned();
    assert_eq!(unreached(&[Document { path, text }]), ["docs/made-up.md"]);
}
