//! Rules from words to what they do to a head.

use super::*;
use crate::http::{RequestHead, ResponseHead};
use crate::sample::with_empty_scope as scope;

fn rules(set: RuleSet, texts: &[&str], slots: &mut CaptureSlots) -> Vec<Rule> {
    let mut acls = Acls::default();
    let mut compile = |text: &&str| {
        let mut context = Context { slots: &mut *slots, acls: &mut acls, outside: Outside::NOTHING };
        compile(set, &text.split(' ').collect::<Vec<_>>(), &mut context).unwrap()
    };
    let drafts: Vec<Draft> = texts.iter().map(&mut compile).collect();
    drafts.iter().map(|draft| draft.finish(&acls)).collect()
}

#[test]
fn request_rules_edit_in_order_and_see_each_others_work() {
    let mut slots = CaptureSlots::default();
    let texts = [
        "set-header X-A %[src]",
        "add-header X-A %[req.hdr(x-a)]-again",
        "del-header x-drop -m beg",
        "capture req.hdr(host) len 4",
        "set-path /new%[path]",
        "set-query q=%[method]",
        "set-method PUT",
        "allow",
        "deny",
    ];
    let rules = rules(RuleSet::HttpRequest, &texts, &mut slots);
    let mut request = RequestHead::default();
    request.set_method(b"GET");
    request.set_target(b"/old?a");
    request.received = None;
    request.fields.push(b"Host", b"example.org");
    request.fields.push(b"X-Drop-Me", b"1");
    request.fields.push(b"x-a", b"0");
    let mut captures = vec![None];

    let verdict = scope(|scope| {
        run_request(&rules, scope, &mut request, &mut captures, &mut Remarks::default(), &mut Vec::new())
    });

    let all: Vec<_> = request.fields.iter().map(|(_, name, value)| (name, value)).collect();
    let expected: [(&[u8], &[u8]); 3] =
        [(b"host", b"example.org"), (b"x-a", b"192.0.2.7"), (b"x-a", b"192.0.2.7-again")];
    assert_eq!(verdict, Verdict::Continue);
    assert_eq!(all, expected);
    assert_eq!((request.method_text(), request.target()), (&b"PUT"[..], &b"/new/old?q=GET"[..]));
    assert_eq!((request.received_method(), request.received_target()), (&b"GET"[..], &b"/old?a"[..]));
    assert_eq!(captures, [Some(b"exam".to_vec())]);
    assert_eq!(slots.request, [(None, 4)]);
}

#[test]
fn response_rules_change_status_and_deny_with_502() {
    let mut slots = CaptureSlots::default();
    let texts = ["set-status 299 reason Good", "set-header X-S %[status]", "deny"];
    let rules = rules(RuleSet::HttpResponse, &texts, &mut slots);
    let mut response = ResponseHead { status: 200, ..ResponseHead::default() };

    let verdict = scope(|scope| run_response(&rules, scope, &mut response, &mut [], &mut Vec::new()));

    assert_eq!(verdict, Verdict::Deny(502));
    assert_eq!((response.status, response.reason()), (299, &b"Good"[..]));
    assert_eq!(response.fields.values(b"x-s").next(), Some(&b"299"[..]));
}

#[test]
fn a_value_cannot_smuggle_a_line_end() {
    let mut slots = CaptureSlots::default();
    let texts = ["set-header X-A %[req.hdr(evil),url_dec]", "set-path %[req.hdr(evil),url_dec]"];
    let rules = rules(RuleSet::HttpRequest, &texts, &mut slots);
    let mut request = RequestHead::default();
    request.set_target(b"/");
    request.fields.push(b"Evil", b"a%0d%0aB:%20c");

    scope(|scope| {
        run_request(&rules, scope, &mut request, &mut [], &mut Remarks::default(), &mut Vec::new())
    });

    assert_eq!(request.fields.values(b"x-a").next(), Some(&b"a  B: c"[..]));
    assert_eq!(request.target(), b"/");
}

#[test]
fn a_rule_with_a_condition_runs_when_it_holds() {
    let texts = [
        "set-header A %[req.hdr(x)] if { req.hdr(x) b }",
        "set-header B 1 unless { req.hdr(a) -m found }",
        "deny if { req.hdr(x) nobody } or !METH_GET",
    ];
    let rules = rules(RuleSet::HttpRequest, &texts, &mut CaptureSlots::default());
    let mut request = RequestHead::default();
    request.set_method(b"GET");
    request.set_target(b"/");
    request.fields.push(b"x", b"a, b");

    let verdict = scope(|scope| {
        run_request(&rules, scope, &mut request, &mut [], &mut Remarks::default(), &mut b"dirty".to_vec())
    });

    assert_eq!(verdict, Verdict::Continue);
    assert_eq!(request.fields.values(b"a").next(), Some(&b"b"[..]));
    assert_eq!(request.fields.values(b"b").next(), None);
}

fn compile_alone(set: RuleSet, words: &[&str]) -> Result<Draft, RuleError> {
    let (mut slots, mut acls) = (CaptureSlots::default(), Acls::default());
    compile(set, words, &mut Context { slots: &mut slots, acls: &mut acls, outside: Outside::NOTHING })
}

#[test]
fn problems_point_at_the_word() {
    let problem = |set, text: &str| {
        let words: Vec<&str> = text.split(' ').collect();
        compile_alone(set, &words).unwrap_err()
    };
    let request = |text: &str| problem(RuleSet::HttpRequest, text);

    assert!(matches!(request("deny if TRUE x").problem, RuleProblem::Condition(_)));
    assert_eq!(request("deny if TRUE x").word, 3);
    assert_eq!(request("redirect location /").problem, RuleProblem::Planned("redirect".to_owned()));
    assert_eq!(request("set-var(txn.a) src").problem, RuleProblem::Planned("set-var".to_owned()));
    assert_eq!(request("set-haeder a b").problem, RuleProblem::UnknownAction("set-haeder".to_owned()));
    assert!(matches!(request("set-status 200").problem, RuleProblem::WrongRuleSet { .. }));
    assert!(matches!(request("set-header a").problem, RuleProblem::MissingWord { .. }));
    assert!(matches!(request("capture src").problem, RuleProblem::MissingWord { .. }));
    assert_eq!(request("capture src id 0").problem, RuleProblem::UnknownSlot(0));
    assert!(matches!(
        request("set-header a %[res.hdr(b)]").problem,
        RuleProblem::Unavailable { fetch: "res.hdr", .. }
    ));
    assert_eq!((request("set-header a b%zz").word, request("set-header a b%zz").offset), (2, 1));
}

#[test]
fn the_last_line_of_a_header_is_captured() {
    let mut fields = crate::http::Fields::default();
    fields.push(b"Foo", b"one, two");
    fields.push(b"foo", b"three and more");
    let slots = [(Some("FOO".to_owned()), 5), (None, 9), (Some("bar".to_owned()), 9)];
    let mut captured = [None, None, None];

    captures::record(&slots, &fields, &mut captured);

    assert_eq!(captured, [Some(b"three".to_vec()), None, None]);
}

#[test]
fn every_row_is_known_and_its_example_compiles() {
    for row in rows_of_table() {
        let words: Vec<&str> = row.example.split(' ').collect();
        let fits = [RuleSet::HttpRequest, RuleSet::HttpResponse]
            .into_iter()
            .any(|set| compile_alone(set, &words).is_ok());
        assert!(fits, "{}", row.example);
    }
    for entry in rows_for_catalog() {
        assert!(crate::keyword::is_known(entry.kind, entry.name), "{}", entry.name);
    }
}

fn rows_of_table() -> impl Iterator<Item = &'static action::Row> {
    action::TABLE.iter()
}

fn rows_for_catalog() -> impl Iterator<Item = crate::keyword::Entry> {
    action::rows()
}
