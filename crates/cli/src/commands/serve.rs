//! `countersign serve`: the server, from the first start to the orderly end.

use std::panic::PanicHookInfo;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;
use crate::flags::Flags;
use crate::output::Output;
use crate::{environment, first_start, logs, wire};

/// Start the server
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, long_about = LONG)]
pub(crate) struct Serve {
    #[command(flatten)]
    flags: Flags,
}

impl Serve {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let mut warnings = Vec::new();
        let config = self.flags.config(|warning| warnings.push(warning.to_owned()))?;
        let _logs = logs::begin(&config.log)?;
        std::panic::set_hook(Box::new(panicked));
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        // before anything is made: a signal during the start must end it in order too
        let shutdown = shutdown()?;
        let root = environment::root()?;
        if let Some(root) = root.as_ref().filter(|root| root.secret.is_short()) {
            tracing::warn!("{}", root.short());
        }
        let root_variable = root.as_ref().map(|root| root.variable);
        let server = wire::open(&config, root).await?;
        let told = first_start::tell(&server, root_variable, output);
        tracing::info!(
            url = %server.place.public_url,
            listen = ?server.place.listen,
            ops = %server.place.ops,
            version = env!("CARGO_PKG_VERSION"),
            "serving"
        );
        if output.is_json() {
            output.text(&line(&server.place, told));
        }
        let ended = server.serve(shutdown).await;
        tracing::info!(finished = ended.finished, cut = ended.cut, "ended");
        Ok(())
    }
}

/// The one line that programs read: it comes when the sockets are open, so that a request sent now is answered.
fn line(place: &wire::Place, root_secret_file: Option<PathBuf>) -> String {
    let line = json!({
        "public_url": place.public_url,
        "listen": place.listen,
        "admin": place.admin.as_ref().map(|admin| admin.listen),
        "ops": place.ops,
        "ca_file": place.dev.as_ref().map(|dev| &dev.ca),
        "root_secret_file": root_secret_file,
        "pid": std::process::id(),
    });
    line.to_string()
}

/// Says where, and not what: a panic's text may hold what the request held.
pub(super) fn panicked(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(location, "panicked");
}

/// Done at the first SIGTERM or SIGINT; the second ends the process where it stands.
pub(super) fn shutdown() -> Result<impl Future<Output = ()>, Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::new)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::new)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("ending: no new connections, finishing what is in flight (again to end at once)");
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            std::process::exit(130);
        });
    })
}

const LONG: &str = "\
Start the server. The first start makes the data folder, the database, the keys and a root client, and says what to do \
next. Each flag can also be given by environment or in a TOML file; docs/configuration.md lists all.";

const EXAMPLES: &str = "\
Examples:
  countersign serve
  countersign serve --data /var/lib/countersign --listen 127.0.0.1:8080
  countersign serve --listen 0.0.0.0:8443 --public-url https://auth.example.com \\
      --tls-cert tls.crt --tls-key tls.key
  countersign serve --tls-dev           a certificate for localhost that needs no authority
  countersign serve --output json       one JSON line on standard output says where it listens";
