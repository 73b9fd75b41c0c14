//! Fields that speak of one connection and do not travel on (RFC 9110 7.6.1), as HAProxy treats them.

use super::{Fields, Known};

/// Removes what belongs to the connection the message came on. To be called once, right after parsing:
/// rules already see the result, as in HAProxy.
///
/// HAProxy removes less than the specification asks for, and its users rely on it: from `Connection` go the
/// members `close` and `keep-alive`, and `upgrade` unless it is kept, while other members stay together with
/// the fields they name; `Keep-Alive`, `Proxy-Connection` and `Http2-Settings` stay; of `TE` only `trailers`
/// stays; `Upgrade` goes unless kept, and never offers `h2c`.
pub fn strip_hop_by_hop(fields: &mut Fields, keep_upgrade: bool) {
    fields.retain_members(Known::Connection, |member| {
        let ours = member.eq_ignore_ascii_case(b"close") || member.eq_ignore_ascii_case(b"keep-alive");
        !ours && (keep_upgrade || !member.eq_ignore_ascii_case(b"upgrade"))
    });
    fields.retain_members(Known::Te, |member| member.eq_ignore_ascii_case(b"trailers"));
    fields.retain_members(Known::Upgrade, |member| keep_upgrade && !member.eq_ignore_ascii_case(b"h2c"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_haproxy_leaves_is_left_and_the_rest_goes() {
        let mut fields = Fields::default();
        fields.push(b"Connection", b"keep-alive, X-B, Upgrade");
        fields.push(b"X-B", b"c");
        fields.push(b"Keep-Alive", b"timeout=3");
        fields.push(b"Upgrade", b"foo");
        fields.push(b"TE", b"gzip, Trailers");
        fields.push(b"TE", b"trailers;q=1");

        strip_hop_by_hop(&mut fields, false);

        let all: Vec<_> = fields.iter().map(|(_, name, value)| (name, value)).collect();
        let expected: [(&[u8], &[u8]); 4] =
            [(b"connection", b"X-B"), (b"x-b", b"c"), (b"keep-alive", b"timeout=3"), (b"te", b"Trailers")];
        assert_eq!(all, expected);
    }

    #[test]
    fn an_upgrade_is_kept_without_the_offer_of_h2c() {
        let mut fields = Fields::default();
        fields.push(b"Connection", b"close, Upgrade");
        fields.push(b"Upgrade", b"foo/1, h2c,bar");

        strip_hop_by_hop(&mut fields, true);

        let all: Vec<_> = fields.iter().map(|(_, _, value)| value).collect();
        assert_eq!(all, [&b"Upgrade"[..], b"foo/1,bar"]);
    }
}
