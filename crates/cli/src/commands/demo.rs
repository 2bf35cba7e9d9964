//! `countersign demo`: the whole story against a server that is thrown away, each exchange shown as it happened.

mod guarded;
mod story;
mod transcript;

use std::path::Path;

use clap::Args;
use countersign_server::config::{Config, Layers, settings};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use self::story::Story;
use self::transcript::Transcript;
use crate::failure::Failure;
use crate::output::Output;
use crate::wire;

/// Show the whole story against a server that is thrown away afterwards
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, long_about = LONG)]
pub(crate) struct Demo {}

impl Demo {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let folder = tempfile::Builder::new().prefix("countersign-demo-").tempdir().map_err(Failure::new)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(Failure::new)?;
        let told = tokio::select! {
            told = tell(folder.path(), output) => told,
            _ = tokio::signal::ctrl_c() => Err(Failure::new("interrupted")),
            _ = terminate.recv() => Err(Failure::new("terminated")),
        };
        let path = folder.path().to_owned();
        folder
            .close()
            .map_err(|error| Failure::new(format!("{} is left behind: {error}", path.display())))?;
        told
    }
}

async fn tell(folder: &Path, output: Output) -> Result<(), Failure> {
    let server = wire::open(&config(folder)?, None).await?;
    let root = &server.root;
    let secret = root.secret.as_ref().map(|secret| secret.expose().to_owned()).unwrap_or_default();
    let mut story = Story {
        root: (root.client_id.clone(), secret),
        server: server.place.public_url.clone(),
        transcript: Transcript::new(output),
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.serve(async {
        let _ = stopped.await;
    }));
    let told = story.tell().await;
    drop((stop, story)); // closes the connections too
    serving.await.map_err(Failure::new)?;
    told
}

/// A server of its own in every respect: neither the user's configuration nor their environment reaches it.
fn config(folder: &Path) -> Result<Config, Failure> {
    let mut layers = Layers::default();
    let data = folder.join("data").display().to_string();
    for (key, value) in [("data", data.as_str()), ("listen", "localhost:0"), ("ops", "127.0.0.1:0")] {
        if let Some(setting) = settings().find(|setting| setting.key == key) {
            layers.flag(setting, vec![value.to_owned()]);
        }
    }
    Ok(Config::read(&layers)?)
}

const LONG: &str = "\
Show the whole story against a server that is thrown away afterwards: root makes a realm with an API and two clients; \
tokens with the default scopes, with an optional one, and with one that is not granted; a token decoded and verified; a \
wrong secret; an API behind the guard, called without a token, with one, with too little scope and with an expired one; \
a secret rotated without a gap. Exits with 1 when anything differs from what it expects.";

const EXAMPLES: &str = "\
Examples:
  countersign demo
  countersign demo --output json        one JSON object for each exchange";
