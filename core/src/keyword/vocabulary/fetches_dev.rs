//! Fetches for developers (chapter 7.3.7).

#[rustfmt::skip]
pub(super) const NAMES: &[&str] = &[
    "internal.htx.data",
    "internal.htx.free",
    "internal.htx.free_data",
    "internal.htx.has_eom",
    "internal.htx.nbblks",
    "internal.htx.size",
    "internal.htx.used",
    "internal.htx_blk.data",
    "internal.htx_blk.hdrname",
    "internal.htx_blk.hdrval",
    "internal.htx_blk.size",
    "internal.htx_blk.start_line",
    "internal.htx_blk.type",
    "internal.strm.is_htx",
];
