//! Fetches that a binary registers and the manual does not describe.

#[rustfmt::skip]
pub(super) const NAMES: &[&str] = &[
    "cpu_usage_grp",
    "cpu_usage_proc",
    "cpu_usage_thr",
    "dump_all_vars",
    "fcgi.docroot",
    "fcgi.index",
    "nbproc",
    "sc1_clr_gpc",
    "spoe.engine-id",
    "ssl_fc_early_rcvd",
    "ssl_ocsp_certid",
    "ssl_ocsp_certname",
    "ssl_ocsp_fail_cnt",
    "ssl_ocsp_status",
    "ssl_ocsp_status_str",
    "ssl_ocsp_success_cnt",
    "tgroup",
];
