//! `http-request` and `http-response` lines (configuration manual 4.2); the actions have a table of their own.

use super::ProxyDirective;
use super::acl::{acl_message, warn_of_condition, with_outside};
use crate::config::draft::ProxyDraft;
use crate::config::line::Line;
use crate::keyword::{Kind, Support, closest, names, suggest};
use crate::log::FormatProblem;
use crate::rules::{self, Context, RuleError, RuleProblem, RuleSet};
use crate::sample::SampleProblem;

const ROW: ProxyDirective = ProxyDirective {
    support: Support::Partial("the actions that the table of actions names"),
    in_defaults: false,
    ..ProxyDirective::ROW
};

pub(super) const TABLE: &[ProxyDirective] = &[
    ProxyDirective {
        name: "http-request",
        set: |proxy, line| rule(proxy, line, RuleSet::HttpRequest),
        summary: "A rule for requests.",
        example: "http-request set-header X-Proxy evenkeel",
        ..ROW
    },
    ProxyDirective {
        name: "http-response",
        set: |proxy, line| rule(proxy, line, RuleSet::HttpResponse),
        summary: "A rule for responses.",
        example: "http-response set-header X-Frame-Options SAMEORIGIN",
        ..ROW
    },
];

fn rule(proxy: &mut ProxyDraft, line: &mut Line<'_>, set: RuleSet) {
    let (slots, acls) = (&mut proxy.captures, &mut proxy.acls);
    let words = line.arguments();
    let compiled = with_outside(line.environment, |outside| {
        rules::compile(set, words, &mut Context { slots, acls, outside })
    });
    match compiled {
        Ok(rule) => {
            if let Some(condition) = &rule.condition {
                let at = words.iter().position(|word| matches!(*word, "if" | "unless")).unwrap_or_default();
                let half = if proxy.kind.has_front() { "frontend" } else { "backend" };
                let kind = if set == RuleSet::HttpRequest { "http-request" } else { "http-response" };
                warn_of_condition(line, at, condition, &proxy.acls, &format!("{half} {kind} header rule"));
            }
            let list = match set {
                RuleSet::HttpRequest => &mut proxy.request_rules,
                RuleSet::HttpResponse | RuleSet::HttpAfterResponse => &mut proxy.response_rules,
            };
            list.push(rule);
            proxy.http_rules_at.get_or_insert_with(|| line.place.clone());
        }
        Err(error) => {
            let (message, help) = rule_message(set, words, &proxy.title(), &error);
            line.alert(error.word, message, help);
        }
    }
}

/// What is wrong with a rule and how to mend it, in HAProxy's words where it has any.
fn rule_message(set: RuleSet, words: &[&str], title: &str, error: &RuleError) -> (String, String) {
    let keyword = set.keyword();
    let action = words.first().copied().unwrap_or_default();
    let told =
        |what: String| format!("error detected in {title} while parsing '{keyword} {action}' rule : {what}");
    match &error.problem {
        RuleProblem::MissingAction => (
            format!("'{keyword}' expects an action."),
            format!("for example: {keyword} set-header X-Name value"),
        ),
        RuleProblem::UnknownAction(name) => (
            format!("'{keyword}' : unknown action '{name}'."),
            match suggest(Kind::Action, name) {
                Some(meant) => format!("did you mean `{keyword} {meant}`?"),
                None => "docs/keywords.md lists all actions".to_owned(),
            },
        ),
        RuleProblem::Planned(name) => (
            format!("'{keyword} {name}' is known, not supported yet."),
            "remove the rule if you can do without; leaving it out in silence would change what happens"
                .to_owned(),
        ),
        RuleProblem::Condition(problem) => {
            let (message, help) = acl_message(problem);
            (format!("error detected while parsing an '{keyword} {action}' condition : {message}."), help)
        }
        RuleProblem::WrongRuleSet { action, .. } => (
            format!("'{keyword}' does not support the action '{action}'."),
            format!("'{action}' belongs to other rules"),
        ),
        RuleProblem::ExtraWord(word) => (
            format!(
                "'{keyword} {action}' expects either 'if' or 'unless' followed by a condition but found '{word}'."
            ),
            "quote the value if it contains spaces".to_owned(),
        ),
        RuleProblem::MissingWord { example } => {
            (told("an argument is missing.".to_owned()), format!("for example: {example}"))
        }
        RuleProblem::BadNumber(text) => {
            (told(format!("'{text}' is no number that is possible here.")), "write a whole number".to_owned())
        }
        RuleProblem::NotInBackend => (
            told("a capture slot of its own is only possible in a frontend.".to_owned()),
            "capture in the frontend, or use `id` with `declare capture`".to_owned(),
        ),
        RuleProblem::UnknownSlot(slot) => {
            (told(format!("unable to find capture id '{slot}'.")), "slots are counted from 0".to_owned())
        }
        RuleProblem::Sample(problem) => {
            let (message, help) = sample_message(problem);
            (told(format!("failed to parse sample expression : {message}.")), help)
        }
        RuleProblem::Unavailable { fetch, missing } => {
            let (message, help) = unavailable(fetch, missing);
            (told(message), help)
        }
        RuleProblem::Format(problem) => {
            let (message, help) = format_message(problem);
            (told(format!("{message}.")), help)
        }
    }
}

fn unavailable(fetch: &str, missing: &str) -> (String, String) {
    (
        format!(
            "sample fetch <{fetch}> may not be reliably used here because it needs '{missing}' which is not \
             available here."
        ),
        "use it where that is known".to_owned(),
    )
}

/// What is wrong with a format and how to mend it.
pub(in crate::config) fn format_message(problem: &FormatProblem) -> (String, String) {
    match problem {
        FormatProblem::MissingTag => {
            ("a '%' without a tag".to_owned(), "write %% for the character itself".to_owned())
        }
        FormatProblem::PlannedTag(tag) => (
            format!("log-format tag '%{tag}' is known, not supported yet"),
            "docs/keywords.md lists the supported ones".to_owned(),
        ),
        FormatProblem::Sample(problem) => {
            let (message, help) = sample_message(problem);
            (format!("failed to parse sample expression : {message}"), help)
        }
        FormatProblem::Unavailable { fetch, missing } => unavailable(fetch, missing),
        FormatProblem::Unclosed => {
            ("a brace or bracket stays open".to_owned(), "close it with } or ]".to_owned())
        }
        FormatProblem::UnknownFlag(flag) => {
            (format!("no such format flag '{flag}'"), "flags are Q, X and E with + or -".to_owned())
        }
        FormatProblem::UnknownTag(tag) => (
            format!(
                "no such format variable '{tag}'. If you wanted to emit the '%' character verbatim, you need to \
                 use '%%'"
            ),
            match closest(tag, names(Kind::LogTag)) {
                Some(meant) => format!("did you mean %{meant}?"),
                None => "manual 8.2.6 and docs/keywords.md list all tags".to_owned(),
            },
        ),
    }
}

pub(in crate::config) fn sample_message(problem: &SampleProblem) -> (String, String) {
    let plain = |message: &str, help: &str| (message.to_owned(), help.to_owned());
    match problem {
        SampleProblem::BadArguments { of, example } => {
            (format!("invalid arguments to '{of}'"), format!("for example: {example}"))
        }
        SampleProblem::DoesNotChain { converter } => (
            format!("converter '{converter}' cannot be applied to what comes before it"),
            "convert to another type first".to_owned(),
        ),
        SampleProblem::MissingName => plain("missing fetch method", "for example: %[src]"),
        SampleProblem::Planned { kind, name } => (
            format!("{} '{name}' is known, not supported yet", kind.label()),
            "docs/keywords.md lists the supported ones".to_owned(),
        ),
        SampleProblem::TrailingText => plain("text behind the end of the expression", "remove it"),
        SampleProblem::Unclosed => plain("missing closing ')' after arguments", "close the parenthesis"),
        SampleProblem::Unknown { kind, name } => (
            match kind {
                Kind::Converter => format!("unknown converter '{name}'"),
                _ => format!("unknown fetch method '{name}'"),
            },
            match suggest(*kind, name) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "docs/keywords.md lists all names".to_owned(),
            },
        ),
    }
}
