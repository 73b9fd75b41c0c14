//! Body lengths and persistence.

use super::*;

fn framing(lines: &str) -> Result<RequestFraming, Error> {
    request_framing(&request(format!("POST / HTTP/1.1\r\n{lines}\r\n").as_bytes()).unwrap())
}

fn answer(text: &str) -> Result<ResponseFraming, Error> {
    answer_to(Method::Get, false, text)
}

fn answer_to(method: Method, upgrade_asked: bool, text: &str) -> Result<ResponseFraming, Error> {
    response_framing(&response(format!("HTTP/1.1 {text}\r\n").as_bytes()).unwrap(), method, upgrade_asked)
}

#[test]
fn equal_lengths_count_once() {
    for lines in
        ["Content-Length: 2\r\n", "Content-Length: 2, 02\r\n", "Content-Length: 2\r\ncontent-length: \t2\r\n"]
    {
        assert_eq!(framing(lines).unwrap().body, BodyLength::Length(2), "{lines}");
    }
}

#[test]
fn what_is_no_single_length_is_refused() {
    let cases = [
        ("Content-Length: 2\r\nContent-Length: 3\r\n", Error::TwoLengths { first: 2, second: 3 }),
        ("Content-Length: 2, 3\r\n", Error::TwoLengths { first: 2, second: 3 }),
        ("Content-Length: \r\n", Error::LengthInvalid),
        ("Content-Length: 2,\r\n", Error::LengthInvalid),
        ("Content-Length: +2\r\n", Error::LengthInvalid),
        ("Content-Length: 0x2\r\n", Error::LengthInvalid),
        ("Content-Length: 2 2\r\n", Error::LengthInvalid),
        ("Content-Length: 9223372036854775808\r\n", Error::LengthOverflow),
        ("Content-Length: 99999999999999999999999\r\n", Error::LengthOverflow),
        ("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", Error::LengthAndChunked),
        ("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", Error::LengthAndChunked),
    ];
    for (lines, error) in cases {
        assert_eq!(framing(lines), Err(error), "{lines}");
    }
}

#[test]
fn only_one_chunked_is_a_transfer_coding() {
    assert_eq!(framing("Transfer-Encoding: \tChunked\r\n").unwrap().body, BodyLength::Chunked);
    let cases = [
        ("gzip, chunked", Error::TransferCodingUnsupported),
        ("chunked\r\nTransfer-Encoding: chunked", Error::TransferCodingInvalid),
        ("chunked, chunked", Error::TransferCodingInvalid),
        ("chunked,", Error::TransferCodingInvalid),
        ("chunked, gzip", Error::TransferCodingInvalid),
        ("chunked;q=1", Error::TransferCodingInvalid),
        ("identity", Error::TransferCodingInvalid),
        ("xchunked", Error::TransferCodingInvalid),
        ("", Error::TransferCodingInvalid),
    ];
    for (value, error) in cases {
        assert_eq!(framing(&format!("Transfer-Encoding: {value}\r\n")), Err(error), "{value}");
        assert_eq!(answer(&format!("200\r\nTransfer-Encoding: {value}\r\n")), Err(error), "{value}");
    }
}

#[test]
fn http_1_0_has_no_transfer_coding() {
    let head = request(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    assert_eq!(request_framing(&head), Err(Error::TransferCodingUnexpected));

    let head = response(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    assert_eq!(response_framing(&head, Method::Get, false), Err(Error::TransferCodingUnexpected));
}

#[test]
fn a_request_without_length_has_no_body_and_a_response_runs_until_close() {
    assert_eq!(framing("Host: a\r\n").unwrap().body, BodyLength::None);

    let until_close = answer("200\r\nServer: a\r\n").unwrap();
    assert_eq!((until_close.body, until_close.persistent), (BodyLength::UntilClose, false));
}

#[test]
fn close_wins_and_http_1_0_must_ask_to_keep_alive() {
    let persistent = |text: &str| request_framing(&request(text.as_bytes()).unwrap()).unwrap().persistent;

    assert!(persistent("GET / HTTP/1.1\r\n\r\n"));
    assert!(!persistent("GET / HTTP/1.1\r\nConnection: foo\r\nConnection: keep-alive, Close\r\n\r\n"));
    assert!(!persistent("GET / HTTP/1.0\r\n\r\n"));
    assert!(persistent("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
    assert!(!persistent("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"));
}

#[test]
fn some_responses_have_no_body_whatever_the_fields_say() {
    let fields = "\r\nContent-Length: 5\r\n";
    for status in ["204", "304", "100", "103"] {
        assert_eq!(answer(&format!("{status}{fields}")).unwrap().body, BodyLength::None, "{status}");
    }
    let head = answer_to(Method::Head, false, &format!("200{fields}")).unwrap();
    assert_eq!((head.body, head.persistent), (BodyLength::None, true));
    assert_eq!(answer(&format!("205{fields}")).unwrap().body, BodyLength::Length(5));
}

#[test]
fn faulty_lengths_are_faults_where_there_is_no_body_too() {
    assert_eq!(answer("204\r\nContent-Length: x\r\n"), Err(Error::LengthInvalid));
    let head = answer_to(Method::Head, false, "200\r\nContent-Length: 2, 3\r\n");
    assert_eq!(head, Err(Error::TwoLengths { first: 2, second: 3 }));
}

#[test]
fn interim_responses_are_1xx_but_not_101() {
    assert!(answer("100\r\n").unwrap().interim);
    assert!(answer("199\r\n").unwrap().interim);
    assert!(!answer("200\r\nContent-Length: 0\r\n").unwrap().interim);
    let switched = answer_to(Method::Get, true, "101\r\nConnection: upgrade\r\nUpgrade: x\r\n").unwrap();
    assert!(!switched.interim);
    assert!(switched.tunnel);
}

#[test]
fn a_switch_must_be_asked_for_and_confirmed() {
    let confirmed = "101\r\nConnection: upgrade\r\nUpgrade: foo\r\n";
    assert_eq!(answer(confirmed), Err(Error::UpgradeUnasked));
    assert_eq!(answer_to(Method::Get, true, "101\r\nUpgrade: foo\r\n"), Err(Error::UpgradeUnasked));
    let web_socket = "101\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n";
    assert_eq!(answer_to(Method::Get, true, web_socket), Err(Error::WebSocketIncomplete));
    let accepted = format!("{web_socket}Sec-WebSocket-Accept: x\r\n");
    assert!(answer_to(Method::Get, true, &accepted).unwrap().tunnel);
}

#[test]
fn an_upgrade_needs_both_fields_version_1_1_and_another_protocol() {
    assert!(framing("Connection: a, Upgrade\r\nUpgrade: foo\r\n").unwrap().upgrade);
    assert!(!framing("Upgrade: foo\r\n").unwrap().upgrade);
    assert!(!framing("Connection: upgrade\r\n").unwrap().upgrade);
    assert!(!framing("Connection: upgrade\r\nUpgrade: h2c\r\n").unwrap().upgrade);
    let old = request(b"GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n").unwrap();
    assert!(!request_framing(&old).unwrap().upgrade);
    let keyless = framing("Connection: upgrade\r\nUpgrade: websocket\r\n");
    assert_eq!(keyless, Err(Error::WebSocketIncomplete));
}

#[test]
fn connect_has_no_body_and_its_success_is_a_tunnel() {
    let head = request(b"CONNECT a:1 HTTP/1.1\r\nContent-Length: 2\r\n\r\n").unwrap();
    let framing = request_framing(&head).unwrap();
    assert_eq!((framing.connect, framing.body), (true, BodyLength::None));

    let head = request(b"CONNECT a:1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    assert_eq!(request_framing(&head), Err(Error::TransferCodingUnexpected));

    let answer = answer_to(Method::Connect, false, "299\r\nContent-Length: 2\r\n").unwrap();
    assert_eq!((answer.tunnel, answer.body, answer.persistent), (true, BodyLength::None, false));
    let refused = answer_to(Method::Connect, false, "407\r\nContent-Length: 2\r\n").unwrap();
    assert_eq!((refused.tunnel, refused.body), (false, BodyLength::Length(2)));
}

#[test]
fn only_http_1_1_clients_wait_for_100_continue() {
    assert!(framing("Expect: 100-Continue\r\n").unwrap().expect_continue);
    assert!(!framing("Expect: foo\r\n").unwrap().expect_continue);
    let old = request(b"POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").unwrap();
    assert!(!request_framing(&old).unwrap().expect_continue);
}
