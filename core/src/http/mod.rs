//! Messages without a version: what the codecs make and take, and what streams and rules see.

mod fields;
mod head;
mod known;
mod method;

pub use fields::{Field, Fields, Span};
pub use head::{RequestHead, ResponseHead, Version};
pub use known::Known;
pub use method::Method;
