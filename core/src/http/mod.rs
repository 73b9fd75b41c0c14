//! Messages without a version: what the codecs make and take, and what streams and rules see.

mod connection;
mod cookie;
mod fields;
mod head;
mod known;
mod method;
mod status;

pub use connection::strip_hop_by_hop;
pub use cookie::{Fate, cookies, rewrite_cookies, set_cookie};
pub use fields::{Field, Fields, Span, members};
pub use head::{RequestHead, ResponseHead, Version, path_and_query};
pub use known::Known;
pub use method::Method;
pub use status::reason_of;
