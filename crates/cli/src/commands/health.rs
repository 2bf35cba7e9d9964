//! `countersign health`: whether a server serves, for containers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use countersign_client::{Endpoint, HttpClient, Settings};
use http::Request;

use crate::context::endpoint;
use crate::failure::Failure;
use crate::flags::Flags;
use crate::output::Output;

/// Ask a server's ops listener whether it serves: exit with 0 when it does, with 1 when not
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Health {
    #[command(flatten)]
    flags: Flags,
}

impl Health {
    pub(crate) async fn run(self, output: Output) -> Result<ExitCode, Failure> {
        // the same flags and variables as `serve`, so that a container's check needs nothing of its own
        let mut address = self.flags.config(|_| {})?.network.ops;
        if address.ip().is_unspecified() {
            address.set_ip(match address.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        let url = format!("http://{address}/readyz");
        match ask(&endpoint(&url, true)?).await {
            Ok(said) => {
                output.text(&said);
                Ok(ExitCode::SUCCESS)
            }
            Err(failure) => {
                output.note(&failure.to_string());
                Ok(ExitCode::FAILURE)
            }
        }
    }
}

async fn ask(endpoint: &Endpoint) -> Result<String, Failure> {
    let http = HttpClient::new(Settings { timeout: TIMEOUT, max_body: 4096, ..Settings::default() });
    let answer = http.send(endpoint, Request::new(Bytes::new())).await.map_err(|error| {
        Failure::new(error).next(
            "is the server running, and is this its ops listener, which is plain HTTP always? --ops HOST:PORT names \
             another",
        )
    })?;
    let said = String::from_utf8_lossy(&answer.body).trim().to_owned();
    if answer.status.is_success() {
        Ok(said)
    } else {
        Err(Failure::new(format!("{}: {said}", answer.status)))
    }
}

const TIMEOUT: Duration = Duration::from_secs(3);

const EXAMPLES: &str = "\
Examples:
  countersign health
  countersign health --ops 127.0.0.1:9091";
