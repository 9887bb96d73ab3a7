//! The crates of the workspace and what each depends on, with the rules about them as pure functions.
//!
//! Every rule takes the graph as it is and returns what breaks it, one sentence per violation, so that the architecture
//! test can show for each rule, on a doctored graph, that it can fail.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Node, Package};
use spdx::{Expression, ParseMode};

/// Where a package comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A member of this workspace.
    Ours,
    /// The public registry.
    Registry,
    /// Anything else: a git repository, another registry, a folder outside the workspace.
    Elsewhere(String),
}

/// One package of the resolved graph.
#[derive(Clone, Debug)]
pub struct Crate {
    /// Its name; several versions of one name are several packages.
    pub name: String,
    /// Its SPDX licence expression, if it states one.
    pub licence: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
    /// Keys of the packages that it is built or runs with; development dependencies are left out.
    pub uses: BTreeSet<String>,
}

/// Whether the package really takes the dependency with the features that are on. Cargo's metadata also lists an
/// optional dependency that is only mentioned weakly (`ring?/alloc`), which is never built.
fn is_switched_on(package: &Package, node: &Node, dependency: &str) -> bool {
    let mut declared = package
        .dependencies
        .iter()
        .filter(|declared| declared.name == dependency);
    declared.any(|declared| {
        let name = declared.rename.as_deref().unwrap_or(&declared.name);
        let (explicit, strong) = (format!("dep:{name}"), format!("{name}/"));
        let asks = |asked: &String| *asked == explicit || asked.starts_with(&strong);
        let on = |feature: &str| {
            feature == name
                || package
                    .features
                    .get(feature)
                    .is_some_and(|list| list.iter().any(asks))
        };
        !declared.optional || node.features.iter().any(|feature| on(feature))
    })
}

/// All resolved packages by a key that is unique for name, version and source.
#[derive(Clone, Debug, Default)]
pub struct CrateGraph {
    /// The packages.
    pub crates: BTreeMap<String, Crate>,
}

/// Who of ours may use whom of ours.
pub type Walls<'a> = BTreeMap<&'a str, &'a [&'a str]>;

impl CrateGraph {
    /// Asks cargo for the graph of the workspace at `root`, as it is resolved for the platform `triple`.
    ///
    /// # Errors
    /// What cargo says, when it cannot resolve the workspace as locked.
    pub fn resolve(root: &std::path::Path, triple: &str) -> Result<Self, cargo_metadata::Error> {
        let metadata = MetadataCommand::new()
            .current_dir(root)
            .other_options(["--locked", "--filter-platform", triple].map(String::from))
            .exec()?;
        Ok(Self::from_metadata(&metadata))
    }

    fn from_metadata(metadata: &Metadata) -> Self {
        let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
        let crates = nodes.map(|node| {
            let package = &metadata[&node.id];
            let uses = node
                .deps
                .iter()
                .filter(|dep| {
                    dep.dep_kinds
                        .iter()
                        .any(|kind| kind.kind != DependencyKind::Development)
                })
                .filter(|dep| is_switched_on(package, node, &metadata[&dep.pkg].name))
                .map(|dep| dep.pkg.repr.clone())
                .collect();
            let origin = match &package.source {
                None if metadata.workspace_members.contains(&node.id) => Origin::Ours,
                None => Origin::Elsewhere(package.manifest_path.to_string()),
                Some(source) if source.is_crates_io() => Origin::Registry,
                Some(source) => Origin::Elsewhere(source.repr.clone()),
            };
            let name = package.name.to_string();
            (
                node.id.repr.clone(),
                Crate {
                    name,
                    licence: package.license.clone(),
                    origin,
                    uses,
                },
            )
        });
        Self {
            crates: crates.collect(),
        }
    }

    fn ours(&self) -> impl Iterator<Item = (&String, &Crate)> {
        self.crates.iter().filter(|(_, one)| one.origin == Origin::Ours)
    }

    /// The packages that the given ones are built from, themselves included.
    fn reach<'a>(&'a self, from: impl Iterator<Item = &'a String>) -> BTreeSet<&'a String> {
        let mut waiting: VecDeque<&String> = from.collect();
        let mut seen = BTreeSet::new();
        while let Some(key) = waiting.pop_front() {
            if seen.insert(key) {
                waiting.extend(self.crates.get(key).into_iter().flat_map(|one| &one.uses));
            }
        }
        seen
    }

    /// Each of our crates uses only those of ours that its wall allows. A crate without a wall and a wall without a
    /// crate are violations too: otherwise a rename would take a wall down silently. `not_yet` may be absent.
    pub fn breaches(&self, walls: &Walls<'_>, not_yet: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        let present: BTreeSet<&str> = self.ours().map(|(_, one)| one.name.as_str()).collect();
        for name in walls
            .keys()
            .filter(|name| !present.contains(*name) && !not_yet.contains(name))
        {
            found.push(format!("{name} has a wall, but there is no such crate"));
        }
        for (_, one) in self.ours() {
            let Some(allowed) = walls.get(one.name.as_str()) else {
                found.push(format!("{} has no wall", one.name));
                continue;
            };
            let used = one.uses.iter().filter_map(|key| self.crates.get(key));
            for other in used.filter(|other| other.origin == Origin::Ours) {
                if !allowed.contains(&other.name.as_str()) {
                    found.push(format!("{} must not use {}", one.name, other.name));
                }
            }
        }
        found
    }

    /// `library` is used directly by `user` alone, besides packages that come only with the `tests` package. That
    /// `user` does use it is part of the rule, so that it cannot outlive its subject.
    pub fn users_besides(&self, library: &str, user: &str) -> Vec<String> {
        let product = self.reach(
            self.ours()
                .filter(|(_, one)| one.name != "tests")
                .map(|(key, _)| key),
        );
        let direct = |one: &Crate| {
            one.uses
                .iter()
                .any(|key| self.crates.get(key).is_some_and(|d| d.name == library))
        };
        let mut found = Vec::new();
        let mut rightful = false;
        for (key, one) in self.crates.iter().filter(|(_, one)| direct(one)) {
            let comes_with_tests_only = one.origin != Origin::Ours && !product.contains(key);
            rightful |= one.name == user;
            if one.name != user && !comes_with_tests_only {
                found.push(format!("{} uses {library}, which only {user} may", one.name));
            }
        }
        if !rightful {
            found.push(format!("{user} does not use {library}: is the rule out of date?"));
        }
        found
    }

    /// None of the named packages is in the graph of what we build.
    pub fn present(&self, banned: &[&str]) -> Vec<String> {
        let built = self.reach(self.ours().map(|(key, _)| key));
        let built = built.into_iter().filter_map(|key| self.crates.get(key));
        built
            .filter(|one| banned.contains(&one.name.as_str()))
            .map(|one| format!("{} is linked", one.name))
            .collect()
    }

    /// None of the named packages can be reached from `start`.
    pub fn reached(&self, start: &str, banned: &[&str]) -> Vec<String> {
        let from = self
            .ours()
            .filter(|(_, one)| one.name == start)
            .map(|(key, _)| key);
        let reach = self.reach(from);
        let reach = reach.into_iter().filter_map(|key| self.crates.get(key));
        reach
            .filter(|one| banned.contains(&one.name.as_str()))
            .map(|one| format!("{start} reaches {}", one.name))
            .collect()
    }

    /// Every package can be used under the allowed licences alone.
    pub fn unlicensed(&self, allowed: &[&str]) -> Vec<String> {
        let permitted = |licence: &str| {
            Expression::parse_mode(licence, ParseMode::LAX).is_ok_and(|expression| {
                expression.evaluate(|wanted| wanted.license.id().is_some_and(|id| allowed.contains(&id.name)))
            })
        };
        let judged = self
            .crates
            .values()
            .map(|one| (one, one.licence.as_deref().unwrap_or("no licence")));
        judged
            .filter(|(_, licence)| !permitted(licence))
            .map(|(one, licence)| format!("{} is under: {licence}", one.name))
            .collect()
    }

    /// Every package is ours or comes from the public registry.
    pub fn strays(&self) -> Vec<String> {
        let all = self.crates.values();
        all.filter_map(|one| match &one.origin {
            Origin::Elsewhere(place) => Some(format!("{} comes from {place}", one.name)),
            Origin::Ours | Origin::Registry => None,
        })
        .collect()
    }
}
