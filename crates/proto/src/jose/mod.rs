//! Signed tokens (RFC 7515 to 7519).
