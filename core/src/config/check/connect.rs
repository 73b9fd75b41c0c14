//! `connect` steps, the same for `http-check` and `tcp-check`.

use std::net::SocketAddr;
use std::sync::Arc;

use super::expect::Family;
use super::steps::Step;
use super::words::Words;
use crate::base::address::Address;
use crate::config::address::{AddressError, Place, Rules};
use crate::model::{CheckAction, CheckConnect, CheckPort};

/// Reads the words of a `connect` step; `None` when one of them is wrong.
pub(super) fn read_connect(family: Family, words: &mut Words<'_, '_>) -> Option<Step> {
    let mut connect = CheckConnect::default();
    let mut comment = None;
    while let Some(word) = words.next() {
        match word {
            // The settings of the server: that is what a check uses anyway.
            "default" => {}
            "linger" => connect.linger = true,
            "send-proxy" => connect.send_proxy = true,
            "comment" => comment = Some(words.comment()?),
            "port" => connect.port = Some(read_port(words)?),
            "addr" => connect.address = Some(read_address(words)?),
            "proto" => read_protocol(family, words)?,
            "ssl" | "sni" | "alpn" | "via-socks4" => {
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
    Some(Step::action(CheckAction::Connect(connect), comment))
}

fn read_port(words: &mut Words<'_, '_>) -> Option<CheckPort> {
    let text = words.argument("'port' expects a port number or a sample expression as argument.")?;
    match text.parse::<u16>() {
        Ok(port) if port > 0 => Some(CheckPort::Number(port)),
        _ if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            let message = format!(
                "expects a valid TCP port (from range 1 to 65535) or a sample expression, got {text}."
            );
            words.alert(&message, "write a number from 1 to 65535");
            None
        }
        Ok(_) | Err(_) => words.sample(text, "port").map(CheckPort::Sample),
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

fn read_protocol(family: Family, words: &mut Words<'_, '_>) -> Option<()> {
    let (own, other, name) = match family {
        Family::Http => ("h1", "none", "http-check"),
        Family::Tcp => ("none", "h1", "tcp-check"),
    };
    match words.argument("'proto' : missing value.")? {
        word if word == own => Some(()),
        word if word == other => {
            words.alert(&format!("'proto' : invalid MUX protocol '{word}' for {name}."), "leave it out");
            None
        }
        word => {
            words.planned(&format!("proto {word}"));
            None
        }
    }
}
