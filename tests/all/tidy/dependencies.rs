//! Which crates the packages depend on: the core's allow-list, with all that comes behind it, and the
//! arrows `cli -> sim -> io -> core`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use super::{assert_none, root};

/// What the core may name in `[dependencies]`. Each is free of clocks, sockets, threads and entropy.
const CORE_DIRECT: &[&str] = &["bytes", "memchr", "rand_chacha", "regex"];

/// What may stand behind those.
const CORE_TRANSITIVE: &[&str] = &[
    "aho-corasick",
    "cfg-if",
    "cpufeatures",
    "ppv-lite86",
    "rand_core",
    "regex-automata",
    "regex-syntax",
    "zerocopy",
];

/// Each of our packages with those of ours that it may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("evenkeel-core", &[]),
    ("evenkeel-io", &["evenkeel-core"]),
    ("evenkeel-sim", &["evenkeel-core", "evenkeel-io"]),
    ("evenkeel", &["evenkeel-core", "evenkeel-io", "evenkeel-sim"]),
    ("evenkeel-tests", &["evenkeel-core", "evenkeel-io", "evenkeel-sim"]),
];

/// Normal dependencies by package name, as Cargo resolved them.
type Graph = BTreeMap<String, BTreeSet<String>>;

fn resolved() -> Graph {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    graph_of(&serde_json::from_slice(&output.stdout).expect("cargo metadata writes JSON"))
}

fn graph_of(metadata: &Value) -> Graph {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let names: BTreeMap<String, String> = list(&metadata["packages"])
        .iter()
        .map(|package| (text(&package["id"]), versioned(&text(&package["name"]), package)))
        .collect();
    // A procedural macro and what stands behind it run in the compiler, not in the program.
    let is_macro =
        |package: &Value| list(&package["targets"]).iter().any(|target| target["kind"][0] == "proc-macro");
    let macros: BTreeSet<String> = list(&metadata["packages"])
        .iter()
        .filter(|package| is_macro(package))
        .map(|package| text(&package["id"]))
        .collect();
    let mut graph = Graph::new();
    for node in list(&metadata["resolve"]["nodes"]) {
        let uses = graph.entry(names[&text(&node["id"])].clone()).or_default();
        for dependency in list(&node["deps"]) {
            let normal = list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
            if normal && !macros.contains(&text(&dependency["pkg"])) {
                uses.insert(names[&text(&dependency["pkg"])].clone());
            }
        }
    }
    graph
}

/// Our own packages by name; others with their version, for another package may use an older one.
fn versioned(name: &str, package: &Value) -> String {
    if name.starts_with("evenkeel") {
        return name.to_owned();
    }
    format!("{name}@{}", package["version"].as_str().unwrap_or_default())
}

fn without_version(name: &str) -> &str {
    name.split('@').next().unwrap_or(name)
}

fn core_violations(graph: &Graph) -> Vec<String> {
    let mut violations = Vec::new();
    for name in &graph["evenkeel-core"] {
        if !CORE_DIRECT.contains(&without_version(name)) {
            violations.push(format!("evenkeel-core may not depend on {name}"));
        }
    }
    let mut seen = BTreeSet::new();
    let mut open: Vec<&String> = graph["evenkeel-core"].iter().collect();
    while let Some(name) = open.pop() {
        let plain = without_version(name);
        let known = CORE_DIRECT.contains(&plain) || CORE_TRANSITIVE.contains(&plain);
        if seen.insert(name) && !known {
            violations.push(format!("evenkeel-core may not pull in {name}"));
        }
        open.extend(graph.get(name).into_iter().flatten().filter(|next| !seen.contains(next)));
    }
    violations
}

fn arrow_violations(graph: &Graph) -> Vec<String> {
    let ours = |name: &str| ARROWS.iter().find(|(package, _)| *package == name).map(|(_, allowed)| *allowed);
    let mut violations = Vec::new();
    for (package, uses) in graph {
        let Some(allowed) = ours(package) else {
            if package.starts_with("evenkeel") {
                violations.push(format!("{package} has no row in tests/all/tidy/dependencies.rs"));
            }
            continue;
        };
        for used in uses.iter().filter(|used| ours(used).is_some()) {
            if !allowed.contains(&used.as_str()) {
                violations.push(format!("{package} may not depend on {used}"));
            }
        }
    }
    violations
}

#[test]
fn the_core_depends_only_on_the_allow_list() {
    assert_none(&core_violations(&resolved()), "the core's dependencies are an allow-list");
}

#[test]
fn crates_depend_only_leftwards() {
    assert_none(&arrow_violations(&resolved()), "arrows between crates are cli -> sim -> io -> core");
}

#[test]
fn a_planted_dependency_is_found() {
    let graph = |edges: &[(&str, &[&str])]| -> Graph {
        let names = |used: &[&str]| used.iter().map(|name| (*name).to_owned()).collect();
        edges.iter().map(|(package, used)| ((*package).to_owned(), names(used))).collect()
    };

    let direct = graph(&[("evenkeel-core", &["bytes", "tokio"])]);
    let behind = graph(&[("evenkeel-core", &["bytes"]), ("bytes", &["getrandom"])]);
    let backwards = graph(&[("evenkeel-io", &["evenkeel-sim"])]);
    let fine = graph(&[("evenkeel-core", &["bytes"]), ("bytes", &[]), ("evenkeel-sim", &["evenkeel-io"])]);

    assert!(core_violations(&direct).contains(&"evenkeel-core may not depend on tokio".to_owned()));
    assert_eq!(core_violations(&behind), ["evenkeel-core may not pull in getrandom"]);
    assert_eq!(arrow_violations(&backwards), ["evenkeel-io may not depend on evenkeel-sim"]);
    assert_eq!(core_violations(&fine), Vec::<String>::new());
    assert_eq!(arrow_violations(&fine), Vec::<String>::new());
}
