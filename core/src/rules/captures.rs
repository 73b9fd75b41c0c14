//! Captured headers: slots of a frontend, filled by `capture request header` and `http-request capture`.

use crate::http::Fields;

/// The slots that a proxy has so far, as the configuration is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaptureSlots {
    /// Request slots: the header's name, unless a rule fills the slot, and the most bytes kept.
    pub request: Vec<(Option<String>, usize)>,
    /// Response slots.
    pub response: Vec<(Option<String>, usize)>,
    /// A backend: it has no slots of its own, so `len` is refused, and a slot of its frontend that `id` names
    /// is not checked.
    pub in_backend: bool,
}

/// Fills the named slots from the fields of a head: the last line of each name, cut to the slot's length.
pub fn record(slots: &[(Option<String>, usize)], fields: &Fields, captures: &mut [Option<Vec<u8>>]) {
    for ((name, len), capture) in slots.iter().zip(captures) {
        let Some(name) = name else {
            continue;
        };
        if let Some(value) = fields.values(name.as_bytes()).next_back() {
            store(capture, value, *len);
        }
    }
}

/// Puts at most `len` bytes of `value` into a slot, whose memory is used again.
pub(super) fn store(capture: &mut Option<Vec<u8>>, value: &[u8], len: usize) {
    let kept = capture.get_or_insert_default();
    kept.clear();
    kept.extend_from_slice(&value[..value.len().min(len)]);
}
