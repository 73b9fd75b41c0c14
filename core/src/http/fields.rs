//! Header fields in order, over one growing buffer that is used again for the next message.

use std::ops::Range;

use super::known::Known;

/// A piece of the buffer of one [`Fields`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Length in bytes.
    pub len: u32,
}

impl Span {
    /// The bytes of `buffer` from `start` to `end`.
    pub fn between(start: usize, end: usize) -> Span {
        Span { start: start as u32, len: (end - start) as u32 }
    }

    /// The bytes meant.
    pub fn of(self, buffer: &[u8]) -> &[u8] {
        &buffer[self.range()]
    }

    fn range(self) -> Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }
}

/// One field: where its name and value lie, and whether the name is well known.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Name, in lower case.
    pub name: Span,
    /// Value without surrounding white space.
    pub value: Span,
    /// The name, if well known.
    pub known: Known,
}

/// The fields of one message in the order of arrival, and the text they point into. Names are in lower case, as
/// HAProxy sends them and shows them to rules.
#[derive(Debug, Default)]
pub struct Fields {
    /// The text. Start lines point into it as well. Edits append.
    pub buffer: Vec<u8>,
    list: Vec<Field>,
    /// One bit for each well-known name that is or was among them.
    seen: u32,
}

impl Fields {
    /// Forgets everything but keeps the memory.
    pub fn clear(&mut self) {
        self.buffer.clear();
        self.list.clear();
        self.seen = 0;
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether a field of one of these names is there. Says yes as well for one that was removed.
    pub fn may_have(&self, names: &[Known]) -> bool {
        names.iter().any(|known| self.seen & known.bit() != 0)
    }

    /// Adds a field whose text [`Fields::adopt`] will bring.
    pub fn note(&mut self, name: Span, value: Span) {
        self.list.push(Field { name, value, known: Known::Other });
    }

    /// Takes the text that the fields noted so far point into.
    pub fn adopt(&mut self, text: &[u8]) {
        debug_assert!(self.buffer.is_empty(), "spans count from the start of the text");
        self.buffer.extend_from_slice(text);
        for field in &mut self.list {
            let name = &mut self.buffer[field.name.range()];
            name.make_ascii_lowercase();
            field.known = Known::from_lower(name);
            self.seen |= field.known.bit();
        }
    }

    /// Adds a field at the end. A value comes from rules, which may decode what a peer sent: bytes that would
    /// end the line are written as `%0D`, `%0A` and `%00`, as HAProxy does, so nothing can be smuggled in.
    pub fn push(&mut self, name: &[u8], value: &[u8]) {
        let name = self.append(name);
        self.buffer[name.range()].make_ascii_lowercase();
        self.buffer.extend_from_slice(b": ");
        let start = self.buffer.len();
        let mut rest = value;
        while let Some(at) = memchr::memchr3(b'\r', b'\n', 0, rest) {
            self.buffer.extend_from_slice(&rest[..at]);
            self.buffer.extend_from_slice(match rest[at] {
                b'\r' => b"%0D",
                b'\n' => b"%0A",
                _ => b"%00",
            });
            rest = &rest[at + 1..];
        }
        self.buffer.extend_from_slice(rest);
        let value = Span::between(start, self.buffer.len());
        self.buffer.extend_from_slice(b"\r\n");
        let known = Known::from_lower(name.of(&self.buffer));
        self.seen |= known.bit();
        self.list.push(Field { name, value, known });
    }

    /// Replaces all fields of this name by one at the end.
    pub fn set(&mut self, name: &[u8], value: &[u8]) {
        self.remove(name);
        self.push(name, value);
    }

    /// Removes all fields of this name; returns how many there were.
    pub fn remove(&mut self, name: &[u8]) -> usize {
        let before = self.list.len();
        let buffer = &self.buffer;
        self.list.retain(|field| !field.name.of(buffer).eq_ignore_ascii_case(name));
        before - self.list.len()
    }

    /// Removes all fields of this well-known name.
    pub fn remove_known(&mut self, known: Known) {
        self.list.retain(|field| field.known != known);
    }

    /// Gives all fields of this well-known name a value that is in the buffer already, where they stand.
    pub fn replace_known(&mut self, known: Known, value: Span) {
        for field in self.list.iter_mut().filter(|field| field.known == known) {
            field.value = value;
        }
    }

    /// Cuts the values of this well-known name to at most this length.
    pub fn truncate_known(&mut self, known: Known, len: usize) {
        for field in self.list.iter_mut().filter(|field| field.known == known) {
            field.value.len = field.value.len.min(len as u32);
        }
    }

    /// Keeps the fields for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(Known, &[u8], &[u8]) -> bool) {
        let buffer = &self.buffer;
        self.list.retain(|field| keep(field.known, field.name.of(buffer), field.value.of(buffer)));
    }

    /// Keeps the members of the comma-separated values of this name for which `keep` says so. A field without
    /// any left goes; one that loses nothing stays byte for byte. Works in place.
    pub fn retain_members(&mut self, known: Known, mut keep: impl FnMut(&[u8]) -> bool) {
        if !self.may_have(&[known]) {
            return;
        }
        let buffer = &mut self.buffer;
        self.list.retain_mut(|field| {
            if field.known != known {
                return true;
            }
            let start = field.value.start as usize;
            let end = start + field.value.len as usize;
            if members(&buffer[start..end]).any(|member| !keep(member)) {
                field.value.len = compact_members(&mut buffer[start..end], &mut keep) as u32;
            }
            members(field.value.of(buffer)).next().is_some()
        });
    }

    /// Has `write` write each value of this well-known name anew, into memory that is used again. A field for
    /// which it says no goes; one that comes out the same stays where it is.
    pub fn rewrite_known(
        &mut self,
        known: Known,
        scratch: &mut Vec<u8>,
        mut write: impl FnMut(&[u8], &mut Vec<u8>) -> bool,
    ) {
        let buffer = &mut self.buffer;
        self.list.retain_mut(|field| {
            if field.known != known {
                return true;
            }
            scratch.clear();
            let kept = write(field.value.of(buffer), scratch);
            if kept && scratch != field.value.of(buffer) {
                let start = buffer.len();
                buffer.extend_from_slice(scratch);
                field.value = Span::between(start, buffer.len());
            }
            kept
        });
    }

    /// Puts text into the buffer and says where.
    pub fn append(&mut self, text: &[u8]) -> Span {
        let start = self.buffer.len();
        self.buffer.extend_from_slice(text);
        Span::between(start, self.buffer.len())
    }

    /// The bytes of a span of this buffer.
    pub fn text(&self, span: Span) -> &[u8] {
        span.of(&self.buffer)
    }

    /// Name, value and place of each field: where in the buffer the field stands as a whole line just as it is sent,
    /// if it does.
    pub fn lines(&self) -> impl Iterator<Item = (Known, &[u8], &[u8], Option<Range<usize>>)> {
        let buffer = &self.buffer;
        self.list.iter().map(move |field| {
            let (name, value) = (field.name.range(), field.value.range());
            let line = name.start..value.end + 2;
            let exact = name.end + 2 == value.start
                && buffer[name.end..value.start] == *b": "
                && buffer.get(value.end..line.end).is_some_and(|end| end == b"\r\n");
            (field.known, &buffer[name], &buffer[value], exact.then_some(line))
        })
    }

    /// All fields in order: known name, name, value.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Known, &[u8], &[u8])> {
        self.list.iter().map(|field| (field.known, field.name.of(&self.buffer), field.value.of(&self.buffer)))
    }

    /// The values of all fields of this name, in order.
    pub fn values<'a>(&'a self, name: &'a [u8]) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        self.iter().filter(move |(_, own, _)| own.eq_ignore_ascii_case(name)).map(|(_, _, value)| value)
    }

    /// The values of all fields of this well-known name, in order.
    pub fn known(&self, known: Known) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.iter().filter(move |(own, _, _)| *own == known).map(|(_, _, value)| value)
    }
}

/// The members of a comma-separated value, without white space around them and without empty ones.
pub fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|member| !member.is_empty())
}

/// Moves the members to keep to the front, a comma between them; returns how long they are together.
fn compact_members(value: &mut [u8], keep: &mut impl FnMut(&[u8]) -> bool) -> usize {
    let (mut written, mut at) = (0, 0);
    while at < value.len() {
        let end = memchr::memchr(b',', &value[at..]).map_or(value.len(), |offset| at + offset);
        let raw = &value[at..end];
        let member = raw.trim_ascii();
        if !member.is_empty() && keep(member) {
            let from = at + (raw.len() - raw.trim_ascii_start().len());
            let len = member.len();
            if written > 0 {
                value[written] = b',';
                written += 1;
            }
            value.copy_within(from..from + len, written);
            written += len;
        }
        at = end + 1;
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_dropped_in_place_and_empty_fields_go() {
        let mut fields = Fields::default();
        fields.push(b"Connection", b"close , foo,,Close,bar");
        fields.push(b"X", b"close");
        fields.push(b"connection", b"close");
        fields.push(b"connection", b"a , b");

        fields.retain_members(Known::Connection, |member| !member.eq_ignore_ascii_case(b"close"));

        let all: Vec<_> = fields.iter().map(|(_, _, value)| value).collect();
        assert_eq!(all, [&b"foo,bar"[..], b"close", b"a , b"]);
    }

    #[test]
    fn a_pushed_value_cannot_end_its_line() {
        let mut fields = Fields::default();

        fields.push(b"X", b"a\r\nEvil: b\0");

        assert_eq!(fields.values(b"x").next(), Some(&b"a%0D%0AEvil: b%00"[..]));
    }

    #[test]
    fn set_replaces_all_of_a_name_ignoring_case() {
        let mut fields = Fields::default();
        fields.push(b"Host", b"a");
        fields.push(b"X-A", b"1");
        fields.push(b"x-a", b"2");

        fields.set(b"X-a", b"3");

        let all: Vec<_> = fields.iter().map(|(_, name, value)| (name, value)).collect();
        assert_eq!(all, [(&b"host"[..], &b"a"[..]), (b"x-a", b"3")]);
        assert_eq!(fields.known(Known::Host).next(), Some(&b"a"[..]));
    }
}
