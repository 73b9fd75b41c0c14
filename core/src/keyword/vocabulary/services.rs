//! Services for `use-service`.

#[rustfmt::skip]
pub(super) const NAMES: &[&str] = &[
    "prometheus-exporter",
];
