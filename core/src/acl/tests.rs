//! Tests and conditions against an evaluator that is slow and obviously right.

use std::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::http::RequestHead;
use crate::keyword::{Kind, is_known};
use crate::sample::{Needs, Scope, with_empty_scope};

/// Whether a condition holds for a request with these fields.
fn holds_with(condition: &str, declared: &[(&str, &str)], fields: &[(&str, &str)]) -> bool {
    let mut acls = Acls::default();
    for (name, words) in declared {
        acls.declare(name, &words.split(' ').collect::<Vec<_>>(), Outside::NOTHING).unwrap();
    }
    let words: Vec<&str> = condition.split(' ').filter(|word| !word.is_empty()).collect();
    let unless = words.first() == Some(&"unless");
    let draft = Draft::compile(&words[1..], unless, Needs::AT_REQUEST, &mut acls, Outside::NOTHING).unwrap();
    let mut request = RequestHead::default();
    request.set_method(b"GET");
    request.set_target(b"/a/b?c=1&c=2");
    for (name, value) in fields {
        request.fields.push(name.as_bytes(), value.as_bytes());
    }
    let mut scratch = b"kept".to_vec();
    let held = with_empty_scope(|scope| {
        draft.finish(&acls).holds(&Scope { request: Some(&request), ..*scope }, &mut scratch)
    });
    assert_eq!(scratch, b"kept");
    held
}

fn holds(condition: &str) -> bool {
    holds_with(condition, &[], &[])
}

#[test]
fn every_value_of_a_fetch_is_looked_at() {
    let fields = [("x", "a, b"), ("x", "c-d"), ("cookie", "k=1; k=2"), ("y", "10.0.0.9, 5")];
    let held = |condition: &str| holds_with(condition, &[], &fields);

    for condition in [
        "if { hdr(x) b }",
        "if { hdr(x,1) a }",
        "if { hdr(x),upper -m str C-D }",
        "if { cook(k) 1 }",
        "if { urlp(c) 2 }",
        "if { req.fhdr(x) -m len 4 }",
        "if { hdr_ip(y) 10.0.0.0/8 }",
        "if { hdr_val(y) 5 }",
    ] {
        assert!(held(condition), "{condition}");
    }
    for condition in [
        "if { hdr(x,1) b }",
        "if { hdr(z) -m found }", // A value that no converter takes is the last.
        "if { hdr(x),field(2,-) -m str d }",
        "if { cook(k) 3 }",
        "if { hdr_ip(y) 5.0.0.0/8 }",
    ] {
        assert!(!held(condition), "{condition}");
    }
}

#[test]
fn conditions_read_as_haproxy_reads_them() {
    for (condition, expected) in [
        ("if", false),
        ("unless", true),
        ("if !", false),
        ("if TRUE or", true),
        ("if or TRUE", true),
        ("if FALSE or or", false),
        ("unless ! ! TRUE", false),
        ("if ! TRUE", false),
        ("if !!TRUE", true),
        ("if ! { always_false }", true),
        ("if TRUE or FALSE FALSE", true),
        ("if FALSE || TRUE TRUE", true),
        ("if TRUE FALSE || TRUE !TRUE", false),
        ("if METH_GET HTTP_URL_SLASH !HTTP_CONTENT", true),
    ] {
        assert_eq!(holds(condition), expected, "{condition}");
    }
}

#[test]
fn lines_of_one_name_are_alternatives_even_for_conditions_before() {
    let declared = [("two", "path /x"), ("two", "hdr(x) a"), ("TRUE", "path /x")];

    assert!(holds_with("if two", &declared, &[("x", "a")]));
    assert!(!holds_with("if !two", &declared, &[("x", "a")]));
    assert!(!holds_with("if two", &declared, &[]));
    assert!(!holds_with("if TRUE", &declared, &[]));

    let mut acls = Acls::default();
    acls.declare("late", &["always_false"], Outside::NOTHING).unwrap();
    let draft = Draft::compile(&["late"], false, Needs::AT_REQUEST, &mut acls, Outside::NOTHING).unwrap();
    acls.declare("late", &["always_true"], Outside::NOTHING).unwrap();
    assert!(with_empty_scope(|scope| draft.finish(&acls).holds(scope, &mut Vec::new())));
}

#[test]
fn what_is_not_known_in_a_place_never_holds_there() {
    let mut acls = Acls::default();
    let words = ["{", "res.hdr(x)", "-m", "found", "}"];
    let draft = Draft::compile(&words, false, Needs::AT_REQUEST, &mut acls, Outside::NOTHING).unwrap();

    let conflict = draft.conflict(&acls).unwrap();

    assert_eq!((conflict.acl, conflict.keyword.as_str(), conflict.never), (None, "res.hdr", true));
}

#[test]
fn files_hold_a_pattern_a_line() {
    let read = |name: &str| (name == "list").then(|| b"# no\n\n  a b \nc\td\n".to_vec());
    let outside = Outside { read: &read, resolve: &|_| Vec::new() };
    let fits = |words: &[&str], value: &str| {
        let mut all = vec![value];
        all.extend_from_slice(words);
        let test = Test::compile(&all, outside).unwrap();
        with_empty_scope(|scope| test.holds(scope, &mut Vec::new()))
    };

    assert!(fits(&["-f", "list"], "str('a b ')"));
    assert!(fits(&["-M", "-f", "list"], "str(c)"));
    assert!(fits(&["-f", "list", "-i", "Z"], "str(z)"));
    assert!(!fits(&["-f", "list", "-i", "Z"], "str('A b ')"));
    assert!(!fits(&["-f", "list"], "str('# no')"));
    let error = Test::compile(&["path", "-f", "gone"], outside).unwrap_err();
    assert_eq!(error, AclError { word: 2, problem: AclProblem::UnreadableFile("gone".to_owned()) });
}

#[test]
fn addresses_match_across_families() {
    let resolve = |host: &str| match host {
        "box" => vec!["::1".parse::<IpAddr>().unwrap(), "10.9.9.9".parse().unwrap()],
        _ => Vec::new(),
    };
    let outside = Outside { read: &|_| None, resolve: &resolve };
    let fits = |value: &str, pattern: &str| {
        let value = format!("str({value})");
        let test = Test::compile(&[&value, "-m", "ip", pattern], outside).unwrap();
        with_empty_scope(|scope| test.holds(scope, &mut Vec::new()))
    };

    for (value, pattern) in [
        ("127.0.0.1", "127.1"),
        ("10.0.0.12", "10.12/32"),
        ("127.3.0.1", "127.0.0.1/255.0.0.255"),
        ("127.0.0.1", "::ffff:0:0/96"),
        ("127.0.0.1", "::/0"),
        ("::1", "0.0.0.0/0"),
        ("::ffff:127.0.0.1", "127.0.0.0/8"),
        ("2002:7f00:1::", "127.0.0.0/8"),
        ("::127.0.0.1", "127.0.0.1"),
        ("2001:db8::9", "2001:db8::/32"),
        ("10.9.9.9", "box"),
    ] {
        assert!(fits(value, pattern), "{value} {pattern}");
    }
    for (value, pattern) in [("127.0.0.1", "::1"), ("2001:db8::9", "10.0.0.0/8"), ("x", "0.0.0.0/0")] {
        assert!(!fits(value, pattern), "{value} {pattern}");
    }
    for pattern in ["1.2.3.4/33", "::1/129", "1.2.3.4/", "1.2.3.4.5", "nobody", "::1/ffff::", ""] {
        let words = ["src", "-n", pattern];
        assert!(Test::compile(&words, outside).is_err(), "{pattern}");
    }
}

#[test]
fn every_row_is_known_and_compiles() {
    for row in rows() {
        assert!(is_known(row.kind, row.name), "{}", row.name);
        if row.kind == Kind::PredefinedAcl {
            let mut acls = Acls::default();
            let compiled = Draft::compile(&[row.name], false, Needs::AT_REQUEST, &mut acls, Outside::NOTHING);
            assert!(compiled.is_ok(), "{}", row.name);
        } else {
            let named = format!("{}(x)", row.name);
            let compiles = |text: &str| Test::compile(&[text, "--"], Outside::NOTHING).is_ok();
            assert!(compiles(row.name) || compiles(&named), "{}", row.name);
        }
    }
}

/// What a method means, said as plainly as can be.
fn naive(method: &str, value: &str, pattern: &str, ignore_case: bool) -> bool {
    let (value, pattern) = match ignore_case {
        true => (value.to_ascii_lowercase(), pattern.to_ascii_lowercase()),
        false => (value.to_owned(), pattern.to_owned()),
    };
    let between = |delimiters: &[char]| {
        let pattern = pattern.trim_matches(delimiters);
        let starts = value.match_indices(pattern).filter(|_| !pattern.is_empty());
        starts.into_iter().any(|(at, _)| {
            value[..at].chars().next_back().is_none_or(|before| delimiters.contains(&before))
                && value[at + pattern.len()..]
                    .chars()
                    .next()
                    .is_none_or(|behind| delimiters.contains(&behind))
        })
    };
    match method {
        "str" => value == pattern,
        "beg" => value.starts_with(&pattern),
        "end" => value.ends_with(&pattern),
        "sub" => value.contains(&pattern),
        "dir" => (0..value.len()).any(|_| between(&['/', '?'])),
        "dom" => between(&['/', '?', '.', ':']),
        "len" => pattern.parse() == Ok(value.len()),
        other => panic!("{other}"),
    }
}

proptest! {
    #[test]
    fn methods_mean_what_they_say(
        value in "[aAb/.]{0,9}",
        method in prop::sample::select(vec!["str", "beg", "end", "sub", "dir", "dom"]),
        patterns in prop::collection::vec("[aAb/.]{1,4}", 1..6),
        ignore_case in any::<bool>(),
    ) {
        let expression = format!("str({value})");
        let mut words = vec![expression.as_str(), "-m", method];
        words.extend(ignore_case.then_some("-i"));
        words.push("--");
        words.extend(patterns.iter().map(String::as_str));
        let test = Test::compile(&words, Outside::NOTHING).unwrap();

        let fits = with_empty_scope(|scope| test.holds(scope, &mut Vec::new()));

        let expected = patterns.iter().any(|pattern| naive(method, &value, pattern, ignore_case));
        prop_assert_eq!(fits, expected, "{:?}", words);
    }

    #[test]
    fn ranges_mean_what_they_say(
        value in -4_i64..9,
        ranges in prop::collection::vec((-4_i64..9, 0_i64..4, 0_usize..5), 1..5),
    ) {
        let expression = format!("int({value})");
        let mut words = vec![expression, "--".to_owned()];
        let mut expected = false;
        for (low, more, operator) in ranges {
            let high = low + more;
            let names = ["eq", "gt", "ge", "lt", "le"];
            words.push(names[operator].to_owned());
            words.push(if more == 0 { low.to_string() } else { format!("{low}:{high}") });
            expected |= match (names[operator], more) {
                ("gt", 0) => value > low,
                ("ge", 0) => value >= low,
                ("lt", 0) => value < low,
                ("le", 0) => value <= low,
                _ => value >= low && value <= high,
            };
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let test = Test::compile(&words, Outside::NOTHING).unwrap();

        prop_assert_eq!(with_empty_scope(|scope| test.holds(scope, &mut Vec::new())), expected, "{:?}", words);
    }

    #[test]
    fn networks_mean_what_they_say(
        address in prop::array::uniform4(0_u8..4),
        networks in prop::collection::vec((prop::array::uniform4(0_u8..4), 0_u32..33), 1..6),
    ) {
        let number = u32::from_be_bytes(address);
        let texts: Vec<String> = networks.iter().map(|(network, length)| {
            format!("{}/{length}", std::net::Ipv4Addr::from(*network))
        }).collect();
        let expected = networks.iter().any(|(network, length)| {
            (0..*length).all(|bit| (number ^ u32::from_be_bytes(*network)) >> (31 - bit) & 1 == 0)
        });
        let expression = format!("str({})", std::net::Ipv4Addr::from(address));
        let mut words = vec![expression.as_str(), "-m", "ip"];
        words.extend(texts.iter().map(String::as_str));
        let test = Test::compile(&words, Outside::NOTHING).unwrap();

        prop_assert_eq!(with_empty_scope(|scope| test.holds(scope, &mut Vec::new())), expected);
    }

    #[test]
    fn programs_agree_with_the_formula(
        acls in prop::collection::vec(prop::collection::vec(any::<bool>(), 1..4), 1..4),
        clauses in prop::collection::vec(prop::collection::vec((0_usize..3, any::<bool>()), 0..4), 0..5),
        unless in any::<bool>(),
    ) {
        let mut declared = Acls::default();
        for (number, tests) in acls.iter().enumerate() {
            for truth in tests {
                let word = if *truth { "always_true" } else { "always_false" };
                declared.declare(&format!("a{number}"), &[word], Outside::NOTHING).unwrap();
            }
        }
        let truth = |at: usize| acls[at % acls.len()].iter().any(|test| *test);
        let mut words = Vec::new();
        for clause in &clauses {
            for (at, negated) in clause {
                let mark = if *negated { "!" } else { "" };
                words.push(format!("{mark}a{}", at % acls.len()));
            }
            words.push("or".to_owned());
        }
        let any = clauses.iter().filter(|clause| !clause.is_empty()).any(|clause| {
            clause.iter().all(|(at, negated)| truth(*at) != *negated)
        });
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let draft =
            Draft::compile(&words, unless, Needs::AT_REQUEST, &mut declared, Outside::NOTHING).unwrap();

        let held = with_empty_scope(|scope| draft.finish(&declared).holds(scope, &mut Vec::new()));

        prop_assert_eq!(held, any != unless, "{:?}", words);
    }

    #[test]
    fn any_words_end_in_a_test_or_in_a_problem(words in prop::collection::vec("[ -~]{0,8}", 0..6)) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let _ = Test::compile(&words, Outside::NOTHING);
        let _ = Draft::compile(&words, false, Needs::AT_REQUEST, &mut Acls::default(), Outside::NOTHING);
    }
}

/// What a condition says of a client's first bytes while more may come.
fn judged(condition: &str, content: &[u8]) -> Judgement {
    let mut acls = Acls::default();
    let words: Vec<&str> = condition.split(' ').collect();
    let unless = words[0] == "unless";
    let draft = Draft::compile(&words[1..], unless, Needs::AT_CONTENT, &mut acls, Outside::NOTHING).unwrap();
    let condition = draft.finish(&acls);
    with_empty_scope(|scope| {
        let scope = Scope { content, content_grows: true, ..*scope };
        condition.judge(&scope, &mut Vec::new())
    })
}

#[test]
fn a_condition_is_open_only_where_bytes_to_come_decide() {
    let [begun, none] = [&b"\x03"[..], b"nothing of the kind here"];
    let cookie = b"\x03\0\0\x20\x1b\xe0\0\0\0\0\0Cookie: msts=1\r\n";
    for (condition, on_begun, on_none, on_cookie) in [
        ("if RDP_COOKIE", Judgement::Open, Judgement::Fails, Judgement::Holds),
        ("if !RDP_COOKIE", Judgement::Open, Judgement::Holds, Judgement::Fails),
        ("unless RDP_COOKIE", Judgement::Open, Judgement::Holds, Judgement::Fails),
        ("if RDP_COOKIE TRUE", Judgement::Open, Judgement::Fails, Judgement::Holds),
        ("if FALSE RDP_COOKIE", Judgement::Fails, Judgement::Fails, Judgement::Fails),
        ("if RDP_COOKIE or TRUE", Judgement::Holds, Judgement::Holds, Judgement::Holds),
        ("unless TRUE or RDP_COOKIE", Judgement::Fails, Judgement::Fails, Judgement::Fails),
        ("if { req_rdp_cookie(msts) 1 }", Judgement::Open, Judgement::Fails, Judgement::Holds),
        ("if { req.rdp_cookie(msts) 2 }", Judgement::Open, Judgement::Fails, Judgement::Fails),
        ("if { req_rdp_cookie_cnt ge 1 }", Judgement::Open, Judgement::Fails, Judgement::Holds),
    ] {
        let judged = [begun, none, cookie].map(|content| judged(condition, content));
        assert_eq!(judged, [on_begun, on_none, on_cookie], "{condition}");
    }
}
