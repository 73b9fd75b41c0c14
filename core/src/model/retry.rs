//! When a request is tried again (configuration manual 4.2, `retry-on`).

use std::ops::BitOr;

/// The answers that may be asked for, in the order of their bits.
const STATUSES: [u16; 10] = [401, 403, 404, 408, 425, 500, 501, 502, 503, 504];

/// A set of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryOn(u16);

impl RetryOn {
    /// Nothing (`none`).
    pub const NONE: RetryOn = RetryOn(0);
    /// There is no connection (`conn-failure`).
    pub const CONNECTION_FAILURE: RetryOn = RetryOn(1);
    /// The server closed without a word (`empty-response`).
    pub const EMPTY_RESPONSE: RetryOn = RetryOn(1 << 1);
    /// The server said something that is no answer, or half of one (`junk-response`).
    pub const JUNK_RESPONSE: RetryOn = RetryOn(1 << 2);
    /// The server was silent for too long (`response-timeout`).
    pub const RESPONSE_TIMEOUT: RetryOn = RetryOn(1 << 3);
    /// The server did not want early data (`0rtt-rejected`).
    pub const EARLY_DATA_REJECTED: RetryOn = RetryOn(1 << 4);

    /// An answer with this status, if such answers may be asked for.
    pub fn status(status: u16) -> Option<RetryOn> {
        let at = STATUSES.iter().position(|known| *known == status)?;
        Some(RetryOn(1 << (5 + at)))
    }

    /// What a word of `retry-on` means.
    pub fn word(word: &str) -> Option<RetryOn> {
        match word {
            "0rtt-rejected" => Some(RetryOn::EARLY_DATA_REJECTED),
            "all-retryable-errors" => {
                let statuses = [500, 502, 503, 504].into_iter().filter_map(RetryOn::status);
                let others = RetryOn(0b1_1111);
                Some(statuses.fold(others, RetryOn::bitor))
            }
            "conn-failure" => Some(RetryOn::CONNECTION_FAILURE),
            "empty-response" => Some(RetryOn::EMPTY_RESPONSE),
            "junk-response" => Some(RetryOn::JUNK_RESPONSE),
            "response-timeout" => Some(RetryOn::RESPONSE_TIMEOUT),
            _ if word.len() == 3 => word.parse().ok().and_then(RetryOn::status),
            _ => None,
        }
    }

    /// Whether all of `other` is in this set.
    pub const fn contains(self, other: RetryOn) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether some failure comes after the request was sent, so that it must be kept.
    pub const fn needs_request(self) -> bool {
        self.0 & !RetryOn::CONNECTION_FAILURE.0 != 0
    }
}

impl Default for RetryOn {
    fn default() -> RetryOn {
        RetryOn::CONNECTION_FAILURE
    }
}

impl BitOr for RetryOn {
    type Output = RetryOn;

    fn bitor(self, other: RetryOn) -> RetryOn {
        RetryOn(self.0 | other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_retryable_errors_are_those_of_the_manual() {
        let all = RetryOn::word("all-retryable-errors").expect("a word");

        for word in ["conn-failure", "empty-response", "junk-response", "response-timeout", "0rtt-rejected"] {
            assert!(all.contains(RetryOn::word(word).expect("a word")), "{word}");
        }
        let statuses = STATUSES.iter().filter(|s| RetryOn::status(**s).is_some_and(|one| all.contains(one)));
        assert_eq!(statuses.copied().collect::<Vec<u16>>(), [500, 502, 503, 504]);
    }

    #[test]
    fn other_statuses_are_no_words() {
        for word in ["200", "400", "405", "429", "0503", "+503", "50", "none", ""] {
            assert_eq!(RetryOn::word(word), None, "{word}");
        }
    }

    #[test]
    fn only_failed_connections_need_no_copy_of_the_request() {
        assert!(!RetryOn::default().needs_request());
        assert!(!RetryOn::NONE.needs_request());
        assert!((RetryOn::EMPTY_RESPONSE | RetryOn::CONNECTION_FAILURE).needs_request());
    }
}
