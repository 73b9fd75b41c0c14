//! Log lines: what is said, and when.

use evenkeel_tests::origin::Act;

use super::Scenario;
use super::commands::refused;

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Served-By: s1\r\n\r\nhello";
const GET: &str = "GET /path?q=1 HTTP/1.1\r\nHost: example.org\r\nUser-Agent: check\r\n\r\n";

/// A frontend that logs to the sink.
fn logged(front: &str, back: &str) -> Scenario {
    let lines = |text: &str| text.lines().map(|line| format!("  {}\n", line.trim())).collect::<String>();
    Scenario::config(&format!(
        "defaults\n  mode http\n  retries 1\n  timeout connect 200ms\n  timeout client 400ms\n  timeout server 300ms\n  log {{log}} local0\n\
         frontend in\n  bind 127.0.0.1:{{front}}\n  default_backend out\n{}backend out\n{}",
        lines(front),
        lines(back)
    ))
}

const S1: &str = "server s1 127.0.0.1:{s1}";

/// One request, the end of its connection, and its line.
fn one_line(scenario: Scenario, request: &'static str) {
    scenario.compare(move |stage| {
        let mut client = stage.connect();
        client.send(request);
        client.read_answer();
        client.close();
        stage.wait_log("in out/");
    });
}

#[test]
fn httplog_of_a_plain_request() {
    one_line(logged("option httplog", S1).answering(HELLO), GET);
}

#[test]
fn no_log_option_gives_the_short_line() {
    logged("", S1).answering(HELLO).compare(|stage| {
        stage.get("/");
        stage.wait_log("127.0.0.1");
    });
}

#[test]
fn tcplog_in_http_mode() {
    one_line(
        logged("option tcplog", S1).answering(HELLO),
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
}

#[test]
fn httplog_with_captures() {
    let front = "option httplog\ncapture request header Host len 10\ncapture request header Missing len 5\n\
                 capture response header X-Served-By len 9";
    one_line(logged(front, S1).answering(HELLO), GET);
}

#[test]
fn httplog_with_a_capture_rule() {
    one_line(
        logged("option httplog\nhttp-request capture req.hdr(User-Agent) len 3", S1).answering(HELLO),
        GET,
    );
}

#[test]
fn httplog_of_a_post() {
    one_line(
        logged("option httplog", S1).answering(HELLO),
        "POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    );
}

#[test]
fn httplog_of_odd_bytes_in_the_target() {
    one_line(logged("option httplog", S1).answering(HELLO), "GET /\"quoted\" HTTP/1.1\r\nHost: a\r\n\r\n");
}

#[test]
fn httplog_of_two_requests_on_one_connection() {
    logged("option httplog", S1).answering(HELLO).compare(|stage| {
        let mut client = stage.connect();
        for path in ["/first", "/second"] {
            client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
            client.read_answer();
            stage.wait_log(path);
        }
    });
}

#[test]
fn httplog_of_a_dead_server() {
    one_line(logged("option httplog", "server dead 127.0.0.1:{dead}"), GET);
}

#[test]
fn httplog_without_a_server() {
    one_line(logged("option httplog", ""), GET);
}

#[test]
fn httplog_of_a_silent_server() {
    one_line(logged("option httplog", S1).acting(vec![Act::ReadEnd]), GET);
}

#[test]
fn httplog_of_a_server_that_closes() {
    one_line(logged("option httplog", S1).acting(vec![Act::Close]), GET);
}

#[test]
fn httplog_of_a_cut_body() {
    let acts = vec![
        Act::Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".into()),
        Act::Pause(50),
        Act::Close,
    ];
    one_line(logged("option httplog", S1).acting(acts), GET);
}

#[test]
fn httplog_of_a_bad_answer() {
    one_line(logged("option httplog", S1).answering("garbage\r\n\r\n"), GET);
}

#[test]
fn httplog_of_a_bad_request() {
    logged("option httplog", S1).answering(HELLO).compare(|stage| {
        let mut client = stage.connect();
        client.send("nonsense\r\n\r\n");
        client.read_to_end();
        stage.wait_log("127.0.0.1");
    });
}

#[test]
fn httplog_of_a_request_that_never_ends() {
    logged("option httplog\ntimeout http-request 200ms", S1).answering(HELLO).compare(|stage| {
        let mut client = stage.connect();
        client.send("GET / HTTP/1.1\r\n");
        client.read_to_end();
        stage.wait_log("127.0.0.1");
    });
}

#[test]
fn a_connection_without_a_byte() {
    logged("option httplog", S1).answering(HELLO).compare(|stage| {
        let mut client = stage.connect();
        client.close();
        client.read_to_end();
        stage.wait_log("127.0.0.1");
    });
}

#[test]
fn a_connection_without_a_byte_under_dontlognull() {
    logged("option httplog\noption dontlognull", S1).answering(HELLO).compare(|stage| {
        let mut client = stage.connect();
        client.close();
        client.read_to_end();
        std::thread::sleep(std::time::Duration::from_millis(200));
        stage.get("/after");
        stage.wait_log("/after");
    });
}

#[test]
fn a_client_that_leaves_before_the_answer() {
    logged("option httplog", S1).acting(vec![Act::ReadEnd]).compare(|stage| {
        let mut client = stage.connect();
        client.send(GET);
        stage.origin(1).wait(|seen| seen.iter().any(|seen| seen.bytes.ends_with(b"\r\n\r\n")));
        client.close();
        stage.wait_log("in out/");
    });
}

#[test]
fn httplog_of_a_tunnel_that_falls_silent() {
    let switch = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n";
    let acts = vec![Act::Send(switch.into()), Act::Echo];
    let scenario = logged("option httplog", &format!("{S1}\ntimeout tunnel 300ms")).acting(acts);
    scenario.changed_since_2_6("2.6 resets the server's connection").compare(|stage| {
        let mut client = stage.connect();
        client.send("GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n");
        client.read_to_end();
        stage.wait_log("in out/");
    });
}

#[test]
fn logasap_is_refused_until_it_is_there() {
    let config = "frontend in\n  bind 127.0.0.1:18999\n  option logasap\n";
    refused(config, "'option logasap' is known, not supported yet");
}

#[test]
fn a_log_format_of_ones_own() {
    let format = r#"log-format "%ci %ft %b/%s %ST %B %{+Q}r %hr %hs %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %HM %HP %HQ %HV""#;
    one_line(logged(format, S1).answering(HELLO), GET);
}

#[test]
fn dontlog_normal_is_silent_about_success() {
    logged("option httplog\noption dontlog-normal", S1).answering(HELLO).compare(|stage| {
        let mut client = stage.connect();
        client.send(GET);
        client.read_answer();
        client.send("nonsense\r\n\r\n");
        client.read_to_end();
        stage.wait_log("127.0.0.1");
    });
}

#[test]
fn tcplog_in_tcp_mode() {
    let config = "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 10s\n  timeout server 10s\n  log {log} local0\n  option tcplog\n\
                  listen tcp\n  bind 127.0.0.1:{front}\n  server s1 127.0.0.1:{s1}\n";
    Scenario::config(config).raw_origin(vec![Act::Send("hello".into()), Act::ReadEnd, Act::Close]).compare(
        |stage| {
            let mut client = stage.connect();
            client.read_until(b"hello");
            client.send("bye");
            client.shut_write();
            client.read_to_end();
            stage.wait_log("tcp/s1");
        },
    );
}
