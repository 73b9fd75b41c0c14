//! A whole `server` or `default-server` line: the name, the address, then the options.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use super::TABLES;
use super::draft::{InitAddress, ServerDraft};
use crate::base::address::Address;
use crate::config::address::{AddressError, Family, Host, Place, Ports, Rules};
use crate::config::finding::Findings;
use crate::config::line_option::{Reading, Resolve, read_options};
use crate::keyword::Kind;

/// What a `server` line needs to know of its surroundings.
pub struct ServerContext<'a> {
    /// The backend's name, for messages.
    pub backend: &'a str,
    /// How to look host names up.
    pub resolve: Resolve<'a>,
}

/// Reads the words of a `server` line, the keyword included, over the settings of `defaults`.
///
/// Gives the server unless the line has no name or no usable address; options that are wrong are reported
/// and left at their defaults.
pub fn read_server(
    words: &[&str],
    defaults: &ServerDraft,
    context: &ServerContext<'_>,
    findings: &mut Findings,
) -> Option<ServerDraft> {
    let (Some(&name), Some(&address)) = (words.get(1), words.get(2)) else {
        let message = "'server' expects <name> and <addr>[:<port>] as arguments.";
        findings.alert(words.len(), message, "for example: server web1 127.0.0.1:8080 check");
        return None;
    };
    let permitted = |character: char| character.is_ascii_alphanumeric() || ".:_-".contains(character);
    if let Some(character) = name.chars().find(|&character| !permitted(character)) {
        let message = format!("character '{character}' is not permitted in server name '{name}'.");
        findings.alert(1, message, "use letters, digits, and any of . : _ -");
    }
    let mut draft = ServerDraft { name: name.to_owned(), address: None, ..defaults.clone() };
    let subject = format!("'server {}/{name}'", context.backend);
    let reading =
        Reading { subject: &subject, kind: Kind::ServerOption, on_default: false, resolve: context.resolve };
    read_options(TABLES, words, 3, &mut draft, &reading, findings);
    // Behind the options: `init-addr` says what to do about a name that does not resolve.
    draft.address = place_server(address, &mut draft, &reading, findings);
    if draft.check && draft.track.is_some() {
        let message = format!("{subject} : unable to enable checks and tracking at the same time!");
        findings.alert(1, message, "the server that is tracked is checked for both: leave `check` out");
    }
    check_reachable(&draft, context.backend, findings);
    check_agent(&draft, &subject, findings);
    draft.address.is_some().then_some(draft)
}

/// Reports checks that would go to no port: those of a Unix socket's server with another `addr`.
fn check_reachable(draft: &ServerDraft, backend: &str, findings: &mut Findings) {
    let check = draft.build().and_then(|server| server.check);
    if check.and_then(|check| check.address.ip()).is_some_and(|address| address.port() == 0) {
        let name = &draft.name;
        let message =
            format!("backend '{backend}': server '{name}' has neither service port nor check port.");
        findings.alert(1, message, "add `port`, or a port to `addr`");
    }
}

/// Reports an agent without an address.
fn check_agent(draft: &ServerDraft, subject: &str, findings: &mut Findings) {
    if !draft.agent || draft.address.is_none() {
        return;
    }
    let name = &draft.name;
    if draft.agent_port.is_none() {
        let message =
            format!("{subject} : server {name} does not have agent port. Agent check has been disabled.");
        findings.alert(1, message, "add `agent-port`");
    } else if draft.build().is_some_and(|server| server.agent.is_none()) {
        let message = format!("{subject} : the agent of server {name}, which has no IP address, needs one.");
        findings.alert(1, message, "add `agent-addr`");
    }
}

/// Reads the words of a `default-server` line, the keyword included, into the settings for later servers.
pub fn read_default_server(
    words: &[&str],
    defaults: &mut ServerDraft,
    resolve: Resolve<'_>,
    findings: &mut Findings,
) {
    let reading =
        Reading { subject: "'default-server'", kind: Kind::ServerOption, on_default: true, resolve };
    // For messages; each server brings its own name.
    defaults.name = "default-server".to_owned();
    read_options(TABLES, words, 1, defaults, &reading, findings);
}

/// The address of a server, looked up.
fn place_server(
    text: &str,
    draft: &mut ServerDraft,
    reading: &Reading<'_>,
    findings: &mut Findings,
) -> Option<Address> {
    let subject = reading.subject;
    let placed = match Place::parse(text, Rules::SERVER) {
        Ok(Place::Unix(path)) => return Some(Address::Unix(Arc::from(path))),
        Ok(Place::Fd(_)) => Err(AddressError::DescriptorForbidden),
        Ok(Place::Inet { host, ports, family }) => match connectable(&host, ports) {
            Ok(port) => Ok((host, port, family)),
            // A name that does not resolve is the worse fault: it may be no address at all.
            Err(error) => host.resolve(family, reading.resolve).and(Err(error)),
        },
        Err(error) => Err(error),
    };
    match placed {
        Ok((host, port, family)) => {
            let ip = locate(&host, family, draft, reading, findings)?;
            Some(SocketAddr::new(ip, port).into())
        }
        // What looks like a broken address may be a name that does not resolve; HAProxy says that here.
        Err(AddressError::Host(host)) => {
            let error = AddressError::Host(host.clone());
            findings.alert(2, format!("{subject} : could not resolve address '{host}'."), error.help());
            None
        }
        Err(error) => {
            findings.alert(2, format!("{subject} : {}", error.message(text)), error.help());
            None
        }
    }
}

/// The port, if host and port are such that evenkeel can connect there.
fn connectable(host: &Host, ports: Ports) -> Result<u16, AddressError> {
    match (host, ports) {
        (Host::Any, _) => Err(AddressError::Planned("the client's destination as server address")),
        (Host::Ip(ip), _) if ip.is_unspecified() => {
            Err(AddressError::Planned("the client's destination as server address"))
        }
        (Host::Ip(_) | Host::Name(_), Ports::One(port)) => Ok(port),
        (Host::Ip(_) | Host::Name(_), Ports::None) => {
            Err(AddressError::Planned("a server on the port that the client connected to"))
        }
        (Host::Ip(_) | Host::Name(_), Ports::Offset(_)) => Err(AddressError::Planned("a relative port")),
        (Host::Ip(_) | Host::Name(_), Ports::Range(..)) => Err(AddressError::RangeForbidden),
    }
}

/// The address of `host`, by the methods of `init-addr`, in their order.
fn locate(
    host: &Host,
    family: Family,
    draft: &mut ServerDraft,
    reading: &Reading<'_>,
    findings: &mut Findings,
) -> Option<IpAddr> {
    let Host::Name(name) = host else {
        return host.resolve(family, |_| Vec::new()).ok();
    };
    let subject = reading.subject;
    for method in draft.init_address.clone() {
        match method {
            InitAddress::Last => {}
            InitAddress::Libc => match host.resolve(family, reading.resolve) {
                Ok(ip) => return Some(ip),
                Err(_) => continue,
            },
            InitAddress::Ip(ip) => {
                let message = format!(
                    "{subject} : could not resolve address '{name}', falling back to configured address."
                );
                findings.notice(2, message, "the address after `init-addr` is used");
                return Some(ip);
            }
            InitAddress::None => {
                let message = format!("{subject} : could not resolve address '{name}', disabling server.");
                findings.notice(2, message, "the server stays in maintenance");
                draft.disabled = true;
                return Some(Ipv4Addr::UNSPECIFIED.into());
            }
        }
    }
    let message = format!("{subject} : could not resolve address '{name}'.");
    let help =
        "correct the name, write an IP address, or let the server start without one: init-addr libc,none";
    findings.alert(2, message, help);
    None
}
