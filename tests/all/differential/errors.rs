//! What clients see when something is missing, late or gone: status, error pages, and the way the
//! connection ends.

use evenkeel_tests::origin::Act;

use super::Scenario;

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const PAGE: &str =
    "HTTP/1.0 503 Our Page\r\nCache-Control: no-cache\r\nContent-Type: text/html\r\n\r\n<p>sorry</p>\n";
const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// An HTTP proxy with short timeouts.
fn short(more: &str, server: &str) -> Scenario {
    Scenario::config(&format!(
        "defaults\n  mode http\n  retries 1\n  timeout connect 200ms\n  timeout client 300ms\n  timeout server 300ms\n{more}\
         listen in\n  bind 127.0.0.1:{{front}}\n{server}"
    ))
}

const S1: &str = "  server s1 127.0.0.1:{s1}\n";
const DEAD: &str = "  server dead 127.0.0.1:{dead}\n";

fn one_request(scenario: Scenario) {
    scenario.compare(|stage| {
        let mut client = stage.connect();
        client.send(GET);
        client.read_answer();
        client.read_to_end();
    });
}

#[test]
fn a_dead_server_gives_503() {
    one_request(short("", DEAD));
}

#[test]
fn no_server_at_all_gives_503() {
    one_request(short("", ""));
}

#[test]
fn all_servers_disabled_give_503() {
    one_request(short("", "  server s1 127.0.0.1:{dead} disabled\n"));
}

#[test]
fn no_backend_gives_503() {
    let config = "defaults\n  mode http\n  timeout client 300ms\nfrontend in\n  bind 127.0.0.1:{front}\n";
    one_request(Scenario::config(config));
}

#[test]
fn an_error_page_replaces_503() {
    one_request(short("  errorfile 503 {scratch}/503.http\n", DEAD).file("503.http", PAGE));
}

#[test]
fn an_error_page_with_a_length_keeps_the_connection() {
    let page = "HTTP/1.1 503 Our Page\r\nContent-Length: 5\r\n\r\nsorry";
    let scenario = short("  errorfile 503 {scratch}/503.http\n", DEAD).file("503.http", page);
    scenario.compare(|stage| {
        let mut client = stage.connect();
        for _ in 0..2 {
            client.send(GET);
            client.read_answer();
        }
        client.read_to_end();
    });
}

#[test]
fn the_error_page_of_the_backend_wins() {
    let config = "defaults\n  mode http\n  retries 0\n  timeout connect 200ms\n  timeout client 5s\n  timeout server 300ms\n\
                  frontend in\n  bind 127.0.0.1:{front}\n  errorfile 503 {scratch}/front.http\n  default_backend out\n\
                  backend out\n  errorfile 503 {scratch}/back.http\n  server dead 127.0.0.1:{dead}\n";
    let scenario = Scenario::config(config)
        .file("back.http", PAGE)
        .file("front.http", "HTTP/1.0 503 Front\r\n\r\nfront");
    one_request(scenario);
}

#[test]
fn a_retry_finds_the_other_server() {
    let servers = "  option redispatch 1\n  server dead 127.0.0.1:{dead}\n  server s1 127.0.0.1:{s1}\n";
    one_request(short("", servers).answering(HELLO));
}

#[test]
fn every_retry_goes_elsewhere_whatever_the_number() {
    for option in ["option redispatch", "option redispatch 3", "option redispatch -1"] {
        let servers = format!(
            "  retries 2\n  {option}\n  server d1 127.0.0.1:{{dead}}\n  server d2 127.0.0.1:{{dead}}\n{S1}"
        );
        short("", &servers).answering(HELLO).compare(|stage| {
            // How many idle connections are kept is not the point.
            stage.hide_origins();
            for _ in 0..4 {
                let mut client = stage.connect();
                client.send(GET);
                client.read_answer();
            }
        });
    }
}

#[test]
fn first_too_leaves_a_server_that_refuses() {
    let servers = format!("  balance first\n  option redispatch 2\n{DEAD}{S1}");
    one_request(short("", &servers).answering(HELLO));
}

#[test]
fn a_silent_server_gives_504() {
    one_request(short("", S1).acting(vec![Act::ReadEnd]));
}

#[test]
fn an_error_page_replaces_504() {
    let page = PAGE.replace("503", "504");
    one_request(
        short("  errorfile 504 {scratch}/504.http\n", S1).file("504.http", page).acting(vec![Act::ReadEnd]),
    );
}

#[test]
fn a_server_that_stops_mid_body_is_cut() {
    let acts = vec![Act::Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".into()), Act::ReadEnd];
    one_request(short("", S1).acting(acts));
}

#[test]
fn a_server_that_closes_without_a_word_gives_502() {
    one_request(short("", S1).acting(vec![Act::Close]));
}

#[test]
fn a_server_that_resets_without_a_word_gives_502() {
    one_request(short("", S1).acting(vec![Act::Reset]));
}

#[test]
fn a_server_that_closes_inside_the_head_gives_502() {
    one_request(short("", S1).acting(vec![Act::Send("HTTP/1.1 200 OK\r\nConte".into()), Act::Close]));
}

#[test]
fn a_server_that_closes_mid_body_is_shown_as_a_cut() {
    let acts = vec![
        Act::Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".into()),
        Act::Pause(50),
        Act::Close,
    ];
    one_request(short("", S1).acting(acts));
}

#[test]
fn a_server_that_resets_mid_body_is_shown_as_a_cut() {
    let acts = vec![
        Act::Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".into()),
        Act::Pause(50),
        Act::Reset,
    ];
    one_request(short("", S1).acting(acts));
}

#[test]
fn a_server_that_closes_mid_chunk_is_shown_as_a_cut() {
    let acts = vec![
        Act::Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n".into()),
        Act::Pause(50),
        Act::Close,
    ];
    one_request(short("", S1).acting(acts));
}

#[test]
fn an_unfinished_request_gives_408() {
    short("  timeout http-request 300ms\n", S1).answering(HELLO).compare(|stage| {
        let mut client = stage.connect();
        client.send("GET / HTTP/1.1\r\nHost:");
        client.read_to_end();
    });
}

#[test]
fn a_client_that_says_nothing_gets_408() {
    short("  timeout http-request 300ms\n", S1).answering(HELLO).compare(|stage| {
        let mut client = stage.connect();
        client.read_to_end();
    });
}

#[test]
fn a_client_that_says_nothing_under_ignore_probes_gets_nothing() {
    short("  timeout http-request 300ms\n  option http-ignore-probes\n", S1).answering(HELLO).compare(
        |stage| {
            let mut client = stage.connect();
            client.read_to_end();
        },
    );
}

/// haproxy has no page of the user's at hand before there is a request.
const OWN_PAGE: &str = "whoever sets a page for a status gets it for every answer with that status";

#[test]
fn an_error_page_replaces_408() {
    let page = PAGE.replace("503", "408");
    let more = "  timeout http-request 300ms\n  errorfile 408 {scratch}/408.http\n";
    let scenario = short(more, S1).file("408.http", page).answering(HELLO);
    scenario.stricter(OWN_PAGE, &["408 Our Page"], &["408 Request Time-out"]).compare(|stage| {
        let mut client = stage.connect();
        client.send("GET / HT");
        client.read_to_end();
    });
}

#[test]
fn an_idle_connection_ends_without_a_word() {
    short("  timeout http-keep-alive 300ms\n", S1).answering(HELLO).compare(|stage| {
        let mut client = stage.connect();
        client.send(GET);
        client.read_answer();
        client.read_to_end();
    });
}

#[test]
fn a_client_that_stops_mid_body() {
    let seen = &["end: Closed", "!200 OK", "HTTP/1.1 "];
    let scenario = short("  timeout server 5s\n", S1).answering(HELLO);
    scenario.stricter("haproxy itself says 400 or 504, as it happens", seen, seen).compare(|stage| {
        let mut client = stage.connect();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
        client.read_to_end();
    });
}

#[test]
fn a_client_that_leaves_while_waiting() {
    let scenario = short("", S1).acting(vec![Act::Await("gone"), Act::Send(HELLO.into())]);
    scenario.compare(|stage| {
        let mut client = stage.connect();
        client.send(GET);
        stage.origin(1).wait(|seen| !seen.is_empty() && seen[0].bytes.ends_with(b"\r\n\r\n"));
        client.close();
        client.read_to_end();
        stage.open_gate("gone");
        stage.get("/after");
    });
}

#[test]
fn a_client_that_finishes_sending_still_gets_its_answer() {
    short("", S1).acting(vec![Act::Pause(100), Act::Send(HELLO.into())]).compare(|stage| {
        let mut client = stage.connect();
        client.send(GET);
        client.shut_write();
        client.read_to_end();
    });
}

#[test]
fn abortonclose_gives_up_when_the_client_finishes_sending() {
    short("  option abortonclose\n", S1).acting(vec![Act::Pause(150), Act::Send(HELLO.into())]).compare(
        |stage| {
            let mut client = stage.connect();
            client.send(GET);
            client.shut_write();
            client.read_to_end();
        },
    );
}

#[test]
fn a_broken_chunk_right_behind_a_response_head_gives_502() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n0\r\n\r\n";
    one_request(short("", S1).answering(answer));
}

#[test]
fn a_broken_chunk_right_behind_a_request_head_reaches_no_server() {
    short("", S1).answering(HELLO).compare(|stage| {
        let mut client = stage.connect();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
        client.read_to_end();
    });
}

#[test]
fn an_error_page_replaces_400() {
    let page = PAGE.replace("503", "400");
    let scenario = short("  errorfile 400 {scratch}/400.http\n", S1).file("400.http", page).answering(HELLO);
    scenario.stricter(OWN_PAGE, &["400 Our Page"], &["400 Bad request"]).compare(|stage| {
        let mut client = stage.connect();
        client.send("nonsense\r\n\r\n");
        client.read_to_end();
    });
}

#[test]
fn an_error_page_replaces_502() {
    let page = PAGE.replace("503", "502");
    let more = "  errorfile 502 {scratch}/502.http\n";
    one_request(short(more, S1).file("502.http", page).acting(vec![Act::Close]));
}
