//! Parsing heads, short as a health check's and long as a browser's.

use std::hint::black_box;

use evenkeel_core::h1::{HeadLimits, Parse, parse_request, parse_response};
use evenkeel_core::http::{RequestHead, ResponseHead};

use super::Workload;

pub(super) const LIMITS: HeadLimits = HeadLimits { bytes_max: 16_384, fields_max: 101 };

/// A request as a program sends it.
pub(super) const SHORT_REQUEST: &[u8] =
    b"GET /path?q=1 HTTP/1.1\r\nHost: example.org\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n";

/// A request as a browser sends it, with the cookies of a site that has seen it before.
pub(super) const LONG_REQUEST: &[u8] = b"GET /catalogue/garden/chairs?colour=green&sort=price&page=3 HTTP/1.1\r\n\
    Host: www.example.org\r\n\
    Connection: keep-alive\r\n\
    sec-ch-ua: \"Chromium\";v=\"124\", \"Not-A.Brand\";v=\"99\"\r\n\
    sec-ch-ua-mobile: ?0\r\n\
    sec-ch-ua-platform: \"Linux\"\r\n\
    Upgrade-Insecure-Requests: 1\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
    Sec-Fetch-Site: same-origin\r\n\
    Sec-Fetch-Mode: navigate\r\n\
    Sec-Fetch-User: ?1\r\n\
    Sec-Fetch-Dest: document\r\n\
    Referer: https://www.example.org/catalogue/garden?sort=price\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n\
    Cookie: session=5f2a9c0e7b8d4a61b3c2d1e0f9a8b7c6; consent=all; basket=17.204.9; theme=dark; \
    _track=GA1.2.1234567890.1700000000; visited=chairs,tables,lamps,hedges; region=north-west\r\n\
    If-None-Match: \"6554d1a0-1f3c\"\r\n\
    \r\n";

const SHORT_RESPONSE: &[u8] =
    b"HTTP/1.1 200 OK\r\nServer: test\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\n";

pub(super) const LONG_RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n\
    Server: nginx/1.24.0\r\n\
    Content-Type: text/html; charset=utf-8\r\n\
    Content-Length: 7996\r\n\
    Connection: keep-alive\r\n\
    Vary: Accept-Encoding, Cookie\r\n\
    Cache-Control: private, max-age=0, must-revalidate\r\n\
    ETag: \"6554d1a0-1f3c\"\r\n\
    Last-Modified: Tue, 14 Nov 2023 20:00:00 GMT\r\n\
    Content-Encoding: gzip\r\n\
    Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n\
    Content-Security-Policy: default-src 'self'; img-src 'self' https://images.example.org; frame-ancestors 'none'\r\n\
    Referrer-Policy: strict-origin-when-cross-origin\r\n\
    Set-Cookie: session=5f2a9c0e7b8d4a61b3c2d1e0f9a8b7c6; Path=/; HttpOnly; Secure; SameSite=Lax\r\n\
    X-Request-Id: 0f8fad5b-d9cb-469f-a165-70867728950e\r\n\
    \r\n";

pub(super) fn workloads() -> Vec<Workload> {
    vec![
        Workload::new("heads", "request-short", || request(SHORT_REQUEST)),
        Workload::new("heads", "request-long", || request(LONG_REQUEST)),
        Workload::new("heads", "response-short", || response(SHORT_RESPONSE)),
        Workload::new("heads", "response-long", || response(LONG_RESPONSE)),
    ]
}

fn request(text: &'static [u8]) -> impl FnMut() {
    let mut head = RequestHead::default();
    move || {
        let parsed = parse_request(black_box(text), &mut head, &LIMITS);
        assert_eq!(parsed, Ok(Parse::Complete(text.len())));
    }
}

fn response(text: &'static [u8]) -> impl FnMut() {
    let mut head = ResponseHead::default();
    move || {
        let parsed = parse_response(black_box(text), &mut head, &LIMITS);
        assert_eq!(parsed, Ok(Parse::Complete(text.len())));
    }
}
