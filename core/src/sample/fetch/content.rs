//! What a client sent that is not HTTP, while nothing of it went to a server (configuration manual 7.3.5).

use super::{Fetch, text};
use crate::sample::arguments::{Argument, Signature};
use crate::sample::{Needs, RdpCookie, Scope, Type, Value};

pub(super) const TABLE: &[Fetch] = &[
    Fetch {
        name: "req.rdp_cookie",
        aliases: &["rdp_cookie"],
        signature: Signature::NAME,
        needs: Needs::CONTENT,
        eval: |arguments, scope, out| text(out, rdp_cookie(arguments, scope).value()?),
        undecided: |arguments, scope| rdp_cookie(arguments, scope) == RdpCookie::Undecided,
        summary: "The cookie of a remote desktop's first message, of this name or any.",
        example: "req.rdp_cookie(mstshash)",
        ..Fetch::ROW
    },
    Fetch {
        name: "req.rdp_cookie_cnt",
        aliases: &["rdp_cookie_cnt"],
        signature: Signature::NAME,
        needs: Needs::CONTENT,
        yields: Type::Integer,
        eval: |arguments, scope, _| match rdp_cookie(arguments, scope) {
            RdpCookie::Absent => Some(Value::Integer(0)),
            RdpCookie::Found(_) => Some(Value::Integer(1)),
            RdpCookie::Undecided => None,
        },
        undecided: |arguments, scope| rdp_cookie(arguments, scope) == RdpCookie::Undecided,
        summary: "1 if a remote desktop's first message has a cookie, of this name or any, else 0.",
        example: "req.rdp_cookie_cnt(mstshash)",
        ..Fetch::ROW
    },
];

fn rdp_cookie<'s>(arguments: &[Argument], scope: &Scope<'s>) -> RdpCookie<'s> {
    let name = arguments[0].text();
    RdpCookie::read(scope.content, (!name.is_empty()).then_some(name))
}
