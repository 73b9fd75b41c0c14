//! `acl` lines, and the conditions at the end of other lines (configuration manual, chapter 7).

use super::ProxyDirective;
use super::rules::sample_message;
use crate::acl::{self, AclProblem, Acls, Conflict, Outside};
use crate::base::limits;
use crate::config::draft::ProxyDraft;
use crate::config::environment::Environment;
use crate::config::line::Line;
use crate::keyword::{Kind, Support, suggest};
use crate::sample::{Needs, SampleProblem};

pub(super) const TABLE: &[ProxyDirective] = &[ProxyDirective {
    name: "acl",
    in_defaults: false,
    support: Support::Partial(
        "not in `defaults`; regular expressions without look-around and back references",
    ),
    set: declare,
    summary: "A test with a name, for conditions.",
    example: "acl static path_beg /img /css",
    ..ProxyDirective::ROW
}];

fn declare(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    let help = "for example: acl static path_beg /img /css";
    let Some(name) = line.need("'acl' expects a name.", help) else { return };
    let strange = |character: &char| !(character.is_ascii_alphanumeric() || ".:-_".contains(*character));
    if let Some(character) = name.chars().find(strange) {
        let message = format!("character '{character}' is not permitted in acl name '{name}'.");
        return line.alert(0, message, "letters, digits and any of .:-_ make a name");
    }
    if name == "or" {
        let message = "acl name 'or' will never match. 'or' is used to express a logical disjunction within a \
                       condition.";
        return line.alert(0, message, "choose another name");
    }
    let words = line.arguments().get(1..).unwrap_or_default();
    let environment = line.environment;
    match with_outside(environment, |outside| proxy.acls.declare(name, words, outside)) {
        Ok(false) => {}
        Ok(true) => warn_of_no_pattern(line, 1, words[0]),
        Err(error) => {
            let (message, help) = acl_message(&error.problem);
            let message = format!("error detected while parsing ACL '{name}' : {message}.");
            line.alert(error.word + 1, message, help);
        }
    }
}

/// Where a condition stands, for messages.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    /// What comes before a message about the condition itself.
    pub(super) told: &'a str,
    /// What is known there.
    pub(super) offers: Needs,
    /// What HAProxy calls the kind of rule, without its section.
    pub(super) rule: &'a str,
}

/// Reads `if` or `unless` and the condition behind, from this argument on. `None` after a fault, and where
/// neither word is there, which is not told.
pub(super) fn condition(
    proxy: &mut ProxyDraft,
    line: &mut Line<'_>,
    at: usize,
    spot: Spot<'_>,
) -> Option<acl::Draft> {
    let unless = match *line.arguments().get(at)? {
        "if" => false,
        "unless" => true,
        _ => return None,
    };
    let words = line.arguments().get(at + 1..).unwrap_or_default();
    let environment = line.environment;
    let compiled = with_outside(environment, |outside| {
        acl::Draft::compile(words, unless, spot.offers, &mut proxy.acls, outside)
    });
    match compiled {
        Ok(draft) => {
            warn_of_condition(line, at, &draft, &proxy.acls, &spot.full(proxy));
            Some(draft)
        }
        Err(error) => {
            let (message, help) = acl_message(&error.problem);
            line.alert(at + 1 + error.word, format!("{}{message}.", spot.told), help);
            None
        }
    }
}

impl Spot<'_> {
    /// The kind of rule with its section.
    fn full(&self, proxy: &ProxyDraft) -> String {
        let half = if proxy.kind.has_front() { "frontend" } else { "backend" };
        format!("{half} {}", self.rule)
    }
}

/// Tells what of a condition can never hold.
pub(super) fn warn_of_condition(line: &mut Line<'_>, at: usize, draft: &acl::Draft, acls: &Acls, rule: &str) {
    for keyword in draft.bare() {
        warn_of_no_pattern(line, at, keyword);
    }
    let Some(Conflict { acl, keyword, never }) = draft.conflict(acls) else { return };
    let message = match (acl, never) {
        (Some(name), true) => format!(
            "acl '{name}' will never match because it only involves keywords that are incompatible with '{rule}'"
        ),
        (Some(name), false) => {
            format!("acl '{name}' involves keywords '{keyword}' which is incompatible with '{rule}'")
        }
        (None, _) => format!(
            "anonymous acl will never match because it uses keyword '{keyword}' which is incompatible with '{rule}'"
        ),
    };
    line.warning(at, message, "test it where it is known, or keep it in a captured header");
}

fn warn_of_no_pattern(line: &mut Line<'_>, at: usize, keyword: &str) {
    let message = format!(
        "parsing acl keyword '{keyword}' : no pattern to match against were provided, so this ACL will never match."
    );
    let help = "add patterns; or `--` if that is meant, `-m found` to test existence alone, `-m bool` to take a number \
                as true or false";
    line.warning(at, message, help);
}

/// Lets the compiler ask for files and names.
pub(super) fn with_outside<R>(environment: &dyn Environment, ask: impl FnOnce(Outside<'_>) -> R) -> R {
    let most = limits::PATTERN_FILE_MAX;
    let read = |path: &str| environment.read(path, most).ok().filter(|content| content.len() <= most);
    let resolve = |host: &str| environment.resolve(host);
    ask(Outside { read: &read, resolve: &resolve })
}

/// What is wrong with an ACL or a condition, and how to mend it.
pub(super) fn acl_message(problem: &AclProblem) -> (String, String) {
    let told = |message: String, help: &str| (message, help.to_owned());
    match problem {
        AclProblem::BadAddress(_)
        | AclProblem::BadHex
        | AclProblem::BadNumber(_)
        | AclProblem::BadRange(_)
        | AclProblem::BadRegex { .. }
        | AclProblem::EmptyPattern => pattern_message(problem),
        AclProblem::BadUniqueId => told("the argument of -u must be an integer".to_owned(), "write a number"),
        AclProblem::Flag(flag) => (
            format!(
                "'{flag}' is not a valid ACL option. Please use '--' before any pattern beginning with a '-'"
            ),
            "flags are -i, -n, -m, -f, -M, -u and --".to_owned(),
        ),
        AclProblem::LateMethod => told(
            "'-m' must only be specified before patterns and files in parsing ACL expression".to_owned(),
            "move it before -f",
        ),
        AclProblem::Misfit { method, fetch } => told(
            format!("matching method '{method}' cannot be used with fetch keyword '{fetch}'"),
            "a converter may make another type of the value",
        ),
        AclProblem::MissingFetch => {
            told("missing fetch method in ACL expression ''".to_owned(), "for example: path_beg /img")
        }
        AclProblem::NeedsMethod { fetch } => told(
            format!(
                "matching method must be specified first (using '-m') when using a sample fetch of this type \
                 ('{fetch}')"
            ),
            "for example: -m bin 2f61",
        ),
        AclProblem::NoSuchAcl { name, meant } => {
            let help = match meant {
                Some(meant) => format!("did you mean `{meant}`? Names look at case"),
                None => format!("declare it before: acl {name} .."),
            };
            (format!("no such ACL : '{name}'"), help)
        }
        AclProblem::PlannedAcl(name) => told(
            format!("predefined ACL '{name}' is known, not supported yet"),
            "docs/keywords.md lists the supported ones",
        ),
        AclProblem::Sample { text, problem } => sample_problem(text, problem),
        AclProblem::Unclosed => {
            told("missing closing '}' in condition".to_owned(), "braces are words of their own: { path / }")
        }
        AclProblem::UnknownMethod(name) => told(
            format!("unknown matching method '{name}' when parsing ACL expression"),
            "methods are beg, bin, bool, dir, dom, end, found, int, ip, len, reg, str and sub",
        ),
        AclProblem::UnreadableFile(name) => {
            told(format!("failed to open pattern file <{name}>"), "check the name and who may read it")
        }
    }
}

/// What is wrong with a pattern.
fn pattern_message(problem: &AclProblem) -> (String, String) {
    let told = |message: String, help: &str| (message, help.to_owned());
    match problem {
        AclProblem::BadAddress(text) => told(
            format!("'{text}' is not a valid IPv4 or IPv6 address"),
            "write an address, or a network such as 10.0.0.0/8 or 2001:db8::/32",
        ),
        AclProblem::BadHex => {
            told("an even number of hex digit is expected".to_owned(), "two digits are one byte: 2f61 is /a")
        }
        AclProblem::BadNumber(text) => told(
            format!("'{text}' is not a number"),
            "write a number, a range such as 200:299, or ge, gt, le, lt",
        ),
        AclProblem::BadRange(text) => {
            told(format!("'{text}' is not a valid number range"), "the lower number comes first: 200:299")
        }
        AclProblem::BadRegex { text, why } => told(
            format!("regex '{text}' is invalid (error={why})"),
            "a backslash takes a character as it is; look-around, back references, and atomic groups are not \
             supported",
        ),
        _ => told("an empty pattern is not possible here".to_owned(), "`-m len 0` matches an empty value"),
    }
}

/// What is wrong with the expression of a test.
fn sample_problem(text: &str, problem: &SampleProblem) -> (String, String) {
    match problem {
        SampleProblem::Unknown { kind: Kind::Fetch, name } => {
            let meant = suggest(Kind::AclName, name).or_else(|| suggest(Kind::Fetch, name));
            let help = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "docs/keywords.md lists all names".to_owned(),
            };
            (format!("unknown fetch method '{name}' in ACL expression '{text}'"), help)
        }
        other => {
            let (message, help) = sample_message(other);
            let keyword = text.split(['(', ',']).next().unwrap_or(text);
            (format!("ACL keyword '{keyword}' : {message}"), help)
        }
    }
}
