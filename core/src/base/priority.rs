//! How urgent a waiting request is (configuration manual 4.2, `http-request set-priority-class` and `-offset`).

/// Highest class; the lowest is its negative. What lies beyond is brought to the bound.
const CLASS_MAX: i64 = 2_047;

/// Longest shift in milliseconds, in either direction.
const OFFSET_MS_MAX: i64 = 524_287;

/// Of two waiting requests the one of the lower class is served first; within a class the one whose arrival,
/// shifted by its offset, was earlier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Priority {
    /// The class.
    pub class: i16,
    /// How much later the request counts as having arrived.
    pub offset_ms: i32,
}

impl Priority {
    /// Sets the class, within its bounds.
    pub fn set_class(&mut self, class: i64) {
        self.class = class.clamp(-CLASS_MAX, CLASS_MAX) as i16;
    }

    /// Sets the offset, within its bounds.
    pub fn set_offset(&mut self, offset_ms: i64) {
        self.offset_ms = offset_ms.clamp(-OFFSET_MS_MAX, OFFSET_MS_MAX) as i32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_beyond_the_bounds_are_brought_to_them() {
        let mut priority = Priority::default();

        priority.set_class(99_999);
        priority.set_offset(i64::MIN);

        assert_eq!(priority, Priority { class: 2_047, offset_ms: -524_287 });
    }
}
