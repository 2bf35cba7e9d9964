//! What a request says, read strictly and once.

pub(crate) mod authorization;
pub(crate) mod body;
pub(crate) mod form;
pub(crate) mod host;
pub(crate) mod media_type;
pub(crate) mod peer;
pub(crate) mod posted;
pub(crate) mod realm;
