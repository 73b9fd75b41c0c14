//! Which module of the core may use which. The table is the architecture: a module uses only what stands
//! in its row, no row names a later one, so there are no cycles.

use std::path::Path;

use super::source::{is_test_file, paths_from, read, rust_files, tokens};
use super::{assert_none, root};

/// Each module with the modules that it may use, in the order of the layers.
const TABLE: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("keyword", &["base"]),
    ("http", &["base"]),
    ("h1", &["base", "http"]),
    ("sample", &["base", "keyword", "http"]),
    ("log", &["base", "keyword", "http", "sample"]),
    ("acl", &["base", "keyword", "sample"]),
    ("rules", &["base", "keyword", "http", "sample", "log", "acl"]),
    ("model", &["base", "keyword", "http", "sample", "log", "acl", "rules"]),
    ("persistence", &["base", "http", "model"]),
    ("table", &["base", "sample", "model"]),
    ("balance", &["base", "model"]),
    ("health", &["base", "http", "h1", "sample", "log", "model"]),
    ("backend", &["base", "http", "model", "balance", "health", "persistence"]),
    (
        "proxy",
        &[
            "base",
            "http",
            "h1",
            "sample",
            "log",
            "acl",
            "rules",
            "model",
            "balance",
            "health",
            "backend",
            "persistence",
            "table",
        ],
    ),
    ("config", &["base", "keyword", "http", "h1", "sample", "log", "acl", "rules", "model"]),
    ("catalog", &["base", "keyword", "sample", "log", "acl", "rules", "config"]),
];

/// Lists what `module`'s source uses beyond its row.
fn violations_in(module: &str, name: &str, source: &str) -> Vec<String> {
    let Some((_, allowed)) = TABLE.iter().find(|(row, _)| *row == module) else {
        return vec![format!("{name}: module {module} has no row in tests/all/tidy/arrows.rs")];
    };
    paths_from("crate", &tokens(source))
        .iter()
        .filter_map(|path| {
            let used = path.text.split("::").nth(1)?;
            let known = TABLE.iter().any(|(row, _)| *row == used);
            let fine = used == module || allowed.contains(&used);
            (known && !fine).then(|| format!("{name}:{}: {module} may not use {used}", path.line))
        })
        .collect()
}

/// The module of the core that a file belongs to; none for `lib.rs`.
fn module_of(path: &Path) -> Option<String> {
    let below = path.strip_prefix(root().join("core/src")).ok()?;
    let first = below.components().next()?.as_os_str().to_str()?;
    let module = first.strip_suffix(".rs").unwrap_or(first);
    (module != "lib").then(|| module.to_owned())
}

#[test]
fn modules_of_the_core_use_only_layers_below() {
    let violations: Vec<String> = rust_files(&root().join("core/src"))
        .iter()
        .filter(|path| !is_test_file(path))
        .filter_map(|path| Some((module_of(path)?, path)))
        .flat_map(|(module, path)| violations_in(&module, &path.display().to_string(), &read(path)))
        .collect();

    assert_none(&violations, "an arrow inside the core points the wrong way");
}

#[test]
fn the_table_has_no_cycle() {
    for (at, (module, allowed)) in TABLE.iter().enumerate() {
        for used in *allowed {
            let used_at = TABLE.iter().position(|(row, _)| row == used);
            assert!(used_at.is_some_and(|used_at| used_at < at), "{module} -> {used} points upwards");
        }
    }
}

#[test]
fn a_planted_arrow_is_found() {
    let direct = violations_in("http", "planted.rs", "use crate::proxy::Input;");
    let grouped = violations_in("h1", "planted.rs", "use crate::{base::ids, rules::Rule};");
    let in_code = violations_in("base", "planted.rs", "fn f() { crate::model::f() }");
    let unknown = violations_in("surprise", "planted.rs", "");
    let fine = violations_in("h1", "planted.rs", "use crate::http::RequestHead;\nuse crate::h1::Error;");

    assert_eq!(direct, ["planted.rs:1: http may not use proxy"]);
    assert_eq!(grouped, ["planted.rs:1: h1 may not use rules"]);
    assert_eq!(in_code, ["planted.rs:1: base may not use model"]);
    assert_eq!(unknown.len(), 1);
    assert_eq!(fine, Vec::<String>::new());
}
