//! A whole `bind` line: addresses separated by commas, then the options.

use std::net::SocketAddr;

use super::TABLES;
use crate::base::limits::BIND_ADDRESSES_MAX;
use crate::config::address::{AddressError, Place, Rules};
use crate::config::finding::Findings;
use crate::config::line_option::{Reading, Resolve, read_options};
use crate::keyword::Kind;
use crate::model::{BindAddress, SocketOptions};

/// Settings of a `bind` line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BindDraft {
    /// What to bind, port ranges spread out.
    pub addresses: Vec<BindAddress>,
    /// `name`.
    pub name: Option<String>,
    /// `id`.
    pub id: Option<u32>,
    /// `maxconn`.
    pub maxconn: Option<u32>,
    /// Options of each socket.
    pub options: SocketOptions,
}

/// What a `bind` line needs to know of its surroundings.
pub struct BindContext<'a> {
    /// The section's keyword: `frontend` or `listen`.
    pub section: &'a str,
    /// How to look host names up.
    pub resolve: Resolve<'a>,
}

/// Reads the words of a `bind` line, the keyword included.
///
/// Gives what is usable of the line; addresses and options that are wrong are reported and left out.
pub fn read_bind(words: &[&str], context: &BindContext<'_>, findings: &mut Findings) -> Option<BindDraft> {
    let Some(&addresses) = words.get(1).filter(|addresses| !addresses.is_empty()) else {
        let message = "'bind' expects {<path>|[addr1]:port1[-end1]}{,[addr]:port[-end]}... as arguments.";
        findings.alert(1, message, "for example: bind :8080");
        return None;
    };
    let mut draft = BindDraft::default();
    // HAProxy takes a comma at the end.
    let list = addresses.strip_suffix(',').unwrap_or(addresses);
    for text in list.split(',') {
        if draft.addresses.len() > BIND_ADDRESSES_MAX {
            let message = format!("'bind' : more than {BIND_ADDRESSES_MAX} addresses on one line");
            findings.alert(1, message, "write fewer ports");
            break;
        }
        if let Err(error) = add_address(text, context.resolve, &mut draft.addresses) {
            findings.alert(1, format!("'bind' : {}", error.message(text)), error.help());
        }
    }
    let subject = format!("'bind {addresses}' in section '{}'", context.section);
    let reading =
        Reading { subject: &subject, kind: Kind::BindOption, on_default: false, resolve: context.resolve };
    read_options(TABLES, words, 2, &mut draft, &reading, findings);
    Some(draft)
}

/// Adds all sockets of one address.
fn add_address(
    text: &str,
    resolve: Resolve<'_>,
    addresses: &mut Vec<BindAddress>,
) -> Result<(), AddressError> {
    match Place::parse(text, Rules::BIND)? {
        Place::Inet { host, ports, family } => {
            let ip = host.resolve(family, resolve)?;
            addresses.extend(ports.each().map(|port| BindAddress::Ip(SocketAddr::new(ip, port))));
        }
        Place::Unix(path) => addresses.push(BindAddress::Unix(path)),
        Place::Fd(number) => addresses.push(BindAddress::Fd(number)),
    }
    Ok(())
}
