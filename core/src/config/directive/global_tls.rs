//! Section `global`: defaults of TLS listeners and servers (configuration manual 3.1). They are read and
//! checked; TLS itself is not there yet, and `bind … ssl` and `server … ssl` are refused.

use super::GlobalDirective;
use super::global::ROW;

use crate::config::draft::GlobalDraft;
use crate::config::line::Line;
use crate::keyword::{Support, closest};
use crate::model::TlsDefaults;

/// Bytes of a file with parameters.
const PARAMETERS_MAX: usize = 64 * 1024;

const LATER: Support = Support::Partial("read and checked; `ssl` on a line that would use it is planned");
const TLS: GlobalDirective = GlobalDirective { support: LATER, ..ROW };

pub(super) const TABLE: &[GlobalDirective] = &[
    GlobalDirective {
        name: "ca-base",
        set: |global, line| directory(global, line, "ca-base", |model| &mut model.ca_base),
        summary: "Where CA files with relative names are.",
        example: "ca-base /etc/ssl/certs",
        ..TLS
    },
    GlobalDirective {
        name: "crt-base",
        set: |global, line| directory(global, line, "crt-base", |model| &mut model.crt_base),
        summary: "Where certificates with relative names are.",
        example: "crt-base /etc/ssl/private",
        ..TLS
    },
    GlobalDirective {
        name: "key-base",
        set: |global, line| directory(global, line, "key-base", |model| &mut model.key_base),
        summary: "Where keys with relative names are.",
        example: "key-base /etc/ssl/private",
        ..TLS
    },
    GlobalDirective {
        name: "ssl-default-bind-ciphers",
        set: |global, line| ciphers(line, &mut global.model.tls.bind.ciphers),
        summary: "Ciphers of TLS up to 1.2, in OpenSSL's form.",
        example: "ssl-default-bind-ciphers ECDHE-ECDSA-AES128-GCM-SHA256",
        ..TLS
    },
    GlobalDirective {
        name: "ssl-default-bind-ciphersuites",
        set: |global, line| suites(line, &mut global.model.tls.bind.ciphersuites),
        summary: "Cipher suites of TLS 1.3.",
        example: "ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256",
        ..TLS
    },
    GlobalDirective {
        name: "ssl-default-bind-curves",
        set: |global, line| ciphers(line, &mut global.model.tls.bind.curves),
        summary: "Curves.",
        example: "ssl-default-bind-curves X25519:P-256",
        ..TLS
    },
    GlobalDirective {
        name: "ssl-default-bind-options",
        set: |global, line| options(line, BIND_OPTIONS, &mut global.model.tls.bind.options),
        summary: "Options of each TLS listener.",
        example: "ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets",
        ..TLS
    },
    GlobalDirective {
        name: "ssl-default-server-ciphers",
        set: |global, line| ciphers(line, &mut global.model.tls.server.ciphers),
        summary: "Ciphers of TLS up to 1.2 towards servers.",
        example: "ssl-default-server-ciphers ECDHE-ECDSA-AES128-GCM-SHA256",
        ..TLS
    },
    GlobalDirective {
        name: "ssl-default-server-ciphersuites",
        set: |global, line| suites(line, &mut global.model.tls.server.ciphersuites),
        summary: "Cipher suites of TLS 1.3 towards servers.",
        example: "ssl-default-server-ciphersuites TLS_AES_128_GCM_SHA256",
        ..TLS
    },
    GlobalDirective {
        name: "ssl-default-server-options",
        set: |global, line| options(line, SERVER_OPTIONS, &mut global.model.tls.server.options),
        summary: "Options of each TLS server.",
        example: "ssl-default-server-options ssl-min-ver TLSv1.2 no-tls-tickets",
        ..TLS
    },
    GlobalDirective {
        name: "ssl-dh-param-file",
        support: Support::Ignored("no cipher with finite-field Diffie-Hellman will be offered"),
        set: |_, line| {
            let message = "'ssl-dh-param-file' expects a file path as an argument.";
            if let Some(path) = line.need(message, "for example: ssl-dh-param-file /etc/ssl/dh.pem")
                && line.environment.read(path, PARAMETERS_MAX).is_err()
            {
                let message =
                    format!("'ssl-dh-param-file': unable to load DH parameters from file <{path}>.");
                line.alert(0, message, "the file must exist and be readable");
            }
        },
        summary: "Diffie-Hellman parameters.",
        example: "ssl-dh-param-file /etc/ssl/dh.pem",
        ..ROW
    },
    GlobalDirective {
        name: "ssl-server-verify",
        set: |_, line| {
            if !matches!(line.argument(0), Some("none" | "required")) {
                let message = "'ssl-server-verify' expects 'none' or 'required' as argument";
                line.alert(0, message, "required is the default");
            }
        },
        summary: "Whether certificates of servers are checked.",
        example: "ssl-server-verify required",
        ..TLS
    },
];

const BIND_OPTIONS: &[&str] = &[
    "force-sslv3",
    "force-tlsv10",
    "force-tlsv11",
    "force-tlsv12",
    "force-tlsv13",
    "no-alpn",
    "no-sslv3",
    "no-tls-tickets",
    "no-tlsv10",
    "no-tlsv11",
    "no-tlsv12",
    "no-tlsv13",
    "prefer-client-ciphers",
    "strict-sni",
    "tls-tickets",
];

const SERVER_OPTIONS: &[&str] = &[
    "force-sslv3",
    "force-tlsv10",
    "force-tlsv11",
    "force-tlsv12",
    "force-tlsv13",
    "no-sslv3",
    "no-tls-tickets",
    "no-tlsv10",
    "no-tlsv11",
    "no-tlsv12",
    "no-tlsv13",
    "tls-tickets",
];

const VERSIONS: [&str; 5] = ["SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

const SUITES: [&str; 5] = [
    "TLS_AES_128_CCM_8_SHA256",
    "TLS_AES_128_CCM_SHA256",
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
];

fn directory(
    global: &mut GlobalDraft,
    line: &mut Line<'_>,
    name: &'static str,
    field: fn(&mut TlsDefaults) -> &mut Option<String>,
) {
    let message = format!("global statement '{name}' expects a directory path as an argument.");
    let Some(path) = line.need(&message, &format!("for example: {name} /etc/ssl")) else { return };
    if !line.at_most(1) {
        return;
    }
    let slot = field(&mut global.model.tls);
    if slot.is_some() {
        return line.findings.alert(0, format!("'{name}' already specified."), "remove one of the two lines");
    }
    *slot = Some(path.to_owned());
}

/// A list in OpenSSL's form: names with colons between them.
fn ciphers(line: &mut Line<'_>, slot: &mut Option<String>) {
    let name = line.name();
    let message = format!("global statement '{name}' expects a cipher suite as an argument.");
    let Some(list) = line.need(&message, "names with colons between them") else { return };
    if !line.at_most(1) {
        return;
    }
    let valid = |c: char| c.is_ascii_alphanumeric() || "-_+!@=.".contains(c);
    match list.split([':', ',']).find(|one| !one.chars().all(valid)) {
        Some(wrong) => {
            line.alert(0, format!("'{name}' : '{wrong}' is no cipher."), "names with colons between them");
        }
        None => *slot = Some(list.to_owned()),
    }
}

fn suites(line: &mut Line<'_>, slot: &mut Option<String>) {
    let name = line.name();
    let message = format!("global statement '{name}' expects a cipher suite as an argument.");
    let help = "for example: TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384";
    let Some(list) = line.need(&message, help) else { return };
    if !line.at_most(1) {
        return;
    }
    match list.split(':').find(|one| !SUITES.contains(one)) {
        Some(wrong) => {
            let help = match closest(wrong, SUITES) {
                Some(meant) => format!("did you mean {meant}?"),
                None => format!("TLS 1.3 has these: {}", SUITES.join(", ")),
            };
            line.alert(0, format!("'{name}' : '{wrong}' is no cipher suite of TLS 1.3."), help);
        }
        None => *slot = Some(list.to_owned()),
    }
}

fn options(line: &mut Line<'_>, known: &[&'static str], slot: &mut Vec<String>) {
    let name = line.name();
    let mut at = 0;
    if line.argument(0).is_none() {
        let message = format!("global statement '{name}' expects an option as an argument.");
        return line.alert(0, message, format!("for example: {name} ssl-min-ver TLSv1.2"));
    }
    while let Some(option) = line.argument(at) {
        if matches!(option, "ssl-min-ver" | "ssl-max-ver") {
            at += 1;
            let version = line.argument(at).unwrap_or_default();
            if VERSIONS.contains(&version) {
                slot.push(format!("{option} {version}"));
            } else {
                let message = format!("'{version}' : unknown ssl/tls version on global statement '{name}'.");
                line.alert(at, message, format!("versions are {}", VERSIONS.join(", ")));
            }
        } else if known.contains(&option) {
            slot.push(option.to_owned());
        } else {
            let message = format!("unknown option '{option}' on global statement '{name}'.");
            let help = match closest(option, known.iter().copied()) {
                Some(meant) => format!("did you mean {meant}?"),
                None => format!("options are ssl-min-ver, ssl-max-ver, {}", known.join(", ")),
            };
            line.alert(at, message, help);
        }
        at += 1;
    }
}
