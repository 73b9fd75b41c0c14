//! What a check does, step by step: the settings brought into one form before the first check runs.

use bytes::{BufMut, Bytes, BytesMut};

use crate::base::address::Address;
use crate::model::{self, CheckKind, CheckMethod, Expect, HttpCheckStep, TcpCheckStep};

/// The steps of one server's check and the language its results are told in.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) family: Family,
    pub(super) steps: Vec<Step>,
}

/// Which option asked for the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Connect,
    Tcp,
    Http,
}

/// One step.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// As the configuration counts, from one; zero for a connection that goes without saying.
    pub(super) number: usize,
    pub(super) comment: Option<String>,
    pub(super) action: Action,
}

#[derive(Clone, Debug)]
pub(super) enum Action {
    Connect { to: Address, port: Option<u16>, linger: bool },
    Send(Bytes),
    Expect(Expect),
}

impl Plan {
    /// The plan for a server whose checks go to `address`.
    pub(super) fn new(address: &Address, kind: &CheckKind) -> Plan {
        let (family, mut steps) = match kind {
            CheckKind::Connect => (Family::Connect, Vec::new()),
            CheckKind::Tcp(steps) => (Family::Tcp, tcp_steps(address, steps)),
            CheckKind::Http(check) => (Family::Http, http_steps(address, check)),
        };
        if !matches!(steps.first(), Some(Step { action: Action::Connect { .. }, .. })) {
            let action = Action::Connect { to: address.clone(), port: None, linger: false };
            steps.insert(0, Step { number: 0, comment: None, action });
        }
        Plan { family, steps }
    }
}

fn tcp_steps(server: &Address, steps: &[TcpCheckStep]) -> Vec<Step> {
    let numbered = steps.iter().enumerate().filter_map(|(index, step)| {
        let (action, comment) = match step {
            TcpCheckStep::Connect { port, address, linger, comment } => {
                let to = target(server, *port, address.as_ref());
                (Action::Connect { to, port: *port, linger: *linger }, comment)
            }
            TcpCheckStep::Send { bytes, comment } => (Action::Send(bytes.clone()), comment),
            TcpCheckStep::Expect(expect) => (Action::Expect(expect.clone()), &expect.comment),
            TcpCheckStep::Comment(_) => return None,
        };
        Some(Step { number: index + 1, comment: comment.clone(), action })
    });
    numbered.collect()
}

fn http_steps(server: &Address, check: &model::HttpCheck) -> Vec<Step> {
    // The reader puts the connection in front when the configuration does not name it.
    let implied = matches!(
        check.steps.first(),
        Some(HttpCheckStep::Connect { port: None, address: None, comment: None })
    );
    let numbered = check.steps.iter().enumerate().filter_map(|(index, step)| {
        let (action, comment) = match step {
            HttpCheckStep::Connect { port, address, comment } => {
                let to = target(server, *port, address.as_ref());
                (Action::Connect { to, port: *port, linger: false }, comment)
            }
            HttpCheckStep::Send(request) => (Action::Send(request_bytes(request)), &request.comment),
            HttpCheckStep::Expect(expect) => (Action::Expect(expect.clone()), &expect.comment),
            HttpCheckStep::Comment(_) => return None,
        };
        Some(Step { number: index + usize::from(!implied), comment: comment.clone(), action })
    });
    numbered.collect()
}

fn target(server: &Address, port: Option<u16>, address: Option<&Address>) -> Address {
    let mut to = address.unwrap_or(server).clone();
    if let (Address::Ip(socket), Some(port)) = (&mut to, port) {
        socket.set_port(port);
    }
    to
}

/// The request as haproxy sends it: names in lower case, the true length of a body in the place of any
/// other, and `connection: close` where HTTP/1.1 would otherwise keep the connection.
fn request_bytes(request: &CheckMethod) -> Bytes {
    let mut bytes = BytesMut::with_capacity(128 + request.body.len());
    bytes.put_slice(format!("{} {} {}\r\n", request.method, request.uri, request.version).as_bytes());
    let mut has_length = request.body.is_empty();
    let mut has_connection = false;
    for (name, value) in &request.headers {
        let name = name.to_ascii_lowercase();
        has_connection |= name == "connection";
        if name != "content-length" {
            bytes.put_slice(format!("{name}: {value}\r\n").as_bytes());
        } else if !has_length {
            has_length = true;
            put_length(&mut bytes, request.body.len());
        }
    }
    if !has_length {
        put_length(&mut bytes, request.body.len());
    }
    if !has_connection && request.version == "HTTP/1.1" {
        bytes.put_slice(b"connection: close\r\n");
    }
    bytes.put_slice(b"\r\n");
    bytes.put_slice(&request.body);
    bytes.freeze()
}

fn put_length(bytes: &mut BytesMut, length: usize) {
    bytes.put_slice(format!("content-length: {length}\r\n").as_bytes());
}
