//! `countersign agent`: a broker that hands fresh tokens to the processes of this machine.

mod broker;
mod claim;
mod door;
mod end;
mod file;
mod key;
mod place;
mod refusal;
mod socket;
mod table;

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{ArgGroup, Args};
use countersign_server::config::{Config, Layers, Log, settings};
use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::broker::Broker;
use self::door::Door;
use self::end::End;
use self::file::File;
use self::place::Place;
use super::serve::panicked;
use crate::failure::Failure;
use crate::output::Output;

/// Hand fresh tokens to the processes of this machine, over a unix socket or a loopback port
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, long_about = LONG)]
#[command(group = ArgGroup::new("place").required(true).args(["socket", "listen"]))]
pub(crate) struct Agent {
    /// Listen on this unix socket, which its owner alone may use unless the file lets others in
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Listen on this address of loopback, for callers that show the key
    #[arg(long, value_name = "127.0.0.1:PORT", requires = "key_file")]
    listen: Option<String>,
    /// Write the key here: a new one at each start, removed at the end
    #[arg(long, value_name = "FILE", requires = "listen", conflicts_with = "socket")]
    key_file: Option<PathBuf>,
    /// The TOML file of contexts: which tokens there are, and who may have them; read anew on SIGHUP
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Log lines for people, or one JSON object a line: pretty or json [default: pretty]
    #[arg(long, value_name = "FORMAT", help_heading = "Logs")]
    log_format: Option<String>,
    /// How much is logged: off, error, warn, info, debug or trace; no level shows a token [default: info]
    #[arg(long, value_name = "LEVEL", help_heading = "Logs")]
    log_level: Option<String>,
}

impl Agent {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let owner = rustix::process::geteuid().as_raw();
        let broker = Broker::new(&File::read(&self.config)?, owner, self.socket.is_some())?;
        let _logs = crate::logs::begin(&self.log()?)?;
        std::panic::set_hook(Box::new(panicked));
        // before anything is made: a signal during the start must end it in order too
        let end = End::awaited()?;
        let hangup = signal(SignalKind::hangup()).map_err(Failure::new)?;
        let (place, listener) = match (&self.socket, &self.listen, &self.key_file) {
            (Some(path), ..) => Place::socket(path, broker.lets_others_in()).await?,
            (None, Some(address), Some(key_file)) => Place::port(address, key_file)?,
            (None, ..) => return Err(Failure::new("give --socket PATH, or --listen with --key-file")),
        };
        let (place, broker) = (Arc::new(place), Arc::new(broker));
        let users = Arc::clone(&broker);
        let listener = listener.with_known_users(move |peer| users.knows(peer.uid));
        let door = Arc::new(Door::new(Arc::clone(&broker), Arc::clone(&place)));
        let service = tower::service_fn(move |request| {
            let door = Arc::clone(&door);
            async move { Ok::<_, Infallible>(door.answer(request).await) }
        });
        tracing::info!(at = %place, contexts = broker.names().len(), version = env!("CARGO_PKG_VERSION"), "handing out tokens");
        if output.is_json() {
            output.text(&self.line(&place, &broker));
        }
        let ended = tokio::select! {
            ended = listener.serve(service, end.come()) => ended,
            never = follow(hangup, &self.config, &broker, &place) => match never {},
        };
        tracing::info!(finished = ended.finished, cut = ended.cut, "ended");
        Ok(())
    }

    /// The one line that programs read: it comes when a request sent now is answered.
    fn line(&self, place: &Place, broker: &Broker) -> String {
        let line = json!({
            "socket": self.socket,
            "listen": place.addresses(),
            "key_file": self.key_file,
            "contexts": broker.names(),
            "pid": std::process::id(),
        });
        line.to_string()
    }

    /// How to log, read by the server's own rules.
    fn log(&self) -> Result<Log, Failure> {
        let mut layers = Layers::default();
        for (key, flag) in [("log.format", &self.log_format), ("log.level", &self.log_level)] {
            if let (Some(setting), Some(value)) = (settings().find(|setting| setting.key == key), flag) {
                layers.flag(setting, vec![value.clone()]);
            }
        }
        Ok(Config::read(&layers)?.log)
    }
}

/// Reads the file anew at each SIGHUP; one that is wrong changes nothing.
async fn follow(mut hangup: Signal, config: &Path, broker: &Broker, place: &Place) -> Infallible {
    loop {
        if hangup.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
        let read = File::read(config).and_then(|file| broker.take(&file, place));
        match read {
            Ok(()) => tracing::info!(contexts = broker.names().len(), "the file was read anew"),
            Err(failure) => tracing::error!("the file was read anew, and nothing is changed: {failure}"),
        }
    }
}

const LONG: &str = "\
Hand fresh tokens to the processes of this machine, over a unix socket or a loopback port.

GET /token?context=NAME answers {\"access_token\",\"token_type\",\"expires_at\"}. Secrets stay with the agent; it takes a token \
when one is first asked for, keeps it fresh while it is in use, and asks the issuer once for all who wait. Issuers need not \
run when it starts.

The socket is for its owner, or for the users in a context's `uids`. On a port a caller shows the key of --key-file as \
`Authorization: Bearer KEY`, and no browser is let in.";

const EXAMPLES: &str = "\
Examples:
  countersign agent --socket ~/.countersign.sock --config agent.toml
      curl --unix-socket ~/.countersign.sock 'http://localhost/token?context=orders'
  countersign agent --listen 127.0.0.1:8085 --key-file ~/.countersign.key --config agent.toml
      printf 'Authorization: Bearer %s' \"$(cat ~/.countersign.key)\" |
          curl -H @- 'http://127.0.0.1:8085/token?context=orders'

The file:
  [context.orders]
  issuer = \"https://id.example/realms/myorg\"
  client_id = \"svc\"
  client_secret_file = \"/etc/svc.secret\"    # or client_secret_env, client_secret_command,
                                            # private_key, client_cert with client_key,
                                            # assertion_file
  resource = \"https://orders.example\"
  scope = [\"orders:read\"]
  uids = [1000, 1001]                       # on a socket; without it, the owner alone";
