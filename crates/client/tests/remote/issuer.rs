//! An issuer that says what a test tells it to, over bare sockets, so that it can break every rule; it counts what it
//! is asked. And time that a test moves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_client::{Endpoint, HttpClient, JwksSettings, RemoteJwks};
use countersign_proto::jose::keys::KeyError;
use countersign_proto::jose::{Algorithm, KeySource};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The issuer; its tasks end with the test's runtime.
pub(crate) struct Issuer {
    /// `iss`, and what all its documents begin with.
    pub(crate) url: String,
    replies: Arc<Mutex<HashMap<&'static str, Reply>>>,
    asked: watch::Sender<Vec<(String, String)>>,
}

/// What it answers at a path.
#[derive(Clone)]
pub(crate) enum Reply {
    /// A status, header lines, a body.
    Say(u16, &'static str, Vec<u8>),
    /// A good beginning, then a byte a second for ever.
    Drip,
    /// A good beginning, then 100 MB, as far as anybody reads.
    Flood,
    /// Nothing until the test says so by `true`, then this.
    Later(watch::Receiver<bool>, Box<Reply>),
    /// The connection is closed.
    HangUp,
}

pub(crate) const METADATA: &str = "/.well-known/oauth-authorization-server";
pub(crate) const OIDC: &str = "/.well-known/openid-configuration";
pub(crate) const KEYS: &str = "/keys";

impl Issuer {
    /// An issuer with good metadata where RFC 8414 puts them, and the key `a`.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let issuer = Self { url, replies: Arc::default(), asked: watch::Sender::new(Vec::new()) };
        issuer.reply(METADATA, json(&issuer.metadata(KEYS)));
        issuer.reply(KEYS, keys(&["a"]));
        let (replies, asked) = (Arc::clone(&issuer.replies), issuer.asked.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&replies), asked.clone()));
            }
        });
        issuer
    }

    /// From now on, `path` is answered so.
    pub(crate) fn reply(&self, path: &'static str, reply: Reply) {
        self.replies.lock().unwrap().insert(path, reply);
    }

    /// Its metadata, with the keys at `path`.
    pub(crate) fn metadata(&self, path: &str) -> String {
        format!(r#"{{"issuer":"{0}","jwks_uri":"{0}{path}"}}"#, self.url)
    }

    /// How often `path` was asked for.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.asked.borrow().iter().filter(|(asked, _)| asked == path).count()
    }

    /// The whole requests for `path`.
    pub(crate) fn requests(&self, path: &str) -> Vec<String> {
        self.asked
            .borrow()
            .iter()
            .filter(|(asked, _)| asked == path)
            .map(|(_, whole)| whole.clone())
            .collect()
    }

    /// Waits until `path` was asked for so often.
    pub(crate) async fn asked(&self, path: &str, times: usize) {
        let enough =
            |asked: &Vec<(String, String)>| asked.iter().filter(|(asked, _)| asked == path).count() >= times;
        let mut asked = self.asked.subscribe();
        // so that what never comes is a failure; nobody moves time meanwhile
        tokio::time::timeout(seconds(60), asked.wait_for(enough)).await.unwrap().unwrap();
    }

    /// Its keys as a guard keeps them, with metadata and the usual settings.
    pub(crate) fn keys(&self) -> RemoteJwks {
        self.keys_with(JwksSettings::default())
    }

    pub(crate) fn keys_with(&self, settings: JwksSettings) -> RemoteJwks {
        RemoteJwks::discover(Arc::new(HttpClient::default()), &self.url, Endpoint::parse, settings).unwrap()
    }
}

/// Looks for the key `kid` of the issuer.
pub(crate) fn find(keys: &RemoteJwks, kid: &str) -> Result<(), KeyError> {
    keys.find(keys.issuer(), Some(kid), Algorithm::EdDSA).map(|key| assert_eq!(key.kid(), Some(kid)))
}

/// The error when it is not there.
pub(crate) fn unknown(kid: &str) -> Result<(), KeyError> {
    Err(KeyError::UnknownKid(kid.to_owned()))
}

/// A 200 answer in JSON.
pub(crate) fn json(body: &str) -> Reply {
    Reply::Say(200, "content-type: application/json\r\n", body.as_bytes().to_vec())
}

/// A status and nothing else.
pub(crate) fn status(status: u16) -> Reply {
    Reply::Say(status, "", Vec::new())
}

/// A set of keys with these names.
pub(crate) fn keys(kids: &[&str]) -> Reply {
    json(&key_set(kids))
}

pub(crate) fn key_set(kids: &[&str]) -> String {
    let keys: Vec<String> = kids.iter().map(|kid| format!(r#"{{{KEY},"kid":"{kid}"}}"#)).collect();
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

/// Moves time, and lets all that became due begin; what goes over sockets goes on in real time.
pub(crate) async fn later(duration: Duration) {
    tokio::time::pause();
    tokio::time::advance(duration).await;
    tokio::time::resume();
}

/// Lets others have their turns until it is so; what never comes is a failure.
pub(crate) async fn until(is_so: impl Fn() -> bool) {
    let turns = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(seconds(60), turns).await.unwrap();
}

/// Lets every task run that can.
pub(crate) async fn turns() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The public key of RFC 8037 appendix A.2, without a name.
pub(crate) const KEY: &str =
    r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;

/// One connection, one request, one reply.
async fn serve(
    mut stream: TcpStream,
    replies: Arc<Mutex<HashMap<&'static str, Reply>>>,
    asked: watch::Sender<Vec<(String, String)>>,
) {
    let Some(request) = read(&mut stream).await else { return };
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let reply = replies.lock().unwrap().get(path.as_str()).cloned().unwrap_or_else(|| status(404));
    asked.send_modify(|asked| asked.push((path, request)));
    // a client that has heard enough hangs up
    drop(answer(&mut stream, reply).await);
}

async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
}

async fn answer(stream: &mut TcpStream, reply: Reply) -> std::io::Result<()> {
    const GOOD: &str = "content-type: application/json\r\n";
    match reply {
        Reply::Say(status, headers, body) => {
            stream.write_all(head(status, headers, body.len()).as_bytes()).await?;
            stream.write_all(&body).await?;
        }
        Reply::Drip => {
            stream.write_all(head(200, GOOD, 1000).as_bytes()).await?;
            loop {
                stream.write_all(b" ").await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        Reply::Flood => {
            const SIZE: usize = 100_000_000;
            stream.write_all(head(200, GOOD, SIZE).as_bytes()).await?;
            stream.write_all(&vec![b' '; SIZE]).await?;
        }
        Reply::Later(mut open, reply) => {
            drop(open.wait_for(|open| *open).await);
            Box::pin(answer(stream, *reply)).await?;
        }
        Reply::HangUp => {}
    }
    stream.shutdown().await
}

fn head(status: u16, headers: &str, length: usize) -> String {
    format!("HTTP/1.1 {status} x\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n")
}
