//! That testkit's token endpoint is as strict as it says, asked by hand: what our client is tested with is tested too.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails the test that uses it")]

mod answers;
mod ask;
mod assertion;
mod mtls;
mod proof;
mod secret;
mod workload;

use ask::Ask;
