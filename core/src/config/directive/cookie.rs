//! `cookie` and what goes with it (configuration manual 4.2): persistence by cookies.

use std::time::Duration;

use super::balance::switch;
use super::{ProxyDirective, Side};
use crate::config::draft::ProxyDraft;
use crate::config::duration::{DurationError, parse_duration};
use crate::config::line::Line;
use crate::keyword::Kind;
use crate::model::{Cookie, CookieMode};

pub(super) const TABLE: &[ProxyDirective] = &[
    ProxyDirective {
        name: "cookie",
        side: Side::Back,
        set: cookie,
        summary: "Lead clients back to their server by a cookie.",
        example: "cookie SRV insert indirect nocache",
        ..ProxyDirective::ROW
    },
    ProxyDirective {
        name: "dynamic-cookie-key",
        side: Side::Back,
        set: dynamic_cookie_key,
        summary: "The secret that dynamic cookies are made with.",
        example: "dynamic-cookie-key secret",
        ..ProxyDirective::ROW
    },
    ProxyDirective {
        name: "persist",
        kind: Kind::OptionName,
        side: Side::Back,
        negatable: true,
        set: |proxy, line| switch(line, &mut proxy.settings.persist),
        summary: "A cookie leads to its server even when that is down.",
        example: "option persist",
        ..ProxyDirective::ROW
    },
];

fn cookie(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    let help = "for example: cookie SRV insert indirect nocache";
    let Some(name) = line.need("'cookie' expects <cookie_name> as argument.", help) else { return };
    let mut draft = Draft { at: 1, ..Draft::default() };
    while let Some(&word) = line.arguments().get(draft.at) {
        if !read_word(&mut draft, word, line) {
            return;
        }
        draft.at += 1;
    }
    if draft.modes.contains(&CookieMode::Rewrite) && draft.indirect {
        line.alert(0, "cookie 'rewrite' and 'indirect' modes are incompatible.", "drop one of the two");
    }
    if draft.modes.iter().any(|mode| *mode != draft.modes[0]) {
        let message = "cookie 'rewrite', 'insert' and 'prefix' modes are incompatible.";
        return line.alert(0, message, "keep one of them");
    }
    let mode = draft.modes.first().copied();
    if draft.preserve && mode != Some(CookieMode::Insert) && !draft.indirect {
        let message = "cookie 'preserve' requires at least 'insert' or 'indirect'.";
        return line.alert(0, message, "add `insert`");
    }
    let mut attributes = String::new();
    let flags = [("HttpOnly", draft.http_only), ("Secure", draft.secure)];
    let flags = flags.iter().filter(|(_, set)| *set).map(|(flag, _)| (*flag).to_owned());
    for attribute in draft.domains.iter().map(|domain| format!("domain={domain}")).chain(flags) {
        attributes.push_str("; ");
        attributes.push_str(&attribute);
    }
    for attribute in &draft.attributes {
        attributes.push_str("; ");
        attributes.push_str(attribute);
    }
    proxy.settings.cookie = Some(Cookie {
        name: name.to_owned(),
        mode,
        indirect: draft.indirect,
        nocache: draft.nocache,
        postonly: draft.postonly,
        dynamic: draft.dynamic,
        preserve: draft.preserve,
        max_idle: draft.max_idle,
        max_life: draft.max_life,
        attributes,
    });
}

fn dynamic_cookie_key(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    let message = "'dynamic-cookie-key' expects <secret_key> as argument.";
    let Some(key) = line.need(message, "for example: dynamic-cookie-key secret") else { return };
    proxy.settings.dynamic_cookie_key = Some(key.to_owned());
    line.passes_over(1);
}

/// The words of a `cookie` line so far.
#[derive(Default)]
struct Draft {
    at: usize,
    modes: Vec<CookieMode>,
    indirect: bool,
    nocache: bool,
    postonly: bool,
    dynamic: bool,
    preserve: bool,
    http_only: bool,
    secure: bool,
    max_idle: Option<Duration>,
    max_life: Option<Duration>,
    domains: Vec<String>,
    attributes: Vec<String>,
}

/// Reads one word, and its argument. Gives whether to go on.
fn read_word(draft: &mut Draft, word: &str, line: &mut Line<'_>) -> bool {
    match word {
        "insert" => draft.modes.push(CookieMode::Insert),
        "prefix" => draft.modes.push(CookieMode::Prefix),
        "rewrite" => draft.modes.push(CookieMode::Rewrite),
        "indirect" => draft.indirect = true,
        "nocache" => draft.nocache = true,
        "postonly" => draft.postonly = true,
        "preserve" => draft.preserve = true,
        "httponly" => draft.http_only = true,
        "secure" => draft.secure = true,
        "domain" => return read_text(draft, word, "domain", line),
        "attr" => return read_text(draft, word, "value", line),
        "maxidle" | "maxlife" => return read_span(draft, word, line),
        "dynamic" => draft.dynamic = true,
        _ => {
            let message = "'cookie' supports 'rewrite', 'insert', 'prefix', 'indirect', 'nocache', 'postonly', \
                           'domain', 'maxidle', 'dynamic', 'maxlife' and 'attr' options.";
            line.alert(draft.at, message, "for example: cookie SRV insert indirect nocache");
            return false;
        }
    }
    true
}

/// Reads the argument of `domain` or `attr`: what would end the attribute is refused.
fn read_text(draft: &mut Draft, word: &str, what: &str, line: &mut Line<'_>) -> bool {
    draft.at += 1;
    let Some(text) = line.argument(draft.at) else {
        line.alert(
            draft.at,
            format!("'{word}' expects <{what}> as argument."),
            "for example: domain .example.org",
        );
        return false;
    };
    let spoils = |character: &char| character.is_control() || *character == ';';
    let spoils_domain = |character: &char| spoils(character) || *character == ' ';
    let odd = if word == "domain" { text.chars().find(spoils_domain) } else { text.chars().find(spoils) };
    if let Some(character) = odd {
        let what =
            if word == "domain" { format!("domain name '{text}'") } else { "attribute value".to_owned() };
        let message = format!("character '{}' is not permitted in {what}.", character.escape_default());
        line.alert(draft.at, message, "a semicolon would begin another attribute");
        return false;
    }
    let list = if word == "domain" { &mut draft.domains } else { &mut draft.attributes };
    list.push(text.to_owned());
    true
}

/// Reads the argument of `maxidle` or `maxlife`: seconds where no unit is given, and whole ones.
fn read_span(draft: &mut Draft, word: &str, line: &mut Line<'_>) -> bool {
    draft.at += 1;
    let Some(text) = line.argument(draft.at) else {
        let name = if word == "maxidle" { "idletime" } else { "lifetime" };
        line.alert(
            draft.at,
            format!("'{word}' expects <{name}> in seconds as argument."),
            "for example: 30m",
        );
        return false;
    };
    let bare = text.bytes().all(|byte| byte.is_ascii_digit());
    let parsed = if bare { parse_duration(&format!("{text}s")) } else { parse_duration(text) };
    let message = match parsed {
        Ok(span) => {
            let seconds = span.as_millis().div_ceil(1_000) as u64;
            let span = (seconds > 0).then(|| Duration::from_secs(seconds));
            *(if word == "maxidle" { &mut draft.max_idle } else { &mut draft.max_life }) = span;
            return true;
        }
        Err(DurationError::Character(character)) => {
            format!("unexpected character '{character}' in argument to <{word}>.")
        }
        Err(DurationError::TooLong) => format!("timer overflow in argument <{text}> to <{word}>."),
    };
    line.alert(draft.at, message, "for example: 30m");
    false
}
