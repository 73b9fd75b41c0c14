//! Rust sources as tokens: comments are gone, strings are literals, and test modules are left out.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One word of a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// An identifier, a punctuation character, a bracket, or a whole literal.
    pub(super) text: String,
    /// Where it stands, from 1.
    pub(super) line: usize,
}

/// All `.rs` files below `folder`, sorted.
pub(super) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in
            std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Reads a source file.
pub(super) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether a file holds only tests (`tests.rs`, or anything in a folder `tests`).
pub(super) fn is_test_file(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
}

/// The words of `source` in order, without comments and without items marked `#[cfg(test)]`.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let stream = TokenStream::from_str(source).expect("the compiler has read this file already");
    let mut words = Vec::new();
    flatten(stream, &mut words);
    words
}

fn flatten(stream: TokenStream, words: &mut Vec<Token>) {
    let trees: Vec<TokenTree> = stream.into_iter().collect();
    let mut at = 0;
    while let Some(tree) = trees.get(at) {
        if is_cfg_test(tree, trees.get(at + 1)) {
            at = after_item(&trees, at + 2);
            continue;
        }
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = brackets(group.delimiter());
                words.push(Token { text: open.to_owned(), line });
                flatten(group.stream(), words);
                words.push(Token { text: close.to_owned(), line: group.span_close().start().line });
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {
                words.push(Token { text: tree.to_string(), line });
            }
        }
        at += 1;
    }
}

fn is_cfg_test(hash: &TokenTree, attribute: Option<&TokenTree>) -> bool {
    let squeezed = |tree: &TokenTree| tree.to_string().replace(' ', "");
    squeezed(hash) == "#" && attribute.is_some_and(|tree| squeezed(tree) == "[cfg(test)]")
}

/// The position after the item that starts at `at`: it ends with a `;` or with a block in braces.
fn after_item(trees: &[TokenTree], at: usize) -> usize {
    let ends = |tree: &TokenTree| match tree {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    };
    trees.iter().skip(at).position(ends).map_or(trees.len(), |length| at + length + 1)
}

fn brackets(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

/// Every path written in `words` that starts with `head`, spelled out: `use a::{b, c::d}` gives
/// `a::b` and `a::c::d`.
pub(super) fn paths_from(head: &str, words: &[Token]) -> Vec<Token> {
    let mut paths = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let inside_a_path = at >= 2 && is_separator(words, at - 2);
        if word.text == head && !inside_a_path {
            spell_out(head.to_owned(), words, at + 1, &mut paths);
        }
    }
    paths
}

/// Follows one path from `at`, just after `prefix`; returns the position after it.
fn spell_out(prefix: String, words: &[Token], at: usize, paths: &mut Vec<Token>) -> usize {
    let line = words[at.saturating_sub(1).min(words.len() - 1)].line;
    if !is_separator(words, at) {
        paths.push(Token { text: prefix, line });
        return at;
    }
    let Some(next) = words.get(at + 2) else { return at + 2 };
    if next.text != "{" {
        return spell_out(format!("{prefix}::{}", next.text), words, at + 3, paths);
    }
    let mut at = at + 3;
    while let Some(word) = words.get(at) {
        match word.text.as_str() {
            "}" => return at + 1,
            "," => at += 1,
            _ => at = spell_out(format!("{prefix}::{}", word.text), words, at + 1, paths),
        }
    }
    at
}

fn is_separator(words: &[Token], at: usize) -> bool {
    let colon = |at: usize| words.get(at).is_some_and(|word| word.text == ":");
    colon(at) && colon(at + 1)
}

#[test]
fn comments_strings_and_test_modules_are_not_code() {
    let source = "/// tokio\nfn a() { let _ = \"tokio\"; } // tokio\n#[cfg(test)]\nmod tests { use tokio; }\nfn b() {}";

    let words = tokens(source);

    assert!(words.iter().all(|word| word.text != "tokio"), "{words:?}");
    assert!(words.iter().any(|word| word.text == "b" && word.line == 5), "{words:?}");
}

#[test]
fn grouped_imports_are_spelled_out() {
    let words = tokens("use crate::{base::{ids, time::Time}, http as messages};");

    let paths: Vec<String> = paths_from("crate", &words).into_iter().map(|path| path.text).collect();

    // An alias leaves its two words behind as paths of their own; the head of each is what matters.
    assert_eq!(&paths[..3], ["crate::base::ids", "crate::base::time::Time", "crate::http"]);
}
