//! The first bytes of a TCP client: rules that wait for them (`tcp-request content`), and remote desktops that
//! go back to their server (`persist rdp-cookie`).
//!
//! ```text
//!  accepted ─▶ frontend's rules ─▶ backend chosen ─▶ its rules ─▶ route
//!                 │      ▲                            (the same)
//!                 └ open ┘ more bytes; or for good: end of input, buffer full, delay over
//! ```

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;

use super::end::{By, End, Phase, Why};
use super::output::CloseHow;
use super::stream::{Stream, Waiting};
use super::worker::Worker;
use crate::acl::Judgement;
use crate::base::address::Address;
use crate::base::ids::ServerId;
use crate::base::time::Time;
use crate::model::{Backend, ContentRule, Inspection, Ruling};
use crate::sample::RdpCookie;

impl Worker {
    /// Runs the rules on what has come; with `finally` nothing more is waited for.
    pub(super) fn inspect(&mut self, stream: &mut Stream, finally: bool) {
        let frontend = self.config.frontends[stream.frontend.index()].clone();
        let mut finally = finally;
        if stream.backend.is_none() {
            if !self.passes_content(stream, &frontend.inspection, finally) {
                return;
            }
            // The backend's rules have a time of their own.
            finally = false;
            stream.deadline = Time::NEVER;
            stream.backend = self.choose_backend(stream, &frontend);
        }
        let backend = stream.backend.map(|id| self.config.backends[id.index()].clone());
        if let Some(backend) = &backend
            && !self.passes_content(stream, &backend.inspection, finally)
        {
            return;
        }
        stream.deadline = Time::NEVER;
        self.pause_client(stream.client, true);
        self.apply_server_rules(stream);
        if let Some(backend) = backend {
            self.follow_rdp_cookie(stream, &backend);
        }
        self.route(stream);
    }

    /// Whether the exchange is through these rules. If not, it waits, or is over.
    fn passes_content(&mut self, stream: &mut Stream, inspection: &Inspection, finally: bool) -> bool {
        if inspection.rules.is_empty() {
            return true;
        }
        let Some(client) = self.clients.get(stream.client) else { return false };
        let full = client.buffer.len() >= self.limits.bytes_max;
        let grows = inspection.delay.is_some() && !finally && !full && !client.read_closed;
        for rule in &inspection.rules {
            match (self.judge_content(stream, rule, grows), rule.ruling) {
                (Judgement::Fails, _) => {}
                (Judgement::Holds, Ruling::Accept) => return true,
                (Judgement::Holds, Ruling::Reject) => {
                    self.turn_down(stream);
                    return false;
                }
                (Judgement::Open, _) => {
                    self.await_content(stream, inspection);
                    return false;
                }
            }
        }
        true
    }

    fn judge_content(&mut self, stream: &Stream, rule: &ContentRule, grows: bool) -> Judgement {
        let Some(condition) = &rule.condition else { return Judgement::Holds };
        let Some(client) = self.clients.get(stream.client) else { return Judgement::Fails };
        let mut scratch = std::mem::take(&mut self.scratch);
        let mut scope = self.scope(stream, client, [0; 4]);
        scope.content_grows = grows;
        let judgement = condition.judge(&scope, &mut scratch);
        self.scratch = scratch;
        judgement
    }

    /// Waits for more bytes, up to the delay since the first rule had to.
    fn await_content(&mut self, stream: &mut Stream, inspection: &Inspection) {
        stream.waiting = Waiting::Content;
        if stream.deadline == Time::NEVER {
            self.arm_stream(stream, self.now.time.after(inspection.delay));
        }
        self.pause_client(stream.client, false);
        self.touch_client(stream.client, stream);
    }

    fn turn_down(&mut self, stream: &mut Stream) {
        self.count_content(stream);
        self.abandon(stream, End::early(By::Proxy, Phase::Request, Why::Failed));
        self.close_client(stream.client, CloseHow::Graceful);
    }

    /// Logs count what a client sent that no server got.
    pub(super) fn count_content(&self, stream: &mut Stream) {
        stream.bytes_in = self.clients.get(stream.client).map_or(0, |client| client.buffer.len() as u64);
    }

    /// Ties the exchange to the server whose address the client's cookie names.
    fn follow_rdp_cookie(&mut self, stream: &mut Stream, backend: &Arc<Backend>) {
        let (Some(id), Some(name)) = (stream.backend, &backend.rdp_persistence) else { return };
        let Some(client) = self.clients.get(stream.client) else { return };
        let value = RdpCookie::read(&client.buffer, Some(name)).value();
        let Some(address) = value.and_then(address_of).filter(|_| stream.affinity.server.is_none()) else {
            return;
        };
        let wanted = Address::Ip(SocketAddr::V4(address));
        for (at, _) in backend.servers.iter().enumerate().filter(|(_, server)| server.address == wanted) {
            let server = ServerId(at as u32);
            let up = self.is_up(id, server);
            // `force-persist` is about cookies of HTTP: haproxy does not ask it here.
            if up || backend.persist {
                stream.affinity.server = Some(server);
                stream.affinity.forced = !up;
                return;
            }
        }
    }
}

/// The address that a terminal server writes into its cookie: `ip.port.`, both as the numbers that their bytes in
/// network order are to a machine with the lowest byte first.
fn address_of(value: &[u8]) -> Option<SocketAddrV4> {
    let (ip, rest) = leading_number(value);
    let (port, rest) = leading_number(rest.strip_prefix(b".")?);
    // What follows the second dot is not looked at.
    rest.strip_prefix(b".")?;
    let ip = Ipv4Addr::from((ip as u32).to_le_bytes());
    Some(SocketAddrV4::new(ip, u16::from_be_bytes((port as u16).to_le_bytes())))
}

/// A number as C reads one: white space and a sign may stand before it, none at all is zero.
fn leading_number(text: &[u8]) -> (u64, &[u8]) {
    let start = text.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == 0x0b).count();
    let (negative, digits) = match &text[start..] {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return (0, text);
    }
    let append = |number: u64, digit: &u8| number.checked_mul(10)?.checked_add(u64::from(digit - b'0'));
    let number = digits[..count].iter().try_fold(0, append);
    let number = match number {
        Some(number) if negative => number.wrapping_neg(),
        Some(number) => number,
        None => u64::MAX,
    };
    (number, &digits[count..])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values, and whether haproxy 2.6.12 and 2.8 take them for 127.0.0.1:3389.
    #[test]
    fn a_cookie_names_an_address_in_reversed_bytes() {
        let wanted: SocketAddrV4 = "127.0.0.1:3389".parse().unwrap();
        for value in [
            "16777343.15629.0000",
            "16777343.15629.",
            "16777343.15629.0000;a",
            " 16777343.15629.0000",
            "+16777343.+15629.0000",
            "016777343. 015629.0",
            "429496729616777343.6553615629.0000",
        ] {
            assert_eq!(address_of(value.as_bytes()), Some(wanted), "{value}");
        }
        for value in [
            "",
            "16777343",
            "16777343.15629",
            "16777343.15629 .0000",
            "16777343..0000",
            "16777343,15629.0000",
            "x16777343.15629.0000",
            "16777343 .15629.0000",
            "16777343.-15629.0000",
            "2130706433.3389.0000",
            "0x100007f.15629.0000",
            "99999999999999999999999999.15629.0000",
        ] {
            assert_ne!(address_of(value.as_bytes()), Some(wanted), "{value}");
        }
    }
}
