//! The request's head (configuration manual 7.3.6).

use super::{Fetch, each_text, heads, text};
use crate::http::{Fields, Known, RequestHead};
use crate::sample::arguments::{Argument, ArgumentKind, Signature};
use crate::sample::{Needs, Scope, Type, Value};

/// A parameter's name, and which character starts the query instead of a question mark.
const PARAMETER: Signature = Signature { kinds: &[ArgumentKind::Text, ArgumentKind::Text], required: 0 };

pub(super) const TABLE: &[Fetch] = &[
    Fetch {
        name: "base",
        needs: Needs::REQUEST,
        eval: |_, scope, out| base(scope.request?, out),
        summary: "The first Host header and the path.",
        example: "base",
        ..Fetch::ROW
    },
    Fetch {
        name: "hdr",
        signature: heads::OCCURRENCE,
        needs: Needs::HEAD,
        eval: |arguments, scope, out| heads::member(head(scope)?, arguments, out),
        each: Some(|arguments, scope, out, take| {
            let Some(fields) = head(scope) else { return false };
            heads::each_member(fields, arguments, out, take)
        }),
        summary: "One member of a header's comma-separated values, of the response where there is one.",
        example: "hdr(host)",
        ..Fetch::ROW
    },
    Fetch {
        name: "hdr_cnt",
        signature: Signature::NAME,
        needs: Needs::HEAD,
        yields: Type::Integer,
        eval: |arguments, scope, _| heads::member_count(head(scope)?, arguments),
        summary: "How many members a header has.",
        example: "hdr_cnt(via)",
        ..Fetch::ROW
    },
    Fetch {
        name: "hdr_ip",
        signature: heads::OCCURRENCE,
        needs: Needs::HEAD,
        yields: Type::Address,
        eval: |arguments, scope, out| heads::member_address(head(scope)?, arguments, out),
        each: Some(|arguments, scope, out, take| {
            let Some(fields) = head(scope) else { return false };
            heads::each_address(fields, arguments, out, take)
        }),
        summary: "A member of a header that is an address.",
        example: "hdr_ip(x-forwarded-for)",
        ..Fetch::ROW
    },
    Fetch {
        name: "hdr_val",
        signature: heads::OCCURRENCE,
        needs: Needs::HEAD,
        yields: Type::Integer,
        eval: |arguments, scope, out| heads::member_number(head(scope)?, arguments, out),
        each: Some(|arguments, scope, out, take| {
            let Some(fields) = head(scope) else { return false };
            heads::each_number(fields, arguments, out, take)
        }),
        summary: "A member of a header that is a number.",
        example: "hdr_val(content-length)",
        ..Fetch::ROW
    },
    Fetch {
        name: "method",
        eval: |_, scope, out| text(out, scope.request?.method_text()),
        summary: "The method.",
        example: "method",
        ..Fetch::ROW
    },
    Fetch {
        name: "path",
        needs: Needs::REQUEST,
        eval: |_, scope, out| text(out, scope.request?.path()?),
        summary: "The path, without a query.",
        example: "path",
        ..Fetch::ROW
    },
    Fetch {
        name: "pathq",
        needs: Needs::REQUEST,
        eval: |_, scope, out| text(out, scope.request?.path_and_query()?),
        summary: "The path with its query.",
        example: "pathq",
        ..Fetch::ROW
    },
    Fetch {
        name: "query",
        needs: Needs::REQUEST,
        eval: |_, scope, out| text(out, scope.request?.query()?),
        summary: "The query, without its question mark.",
        example: "query",
        ..Fetch::ROW
    },
    Fetch {
        name: "req.cook",
        aliases: &["cook"],
        signature: Signature::NAME,
        needs: Needs::REQUEST,
        eval: |arguments, scope, out| heads::cookie(heads::cookies(&scope.request?.fields), arguments, out),
        each: Some(|arguments, scope, out, take| {
            let Some(request) = scope.request else { return false };
            heads::each_cookie(heads::cookies(&request.fields), arguments, out, take)
        }),
        summary: "The last cookie of a name, or the first of all.",
        example: "req.cook(sid)",
        ..Fetch::ROW
    },
    Fetch {
        name: "req.cook_cnt",
        aliases: &["cook_cnt"],
        signature: Signature::NAME,
        needs: Needs::REQUEST,
        yields: Type::Integer,
        eval: |arguments, scope, _| heads::cookie_count(heads::cookies(&scope.request?.fields), arguments),
        summary: "How many cookies of a name there are.",
        example: "req.cook_cnt(sid)",
        ..Fetch::ROW
    },
    Fetch {
        name: "req.fhdr",
        signature: heads::OCCURRENCE,
        needs: Needs::REQUEST,
        eval: |arguments, scope, out| heads::line(&scope.request?.fields, arguments, out),
        each: Some(|arguments, scope, out, take| {
            let Some(fields) = scope.request.map(|request| &request.fields) else { return false };
            heads::each_line(fields, arguments, out, take)
        }),
        summary: "One whole value of a header.",
        example: "req.fhdr(user-agent)",
        ..Fetch::ROW
    },
    Fetch {
        name: "req.fhdr_cnt",
        signature: Signature::NAME,
        needs: Needs::REQUEST,
        yields: Type::Integer,
        eval: |arguments, scope, _| heads::line_count(&scope.request?.fields, arguments),
        summary: "How many lines a header has.",
        example: "req.fhdr_cnt(cookie)",
        ..Fetch::ROW
    },
    Fetch {
        name: "req.hdr",
        signature: heads::OCCURRENCE,
        needs: Needs::REQUEST,
        eval: |arguments, scope, out| heads::member(&scope.request?.fields, arguments, out),
        each: Some(|arguments, scope, out, take| {
            let Some(fields) = scope.request.map(|request| &request.fields) else { return false };
            heads::each_member(fields, arguments, out, take)
        }),
        summary: "One member of a header's comma-separated values.",
        example: "req.hdr(x-forwarded-for,-1)",
        ..Fetch::ROW
    },
    Fetch {
        name: "req.hdr_cnt",
        signature: Signature::NAME,
        needs: Needs::REQUEST,
        yields: Type::Integer,
        eval: |arguments, scope, _| heads::member_count(&scope.request?.fields, arguments),
        summary: "How many members a header has.",
        example: "req.hdr_cnt(via)",
        ..Fetch::ROW
    },
    Fetch {
        name: "req.hdr_ip",
        signature: heads::OCCURRENCE,
        needs: Needs::REQUEST,
        yields: Type::Address,
        eval: |arguments, scope, out| heads::member_address(&scope.request?.fields, arguments, out),
        each: Some(|arguments, scope, out, take| {
            let Some(fields) = scope.request.map(|request| &request.fields) else { return false };
            heads::each_address(fields, arguments, out, take)
        }),
        summary: "A member of a header that is an address.",
        example: "req.hdr_ip(x-forwarded-for)",
        ..Fetch::ROW
    },
    Fetch {
        name: "req.hdr_names",
        signature: Signature::NAME,
        needs: Needs::REQUEST,
        eval: |arguments, scope, out| heads::names(&scope.request?.fields, arguments, out),
        summary: "The names of all headers.",
        example: "req.hdr_names(;)",
        ..Fetch::ROW
    },
    Fetch {
        name: "req.hdr_val",
        signature: heads::OCCURRENCE,
        needs: Needs::REQUEST,
        yields: Type::Integer,
        eval: |arguments, scope, out| heads::member_number(&scope.request?.fields, arguments, out),
        each: Some(|arguments, scope, out, take| {
            let Some(fields) = scope.request.map(|request| &request.fields) else { return false };
            heads::each_number(fields, arguments, out, take)
        }),
        summary: "A member of a header that is a number.",
        example: "req.hdr_val(content-length)",
        ..Fetch::ROW
    },
    Fetch {
        name: "req.proto_http",
        aliases: &["req_proto_http"],
        needs: Needs::REQUEST,
        yields: Type::Boolean,
        eval: |_, scope, _| scope.request.map(|_| Value::Boolean(true)),
        summary: "Whether there is an HTTP request.",
        example: "req.proto_http",
        ..Fetch::ROW
    },
    Fetch {
        name: "req.ver",
        aliases: &["req_ver"],
        needs: Needs::REQUEST,
        eval: |_, scope, out| heads::version(scope.request?.version, out),
        summary: "The version's digits, such as 1.1.",
        example: "req.ver",
        ..Fetch::ROW
    },
    Fetch {
        name: "url",
        needs: Needs::REQUEST,
        eval: |_, scope, out| text(out, scope.request?.target()),
        summary: "The request target.",
        example: "url",
        ..Fetch::ROW
    },
    Fetch {
        name: "url_param",
        aliases: &["urlp"],
        signature: PARAMETER,
        needs: Needs::REQUEST,
        eval: url_param,
        each: Some(|arguments, scope, out, take| {
            let Some(request) = scope.request else { return false };
            each_text(parameters(arguments, request), out, take)
        }),
        summary: "The first parameter of a name in the query.",
        example: "url_param(id)",
        ..Fetch::ROW
    },
];

/// The fields of the head that is being looked at: the response's once there is one.
fn head<'a>(scope: &Scope<'a>) -> Option<&'a Fields> {
    let response = scope.response.map(|response| &response.fields);
    response.or_else(|| scope.request.map(|request| &request.fields))
}

fn base(request: &RequestHead, out: &mut Vec<u8>) -> Option<Value> {
    let path = request.path()?;
    out.extend_from_slice(request.fields.known(Known::Host).next().unwrap_or_default());
    text(out, path)
}

fn url_param(arguments: &[Argument], scope: &Scope<'_>, out: &mut Vec<u8>) -> Option<Value> {
    text(out, parameters(arguments, scope.request?).next()?)
}

/// The values of all parameters of a name, or of all where there is no name.
fn parameters<'a>(arguments: &'a [Argument], request: &'a RequestHead) -> impl Iterator<Item = &'a [u8]> {
    let target = request.target();
    let start = arguments[1].text().bytes().next().unwrap_or(b'?');
    let query = memchr::memchr(start, target).map_or(&b""[..], |at| &target[at + 1..]);
    let name = arguments[0].text().as_bytes();
    query.split(|byte| matches!(byte, b'&' | b';')).filter_map(move |pair| {
        let at = memchr::memchr(b'=', pair)?;
        (name.is_empty() || pair[..at] == *name).then(|| &pair[at + 1..])
    })
}
