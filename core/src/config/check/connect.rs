//! `connect` steps, the same for `http-check` and `tcp-check`.

use std::net::SocketAddr;
use std::sync::Arc;

use super::words::Words;
use crate::base::address::Address;
use crate::config::address::{AddressError, Place, Rules};

/// Where a step connects to.
#[derive(Clone, Debug, Default)]
pub(super) struct Connect {
    pub(super) port: Option<u16>,
    pub(super) address: Option<Address>,
    pub(super) linger: bool,
    pub(super) comment: Option<String>,
}

/// Reads the words of a `connect` step; `None` when one of them is wrong.
pub(super) fn read_connect(words: &mut Words<'_, '_>) -> Option<Connect> {
    let mut connect = Connect::default();
    while let Some(word) = words.next() {
        match word {
            // The settings of the server: that is what a check uses anyway.
            "default" => {}
            "linger" => connect.linger = true,
            "comment" => connect.comment = Some(words.comment()?),
            "port" => connect.port = Some(read_port(words)?),
            "addr" => connect.address = Some(read_address(words)?),
            "proto" => read_protocol(words)?,
            "ssl" | "sni" | "alpn" | "send-proxy" | "via-socks4" => {
                words.planned(word);
                return None;
            }
            _ => {
                let message = format!(
                    "expects 'comment', 'port', 'addr', 'send-proxy', 'ssl', 'sni', 'alpn' or 'via-socks4', \
                     'linger', 'default' but got '{word}' as argument."
                );
                words.alert(&message, "for example: port 8081");
                return None;
            }
        }
    }
    Some(connect)
}

fn read_port(words: &mut Words<'_, '_>) -> Option<u16> {
    let text = words.argument("'port' expects a port number or a sample expression as argument.")?;
    match text.parse::<u16>() {
        Ok(port) if port > 0 => Some(port),
        Ok(_) | Err(_) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            let message = format!(
                "expects a valid TCP port (from range 1 to 65535) or a sample expression, got {text}."
            );
            words.alert(&message, "write a number from 1 to 65535");
            None
        }
        Ok(_) | Err(_) => {
            let message = format!("'port {text}' : a sample expression is not supported yet.");
            words.alert(&message, "write a number from 1 to 65535");
            None
        }
    }
}

/// The address; port 0 where it says none, which means the port of the check.
fn read_address(words: &mut Words<'_, '_>) -> Option<Address> {
    let text = words.argument("'addr' expects <ipv4|ipv6> as argument.")?;
    let address = Place::parse(text, Rules::PLAIN).and_then(|place| match place {
        Place::Inet { host, ports, family } => {
            let ip = host.resolve(family, words.resolve)?;
            Ok(Address::Ip(SocketAddr::new(ip, ports.single().unwrap_or(0))))
        }
        Place::Unix(path) => Ok(Address::Unix(Arc::from(path))),
        Place::Fd(_) => Err(AddressError::DescriptorForbidden),
    });
    match address {
        Ok(address) => Some(address),
        Err(error) => {
            words.alert(&format!("'addr' : {}.", error.message(text)), error.help());
            None
        }
    }
}

fn read_protocol(words: &mut Words<'_, '_>) -> Option<()> {
    match words.argument("'proto' : missing value.")? {
        "h1" | "none" => Some(()),
        other => {
            words.planned(&format!("proto {other}"));
            None
        }
    }
}
