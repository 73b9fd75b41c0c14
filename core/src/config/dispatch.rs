//! Which directive a line is, and whether it belongs where it stands.

use super::directive::{Directive, GLOBALS, PROXIES, Side, find};
use super::draft::{GlobalDraft, ProxyDraft, ProxyKind};
use super::environment::Environment;
use super::finding::Findings;
use super::line::{Form, Line};
use super::problem::Place;
use super::reader::{Reader, Split};
use super::section::Section;
use crate::keyword::{Kind, closest, is_known, names, suggest};

/// Keywords that HAProxy itself has given up, and what to write.
const REMOVED: [(&str, &str); 3] =
    [("clitimeout", "timeout client"), ("contimeout", "timeout connect"), ("srvtimeout", "timeout server")];

/// Options that say how servers are checked.
const CHECKS: [&str; 8] = [
    "httpchk",
    "ldap-check",
    "mysql-check",
    "pgsql-check",
    "redis-check",
    "smtpchk",
    "ssl-hello-chk",
    "tcp-check",
];

/// Rules that HAProxy takes in named `defaults` sections.
const RULES: [&str; 5] = ["acl", "http-after-response", "http-request", "http-response", "tcp-request"];

impl Reader<'_> {
    /// Reads a line of the section that is open.
    pub(super) fn take_directive(&mut self, split: &Split<'_>) {
        let form = match split.words[0].text.as_str() {
            "no" => Form::No,
            "default" => Form::Default,
            _ => Form::Plain,
        };
        let before = usize::from(form != Form::Plain);
        let words: Vec<&str> = split.words.iter().skip(before).map(|word| word.text.as_str()).collect();
        let mut findings = Findings::default();
        let whole = split.whole();
        let scene = Scene { words: &words, form, environment: self.environment, place: &whole };
        let known = match self.section {
            Section::None | Section::Skipped => return,
            Section::Global => global(&mut self.global, &scene, &mut findings),
            Section::Defaults => {
                let defaults = self.defaults.last_mut().map(|defaults| &mut defaults.draft);
                defaults.is_none_or(|draft| proxy(draft, &scene, &mut findings))
            }
            Section::Proxy => {
                let draft = self.proxies.last_mut();
                draft.is_none_or(|draft| proxy(draft, &scene, &mut findings))
            }
        };
        if !known && split.starts_the_line() && hint_at_section(&words, &mut findings) {
            // What follows belongs to the section that was meant, not to this one.
            self.section = Section::Skipped;
        }
        self.take_findings(split, before, findings);
    }
}

/// A line and its surroundings.
struct Scene<'a> {
    words: &'a [&'a str],
    form: Form,
    environment: &'a dyn Environment,
    place: &'a Place,
}

impl<'a> Scene<'a> {
    fn line<'f>(&self, skip: usize, example: &'static str, findings: &'f mut Findings) -> Line<'f>
    where
        'a: 'f,
    {
        Line {
            words: self.words,
            skip,
            form: self.form,
            findings,
            environment: self.environment,
            place: self.place,
            example,
        }
    }
}

/// What the words of a line name: the kind, the name, and how many words that takes.
fn named(words: &[&str], section: Kind) -> Option<(Kind, String, usize)> {
    let second = words.get(1).copied().unwrap_or_default();
    match (words.first().copied()?, section) {
        ("option", Kind::Proxy) => return Some((Kind::OptionName, second.to_owned(), 2)),
        ("timeout", Kind::Proxy) => return Some((Kind::TimeoutName, second.to_owned(), 2)),
        // Their steps have tables of their own.
        (family @ ("http-check" | "tcp-check"), Kind::Proxy) => return Some((section, family.to_owned(), 1)),
        _ => {}
    }
    // The longest name counts: `capture request header` comes before `capture`.
    for count in (1..=words.len().min(3)).rev() {
        let name = words[..count].join(" ");
        let known = match section {
            Kind::Global => find(GLOBALS, section, &name).is_some(),
            _ => find(PROXIES, section, &name).is_some(),
        };
        if known || is_known(section, &name) {
            return Some((section, name, count));
        }
    }
    Some((section, words[0].to_owned(), 1))
}

/// Reads a line of `global`. Tells whether its keyword is known.
fn global(draft: &mut GlobalDraft, scene: &Scene<'_>, findings: &mut Findings) -> bool {
    let Some((kind, name, skip)) = named(scene.words, Kind::Global) else {
        findings.alert(0, "a keyword is missing.", "remove the line");
        return true;
    };
    let Some(row) = find(GLOBALS, kind, &name) else {
        return unknown(kind, &name, "global", findings);
    };
    if accepts_form(row, scene.form, &name, findings) {
        (row.set)(draft, &mut scene.line(skip, row.example, findings));
    }
    true
}

/// Reads a line of a proxy section. Tells whether its keyword is known.
fn proxy(draft: &mut ProxyDraft, scene: &Scene<'_>, findings: &mut Findings) -> bool {
    let Some((kind, name, skip)) = named(scene.words, Kind::Proxy) else {
        findings.alert(0, "a keyword is missing.", "remove the line");
        return true;
    };
    let Some(row) = find(PROXIES, kind, &name) else {
        return unknown(kind, &name, draft.kind.keyword(), findings);
    };
    if accepts_form(row, scene.form, &name, findings) && belongs(row, draft, &name, findings) {
        if kind == Kind::OptionName && CHECKS.contains(&name.as_str()) {
            // Of the options that say how servers are checked the last one counts.
            draft.settings.external_check.wanted = None;
        }
        (row.set)(draft, &mut scene.line(skip, row.example, findings));
    }
    true
}

/// Whether `no` or `default` may stand before it, if one does.
fn accepts_form<D>(row: &Directive<D>, form: Form, name: &str, findings: &mut Findings) -> bool {
    if form == Form::Plain || row.negatable {
        return true;
    }
    let message = match row.kind {
        Kind::OptionName => format!("negation/default is not supported for option '{name}'."),
        _ => "negation/default currently supported only for options, log, busy-polling, set-dumpable, \
              strict-limits, insecure-fork-wanted and numa-cpu-mapping."
            .to_owned(),
    };
    findings.alert(0, message, "leave the line out");
    false
}

/// Whether the keyword belongs into this section. One of the other half only gets a warning, and its line is
/// still checked.
fn belongs(row: &Directive<ProxyDraft>, draft: &ProxyDraft, name: &str, findings: &mut Findings) -> bool {
    if draft.kind == ProxyKind::Defaults {
        if row.in_defaults {
            return true;
        }
        let (message, help) = if RULES.contains(&name) {
            (
                format!("'{name}' in a 'defaults' section is known, not supported yet."),
                "write the rule in each proxy",
            )
        } else {
            (format!("'{name}' not allowed in 'defaults' section."), "it belongs to one proxy")
        };
        findings.alert(0, message, help);
        return false;
    }
    let (half, other) = match row.side {
        Side::Back if !draft.kind.has_back() => ("backend", "frontend"),
        Side::Front if !draft.kind.has_front() => ("frontend", "backend"),
        _ => return true,
    };
    let title = draft.title();
    let help = format!("move it to a `{half}` or a `listen`; a `{other}` does not use it");
    if row.kind == Kind::Proxy && matches!(name, "server" | "default-server") {
        let message = format!("'{name}' not allowed because {title} has no {half} capability.");
        findings.alert(0, message, help);
        return false;
    }
    if row.kind == Kind::Proxy && name == "retry-on" {
        findings.alert(0, "'retry-on' only available in backend or listen section", help);
        return false;
    }
    let message = match (row.kind, name) {
        (Kind::TimeoutName, _) => {
            format!("'timeout {name}' will be ignored because {title} has no {half} capability")
        }
        (_, "maxconn") => {
            format!(
                "'maxconn' ignored because {title} has no {half} capability. Maybe you want 'fullconn' instead ?"
            )
        }
        (_, "fullconn") => {
            format!(
                "'fullconn' ignored because {title} has no {half} capability. Maybe you want 'maxconn' instead ?"
            )
        }
        (_, "capture request header" | "capture response header") => {
            format!("'capture' ignored because {title} has no {half} capability.")
        }
        _ => format!("'{name}' ignored because {title} has no {half} capability."),
    };
    findings.warning(0, message, help);
    true
}

/// A name without a row: planned, given up, or nobody's. Tells whether somebody knows it.
fn unknown(kind: Kind, name: &str, section: &str, findings: &mut Findings) -> bool {
    let written = match kind {
        Kind::OptionName => format!("option {name}"),
        Kind::TimeoutName => format!("timeout {name}"),
        _ => name.to_owned(),
    };
    if let Some((_, instead)) = REMOVED.iter().find(|(removed, _)| *removed == name) {
        let message =
            format!("the '{name}' directive is not supported anymore since HAProxy 2.1. Use '{instead}'.");
        findings.alert(0, message, format!("write `{instead}`"));
        return true;
    }
    if is_known(kind, name) {
        let word = usize::from(matches!(kind, Kind::OptionName | Kind::TimeoutName));
        let help = "remove it if you can do without; it is refused because leaving it out in silence would change \
                    what happens";
        findings.alert(word, format!("'{written}' is known, not supported yet."), help);
        return true;
    }
    let meant = suggest(kind, name);
    let help = match meant {
        Some(meant) => format!("did you mean `{}`?", written.replacen(name, meant, 1)),
        None => match crate::keyword::kinds_of(name).find(|other| *other != kind) {
            Some(other) => {
                format!("`{name}` is a {}, which does not stand alone in this section", other.label())
            }
            None => "docs/keywords.md lists all keywords".to_owned(),
        },
    };
    match kind {
        Kind::OptionName if name.is_empty() => {
            findings.alert(1, "'option' expects an option name.", "for example: option httplog");
        }
        Kind::OptionName => findings.alert(1, format!("unknown option '{name}'."), help),
        Kind::TimeoutName => {
            let message = format!(
                "'timeout' supports 'client', 'server', 'connect', 'check', 'queue', 'http-keep-alive', \
                 'http-request', 'tunnel', 'tarpit', 'client-fin' and 'server-fin' (got '{name}')"
            );
            findings.alert(1, message, help);
        }
        _ => {
            let guess = meant.map(|meant| format!("; did you mean '{meant}' maybe ?")).unwrap_or_default();
            findings.alert(0, format!("unknown keyword '{name}' in '{section}' section{guess}"), help);
        }
    }
    false
}

/// An unknown word in the first column may be a misspelt section: says so, and whether it is one.
fn hint_at_section(words: &[&str], findings: &mut Findings) -> bool {
    let word = words.first().copied().unwrap_or_default();
    let last = findings.list.last_mut();
    let (Some(finding), Some(meant)) = (last, closest(word, names(Kind::Section))) else { return false };
    finding.help = format!("did you mean section `{meant}`?");
    true
}
