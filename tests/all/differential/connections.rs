//! Which connections live on and which are closed: keep-alive, pipelining, HTTP/1.0, the connection modes,
//! reuse of server connections, tunnels.

use evenkeel_tests::origin::{Act, Reply};

use super::Scenario;
use super::scenario::FromActs;

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Answer: yes\r\n\r\nhello";

#[test]
fn three_requests_share_both_connections() {
    Scenario::http("", "").answering(HELLO).compare(|stage| {
        let mut client = stage.connect();
        for path in ["/1", "/2", "/3"] {
            client.send(format!("GET {path} HTTP/1.1\r\nHost: example.org\r\nX-Mixed-Case: Kept\r\n\r\n"));
            client.read_answer();
        }
        client.shut_write();
        client.read_to_end();
    });
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let scenario = Scenario::http("", "").origin(|request| {
        let path = request.head.split(' ').nth(1).unwrap_or_default().to_owned();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{path}", path.len());
        Reply::from_acts(vec![Act::Send(answer.into_bytes())])
    });
    scenario.compare(|stage| {
        let mut client = stage.connect();
        let request = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        client.send(["/one", "/two", "/three"].map(request).concat());
        (0..3).for_each(|_| drop(client.read_answer()));
    });
}

#[test]
fn pipelined_requests_after_a_body() {
    Scenario::http("", "").answering(HELLO).compare(|stage| {
        let mut client = stage.connect();
        client.send(
            "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc\
             POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ndef\r\n0\r\n\r\n\
             GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        );
        client.read_to_end();
    });
}

#[test]
fn empty_lines_before_a_request_are_skipped() {
    Scenario::http("", "").answering(HELLO).compare(|stage| {
        let mut client = stage.connect();
        client.send("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
        client.read_answer();
    });
}

#[test]
fn a_client_that_asks_for_close_is_closed() {
    Scenario::http("", "").answering(HELLO).compare(|stage| drop(stage.get("/")));
}

#[test]
fn http_1_0_is_closed_after_the_answer() {
    Scenario::http("", "").answering(HELLO).compare(|stage| {
        let mut client = stage.connect();
        client.send("GET / HTTP/1.0\r\n\r\n");
        client.read_to_end();
    });
}

#[test]
fn http_1_0_with_keep_alive_stays_open() {
    Scenario::http("", "").answering(HELLO).compare(|stage| {
        let mut client = stage.connect();
        for _ in 0..2 {
            client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            client.read_answer();
        }
    });
}

#[test]
fn http_1_0_gets_a_chunked_answer_as_it_is() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    Scenario::http("", "").answering(answer).compare(|stage| {
        let mut client = stage.connect();
        client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        client.read_answer();
    });
}

#[test]
fn an_http_1_0_server_is_closed_after_its_answer() {
    let answer = "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    Scenario::http("", "").acting(vec![Act::Send(answer.into()), Act::Close]).compare(|stage| {
        let mut client = stage.connect();
        for _ in 0..2 {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            client.read_answer();
        }
    });
}

#[test]
fn a_server_that_asks_for_close_is_not_asked_again() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
    Scenario::http("", "").acting(vec![Act::Send(answer.into()), Act::Close]).compare(|stage| {
        let mut client = stage.connect();
        for _ in 0..2 {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            client.read_answer();
        }
    });
}

fn two_requests(front: &str, back: &str) {
    Scenario::http(front, back).answering(HELLO).compare(|stage| {
        let mut client = stage.connect();
        for _ in 0..2 {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            client.read_answer();
        }
    });
}

#[test]
fn http_server_close_in_the_frontend() {
    two_requests("option http-server-close", "");
}

#[test]
fn http_server_close_in_the_backend() {
    two_requests("", "option http-server-close");
}

#[test]
fn httpclose_in_the_frontend() {
    let scenario = Scenario::http("option httpclose", "").answering(HELLO);
    scenario.changed_since_2_6("the server side is the backend's affair").compare(|stage| {
        let mut client = stage.connect();
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        client.read_to_end();
    });
}

#[test]
fn httpclose_in_the_backend() {
    two_requests("", "option httpclose");
}

#[test]
fn httpclose_with_http_1_0_keep_alive() {
    let scenario = Scenario::http("option httpclose", "").answering(HELLO);
    scenario.changed_since_2_6("the server side is the backend's affair").compare(|stage| {
        let mut client = stage.connect();
        client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        client.read_to_end();
    });
}

/// Two clients after each other, two requests each.
fn reuse(mode: &str) {
    Scenario::http("", mode).answering(HELLO).compare(|stage| {
        for _ in 0..2 {
            let mut client = stage.connect();
            for path in ["/first", "/second"] {
                client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
                client.read_answer();
            }
            client.close();
            client.read_to_end();
        }
    });
}

#[test]
fn http_reuse_never() {
    reuse("http-reuse never");
}

#[test]
fn http_reuse_safe() {
    reuse("http-reuse safe");
}

#[test]
fn http_reuse_aggressive() {
    reuse("http-reuse aggressive");
}

#[test]
fn http_reuse_always() {
    reuse("http-reuse always");
}

#[test]
fn a_pooled_connection_that_the_server_closed_is_not_used() {
    let answer = vec![Act::Send(HELLO.into()), Act::Pause(50), Act::Close];
    Scenario::http("", "").acting(answer).compare(|stage| {
        let mut client = stage.connect();
        for path in ["/1", "/2"] {
            client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
            client.read_answer();
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
    });
}

const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

#[test]
fn an_upgrade_becomes_a_tunnel() {
    let acts = vec![Act::Send(SWITCH.into()), Act::Echo];
    Scenario::http("", "").acting(acts).compare(|stage| {
        let mut client = stage.connect();
        client.send("GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
        client.read_until(b"\r\n\r\n");
        for frame in [&b"\x81\x05first"[..], b"\x00\xff\r\n\r\nGET"] {
            client.send(frame);
            client.read_until(frame);
        }
        client.shut_write();
        client.read_to_end();
    });
}

#[test]
fn a_refused_upgrade_is_a_plain_answer() {
    let scenario = Scenario::http("", "").answering(HELLO).changed_since_2_6("h2c is taken out on the way");
    scenario.compare(|stage| {
        let mut client = stage.connect();
        client
            .send("GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, Keep-Alive\r\n\r\n");
        client.read_answer();
        client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        client.read_answer();
    });
}

#[test]
fn connect_becomes_a_tunnel() {
    let acts = vec![Act::Send("HTTP/1.1 200 OK\r\n\r\n".into()), Act::Echo];
    Scenario::http("", "").acting(acts).compare(|stage| {
        let mut client = stage.connect();
        client.send("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n");
        client.read_until(b"\r\n\r\n");
        client.send("any bytes\0");
        client.read_until(b"any bytes\0");
        client.shut_write();
        client.read_to_end();
    });
}
