//! Backends and servers at this moment (configuration manual 7.3.2).

use super::Fetch;
use crate::keyword::Support;
use crate::sample::arguments::{Argument, Signature};
use crate::sample::farm::{BackendView, ServerView};
use crate::sample::{Needs, Scope, Type, Value};

const BACKEND: Fetch = Fetch {
    signature: Signature::NAME,
    needs: Needs::FARM,
    yields: Type::Integer,
    names: Names::Backend,
    support: Support::Partial("in conditions; not yet in formats and other expressions"),
    ..Fetch::ROW
};
const SERVER: Fetch = Fetch { signature: Signature::REQUIRED_NAME, names: Names::Server, ..BACKEND };

/// What the argument of a fetch names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// A backend; left out it is the exchange's own.
    Backend,
    /// Nothing that has to exist.
    Nothing,
    /// A server, or a backend's with a slash between.
    Server,
}

pub(super) const TABLE: &[Fetch] = &[
    Fetch {
        name: "avg_queue",
        eval: |arguments, scope, _| {
            let view = backend(arguments, scope)?;
            let (queued, usable) = (i64::from(view.queued), i64::from(view.usable));
            Some(Value::Integer(if usable == 0 { queued * 2 } else { (queued + usable - 1) / usable }))
        },
        summary: "Streams that wait per usable server of a backend.",
        example: "avg_queue(web)",
        ..BACKEND
    },
    Fetch {
        name: "be_conn",
        eval: |arguments, scope, _| number(backend(arguments, scope)?.streams),
        summary: "Streams of a backend.",
        example: "be_conn(web)",
        ..BACKEND
    },
    Fetch {
        name: "be_conn_free",
        eval: |arguments, scope, _| places(arguments, scope, 0),
        summary: "Connections that a backend's usable servers still have; -1 without a limit.",
        example: "be_conn_free(web)",
        ..BACKEND
    },
    Fetch {
        name: "connslots",
        eval: |arguments, scope, _| places(arguments, scope, 1),
        summary: "The same with places in servers' queues.",
        example: "connslots(web)",
        ..BACKEND
    },
    Fetch {
        name: "nbsrv",
        eval: |arguments, scope, _| number(backend(arguments, scope)?.usable),
        summary: "Usable servers of a backend.",
        example: "nbsrv(web)",
        ..BACKEND
    },
    Fetch {
        name: "queue",
        eval: |arguments, scope, _| number(backend(arguments, scope)?.queued),
        summary: "Streams of a backend that wait, for any server or for one.",
        example: "queue(web)",
        ..BACKEND
    },
    Fetch {
        name: "srv_conn",
        eval: |arguments, scope, _| number(server(arguments, scope)?.connections),
        summary: "Connections of a server.",
        example: "srv_conn(web/www1)",
        ..SERVER
    },
    Fetch {
        name: "srv_conn_free",
        eval: |arguments, scope, _| {
            let free = server(arguments, scope)?.free;
            Some(Value::Integer(free.map_or(-1, i64::from)))
        },
        summary: "Connections that a server still has; -1 without a limit.",
        example: "srv_conn_free(web/www1)",
        ..SERVER
    },
    Fetch {
        name: "srv_is_up",
        yields: Type::Boolean,
        eval: |arguments, scope, _| Some(Value::Boolean(server(arguments, scope)?.up)),
        summary: "Whether a server is neither down nor in maintenance.",
        example: "srv_is_up(web/www1)",
        ..SERVER
    },
    Fetch {
        name: "srv_iweight",
        eval: |arguments, scope, _| number(server(arguments, scope)?.initial_weight),
        summary: "A server's weight as configured.",
        example: "srv_iweight(web/www1)",
        ..SERVER
    },
    Fetch {
        name: "srv_queue",
        eval: |arguments, scope, _| number(server(arguments, scope)?.queued),
        summary: "Streams that wait for a server.",
        example: "srv_queue(web/www1)",
        ..SERVER
    },
    Fetch {
        name: "srv_uweight",
        eval: |arguments, scope, _| number(server(arguments, scope)?.weight),
        summary: "A server's weight as it was set last.",
        example: "srv_uweight(web/www1)",
        ..SERVER
    },
    Fetch {
        name: "srv_weight",
        eval: |arguments, scope, _| number(server(arguments, scope)?.weight),
        summary: "A server's weight at this moment.",
        example: "srv_weight(web/www1)",
        ..SERVER
    },
];

#[allow(clippy::unnecessary_wraps, reason = "what a row's function gives")]
fn number(number: u32) -> Option<Value> {
    Some(Value::Integer(i64::from(number)))
}

fn backend(arguments: &[Argument], scope: &Scope<'_>) -> Option<BackendView> {
    scope.farm?.backend(backend_name(arguments, scope))
}

/// The backend that is named, or the exchange's own: the frontend's other half until one is chosen.
fn backend_name<'a>(arguments: &'a [Argument], scope: &Scope<'a>) -> &'a str {
    match arguments[0].text() {
        "" => scope.backend,
        name => name,
    }
}

fn places(arguments: &[Argument], scope: &Scope<'_>, kind: usize) -> Option<Value> {
    let room = scope.farm?.room(backend_name(arguments, scope))?[kind];
    Some(Value::Integer(room.map_or(-1, |count| i64::try_from(count).unwrap_or(i64::MAX))))
}

fn server(arguments: &[Argument], scope: &Scope<'_>) -> Option<ServerView> {
    let text = arguments[0].text();
    let (backend, server) = text.split_once('/').unwrap_or((scope.backend, text));
    scope.farm?.server(backend, server)
}
