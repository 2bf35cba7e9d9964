//! RFC 6749, the OAuth 2.0 framework, as far as machines use it.

mod section_2_3;
mod section_3_2;
mod section_3_3;
mod section_4_4;
mod section_5_1;
mod section_5_2;
