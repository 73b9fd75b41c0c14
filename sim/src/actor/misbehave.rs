//! What hostile or broken peers send.

use super::RequestId;

/// How many sorts of garbage clients know.
pub const CLIENT_SORTS: u8 = 8;
/// How many sorts of garbage servers know.
pub const SERVER_SORTS: u8 = 8;

/// A request that must not be forwarded, or the beginning of one.
pub fn request(sort: u8) -> &'static [u8] {
    match sort % CLIENT_SORTS {
        0 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        1 => b"GET /x HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        2 => {
            b"POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
        }
        3 => b"GET /x HTTP/1.1\r\nhost : a\r\n\r\n",
        4 => b"GET /x HTTP/9.9.9\r\n\r\n",
        5 => b"GET /never-finished HTTP/1.1\r\nhost: a\r\nx-so",
        6 => b"GET /x HTTP/1.1\r\nhost: a\r\n folded\r\n\r\n",
        _ => b"\0\0\0\0\0\0\0\0\r\n\r\n",
    }
}

/// An answer to a health check that is none, or that never ends: more than a check may keep.
pub fn check_answer(sort: u8) -> Vec<u8> {
    const MUCH: usize = 40_000;
    match sort % SERVER_SORTS {
        0 => b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(),
        1 => b"HTTP/1.1 200 OK\r\nx-so".to_vec(),
        2 => Vec::new(),
        3 => [&b"HTTP/1.1 200 OK\r\n"[..], &b"x-more: and more\r\n".repeat(MUCH / 18)].concat(),
        4 => b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!".to_vec(),
        5 => [&b"HTTP/1.1 500 Ill\r\n\r\n"[..], &vec![b'x'; MUCH]].concat(),
        6 => b"HTTP/1.1 2x0 OK\r\n\r\n".to_vec(),
        _ => vec![b'\0'; MUCH],
    }
}

/// An answer that must not be forwarded as it is, and is followed by the end of the connection.
pub fn answer(sort: u8, request: RequestId, status: u16) -> Vec<u8> {
    match sort % SERVER_SORTS {
        1 => b"HTTP/1.1 2x0 OK\r\n\r\n".to_vec(),
        2 => b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(),
        3 => b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!".to_vec(),
        4 if status != 101 => {
            format!("HTTP/1.1 {status} OK\r\nx-id: {request}\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n")
                .into_bytes()
        }
        0 | 4 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(),
        5 => Vec::new(),
        6 => b"HTTP/1.1 200 OK\r\nserver: half".to_vec(),
        _ => b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\nbroken\0: yes\r\n\r\n".to_vec(),
    }
}
