//! Sends one kind of request over keep-alive connections, to this machine alone, for a bounded time or number, and
//! prints what came back as JSON: counts by status, rate, latencies in microseconds.
//!
//! `load --to 127.0.0.1:8080 --path /token --body 'a=b' [--connections 16] [--seconds 5 | --requests 1000] [--rate 50]
//! [--method POST] [--header 'Name: value'] [--from 0] [--modulo 1000]`; `{n}` in path and body is the
//! number of the request, from `--from` on, modulo `--modulo`.
//!
//! `load first --to … --path … --body … -- COMMAND…` starts the command, asks until the first 200, prints the
//! milliseconds, and ends the command.

use std::error::Error;

use countersign_bench::load::{Plan, first, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let report = if arguments.first().is_some_and(|word| word == "first") {
        let dashes = arguments.iter().position(|word| word == "--").ok_or("first needs -- COMMAND")?;
        let command = arguments.split_off(dashes + 1);
        arguments.pop();
        serde_json::to_string(&first(&Plan::read(&arguments[1..])?, &command).await?)?
    } else {
        serde_json::to_string(&run(Plan::read(&arguments)?).await?)?
    };
    println!("{report}");
    Ok(())
}
