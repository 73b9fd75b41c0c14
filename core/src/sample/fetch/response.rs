//! The response's head (configuration manual 7.3.6).

use super::{Fetch, heads};
use crate::sample::arguments::{Argument, Signature};
use crate::sample::{Needs, Scope, Type, Value};

pub(super) const TABLE: &[Fetch] = &[
    Fetch {
        name: "res.cook",
        aliases: &["scook"],
        signature: Signature::NAME,
        needs: Needs::RESPONSE,
        eval: |arguments, scope, out| {
            heads::cookie(heads::set_cookies(&scope.response?.fields), arguments, out)
        },
        each: Some(|arguments, scope, out, take| {
            let Some(response) = scope.response else { return false };
            heads::each_cookie(heads::set_cookies(&response.fields), arguments, out, take)
        }),
        summary: "The last cookie of a name that is set, or the first of all.",
        example: "res.cook(sid)",
        ..Fetch::ROW
    },
    Fetch {
        name: "res.cook_cnt",
        aliases: &["scook_cnt"],
        signature: Signature::NAME,
        needs: Needs::RESPONSE,
        yields: Type::Integer,
        eval: |arguments, scope, _| {
            heads::cookie_count(heads::set_cookies(&scope.response?.fields), arguments)
        },
        summary: "How many cookies of a name are set.",
        example: "res.cook_cnt(sid)",
        ..Fetch::ROW
    },
    Fetch {
        name: "res.fhdr",
        signature: heads::OCCURRENCE,
        needs: Needs::RESPONSE,
        eval: |arguments, scope, out| heads::line(&scope.response?.fields, arguments, out),
        each: Some(|arguments, scope, out, take| {
            let Some(fields) = scope.response.map(|response| &response.fields) else { return false };
            heads::each_line(fields, arguments, out, take)
        }),
        summary: "One whole value of a header.",
        example: "res.fhdr(date)",
        ..Fetch::ROW
    },
    Fetch {
        name: "res.fhdr_cnt",
        signature: Signature::NAME,
        needs: Needs::RESPONSE,
        yields: Type::Integer,
        eval: |arguments, scope, _| heads::line_count(&scope.response?.fields, arguments),
        summary: "How many lines a header has.",
        example: "res.fhdr_cnt(set-cookie)",
        ..Fetch::ROW
    },
    Fetch {
        name: "res.hdr",
        aliases: &["shdr"],
        signature: heads::OCCURRENCE,
        needs: Needs::RESPONSE,
        eval: |arguments, scope, out| heads::member(&scope.response?.fields, arguments, out),
        each: Some(|arguments, scope, out, take| {
            let Some(fields) = scope.response.map(|response| &response.fields) else { return false };
            heads::each_member(fields, arguments, out, take)
        }),
        summary: "One member of a header's comma-separated values.",
        example: "res.hdr(vary,1)",
        ..Fetch::ROW
    },
    Fetch {
        name: "res.hdr_cnt",
        aliases: &["shdr_cnt"],
        signature: Signature::NAME,
        needs: Needs::RESPONSE,
        yields: Type::Integer,
        eval: |arguments, scope, _| heads::member_count(&scope.response?.fields, arguments),
        summary: "How many members a header has.",
        example: "res.hdr_cnt(vary)",
        ..Fetch::ROW
    },
    Fetch {
        name: "res.hdr_ip",
        aliases: &["shdr_ip"],
        signature: heads::OCCURRENCE,
        needs: Needs::RESPONSE,
        yields: Type::Address,
        eval: |arguments, scope, out| heads::member_address(&scope.response?.fields, arguments, out),
        each: Some(|arguments, scope, out, take| {
            let Some(fields) = scope.response.map(|response| &response.fields) else { return false };
            heads::each_address(fields, arguments, out, take)
        }),
        summary: "A member of a header that is an address.",
        example: "res.hdr_ip(x-client)",
        ..Fetch::ROW
    },
    Fetch {
        name: "res.hdr_names",
        signature: Signature::NAME,
        needs: Needs::RESPONSE,
        eval: |arguments, scope, out| heads::names(&scope.response?.fields, arguments, out),
        summary: "The names of all headers.",
        example: "res.hdr_names",
        ..Fetch::ROW
    },
    Fetch {
        name: "res.hdr_val",
        aliases: &["shdr_val"],
        signature: heads::OCCURRENCE,
        needs: Needs::RESPONSE,
        yields: Type::Integer,
        eval: |arguments, scope, out| heads::member_number(&scope.response?.fields, arguments, out),
        each: Some(|arguments, scope, out, take| {
            let Some(fields) = scope.response.map(|response| &response.fields) else { return false };
            heads::each_number(fields, arguments, out, take)
        }),
        summary: "A member of a header that is a number.",
        example: "res.hdr_val(content-length)",
        ..Fetch::ROW
    },
    Fetch {
        name: "res.ver",
        aliases: &["resp_ver"],
        needs: Needs::RESPONSE,
        eval: |_, scope, out| heads::version(scope.response?.version, out),
        summary: "The version's digits, such as 1.1.",
        example: "res.ver",
        ..Fetch::ROW
    },
    Fetch {
        name: "status",
        needs: Needs::SERVER,
        yields: Type::Integer,
        eval: status,
        summary: "The status code.",
        example: "status",
        ..Fetch::ROW
    },
];

fn status(_: &[Argument], scope: &Scope<'_>, _: &mut Vec<u8>) -> Option<Value> {
    let status = scope.response.map_or(scope.status, |response| response.status);
    (status != 0).then(|| Value::Integer(i64::from(status)))
}
