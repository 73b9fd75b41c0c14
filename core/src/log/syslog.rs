//! Headers of log lines (configuration manual 3.1, `log`), and which lines a destination takes.
//!
//! Seen from HAProxy: every line ends in a line feed, which counts into `len`; a message ends at a NUL, other
//! control characters pass; without `log-send-hostname` RFC 3164
//! says `localhost` and RFC 5424 `-`.

use std::io::Write;

use super::date::Civil;
use crate::base::text::put_decimal;
use crate::base::time::Wall;

/// The form of the header of a line (`format`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// `<134>Oct 10 13:55:36 tag[pid]: `
    Local,
    /// `<134>Oct 10 13:55:36 host tag[pid]: `
    Rfc3164,
    /// `<134>1 2026-10-10T13:55:36.123456+00:00 host tag pid - - `
    Rfc5424,
    /// `<134>`
    Priority,
    /// `<6>`
    Short,
    /// `<6>2026-10-10T13:55:36.123456+00:00 `
    Timed,
    /// `2026-10-10T13:55:36.123456+00:00 `
    Iso,
    /// Nothing.
    Raw,
}

/// What stands in the header of one line.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// Its form.
    pub wire: Wire,
    /// Facility, 0 to 23.
    pub facility: u8,
    /// Level, 0 to 7.
    pub level: u8,
    /// `log-tag`.
    pub tag: &'a str,
    /// Process id.
    pub pid: u32,
    /// Host name.
    pub hostname: Option<&'a str>,
    /// Most bytes of the line, its line feed included (`len`).
    pub len_max: usize,
}

/// The text of the current second in both date forms, made once a second.
#[derive(Debug, Default)]
pub struct Stamp {
    second: Option<(i64, i32)>,
    /// `Oct 10 13:55:36`
    short: Vec<u8>,
    /// `2026-10-10T13:55:36`
    iso: Vec<u8>,
    /// `+00:00`
    offset: Vec<u8>,
}

impl Stamp {
    fn refresh(&mut self, wall: Wall) {
        let second = Some((wall.local_seconds().0, wall.offset_seconds));
        if self.second == second {
            return;
        }
        self.second = second;
        let civil = Civil::local(wall);
        let Civil { year, month, day, hour, minute, second, .. } = civil;
        self.short.clear();
        let _ = write!(self.short, "{} {day:2} {hour:02}:{minute:02}:{second:02}", civil.month_name());
        self.iso.clear();
        let _ = write!(self.iso, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        self.offset.clear();
        civil.write_offset(":", &mut self.offset);
    }

    fn write_iso(&self, wall: Wall, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.iso);
        let _ = write!(out, ".{:06}", wall.local_seconds().1 / 1_000);
        out.extend_from_slice(&self.offset);
    }
}

/// Appends one whole line, header and line feed included.
pub fn encode_line(out: &mut Vec<u8>, header: &Header<'_>, stamp: &mut Stamp, wall: Wall, message: &[u8]) {
    let start = out.len();
    stamp.refresh(wall);
    let Header { facility, level, tag, pid, .. } = *header;
    let priority = u32::from(facility) * 8 + u32::from(level);
    match header.wire {
        Wire::Local | Wire::Rfc3164 => {
            put_priority(out, priority);
            out.extend_from_slice(&stamp.short);
            if header.wire == Wire::Rfc3164 {
                let _ = write!(out, " {}", header.hostname.unwrap_or("localhost"));
            }
            out.push(b' ');
            out.extend_from_slice(tag.as_bytes());
            out.push(b'[');
            put_decimal(out, u64::from(pid));
            out.extend_from_slice(b"]: ");
        }
        Wire::Rfc5424 => {
            put_priority(out, priority);
            out.extend_from_slice(b"1 ");
            stamp.write_iso(wall, out);
            let _ = write!(out, " {} {tag} {pid} - - ", header.hostname.unwrap_or("-"));
        }
        Wire::Priority => {
            put_priority(out, priority);
        }
        Wire::Short => {
            let _ = write!(out, "<{level}>");
        }
        Wire::Timed => {
            let _ = write!(out, "<{level}>");
            stamp.write_iso(wall, out);
            out.push(b' ');
        }
        Wire::Iso => {
            stamp.write_iso(wall, out);
            out.push(b' ');
        }
        Wire::Raw => {}
    }
    let end = memchr::memchr(0, message).unwrap_or(message.len());
    out.extend_from_slice(&message[..end]);
    out.truncate(start.saturating_add(header.len_max.saturating_sub(1)));
    out.push(b'\n');
}

fn put_priority(out: &mut Vec<u8>, priority: u32) {
    out.push(b'<');
    put_decimal(out, u64::from(priority));
    out.push(b'>');
}

/// Which of successive lines go to a destination with `sample RANGES:SIZE`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sampler {
    seen: u32,
}

impl Sampler {
    /// Counts one line and says whether it is sent: `ranges` are inclusive and start at 1.
    pub fn takes(&mut self, ranges: &[(u32, u32)], size: u32) -> bool {
        self.seen = self.seen % size.max(1) + 1;
        ranges.iter().any(|(first, last)| (*first..=*last).contains(&self.seen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(wire: Wire, len_max: usize, hostname: Option<&str>) -> String {
        let header = Header { wire, facility: 16, level: 6, tag: "haproxy", pid: 8675, hostname, len_max };
        let wall = Wall { unix_nanos: 1_795_473_310_702_713_000, offset_seconds: 0 };
        let mut out = b"before ".to_vec();
        encode_line(&mut out, &header, &mut Stamp::default(), wall, b"hello /q x\x01y\0abc");
        String::from_utf8(out.split_off(7)).unwrap()
    }

    #[test]
    fn every_form_is_as_haproxy_sends_it() {
        // Recorded from haproxy 2.8 over UDP.
        for (wire, expected) in [
            (Wire::Local, "<134>Nov 23 22:35:10 haproxy[8675]: hello /q x\x01y\n"),
            (Wire::Rfc3164, "<134>Nov 23 22:35:10 myhost haproxy[8675]: hello /q x\x01y\n"),
            (
                Wire::Rfc5424,
                "<134>1 2026-11-23T22:35:10.702713+00:00 myhost haproxy 8675 - - hello /q x\x01y\n",
            ),
            (Wire::Priority, "<134>hello /q x\x01y\n"),
            (Wire::Short, "<6>hello /q x\x01y\n"),
            (Wire::Timed, "<6>2026-11-23T22:35:10.702713+00:00 hello /q x\x01y\n"),
            (Wire::Iso, "2026-11-23T22:35:10.702713+00:00 hello /q x\x01y\n"),
            (Wire::Raw, "hello /q x\x01y\n"),
        ] {
            assert_eq!(encoded(wire, 1024, Some("myhost")), expected);
        }
    }

    #[test]
    fn a_long_line_is_cut_with_its_line_feed_inside_the_limit() {
        assert_eq!(encoded(Wire::Raw, 6, None), "hello\n");
        assert_eq!(encoded(Wire::Raw, 0, None), "\n");
    }

    #[test]
    fn a_host_without_a_name_is_localhost() {
        let line = encoded(Wire::Rfc3164, 1024, None);

        assert_eq!(line, "<134>Nov 23 22:35:10 localhost haproxy[8675]: hello /q x\x01y\n");
    }

    #[test]
    fn a_stamp_follows_the_clock() {
        let mut stamp = Stamp::default();
        let mut out = Vec::new();
        for nanos in [1_000_000_000, 1_999_999_000, 2_000_000_000] {
            let wall = Wall { unix_nanos: nanos, offset_seconds: 3_600 };
            stamp.refresh(wall);
            stamp.write_iso(wall, &mut out);
            out.push(b'|');
        }

        let expected = "1970-01-01T01:00:01.000000+01:00|1970-01-01T01:00:01.999999+01:00|\
                        1970-01-01T01:00:02.000000+01:00|";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn samples_repeat_by_size() {
        let mut sampler = Sampler::default();
        let taken: Vec<bool> = (0..7).map(|_| sampler.takes(&[(1, 1), (3, 3)], 3)).collect();

        assert_eq!(taken, [true, false, true, true, false, true, true]);
    }
}
