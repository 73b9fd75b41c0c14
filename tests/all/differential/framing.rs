//! Messages whose length two readers could see differently. From a client: 400, the connection closes, and
//! no server sees a byte. From a server: 502. RFC 9112 asks for most of this, the project for all of it;
//! haproxy lets some pass after cleaning.

use evenkeel_tests::origin::Act;

use super::Scenario;

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// What each transcript of a refused request must hold.
const REFUSED: &[&str] = &["HTTP/1.1 400 Bad ", "end: Closed", "!server s1", "!HTTP/1.1 200"];

fn request_scenario(
    request: &'static [u8],
) -> (Scenario, impl Fn(&mut super::Stage) + Send + Sync + 'static) {
    let play = move |stage: &mut super::Stage| {
        let mut client = stage.connect();
        client.send(request);
        client.shut_write();
        client.read_to_end();
    };
    (Scenario::http("", "").answering(HELLO), play)
}

/// haproxy refuses it as well.
fn refused_by_both(request: &'static [u8]) {
    let (scenario, play) = request_scenario(request);
    scenario.stricter("both refuse", REFUSED, REFUSED).compare(play);
    let (scenario, play) = request_scenario(request);
    scenario.compare(play);
}

/// haproxy forwards it in some form; evenkeel does not.
fn refused_by_us(reason: &'static str, request: &'static [u8], theirs: &'static [&'static str]) {
    let (scenario, play) = request_scenario(request);
    scenario.stricter(reason, REFUSED, theirs).compare(play);
}

#[test]
fn two_different_lengths() {
    refused_by_both(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd");
}

#[test]
fn two_equal_lengths() {
    // Sent twice and meant once (RFC 9112 6.3): it is forwarded once.
    let request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc";
    Scenario::http("", "").answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").compare(
        move |stage| {
            let mut client = stage.connect();
            client.send(request);
            client.read_answer();
        },
    );
}

#[test]
fn a_list_of_lengths() {
    refused_by_both(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 4\r\n\r\nabcd");
}

#[test]
fn a_length_and_chunked() {
    refused_by_us(
        "RFC 9112 6.3 lets a proxy refuse it, and nobody honest sends it",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        &["server s1", "200 OK", "!content-length: 3"],
    );
}

#[test]
fn a_signed_length() {
    refused_by_both(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc");
}

#[test]
fn a_negative_length() {
    refused_by_both(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc");
}

#[test]
fn a_length_in_hexadecimal() {
    refused_by_both(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc");
}

#[test]
fn an_empty_length() {
    refused_by_both(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\nabc");
}

#[test]
fn a_length_beyond_64_bits() {
    refused_by_both(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\nabc");
}

#[test]
fn a_transfer_encoding_that_is_not_chunked_last() {
    refused_by_both(
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    );
}

#[test]
fn chunked_twice() {
    refused_by_both(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}

#[test]
fn a_space_before_the_colon() {
    refused_by_both(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc");
}

#[test]
fn a_field_without_a_name() {
    refused_by_both(b"GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n");
}

#[test]
fn a_field_without_a_colon() {
    refused_by_both(b"GET / HTTP/1.1\r\nHost: a\r\nNonsense\r\n\r\n");
}

#[test]
fn a_folded_field() {
    refused_by_us(
        "RFC 9112 5.2 lets a proxy refuse obs-fold",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: one\r\n two\r\n\r\n",
        &["server s1"],
    );
}

#[test]
fn a_bare_carriage_return_in_a_value() {
    refused_by_both(b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n");
}

#[test]
fn a_bare_carriage_return_in_the_start_line() {
    refused_by_both(b"GET / HTTP/1.1\rHost: a\r\n\r\n");
}

#[test]
fn a_nul_in_a_value() {
    refused_by_us("haproxy 2.6 lets it pass", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", &[]);
}

#[test]
fn a_nul_in_a_name() {
    refused_by_both(b"GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n");
}

#[test]
fn a_nul_in_the_target() {
    refused_by_both(b"GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n");
}

#[test]
fn a_space_in_the_target() {
    refused_by_both(b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n");
}

#[test]
fn a_byte_above_ascii_in_the_target() {
    refused_by_both(b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n");
}

#[test]
fn an_unknown_version() {
    refused_by_both(b"GET / HTTP/1.2.3\r\nHost: a\r\n\r\n");
}

#[test]
fn another_protocol() {
    refused_by_both(b"GET / SPDY/1.1\r\nHost: a\r\n\r\n");
}

#[test]
fn no_http_at_all() {
    refused_by_both(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03rest of a TLS greeting\r\n\r\n");
}

#[test]
fn a_head_beyond_the_buffer() {
    let request: &'static [u8] = Box::leak(
        format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(40_000))
            .into_bytes()
            .into_boxed_slice(),
    );
    let (scenario, play) = request_scenario(request);
    scenario
        .stricter("both refuse", &["HTTP/1.1 400 Bad ", "!server s1"], &["HTTP/1.1 400 Bad ", "!server s1"])
        .compare(play);
}

#[test]
fn more_fields_than_allowed() {
    let request: &'static [u8] = Box::leak(
        format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: a\r\n".repeat(150))
            .into_bytes()
            .into_boxed_slice(),
    );
    refused_by_both(request);
}

/// The head is fine, so a server may have seen it; what comes after the bad chunk is lost, and the answer is
/// 400.
fn bad_chunk(body: &'static str) {
    Scenario::http("", "").answering(HELLO).compare(move |stage| {
        stage.hide_origins();
        let mut client = stage.connect();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        std::thread::sleep(std::time::Duration::from_millis(100));
        client.send(body);
        client.read_to_end();
    });
}

#[test]
fn a_chunk_size_that_is_no_number() {
    bad_chunk("xyz\r\nabc\r\n0\r\n\r\n");
}

#[test]
fn a_chunk_size_beyond_64_bits() {
    bad_chunk("fffffffffffffffff1\r\nabc\r\n0\r\n\r\n");
}

#[test]
fn a_chunk_longer_than_it_says() {
    bad_chunk("3\r\nabcdef\r\n0\r\n\r\n");
}

#[test]
fn a_negative_chunk_size() {
    bad_chunk("-3\r\nabc\r\n0\r\n\r\n");
}

fn answer_scenario(answer: &'static [u8]) -> (Scenario, impl Fn(&mut super::Stage) + Send + Sync + 'static) {
    let scenario =
        Scenario::http("", "").acting(vec![Act::Send(answer.to_vec()), Act::Pause(50), Act::Close]);
    let play = |stage: &mut super::Stage| {
        let mut client = stage.connect();
        client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        client.read_to_end();
    };
    (scenario, play)
}

fn bad_answer(answer: &'static [u8]) {
    let (scenario, play) = answer_scenario(answer);
    scenario.compare(play);
    let (scenario, play) = answer_scenario(answer);
    let expected = &["HTTP/1.1 502 Bad Gateway", "end: Closed", "!200"];
    scenario.stricter("both refuse", expected, expected).compare(play);
}

fn answer_refused_by_us(reason: &'static str, answer: &'static [u8]) {
    let (scenario, play) = answer_scenario(answer);
    let ours = &["HTTP/1.1 502 Bad Gateway", "end: Closed", "!200"];
    scenario.stricter(reason, ours, &["HTTP/1.1 200 OK"]).compare(play);
}

#[test]
fn a_server_with_two_lengths() {
    bad_answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!");
}

#[test]
fn a_server_with_a_length_and_chunked() {
    answer_refused_by_us(
        "one rule for both directions",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    );
}

#[test]
fn a_server_with_a_space_before_the_colon() {
    bad_answer(b"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello");
}

#[test]
fn a_server_with_a_nul() {
    let (scenario, play) = answer_scenario(b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 5\r\n\r\nhello");
    scenario.changed_since_2_6("2.6 lets it pass").compare(play);
}

#[test]
fn a_server_with_a_bad_length() {
    bad_answer(b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello");
}

#[test]
fn a_server_that_does_not_speak_http() {
    bad_answer(b"220 mail.example.org ESMTP\r\n\r\n");
}

#[test]
fn a_server_with_a_bad_status() {
    bad_answer(b"HTTP/1.1 2xx OK\r\nContent-Length: 0\r\n\r\n");
}

#[test]
fn a_server_that_folds() {
    answer_refused_by_us(
        "one rule for both directions",
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    );
}
