//! One verifier behind every door, and who asks at them.

mod ask;
mod doors;
mod heard;
mod scene;
mod served;
mod tls;
mod upstream;

pub(crate) use ask::{Ask, exchange};
pub(crate) use doors::{DOORS, Door, Doors, proxy_parts, rules};
pub(crate) use heard::Heard;
pub(crate) use scene::{Scene, now_later, ready, until_asked};
pub(crate) use served::Served;
pub(crate) use tls::{Authority, Identity};
pub(crate) use upstream::{Seen, Upstream};
