//! One line in the making: quoting, escaping and encoding (configuration manual 8.2.6 and 8.6).

use std::io::Write;
use std::net::IpAddr;

use crate::base::address::Address;
use crate::base::text::{put_decimal, put_ip, put_signed};

/// Flags of a tag: `%{+Q}`, `%{+X}`, `%{+E}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Flags {
    /// Quotes around text.
    pub(super) quote: bool,
    /// Hexadecimal addresses, ports and some numbers.
    pub(super) hex: bool,
    /// Backslashes before `"`, `\` and `]`.
    pub(super) escape: bool,
}

/// Which bytes are written as `#XX`, beside those that cannot be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// None, and not even those: samples are written as they are.
    Raw,
    /// `"` and `#`: request lines.
    Uri,
    /// `"`, `#`, `{`, `|` and `}`: captured headers.
    Capture,
}

impl Encoding {
    fn covers(self, byte: u8) -> bool {
        let unprintable = !(0x20..0x7f).contains(&byte);
        match self {
            Encoding::Raw => false,
            Encoding::Uri => unprintable || matches!(byte, b'"' | b'#'),
            Encoding::Capture => unprintable || matches!(byte, b'"' | b'#' | b'{' | b'|' | b'}'),
        }
    }
}

/// Where a tag writes, and how.
pub(super) struct Line<'o> {
    pub(super) out: &'o mut Vec<u8>,
    pub(super) flags: Flags,
    /// Text that is not there shows as `-`: in logs, not in header values.
    pub(super) dash: bool,
}

impl Line<'_> {
    /// Bytes, each by the encoding and the escapes.
    pub(super) fn bytes(&mut self, text: &[u8], encoding: Encoding) {
        if encoding == Encoding::Raw && !self.flags.escape {
            self.out.extend_from_slice(text);
            return;
        }
        let escaped = |byte: u8| self.flags.escape && matches!(byte, b'"' | b'\\' | b']');
        let mut rest = text;
        while let Some(at) = rest.iter().position(|&byte| encoding.covers(byte) || escaped(byte)) {
            self.out.extend_from_slice(&rest[..at]);
            if encoding.covers(rest[at]) {
                let _ = write!(self.out, "#{:02X}", rest[at]);
            } else {
                self.out.extend_from_slice(&[b'\\', rest[at]]);
            }
            rest = &rest[at + 1..];
        }
        self.out.extend_from_slice(rest);
    }

    /// A quote, if this tag is quoted.
    pub(super) fn quote(&mut self) {
        if self.flags.quote {
            self.out.push(b'"');
        }
    }

    /// A text, quoted if asked for; a dash when it is empty and stands alone.
    pub(super) fn text(&mut self, text: &[u8], encoding: Encoding) {
        self.quote();
        if text.is_empty() && self.dash && !self.flags.quote {
            self.out.push(b'-');
        }
        self.bytes(text, encoding);
        self.quote();
    }

    /// A text that is not there.
    pub(super) fn nothing(&mut self) {
        self.text(b"", Encoding::Raw);
    }

    /// A number.
    pub(super) fn number(&mut self, number: impl Into<u64>) {
        put_decimal(self.out, number.into());
    }

    /// A number that `%{+X}` shows in four hexadecimal digits at least.
    pub(super) fn hex_number(&mut self, number: u64) {
        if self.flags.hex {
            let _ = write!(self.out, "{number:04X}");
        } else {
            self.number(number);
        }
    }

    /// An IP address; `unix` for a Unix socket.
    pub(super) fn address(&mut self, address: Option<&Address>) {
        let Some(address) = address else {
            return self.nothing();
        };
        let Some(address) = address.ip().map(|address| address.ip()) else {
            return self.text(b"unix", Encoding::Raw);
        };
        self.quote();
        let _ = match address {
            IpAddr::V4(address) if self.flags.hex => write!(self.out, "{:08X}", u32::from(address)),
            IpAddr::V6(address) if self.flags.hex => write!(self.out, "{:032X}", u128::from(address)),
            IpAddr::V4(_) | IpAddr::V6(_) => {
                put_ip(self.out, address);
                Ok(())
            }
        };
        self.quote();
    }

    /// A port; the listener's number for a Unix socket.
    pub(super) fn port(&mut self, address: Option<&Address>, listener: u32) {
        match address {
            Some(Address::Ip(address)) => self.hex_number(u64::from(address.port())),
            Some(Address::Unix(_)) => self.number(listener),
            None => self.nothing(),
        }
    }

    /// A time in milliseconds, with a plus in front if it still grows.
    pub(super) fn timer(&mut self, millis: i64, growing: bool) {
        if growing {
            self.out.push(b'+');
        }
        put_signed(self.out, millis);
    }
}
