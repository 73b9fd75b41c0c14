//! How long connections live and what is done to their traffic (configuration manual 4 and 4.2).

use std::net::IpAddr;

use super::balance::switch;
use super::{ProxyDirective, Side, TUNING};
use crate::config::draft::ProxyDraft;
use crate::config::line::{Form, Line};
use crate::keyword::{Kind, Support};
use crate::model::{ConnectionMode, ForwardFor, Mode};

const OPTION: ProxyDirective =
    ProxyDirective { kind: Kind::OptionName, negatable: true, ..ProxyDirective::ROW };
const FRONT: ProxyDirective = ProxyDirective { side: Side::Front, ..OPTION };
const BACK: ProxyDirective = ProxyDirective { side: Side::Back, ..OPTION };
const QUIET: fn(&mut ProxyDraft, &mut Line<'_>) = |_, line| {
    line.at_most(0);
};

pub(super) const TABLE: &[ProxyDirective] = &[
    ProxyDirective {
        name: "mode",
        set: mode,
        support: Support::Partial("tcp and http; mode log is planned"),
        summary: "What kind of traffic it is.",
        example: "mode http",
        ..ProxyDirective::ROW
    },
    ProxyDirective {
        name: "accept-invalid-http-request",
        support: Support::Partial("relaxes nothing that is ambiguous: such requests are still refused"),
        set: |proxy, line| {
            switch(line, &mut proxy.settings.accept_invalid);
            strict(line);
        },
        summary: "Accept requests that break some rules.",
        example: "option accept-invalid-http-request",
        ..FRONT
    },
    ProxyDirective {
        name: "accept-invalid-http-response",
        support: Support::Partial("relaxes nothing that is ambiguous: such responses are still refused"),
        set: |_, line| {
            line.at_most(0);
            strict(line);
        },
        summary: "Accept responses that break some rules.",
        example: "option accept-invalid-http-response",
        ..BACK
    },
    ProxyDirective {
        name: "forwardfor",
        negatable: false,
        set: forward_for,
        summary: "Tell servers the client's address in a header field.",
        example: "option forwardfor except 127.0.0.0/8",
        ..OPTION
    },
    ProxyDirective {
        name: "http-ignore-probes",
        set: |proxy, line| switch(line, &mut proxy.settings.ignore_probes),
        summary: "Close connections without a request silently.",
        example: "option http-ignore-probes",
        ..FRONT
    },
    ProxyDirective {
        name: "http-keep-alive",
        set: |proxy, line| keep(proxy, line, ConnectionMode::KeepAlive),
        summary: "Keep both sides open after an answer.",
        example: "option http-keep-alive",
        ..OPTION
    },
    ProxyDirective {
        name: "http-server-close",
        set: |proxy, line| keep(proxy, line, ConnectionMode::ServerClose),
        summary: "Close the server's side after each answer.",
        example: "option http-server-close",
        ..OPTION
    },
    ProxyDirective {
        name: "httpclose",
        set: |proxy, line| keep(proxy, line, ConnectionMode::Close),
        summary: "Close both sides after each answer.",
        example: "option httpclose",
        ..OPTION
    },
    ProxyDirective {
        name: "http-no-delay",
        support: Support::Ignored("small packets are never delayed here"),
        set: QUIET,
        summary: "Send small packets at once.",
        example: "option http-no-delay",
        ..OPTION
    },
    ProxyDirective {
        name: "splice-auto",
        support: TUNING,
        set: QUIET,
        summary: "Let the kernel forward where that seems useful.",
        example: "option splice-auto",
        ..OPTION
    },
    ProxyDirective {
        name: "splice-request",
        support: TUNING,
        set: QUIET,
        summary: "Let the kernel forward requests.",
        example: "option splice-request",
        ..OPTION
    },
    ProxyDirective {
        name: "splice-response",
        support: TUNING,
        set: QUIET,
        summary: "Let the kernel forward responses.",
        example: "option splice-response",
        ..OPTION
    },
    ProxyDirective {
        name: "tcp-smart-accept",
        support: TUNING,
        set: QUIET,
        summary: "Save a packet per accepted connection.",
        example: "option tcp-smart-accept",
        ..FRONT
    },
    ProxyDirective {
        name: "tcp-smart-connect",
        support: TUNING,
        set: QUIET,
        summary: "Save a packet per connection to a server.",
        example: "option tcp-smart-connect",
        ..BACK
    },
];

fn mode(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    let help = "write `mode http` or `mode tcp`";
    match line.argument(0) {
        Some("http") => proxy.settings.mode = Mode::Http,
        Some("tcp") => proxy.settings.mode = Mode::Tcp,
        Some("health") => line.alert(
            0,
            "'mode health' doesn't exist anymore. Please use 'http-request return status 200' instead.",
            help,
        ),
        Some(name @ ("log" | "syslog" | "spop" | "haterm")) => {
            line.alert(0, format!("'mode {name}' is known, not supported yet."), help);
        }
        other => line.alert(0, format!("unknown proxy mode '{}'.", other.unwrap_or_default()), help),
    }
    line.at_most(1);
}

fn strict(line: &mut Line<'_>) {
    if line.form == Form::Plain {
        let message = format!("'{}' : ambiguous messages are refused all the same.", line.name());
        line.findings.warning(1, message, "remove the line; what could smuggle a request is never forwarded");
    }
}

/// One of the three modes. `no` takes it back if it is the one in force.
fn keep(proxy: &mut ProxyDraft, line: &mut Line<'_>, mode: ConnectionMode) {
    if !line.at_most(0) {
        return;
    }
    let current = &mut proxy.settings.connection_mode;
    if line.form == Form::Plain {
        *current = mode;
    } else if *current == mode {
        *current = ConnectionMode::default();
    }
}

/// Reads `[except NETWORK] [header NAME] [if-none]`.
fn forward_for(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    let mut option = ForwardFor { header: "X-Forwarded-For".to_owned(), except: None, if_none: false };
    let mut at = 0;
    while let Some(word) = line.arguments().get(at) {
        match *word {
            "except" => match line.argument(at + 1).and_then(network) {
                Some(network) => option.except = Some(network),
                None => {
                    let message = "'option forwardfor except' expects <address>[/mask] as argument.";
                    return line.alert(at + 1, message, "for example: option forwardfor except 127.0.0.0/8");
                }
            },
            "header" => match line.argument(at + 1) {
                Some(name) => option.header = name.to_owned(),
                None => {
                    let message = "'option forwardfor header' expects <header_name> as argument.";
                    return line.alert(at + 1, message, "for example: option forwardfor header X-Client");
                }
            },
            "if-none" => {
                option.if_none = true;
                at += 1;
                continue;
            }
            _ => {
                let message =
                    "'option forwardfor' only supports optional values: 'except', 'header' and 'if-none'.";
                return line.alert(at, message, "for example: option forwardfor if-none");
            }
        }
        at += 2;
    }
    proxy.settings.forward_for = Some(option);
}

/// `ADDRESS`, `ADDRESS/BITS` or `ADDRESS/MASK`.
fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, mask) = text.split_once('/').map_or((text, None), |(address, mask)| (address, Some(mask)));
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = match mask {
        None => most,
        Some(mask) => match mask.parse::<std::net::Ipv4Addr>() {
            Ok(mask) if address.is_ipv4() => {
                let bits = u32::from(mask);
                let ones = bits.leading_ones();
                u8::try_from(ones).ok().filter(|_| bits.count_ones() == ones)?
            }
            _ => mask.parse().ok().filter(|bits| *bits <= most)?,
        },
    };
    Some((address, bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_by_bits_and_by_mask() {
        let net = |text| network(text).map(|(address, bits)| format!("{address}/{bits}"));

        assert_eq!(net("127.0.0.0/8").as_deref(), Some("127.0.0.0/8"));
        assert_eq!(net("10.1.2.3").as_deref(), Some("10.1.2.3/32"));
        assert_eq!(net("10.0.0.0/255.255.0.0").as_deref(), Some("10.0.0.0/16"));
        assert_eq!(net("::1").as_deref(), Some("::1/128"));
        for wrong in ["10.0.0.0/33", "10.0.0.0/255.0.255.0", "host", "::1/129", "1.2.3.4/"] {
            assert_eq!(net(wrong), None, "{wrong}");
        }
    }
}
