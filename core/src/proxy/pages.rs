//! Answers of our own: `errorfile`s, and built-in ones for statuses that have none.

use bytes::Bytes;

use crate::http::reason_of;
use crate::model::ErrorPages;

/// The raw message for a status: the backend's page, else the frontend's, else the built-in one.
pub(super) fn find(status: u16, backend: Option<&ErrorPages>, frontend: &ErrorPages) -> Bytes {
    let own = backend.and_then(|pages| pages.get(&status)).or_else(|| frontend.get(&status));
    own.cloned().unwrap_or_else(|| built_in(status))
}

fn built_in(status: u16) -> Bytes {
    let body = body_of(status);
    let (reason, length) = (words(status).0, body.len());
    Bytes::from(format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-length: {length}\r\ncache-control: no-cache\r\n\
         content-type: text/html\r\n\r\n{body}"
    ))
}

fn body_of(status: u16) -> String {
    let (reason, sentence) = words(status);
    format!("<html><body><h1>{status} {reason}</h1>\n{sentence}\n</body></html>\n")
}

/// What a client gets whose request could not be read; HAProxy writes these by hand.
pub(super) fn early(status: u16) -> Bytes {
    let body = body_of(status);
    let (reason, length) = (words(status).0, body.len());
    Bytes::from(format!(
        "HTTP/1.1 {status} {reason}\r\nContent-length: {length}\r\nCache-Control: no-cache\r\n\
         Connection: close\r\nContent-Type: text/html\r\n\r\n{body}"
    ))
}

fn words(status: u16) -> (&'static str, &'static str) {
    match status {
        200 => ("OK", "Service ready."),
        400 => ("Bad request", "Your browser sent an invalid request."),
        401 => (reason_of(401), "You need a valid user and password to access this content."),
        403 => ("Forbidden", "Request forbidden by administrative rules."),
        404 => ("Not Found", "The resource could not be found."),
        405 => (
            reason_of(405),
            "A request was made of a resource using a request method not supported by that resource.",
        ),
        408 => ("Request Time-out", "Your browser didn't send a complete request in time."),
        413 => (reason_of(413), "The request entity exceeds the maximum allowed."),
        425 => (reason_of(425), "Your browser sent early data."),
        429 => (reason_of(429), "You have sent too many requests in a given amount of time."),
        407 => ("Unauthorized", "You need a valid user and password to access this content."),
        410 => ("Gone", "The resource is no longer available and will not be available again."),
        421 => ("Misdirected Request", "Request sent to a non-authoritative server."),
        422 => ("Unprocessable Content", "The server cannot process the contained instructions."),
        501 => (
            "Not Implemented",
            "The server does not support the functionality required to fulfill the request.",
        ),
        500 => ("Internal Server Error", "An internal server error occurred."),
        502 => ("Bad Gateway", "The server returned an invalid or incomplete response."),
        503 => ("Service Unavailable", "No server is available to handle this request."),
        504 => ("Gateway Time-out", "The server didn't respond in time."),
        other => (reason_of(other), "The request could not be handled."),
    }
}
