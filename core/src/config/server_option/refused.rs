//! Server options that say "no" to what evenkeel does not do yet: that is what it does already.

use super::ServerOption;

/// The rows of this family.
pub(super) const TABLE: &[ServerOption] = &[
    negative(
        "no-check-send-proxy",
        "Checks send no PROXY header.",
        "server web1 127.0.0.1:8080 no-check-send-proxy",
    ),
    negative("no-check-ssl", "Checks use no TLS.", "server web1 127.0.0.1:8080 check no-check-ssl"),
    negative("no-send-proxy", "Sends no PROXY header.", "server web1 127.0.0.1:8080 no-send-proxy"),
    negative("no-send-proxy-v2", "Sends no PROXY v2 header.", "server web1 127.0.0.1:8080 no-send-proxy-v2"),
    negative(
        "no-send-proxy-v2-ssl",
        "Sends no PROXY v2 header about TLS.",
        "server web1 127.0.0.1:8080 no-send-proxy-v2-ssl",
    ),
    negative(
        "no-send-proxy-v2-ssl-cn",
        "Sends no PROXY v2 header about certificates.",
        "server web1 127.0.0.1:8080 no-send-proxy-v2-ssl-cn",
    ),
    negative("no-ssl", "Uses no TLS.", "server web1 127.0.0.1:8080 no-ssl"),
];

const fn negative(name: &'static str, summary: &'static str, example: &'static str) -> ServerOption {
    ServerOption { name, summary, example, ..ServerOption::ROW }
}
