//! Field names that some part of the machine looks for, found once when a field is added.

macro_rules! known {
    ($($variant:ident = $text:literal),+ $(,)?) => {
        /// A well-known field name, or any other.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the variants are the names")]
        pub enum Known { $($variant,)+ Other }

        impl Known {
            /// Finds a name that is in lower case.
            pub fn from_lower(name: &[u8]) -> Known {
                match name {
                    $($text => Known::$variant,)+
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

impl Known {
    /// A bit of its own, for sets of names; none for [`Known::Other`].
    pub(super) fn bit(self) -> u32 {
        if self == Known::Other { 0 } else { 1 << self as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_a_whole() {
        assert_eq!(Known::from_lower(b"content-length"), Known::ContentLength);
        assert_eq!(Known::from_lower(b"te"), Known::Te);
        assert_eq!(Known::from_lower(b"x-te"), Known::Other);
    }
}
