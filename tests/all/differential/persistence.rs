//! Persistence by cookies and stick tables: who is led where, what clients and servers see of it, and the log.

use std::time::Duration;

use evenkeel_tests::origin::{Act, Reply, Request};

use super::Scenario;
use super::scenario::FromActs;

/// A server that names itself and sets the cookies that the request asks for in `X-Set` fields.
fn named(name: &'static str) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| {
        let set: String = request
            .head
            .split("\r\n")
            .filter_map(|line| {
                line.get(..7).filter(|name| name.eq_ignore_ascii_case("x-set: ")).map(|_| &line[7..])
            })
            .map(|field| format!("{field}\r\n"))
            .collect();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{set}\r\n{name}", name.len());
        Reply::from_acts(vec![Act::Send(answer.into_bytes())])
    }
}

/// Two servers, `a` and `b`, behind these lines.
fn two(front: &str, back: &str) -> Scenario {
    let servers = "server s1 127.0.0.1:{s1} cookie a\nserver s2 127.0.0.1:{s2} cookie b";
    three(front, &format!("{back}\n{servers}"))
}

/// Servers as these lines give them.
fn three(front: &str, back: &str) -> Scenario {
    let lines = |text: &str| text.lines().map(|line| format!("  {}\n", line.trim())).collect::<String>();
    let config = format!(
        "defaults\n  mode http\n  option httplog\n  option http-server-close\n  log {{log}} local0\n  retries 2\n  timeout connect 300ms\n  \
         timeout client 5s\n  timeout server 5s\nfrontend in\n  bind 127.0.0.1:{{front}}\n  default_backend out\n{}\
         backend out\n{}",
        lines(front),
        lines(back)
    );
    Scenario::config(&config).origin(named("one")).origin(named("two"))
}

/// One connection, and one line in the log, for each of the requests with these fields.
fn ask(scenario: Scenario, requests: &'static [&'static str]) {
    ask_with(scenario, "GET", requests);
}

fn ask_with(scenario: Scenario, method: &'static str, requests: &'static [&'static str]) {
    scenario.compare(move |stage| {
        for (number, fields) in requests.iter().enumerate() {
            let fields: String = fields.lines().map(|field| format!("{field}\r\n")).collect();
            let path = format!("/number/{number}");
            let mut client = stage.connect();
            client.send(format!(
                "{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n{fields}Connection: close\r\n\r\n"
            ));
            client.read_to_end();
            stage.wait_log(&path);
        }
    });
}

/// Requests with the cookies of clients good and odd.
const REQUESTS: &[&str] = &[
    "",
    "Cookie: S=a",
    "Cookie: x=1; S=b; y=2",
    "Cookie: x=1\nCookie: S=b",
    "Cookie: S=zz; S=b",
    "Cookie: S=zz",
    "Cookie: S=\"a\"",
    "Cookie: s=b",
    "Cookie: S",
    "Cookie: S=",
    "Cookie: S==b",
    "Cookie: S = a ; q = 1",
    "Cookie: S=b|x",
    "Cookie: S=a~x; S=b~y",
    "Cookie: $Version=1; S=b; $Path=/; q=2",
    "Cookie: q=\"a;S=b\"; S=a",
    "Cookie: S=b,q=1;",
    "Cookie: ;;S=b;;",
    "Cookie: S=b\nX-Set: Set-Cookie: S=own; path=/",
    "X-Set: Set-Cookie: S=own; path=/\nX-Set: Set-Cookie: q=1",
    "X-Set: Set-Cookie: S = \"o;wn\" ; path=/",
    "X-Set: Set-Cookie: q=1, S=2",
    "X-Set: ETag: 1",
    "X-Set: Cache-Control: public, max-age=3",
    "X-Set: ETag: 1\nX-Set: Cache-Control: no-store",
];

#[test]
fn cookie_insert() {
    ask(two("", "cookie S insert"), REQUESTS);
}

#[test]
fn cookie_insert_indirect_nocache() {
    ask(two("", "cookie S insert indirect nocache"), REQUESTS);
}

#[test]
fn cookie_insert_preserve() {
    ask(two("", "cookie S insert indirect preserve"), REQUESTS);
}

#[test]
fn cookie_insert_postonly() {
    ask(two("", "cookie S insert postonly nocache"), REQUESTS);
    ask_with(two("", "cookie S insert postonly nocache"), "POST", REQUESTS);
}

#[test]
fn cookie_insert_with_attributes() {
    let line = "cookie S insert httponly secure domain .x.org domain y.org attr \"SameSite=None\" attr foo";
    ask(two("", line), &["", "Cookie: S=a", "Cookie: S=zz"]);
}

#[test]
fn cookie_rewrite() {
    ask(two("", "cookie S rewrite"), REQUESTS);
}

#[test]
fn cookie_prefix() {
    ask(two("", "cookie S prefix"), REQUESTS);
    ask(two("", "cookie S prefix indirect"), REQUESTS);
}

#[test]
fn cookie_without_a_mode() {
    ask(two("", "cookie S"), REQUESTS);
    ask(two("", "cookie S indirect"), REQUESTS);
}

#[test]
fn a_forged_cookie_of_eight_kilobytes() {
    two("", "cookie S insert indirect").compare(|stage| {
        for forged in ["z".repeat(8_000), "a|".repeat(4_000), "\u{80}\"\\;=".repeat(1_200)] {
            let mut client = stage.connect();
            client.send(format!(
                "GET /f HTTP/1.1\r\nHost: a\r\nCookie: S={forged}\r\nConnection: close\r\n\r\n"
            ));
            client.read_to_end();
        }
    });
}

#[test]
fn dates_in_cookies() {
    // Nobody knows at which second the test runs: these are long gone, far ahead, or no dates.
    const DATED: &[&str] = &[
        "Cookie: S=b|abcde",
        "Cookie: S=b|abcde|abcde",
        "Cookie: S=zz|abcde|abcde",
        "Cookie: S=b|zzzzz|abcde",
    ];
    for line in ["maxidle 10s", "maxlife 20s", "maxidle 10s maxlife 20s"] {
        // Of GETs nothing is answered with a date of this second.
        let scenario = two("", &format!("cookie S insert postonly {line}"));
        ask(scenario, DATED);
    }
}

#[test]
fn a_server_without_a_cookie_takes_the_clients_away() {
    let servers = "server s1 127.0.0.1:{s1} cookie a\nserver s2 127.0.0.1:{s2}\nserver s3 127.0.0.1:{dead} cookie d disabled";
    const PLAIN: &[&str] = &[
        "",
        "",
        "Cookie: S=d",
        "Cookie: S=d; S=zz",
        "X-Set: Set-Cookie: S=own",
        "X-Set: Set-Cookie: S=own",
        "Cookie: S=d\nX-Set: Set-Cookie: S=own",
    ];
    for mode in ["insert", "insert indirect preserve", "rewrite", "prefix"] {
        ask(three("", &format!("cookie S {mode}\n{servers}")), PLAIN);
    }
}

#[test]
fn a_cookie_of_a_server_that_is_down() {
    let servers = "server s1 127.0.0.1:{dead} cookie a disabled\nserver s2 127.0.0.1:{s2} cookie b\n\
                   server s3 127.0.0.1:{s1} cookie a weight 0\nserver s4 127.0.0.1:{s1} cookie k backup\n\
                   server s5 127.0.0.1:{dead} cookie n disabled";
    const LED: &[&str] = &["Cookie: S=a", "Cookie: S=b", "Cookie: S=k", "Cookie: S=n", ""];
    for option in ["", "option persist", "option persist\noption redispatch", "option redispatch"] {
        ask(three("", &format!("cookie S insert indirect\n{option}\n{servers}")), LED);
    }
}

#[test]
fn a_cookie_of_a_server_that_refuses() {
    let servers = "server s1 127.0.0.1:{dead} cookie a\nserver s2 127.0.0.1:{s2} cookie b";
    for option in [
        "",
        "option redispatch",
        "option redispatch 1",
        "option redispatch 2",
        "option redispatch -2",
        "retries 0\noption redispatch",
    ] {
        ask(three("", &format!("cookie S insert\n{option}\n{servers}")), &["Cookie: S=a", "Cookie: S=b"]);
    }
    ask(
        three("", "cookie S insert\noption redispatch\nserver s1 127.0.0.1:{dead} cookie a"),
        &["Cookie: S=a"],
    );
}

#[test]
fn nobody_is_up() {
    let servers = "server s1 127.0.0.1:{dead} cookie a disabled";
    ask(three("", &format!("cookie S insert\n{servers}")), &["Cookie: S=a", ""]);
}

#[test]
fn rules_and_cookies() {
    const TWO: &[&str] = &["Cookie: S=a", ""];
    ask(two("", "cookie S insert\nhttp-request deny"), TWO);
    ask(two("http-request deny", "cookie S insert"), TWO);
    ask(two("", "cookie S insert\nhttp-response set-header Set-Cookie S=q"), TWO);
    ask(two("", "cookie S insert indirect\nhttp-request set-header Cookie \"q=%[req.cook(S)];S=b\""), TWO);
}

#[test]
fn capture_cookie() {
    const CAPTURED: &[&str] = &[
        "Cookie: S=a; foo=bar",
        "Cookie: foobar=quux",
        "Cookie: x=1\nX-Set: Set-Cookie: foo=zip; path=/",
        "Cookie: foo=\"a b\"; x\nX-Set: Set-Cookie: foo = \"q;r\"; path",
        "Cookie: foo=1; foo=2\nX-Set: Set-Cookie: foo=1\nX-Set: Set-Cookie: foo=2",
        "Cookie: foo=1\nCookie: foo=2",
        "Cookie: foo=a|b\"c%d",
        "Cookie: foo",
        "Cookie: foo=",
    ];
    ask(two("capture cookie foo len 6", "cookie S insert indirect"), CAPTURED);
    ask(two("capture cookie foo= len 63", "cookie S insert"), CAPTURED);
    let format = "log-format \"%r %CC %CS %{+Q}CC %{+Q}CS %tsc\"";
    ask(two(&format!("capture cookie foo= len 63\n{format}"), "cookie S insert"), CAPTURED);
}

/// Requests with these keys in the fields `K` and `L`, on servers without cookies.
fn stick(lines: &str, requests: &'static [&'static str]) {
    let servers = "server s1 127.0.0.1:{s1}\nserver s2 127.0.0.1:{s2}";
    ask(three("", &format!("{lines}\n{servers}")), requests);
}

#[test]
fn stick_on_the_source() {
    stick("stick-table type ip size 10\nstick on src", &["", "", ""]);
    stick("stick-table type ipv6 size 10\nstick on src", &["", "", ""]);
    stick("stick-table type binary len 6 size 10\nstick on src", &["", "", ""]);
}

#[test]
fn stick_on_keys_of_each_type() {
    const TEXTS: &[&str] =
        &["K: aaaa", "K: bbbb", "K: aaax", "K: aaa", "K: bb", "", "K: bb", "K: bbbb", "K: bbb", "", ""];
    stick("stick-table type string len 3 size 10\nstick on hdr(K)", TEXTS);
    stick("stick-table type binary len 3 size 10\nstick on hdr(K),lower", TEXTS);
    const NUMBERS: &[&str] =
        &["K: 1", "K: 2", "K: 1", "K: 01", "K: abc", "K: 0", "K: 2", "K: 1x", "K: -1", "K: 4294967295"];
    stick("stick-table type integer size 9\nstick on hdr(K)", NUMBERS);
    const ADDRESSES: &[&str] = &[
        "K: 1.2.3.4",
        "K: 2.2.2.2",
        "K: 1.2.3.4",
        "K: ::ffff:1.2.3.4",
        "K: ::1",
        "K: ::1",
        "K: abc",
        "K: ::1",
        "K: 2.2.2.2",
    ];
    stick("stick-table type ip size 9\nstick on hdr(K)", ADDRESSES);
    stick("stick-table type ipv6 size 9\nstick on hdr(K)", ADDRESSES);
}

#[test]
fn stick_match_and_store() {
    let table = "stick-table type string size 9 expire 1m";
    const TWO: &[&str] = &[
        "K: a\nL: a",
        "K: b\nL: b",
        "K: a\nL: c",
        "K: c",
        "K: b\nL: a",
        "K: a",
        "K: x\nL: a",
        "K: x",
        "L: x",
    ];
    stick(&format!("{table}\nstick match hdr(K)\nstick store-request hdr(L)"), TWO);
    stick(&format!("{table}\nstick on hdr(K)\nstick on hdr(L)"), TWO);
    stick(&format!("{table}\nstick on hdr(K)\nstick match hdr(L)"), TWO);
    const ANSWERS: &[&str] = &[
        "X-Set: Set-Cookie: J=1",
        "X-Set: Set-Cookie: J=2",
        "Cookie: J=1",
        "Cookie: J=1",
        "Cookie: J=2",
        "Cookie: J=3",
        "Cookie: J=2",
    ];
    stick(&format!("{table}\nstick match req.cook(J)\nstick store-response res.cook(J)"), ANSWERS);
}

#[test]
fn a_full_stick_table() {
    const MANY: &[&str] = &["K: a", "K: b", "K: c", "K: c", "K: c", "K: a", "K: b"];
    stick("stick-table type string size 2 nopurge\nstick on hdr(K)", MANY);
}

/// Keys and pauses before them in milliseconds, for tables that forget.
fn stick_in_time(table: &str, keys: &'static [(u64, &'static str)]) {
    let servers = "server s1 127.0.0.1:{s1}\nserver s2 127.0.0.1:{s2}";
    three("", &format!("{table}\nstick on hdr(K)\n{servers}")).compare(move |stage| {
        for (number, (pause, key)) in keys.iter().enumerate() {
            std::thread::sleep(Duration::from_millis(*pause));
            let path = format!("/number/{number}");
            let mut client = stage.connect();
            client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\nK: {key}\r\nConnection: close\r\n\r\n"));
            client.read_to_end();
            stage.wait_log(&path);
        }
    });
}

/// The turns make sure that a key that is forgotten meets another server.
#[test]
fn a_stick_table_forgets_what_is_old_or_too_much() {
    let new_one = &[(0, "a"), (40, "b"), (40, "c"), (40, "a"), (40, "c")];
    stick_in_time("stick-table type string size 2", new_one);
    stick_in_time("stick-table type string size 2 expire 1m", new_one);
    stick_in_time("stick-table type integer size 2", &[(0, "1"), (40, "2"), (40, "3"), (40, "1"), (40, "3")]);
    stick_in_time(
        "stick-table type ip size 1",
        &[(0, "1.1.1.1"), (40, "2.2.2.2"), (40, "2.2.2.2"), (40, "1.1.1.1")],
    );
    stick_in_time(
        "stick-table type string size 9 expire 300ms",
        &[(0, "a"), (200, "a"), (200, "a"), (600, "a")],
    );
}

#[test]
fn stick_tables_of_other_sections() {
    let servers = "server s1 127.0.0.1:{s1} id 5\nserver s2 127.0.0.1:{s2} id 9\nbackend other\nstick-table type string size 9";
    let rules = "stick match hdr(K) table other\nstick store-request hdr(K) table other";
    ask(three("", &format!("{rules}\n{servers}")), &["K: a", "K: b", "K: a", "K: a", "K: b", "K: c", "K: b"]);
}

#[test]
fn stick_and_cookies() {
    const BOTH: &[&str] =
        &["K: a", "K: a", "K: b", "K: a\nCookie: S=b", "K: a", "K: a\nCookie: S=zz", "K: b\nCookie: S=a"];
    ask(two("", "stick-table type string size 9\nstick on hdr(K)\ncookie S insert indirect"), BOTH);
}

#[test]
fn stick_to_a_server_that_refuses() {
    const KEYS: &[&str] = &["K: a", "K: b", "K: c", "K: a", "K: b", "K: c"];
    let servers = "server s1 127.0.0.1:{s1}\nserver s2 127.0.0.1:{dead}";
    for option in ["", "option redispatch", "option persist"] {
        let lines = format!("stick-table type string size 9\nstick on hdr(K)\n{option}\n{servers}");
        ask(three("", &lines), KEYS);
    }
    let servers = "server s1 127.0.0.1:{s1} non-stick\nserver s2 127.0.0.1:{s2}";
    ask(three("", &format!("stick-table type string size 9\nstick on hdr(K)\n{servers}")), KEYS);
}

#[test]
fn stick_in_tcp_mode() {
    let config = "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 5s\n  timeout server 5s\n\
                  listen in\n  bind 127.0.0.1:{front}\n  stick-table type ip size 9\n  stick on src\n  \
                  server s1 127.0.0.1:{s1}\n  server s2 127.0.0.1:{s2}\n";
    Scenario::config(config).origin(named("one")).origin(named("two")).compare(|stage| {
        stage.hide_origins();
        for _ in 0..3 {
            let mut client = stage.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            client.read_answer();
            client.close();
        }
    });
}

#[test]
fn persistence_ignored_on_a_condition() {
    let back =
        "cookie S insert indirect\nignore-persist if { hdr(free) 1 }\nignore-persist unless { hdr(host) a }";
    ask(
        two("", back),
        &[
            "",
            "Cookie: S=b",
            "Cookie: S=b\nFree: 1",
            "Cookie: S=a\nFree: 1",
            "Cookie: S=zz\nFree: 1",
            "Free: 1",
        ],
    );
    let back = "stick-table type string size 9\nstick on hdr(user)\nignore-persist if { hdr(free) 1 }";
    ask(two("", back), &["User: u", "User: u", "User: u\nFree: 1", "User: u\nFree: 1", "User: u"]);
}

/// A server that nobody hears, which checks find down before the play.
const DOWN: &str = "server down 127.0.0.1:{dead} cookie d disabled\n\
                    server s1 127.0.0.1:{s1} cookie a\nserver s2 127.0.0.1:{s2} cookie b";

#[test]
fn persistence_forced_on_a_condition() {
    let back = format!("cookie S insert indirect\nforce-persist if {{ hdr(force) 1 }}\n{DOWN}");
    ask(
        three("", &back),
        &[
            "Cookie: S=d",
            "Cookie: S=d\nForce: 1",
            "Cookie: S=a\nForce: 1",
            "Cookie: S=zz\nForce: 1",
            "Force: 1",
        ],
    );
    let both = format!(
        "cookie S insert indirect\nignore-persist if {{ hdr(free) 1 }}\nforce-persist if {{ hdr(force) 1 }}\n{DOWN}"
    );
    ask(three("", &both), &["Cookie: S=d\nForce: 1\nFree: 1", "Cookie: S=b\nForce: 1\nFree: 1"]);
}

#[test]
fn servers_by_rules() {
    let back = "use-server s2 if { hdr(two) 1 }\nuse-server s1 unless { hdr(any) 1 }";
    ask(two("", back), &["", "Two: 1", "Any: 1", "Any: 1", "Any: 1\nTwo: 1"]);
    let back = "cookie S insert indirect\nuse-server s2 if { hdr(two) 1 }";
    ask(
        two("", back),
        &["Two: 1", "Two: 1\nCookie: S=a", "Two: 1\nCookie: S=b", "Two: 1\nCookie: S=zz", "Cookie: S=a"],
    );
    let back = "cookie S prefix\nuse-server s2 if { hdr(two) 1 }";
    ask(two("", back), &["Two: 1\nCookie: S=a~x", "Cookie: S=a~x", "Two: 1\nX-Set: Set-Cookie: S=1"]);
    let back = "stick-table type string size 9\nstick on hdr(user)\nuse-server s2 if { hdr(two) 1 }";
    ask(two("", back), &["User: u", "User: u\nTwo: 1", "User: u", "User: v\nTwo: 1", "User: v"]);
}

#[test]
fn servers_by_names_of_the_moment() {
    let back = "use-server %[hdr(to)] if { hdr(to) -m found }\nuse-server s2 if { hdr(to) nobody }";
    ask(two("", back), &["To: s1", "To: s1", "To: s2", "To: nobody", "", ""]);
}

#[test]
fn a_rule_whose_server_is_down_is_passed_over() {
    let back = format!(
        "force-persist if {{ hdr(force) 1 }}\nuse-server down if {{ hdr(down) 1 }}\n\
         use-server s2 if {{ hdr(down) 1 }}\n{DOWN}"
    );
    ask(three("", &back), &["Down: 1", "Down: 1\nForce: 1", "Down: 1"]);
    let back = format!("option persist\nuse-server down if {{ hdr(down) 1 }}\n{DOWN}");
    ask(three("", &back), &["Down: 1", ""]);
}

#[test]
fn stick_rules_on_conditions() {
    let back = "stick-table type string size 9\nacl user hdr(user) -m found\n\
                stick match hdr(user) if user { hdr(match) 1 }\n\
                stick store-request hdr(user) if user !{ hdr(anonymous) 1 }\n\
                stick store-response res.hdr(x-key) if { res.hdr(x-key) -m found } { status 200 }";
    ask(
        two("", back),
        &[
            "User: u\nAnonymous: 1",
            "User: u\nMatch: 1",
            "User: u\nMatch: 1",
            "User: u",
            "User: u\nMatch: 1",
            "X-Set: X-Key: k",
            "User: k\nMatch: 1",
            "User: k\nMatch: 1",
        ],
    );
    let back = "stick-table type string size 9\nstick on hdr(user) if { hdr(stick) 1 }\nstick on hdr(other) unless { hdr(stick) 1 }";
    ask(
        two("", back),
        &["User: u\nStick: 1", "User: u\nStick: 1", "User: u", "Other: u", "Other: v", "Other: v"],
    );
}

#[test]
fn cookies_made_of_addresses() {
    // Servers whose ports are known, and whose cookies show in logs as those of servers that are down.
    let servers = "server four 127.0.0.1:1 disabled\nserver six [::1]:2 disabled\n\
                   server own 127.0.0.1:3 cookie own disabled\nserver s1 127.0.0.1:{s1} cookie a";
    let requests = &[
        "",
        "Cookie: S=dee4cbb8207ce54e",
        "Cookie: S=54240b6e5787b57f",
        "Cookie: S=0000000000000000",
        "Cookie: S=own",
        "Cookie: S=a",
    ];
    for lines in ["dynamic-cookie-key \"a secret\"", "dynamic-cookie-key other", ""] {
        ask(three("", &format!("cookie S rewrite dynamic\n{lines}\n{servers}")), requests);
    }
}
