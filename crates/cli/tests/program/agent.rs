//! Issue 5: the agent as a real process, before a real server, asked as other programs ask.

mod asked;
mod languages;
mod port;
mod socket;
mod start;
mod tokens;
