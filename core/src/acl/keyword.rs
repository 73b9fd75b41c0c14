//! Names: ACL keywords, which are fetches with a method built in (`path_beg`), and the ACLs that are there
//! without being declared (configuration manual 7.3 and 7.4).

use super::Method;
use crate::keyword::{Entry, Kind, Support, is_known, names};
use crate::sample::fetches;

/// The fetches behind the families of keywords, by the first part of the name.
const FAMILIES: [(&str, &str); 13] = [
    ("base", "base"),
    ("cook", "req.cook"),
    ("hdr", "req.hdr"),
    ("method", "method"),
    ("path", "path"),
    ("req_rdp_cookie", "req.rdp_cookie"),
    ("req_rdp_cookie_cnt", "req.rdp_cookie_cnt"),
    ("req_ver", "req.ver"),
    ("resp_ver", "res.ver"),
    ("scook", "res.cook"),
    ("shdr", "res.hdr"),
    ("url", "url"),
    ("urlp", "urlp"),
];

/// A keyword taken apart: the fetch, and the method that it has if nothing else is said.
pub(super) fn find(name: &str) -> Option<(&'static str, Method)> {
    if !is_known(Kind::AclName, name) {
        return None;
    }
    let family = |name: &str| FAMILIES.iter().find(|(own, _)| *own == name).map(|(_, fetch)| *fetch);
    if let Some(fetch) = family(name) {
        let method = match name {
            "method" => Method::Verb,
            "req_rdp_cookie_cnt" => Method::Integer,
            _ => Method::Exact,
        };
        return Some((fetch, method));
    }
    let (first, last) = name.rsplit_once('_')?;
    Some((family(first)?, Method::of_name(last)?))
}

/// An ACL that is always there, and the words that would declare it.
pub(super) struct Predefined {
    pub(super) name: &'static str,
    pub(super) words: &'static [&'static str],
}

/// All of them whose fetches are there.
pub(super) const PREDEFINED: &[Predefined] = &[
    Predefined { name: "FALSE", words: &["always_false"] },
    Predefined { name: "HTTP", words: &["req.proto_http"] },
    Predefined { name: "HTTP_1.0", words: &["req.ver", "1.0"] },
    Predefined { name: "HTTP_1.1", words: &["req.ver", "1.1"] },
    Predefined { name: "HTTP_2.0", words: &["req.ver", "2.0"] },
    Predefined { name: "HTTP_3.0", words: &["req.ver", "3.0"] },
    Predefined { name: "HTTP_CONTENT", words: &["req.hdr_val(content-length)", "gt", "0"] },
    Predefined { name: "HTTP_URL_ABS", words: &["url_reg", "^[^/:]*://"] },
    Predefined { name: "HTTP_URL_SLASH", words: &["url_beg", "/"] },
    Predefined { name: "HTTP_URL_STAR", words: &["url", "*"] },
    Predefined { name: "LOCALHOST", words: &["src", "127.0.0.1/8", "::1"] },
    Predefined { name: "METH_CONNECT", words: &["method", "CONNECT"] },
    Predefined { name: "METH_DELETE", words: &["method", "DELETE"] },
    Predefined { name: "METH_GET", words: &["method", "GET", "HEAD"] },
    Predefined { name: "METH_HEAD", words: &["method", "HEAD"] },
    Predefined { name: "METH_OPTIONS", words: &["method", "OPTIONS"] },
    Predefined { name: "METH_POST", words: &["method", "POST"] },
    Predefined { name: "METH_PUT", words: &["method", "PUT"] },
    Predefined { name: "METH_TRACE", words: &["method", "TRACE"] },
    Predefined { name: "RDP_COOKIE", words: &["req.rdp_cookie_cnt", "gt", "0"] },
    Predefined { name: "TRUE", words: &["always_true"] },
];

/// The catalog's entries.
pub fn rows() -> impl Iterator<Item = Entry> {
    let has_fetch = |fetch: &str| fetches().any(|row| row.name == fetch || row.aliases.contains(&fetch));
    let keywords = names(Kind::AclName)
        .filter(move |name| find(name).is_some_and(|(fetch, _)| has_fetch(fetch)))
        .map(|name| Entry {
            name,
            kind: Kind::AclName,
            support: match name.ends_with("_reg") {
                true => Support::Partial("no look-around, no back references"),
                false => Support::Full,
            },
            note: "A fetch with its matching method.",
        });
    let predefined = PREDEFINED.iter().map(|acl| Entry {
        name: acl.name,
        kind: Kind::PredefinedAcl,
        support: Support::Full,
        note: "An ACL that needs no declaration.",
    });
    keywords.chain(predefined)
}
