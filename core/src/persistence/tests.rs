//! A request's cookie and its answer, as the two see each other.

use super::*;
use crate::http::{Fields, Method};
use crate::model::{Cookie, CookieMode};
use std::time::Duration;

const NOW: u64 = 1_795_496_296;

fn cookie(mode: Option<CookieMode>) -> Cookie {
    Cookie {
        name: "S".to_owned(),
        mode,
        indirect: false,
        nocache: false,
        postonly: false,
        dynamic: false,
        preserve: false,
        max_idle: None,
        max_life: None,
        attributes: String::new(),
    }
}

fn insert() -> Cookie {
    cookie(Some(CookieMode::Insert))
}

/// Two servers are up, `a` and `b`; `d` is down.
fn find(value: &[u8]) -> Named {
    match value {
        b"a" => Named::Up(ServerId(0)),
        b"b" => Named::Up(ServerId(1)),
        b"d" => Named::Down(None),
        _ => Named::Nobody,
    }
}

/// The letters, the `Cookie` fields that the server sees, and the fields that the client gets from `a`.
fn exchange(
    cookie: &Cookie,
    request: &[&str],
    answer: &[(&str, &str)],
) -> (String, Vec<String>, Vec<String>) {
    let (mut fields, mut scratch) = (Fields::default(), Vec::new());
    request.iter().for_each(|value| fields.push(b"Cookie", value.as_bytes()));
    let mut affinity = affinity(cookie, Affinity::default(), &mut fields, &mut scratch, NOW, find);
    let mut answered = Fields::default();
    answer.iter().for_each(|(name, value)| answered.push(name.as_bytes(), value.as_bytes()));
    let server = if affinity.server == Some(ServerId(1)) { "b" } else { "a" };
    let mut answer = Answer { fields: &mut answered, status: 200, method: Method::Get, server: Some(server) };
    settle(cookie, &mut affinity, &mut answer, &mut scratch, NOW);
    let text = |fields: &Fields| {
        fields.iter().map(|(_, _, value)| String::from_utf8_lossy(value).into_owned()).collect()
    };
    (String::from_utf8_lossy(&affinity.letters()).into_owned(), text(&fields), text(&answered))
}

#[track_caller]
fn holds(cookie: &Cookie, request: &[&str], answer: &[&str], letters: &str, seen: &[&str], got: &[&str]) {
    let answer: Vec<_> = answer.iter().map(|value| ("Set-Cookie", *value)).collect();
    let (own_letters, own_seen, own_got) = exchange(cookie, request, &answer);
    assert_eq!(own_letters, letters);
    assert_eq!(own_seen, seen);
    assert_eq!(own_got, got);
}

#[test]
fn insertion_gives_a_cookie_to_those_without_a_valid_one() {
    let cookie = insert();

    holds(&cookie, &[], &[], "NI", &[], &["S=a; path=/"]);
    holds(&cookie, &["x=1; S=b"], &[], "VN", &["x=1; S=b"], &[]);
    holds(&cookie, &["S=zz"], &[], "II", &["S=zz"], &["S=a; path=/"]);
    holds(&cookie, &["S=\"a\""], &[], "II", &["S=\"a\""], &["S=a; path=/"]);
    holds(&cookie, &["s=a", "S=zz; S=b"], &[], "VN", &["s=a", "S=zz; S=b"], &[]);
    holds(&cookie, &["S=d"], &[], "DI", &["S=d"], &["S=a; path=/"]);
    holds(&cookie, &["S=d; S=zz"], &[], "DI", &["S=d; S=zz"], &["S=a; path=/"]);
    holds(&cookie, &["S=b"], &["S=own", "q=1"], "VD", &["S=b"], &["q=1"]);
    holds(&cookie, &[], &["S=own", "q=1"], "NI", &[], &["q=1", "S=a; path=/"]);
}

#[test]
fn an_indirect_cookie_is_not_seen_by_servers() {
    let cookie = Cookie { indirect: true, ..insert() };

    holds(&cookie, &["x=1; S=b", "S=a"], &[], "VN", &["x=1"], &[]);
    holds(&cookie, &["S=zz"], &[], "II", &[], &["S=a; path=/"]);
    let cookie = Cookie { preserve: true, ..cookie };
    holds(&cookie, &["S=b"], &["S=own"], "VP", &[], &["S=own"]);
    holds(&cookie, &[], &["S=own"], "NP", &[], &["S=own"]);
}

#[test]
fn posts_alone_may_be_answered_with_a_cookie() {
    let cookie = Cookie { postonly: true, ..insert() };

    holds(&cookie, &[], &[], "NN", &[], &[]);
    holds(&cookie, &[], &["S=own"], "ND", &[], &[]);
}

#[test]
fn rewriting_replaces_what_the_server_sets() {
    let cookie = cookie(Some(CookieMode::Rewrite));

    holds(&cookie, &["S=b|x"], &[], "VN", &["S=b|x"], &[]);
    holds(&cookie, &[], &["S = foo ; q", "S"], "NR", &[], &["S=a ; q", "S"]);
    holds(&cookie, &["S=b"], &["S=\"f;g\"; q"], "VR", &["S=b"], &["S=b; q"]);
}

#[test]
fn a_prefix_is_put_before_the_value_and_taken_away_again() {
    let cookie = cookie(Some(CookieMode::Prefix));

    holds(&cookie, &["y=1; S=b~x~z; S=a~y"], &["S=foo; q"], "VR", &["y=1; S=x~z; S=y"], &["S=b~foo; q"]);
    holds(&cookie, &["S=zz~q"], &[], "IN", &["S=q"], &[]);
    holds(&cookie, &["S=b"], &["q=1, S=2"], "VN", &["S=b"], &["q=1, S=2"]);
}

#[test]
fn a_cookie_without_a_mode_only_leads() {
    let mut bare = cookie(None);

    holds(&bare, &["S = b"], &["S = foo"], "--", &["S=b"], &["S=foo"]);
    bare.indirect = true;
    holds(&bare, &["S=b"], &["S=foo"], "VD", &["S=b"], &[]);
    holds(&bare, &[], &["S=foo"], "NP", &[], &["S=foo"]);
}

#[test]
fn dates_expire_and_are_renewed() {
    let idle = Cookie { max_idle: Some(Duration::from_secs(10)), ..insert() };
    let life = Cookie { max_life: Some(Duration::from_secs(20)), ..insert() };
    let both = Cookie { max_idle: idle.max_idle, ..life.clone() };

    holds(&idle, &["S=b|awUZa"], &[], "VN", &["S=b|awUZa"], &[]);
    holds(&idle, &["S=b|awUZZ"], &[], "VU", &["S=b|awUZZ"], &["S=b|awUZa; path=/"]);
    holds(&idle, &["S=b|awUZX"], &[], "EI", &["S=b|awUZX"], &["S=a|awUZa; path=/"]);
    holds(&idle, &["S=b|!!!!!"], &[], "VU", &["S=b|!!!!!"], &["S=b|awUZa; path=/"]);
    holds(&idle, &["S=b|awUZz"], &[], "VN", &["S=b|awUZz"], &[]);
    holds(&idle, &["S=b|awZrT"], &[], "EI", &["S=b|awZrT"], &["S=a|awUZa; path=/"]);
    holds(&life, &["S=b|awUZT|awUZY"], &[], "VU", &["S=b|awUZT|awUZY"], &["S=b|awUZa|awUZY; path=/"]);
    holds(&life, &["S=b|awUZa"], &[], "VU", &["S=b|awUZa"], &["S=b|awUZa|awUZa; path=/"]);
    holds(&life, &["S=b|awUZa|awUZU"], &[], "OI", &["S=b|awUZa|awUZU"], &["S=a|awUZa|awUZa; path=/"]);
    holds(&both, &["S=b|awUZX|awUZT"], &[], "OI", &["S=b|awUZX|awUZT"], &["S=a|awUZa|awUZa; path=/"]);
}

#[test]
fn what_caches_might_keep_is_made_private() {
    let cookie = Cookie { nocache: true, ..insert() };
    let private = |fields: &[(&str, &str)]| exchange(&cookie, &[], fields).2.contains(&"private".to_owned());

    assert!(private(&[("ETag", "1")]));
    assert!(private(&[("Cache-Control", "public, max-age=3")]));
    assert!(private(&[("ETag", "1"), ("Cache-Control", "no-cache=\"foo\"")]));
    assert!(!private(&[("Cache-Control", "public")]));
    assert!(!private(&[("ETag", "1"), ("Cache-Control", "public, No-Store")]));
    assert!(!private(&[("ETag", "1"), ("Pragma", "no-cache")]));
    assert!(!private(&[("ETag", "1"), ("Cache-Control", "max-age=0")]));
}

#[test]
fn who_loses_the_server_shows_it_as_down() {
    let mut affinity =
        Affinity { server: Some(ServerId(0)), presented: Presented::Valid, ..Affinity::default() };

    affinity.lose();

    assert_eq!(affinity.letters(), *b"D-");
    assert_eq!(affinity.server, None);
}
