//! Remote desktops: rules that wait for a client's first bytes, and cookies in them.

use std::time::Duration;

use evenkeel_tests::origin::Act;

use super::Scenario;
use super::stage::Stage;

/// A connection request with this line in it (MS-RDPBCGR 2.2.1.1).
fn request(line: &str) -> Vec<u8> {
    let body = [&b"\xe0\0\0\0\0\0"[..], line.as_bytes(), b"\x01\0\x08\0\0\0\0\0"].concat();
    let length = u8::try_from(body.len() + 5).unwrap_or(u8::MAX);
    [&[3, 0, 0, length, length - 5], &body[..]].concat()
}

/// Two servers that name themselves as soon as they are connected to.
fn two(rules: &str, servers: &str) -> Scenario {
    let lines = |text: &str| text.lines().map(|line| format!("  {}\n", line.trim())).collect::<String>();
    let config = format!(
        "defaults\n  mode tcp\n  log {{log}} local0\n  log-format \"%b/%s %B %U %tsc %rc\"\n  timeout connect 1s\n  \
         timeout client 5s\n  timeout server 5s\nlisten in\n  bind 127.0.0.1:{{front}}\n{}{}",
        lines(rules),
        lines(servers)
    );
    let named = |name: &str| vec![Act::Send(name.into()), Act::ReadEnd, Act::Close];
    Scenario::config(&config).raw_origin(named("one")).raw_origin(named("two"))
}

const PLAIN: &str = "server s1 127.0.0.1:{s1}\nserver s2 127.0.0.1:{s2}";

/// Rules that wait for a cookie.
const WAITING: &str = "tcp-request inspect-delay 900ms\ntcp-request content accept if RDP_COOKIE\n";

/// One connection after the other, each with these bytes, in pieces, and its line in the log.
fn visit(stage: &mut Stage, pieces: &[&[u8]]) {
    let mut client = stage.connect();
    for (number, piece) in pieces.iter().enumerate() {
        if number > 0 {
            std::thread::sleep(Duration::from_millis(50));
        }
        client.send(piece);
    }
    client.shut_write();
    client.read_to_end();
}

#[test]
fn balance_by_the_cookie() {
    for (name, cookie) in [("", "mstshash"), ("(msts)", "msts"), ("(User)", "uSER")] {
        let rules = format!("{WAITING}balance rdp-cookie{name}");
        two(&rules, PLAIN).compare(move |stage| {
            for number in 0..12 {
                visit(stage, &[&request(&format!("Cookie: {cookie}=user-{number}\r\n"))]);
            }
        });
    }
}

#[test]
fn a_cookie_that_comes_in_pieces() {
    two(&format!("{WAITING}balance rdp-cookie"), PLAIN).compare(|stage| {
        for number in 0..4 {
            let bytes = request(&format!("Cookie: mstshash=user-{number}\r\n"));
            for cut in [1, 11, 18, 25, bytes.len() - 9] {
                visit(stage, &[&bytes[..cut], &bytes[cut..]]);
            }
        }
    });
}

/// A value that leads to a server, as terminal servers write it, and of one length. Servers get it as it is: what
/// they see depends on their ports.
fn token(stage: &mut Stage, server: usize) -> String {
    stage.hide_origins();
    let port = stage.origin(server).port().swap_bytes();
    format!("16777343.{port:05}.0000")
}

#[test]
fn a_cookie_leads_back_to_its_server() {
    const SERVERS: &str =
        "server s1 127.0.0.1:{s1}\nserver s0 127.0.0.1:{s2} disabled\nserver s2 127.0.0.1:{s2}";
    two(&format!("{WAITING}persist rdp-cookie\nbalance first"), SERVERS).compare(|stage| {
        for server in [2, 1, 2] {
            let value = token(stage, server);
            for line in [
                format!("Cookie: msts={value}\r\n"),
                format!("cookie:MSTS= +{value};x\r\n"),
                format!("Cookie: mstshash={value}\r\n"),
                format!("Cookie: msts=x{value}\r\n"),
                format!("Cookie: msts={}\r\n", value.replace(".0000", "")),
                format!("Cookie: msts={}\r\n", value.replace(".0000", ".")),
            ] {
                visit(stage, &[&request(&line)]);
            }
        }
    });
}

#[test]
fn a_cookie_of_a_server_that_is_down() {
    const SERVERS: &str = "server s1 127.0.0.1:{s1}\nserver s2 127.0.0.1:{s2} disabled";
    for option in
        ["", "option persist", "option redispatch", "force-persist if TRUE", "ignore-persist if TRUE"]
    {
        two(&format!("{WAITING}persist rdp-cookie\nbalance first\n{option}"), SERVERS).compare(|stage| {
            let line = format!("Cookie: msts={}\r\n", token(stage, 2));
            visit(stage, &[&request(&line)]);
        });
    }
}

#[test]
fn another_name_and_a_rule_that_goes_first() {
    for rule in ["", "use-server s1 if TRUE", "use-server s1 if { req.rdp_cookie(msts) -m found }"] {
        two(&format!("{WAITING}persist rdp-cookie(key)\nbalance first\n{rule}"), PLAIN).compare(|stage| {
            let value = token(stage, 2);
            for name in ["key", "msts"] {
                visit(stage, &[&request(&format!("Cookie: {name}={value}\r\n"))]);
            }
        });
    }
}

#[test]
fn without_rules_nothing_is_waited_for() {
    two("tcp-request inspect-delay 400ms\npersist rdp-cookie\nbalance first", PLAIN).compare(|stage| {
        let bytes = request(&format!("Cookie: msts={}\r\n", token(stage, 2)));
        let mut client = stage.connect();
        client.read_until(b"one");
        client.send(&bytes);
        client.shut_write();
        client.read_to_end();
    });
}

#[test]
fn a_table_of_cookies() {
    let rules = "balance roundrobin\nstick-table type string size 1k\nstick on req.rdp_cookie(mstshash)";
    two(&format!("{WAITING}{rules}"), PLAIN).compare(|stage| {
        for user in ["ann", "bob", "cid", "ann", "bob", "cid", "cid"] {
            visit(stage, &[&request(&format!("Cookie: mstshash={user}\r\n"))]);
        }
    });
}

#[test]
fn rejected_by_what_came_or_did_not() {
    const DELAY: &str = "tcp-request inspect-delay 300ms\n";
    for rules in [
        "tcp-request content reject if !RDP_COOKIE",
        "tcp-request content reject unless { req_rdp_cookie(msts) 1 }",
        "tcp-request content accept if { req.rdp_cookie msts } or { src 127.0.0.9 }\ntcp-request content reject",
        "tcp-request content accept if { req_rdp_cookie_cnt(msts) ge 1 } { src 127.0.0.1 }\ntcp-request content reject",
    ] {
        two(&format!("{DELAY}{rules}"), PLAIN).compare(|stage| {
            for bytes in [
                request("Cookie: msts=1\r\n"),
                request("Cookie: other=1\r\n"),
                request("Cookie: msts=1\rx\r\n"),
                request("nothing of the kind"),
                b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
                b"\x03\0".to_vec(),
                Vec::new(),
            ] {
                // Nothing is sent that nobody reads, for that would be answered by a reset.
                let mut client = stage.connect();
                client.send(&bytes);
                client.shut_write();
                client.read_to_end();
            }
        });
    }
}

#[test]
fn rejected_whatever_comes() {
    // What a client sends may be there by then or not, and logs count it.
    two("tcp-request inspect-delay 300ms\ntcp-request content reject", PLAIN).compare(|stage| {
        stage.connect().read_to_end();
    });
}

#[test]
fn waiting_ends_with_the_delay() {
    let rules = "tcp-request inspect-delay 300ms\ntcp-request content reject if !RDP_COOKIE";
    two(rules, PLAIN).compare(|stage| {
        for bytes in [&b""[..], b"\x03", &request("Cookie: msts=1")] {
            let mut client = stage.connect();
            client.send(bytes);
            client.read_to_end();
        }
    });
    two(WAITING, PLAIN).compare(|stage| {
        let mut client = stage.connect();
        client.send(b"\x03");
        client.read_until(b"one");
        client.shut_write();
        client.read_to_end();
    });
}

#[test]
fn a_silent_client_is_closed_while_its_content_is_awaited() {
    let rules = format!("timeout client 150ms\n{WAITING}");
    two(&rules, PLAIN).compare(|stage| {
        let mut client = stage.connect();
        client.read_to_end();
    });
}

#[test]
fn a_cookie_without_an_end_is_waited_for_until_the_buffer_is_full() {
    two(&format!("{WAITING}balance first"), PLAIN).compare(|stage| {
        stage.hide_origins();
        let bytes = request(&format!("Cookie: mstshash={}\r\n", "x".repeat(40_000)));
        let mut client = stage.connect();
        client.send(&bytes);
        client.shut_write();
        client.read_to_end();
        let whole = stage.origin(1).wait(|seen| seen.iter().any(|seen| seen.bytes == bytes));
        stage.note(format!("whole: {whole}"));
    });
}

#[test]
fn rules_of_a_backend_have_a_delay_of_their_own() {
    let config = "defaults\n  mode tcp\n  log {log} local0\n  log-format \"%b/%s %B %U %tsc %rc\"\n  \
                  timeout connect 1s\n  timeout client 5s\n  timeout server 5s\n\
                  frontend in\n  bind 127.0.0.1:{front}\n  tcp-request inspect-delay 200ms\n  \
                  tcp-request content accept if RDP_COOKIE\n  use_backend desk if RDP_COOKIE\n  default_backend rest\n\
                  backend desk\n  balance rdp-cookie\n  server s1 127.0.0.1:{s1}\n  server s2 127.0.0.1:{s2}\n\
                  backend rest\n  tcp-request inspect-delay 200ms\n  tcp-request content reject if !RDP_COOKIE\n  \
                  server s1 127.0.0.1:{s1}\n";
    let named = |name: &str| vec![Act::Send(name.into()), Act::ReadEnd, Act::Close];
    Scenario::config(config).raw_origin(named("one")).raw_origin(named("two")).compare(|stage| {
        for bytes in [&request("Cookie: mstshash=u1\r\n")[..], &request("Cookie: mstshash=u2\r\n"), b"\x03"] {
            let mut client = stage.connect();
            client.send(bytes);
            if bytes.len() > 1 {
                client.shut_write();
            }
            client.read_to_end();
        }
    });
}
