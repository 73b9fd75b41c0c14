//! Filters (chapter 9).

#[rustfmt::skip]
pub(super) const NAMES: &[&str] = &[
    "bwlim-in",
    "bwlim-out",
    "cache",
    "comp-req",
    "comp-res",
    "compression",
    "fcgi-app",
    "opentracing",
    "spoe",
    "trace",
];
