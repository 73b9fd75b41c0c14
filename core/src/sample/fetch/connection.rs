//! The client's connection and where it came in (configuration manual 7.3.3).

use super::{Fetch, text};
use crate::base::address::Address;
use crate::sample::{Needs, Type, Value};

pub(super) const TABLE: &[Fetch] = &[
    Fetch {
        name: "bc_dst",
        needs: Needs::SERVER,
        yields: Type::Address,
        eval: |_, scope, _| scope.server_address.and_then(ip_of),
        summary: "Address of the server that was connected to.",
        example: "bc_dst",
        ..Fetch::ROW
    },
    Fetch {
        name: "bc_dst_port",
        needs: Needs::SERVER,
        yields: Type::Integer,
        eval: |_, scope, _| scope.server_address.and_then(port_of),
        summary: "Port of the server that was connected to.",
        example: "bc_dst_port",
        ..Fetch::ROW
    },
    Fetch {
        name: "bc_src",
        needs: Needs::SERVER,
        yields: Type::Address,
        eval: |_, scope, _| scope.source.and_then(ip_of),
        summary: "Our address on the connection to the server.",
        example: "bc_src",
        ..Fetch::ROW
    },
    Fetch {
        name: "bc_src_port",
        needs: Needs::SERVER,
        yields: Type::Integer,
        eval: |_, scope, _| scope.source.and_then(port_of),
        summary: "Our port on the connection to the server.",
        example: "bc_src_port",
        ..Fetch::ROW
    },
    Fetch {
        name: "be_name",
        eval: |_, scope, out| text(out, scope.backend.as_bytes()),
        summary: "Name of the backend; of the frontend until one is chosen.",
        example: "be_name",
        ..Fetch::ROW
    },
    Fetch {
        name: "dst",
        needs: Needs::CLIENT,
        yields: Type::Address,
        eval: |_, scope, _| ip_of(scope.local),
        summary: "Address that the client connected to.",
        example: "dst",
        ..Fetch::ROW
    },
    Fetch {
        name: "dst_port",
        needs: Needs::CLIENT,
        yields: Type::Integer,
        eval: |_, scope, _| port_of(scope.local),
        summary: "Port that the client connected to.",
        example: "dst_port",
        ..Fetch::ROW
    },
    Fetch {
        name: "fe_name",
        needs: Needs::CLIENT,
        eval: |_, scope, out| text(out, scope.frontend.as_bytes()),
        summary: "Name of the frontend.",
        example: "fe_name",
        ..Fetch::ROW
    },
    Fetch {
        name: "src",
        needs: Needs::CLIENT,
        yields: Type::Address,
        eval: |_, scope, _| ip_of(scope.client),
        summary: "Address that the client connected from.",
        example: "src",
        ..Fetch::ROW
    },
    Fetch {
        name: "src_port",
        needs: Needs::CLIENT,
        yields: Type::Integer,
        eval: |_, scope, _| port_of(scope.client),
        summary: "Port that the client connected from.",
        example: "src_port",
        ..Fetch::ROW
    },
    Fetch {
        name: "srv_name",
        needs: Needs::SERVER,
        eval: |_, scope, out| text(out, scope.server?.as_bytes()),
        summary: "Name of the server.",
        example: "srv_name",
        ..Fetch::ROW
    },
];

fn ip_of(address: &Address) -> Option<Value> {
    address.ip().map(|address| Value::Address(address.ip()))
}

fn port_of(address: &Address) -> Option<Value> {
    address.ip().map(|address| Value::Integer(i64::from(address.port())))
}
