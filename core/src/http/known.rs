//! Field names that some part of the machine looks for, found once when a field is added.

macro_rules! known {
    ($($variant:ident = $text:literal),+ $(,)?) => {
        /// A well-known field name, or any other.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the variants are the names")]
        pub enum Known { $($variant,)+ Other }

        impl Known {
            /// Finds the name, ignoring case.
            pub fn from_name(name: &[u8]) -> Known {
                match name.len() {
                    $(len if len == $text.len() && name.eq_ignore_ascii_case($text) => Known::$variant,)+
                    _ => Known::Other,
                }
            }
        }
    };
}

known! {
    Connection = b"connection",
    ContentLength = b"content-length",
    Cookie = b"cookie",
    Expect = b"expect",
    Host = b"host",
    Http2Settings = b"http2-settings",
    KeepAlive = b"keep-alive",
    ProxyConnection = b"proxy-connection",
    SetCookie = b"set-cookie",
    Te = b"te",
    Trailer = b"trailer",
    TransferEncoding = b"transfer-encoding",
    Upgrade = b"upgrade",
    XForwardedFor = b"x-forwarded-for",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case() {
        assert_eq!(Known::from_name(b"Content-Length"), Known::ContentLength);
        assert_eq!(Known::from_name(b"te"), Known::Te);
        assert_eq!(Known::from_name(b"x-te"), Known::Other);
    }
}
