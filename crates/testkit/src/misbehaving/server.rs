//! The server that plays the scripts: the metadata are true and at one port, the token endpoint is at another, and at a
//! third is where nobody may be led.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use super::act::{Act, Places};
use super::{GOOD_BODY, Misbehaviour, OK_JSON};

/// A token endpoint that does as it is told, with the metadata of its issuer; it ends with this value.
pub struct MisbehavingServer {
    state: Arc<State>,
    serving: [AbortHandle; 3],
}

struct State {
    issuer: String,
    places: Places,
    script: Mutex<Vec<Act>>,
    count: watch::Sender<u64>,
    strayed: watch::Sender<u64>,
}

/// Who listens at a port.
#[derive(Clone, Copy)]
enum Role {
    Metadata,
    Endpoint,
    Other,
}

impl MisbehavingServer {
    /// Starts it; it behaves well as yet.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn start() -> Self {
        let [(metadata, at), (endpoint, to), (other, from)] =
            [listen().await, listen().await, listen().await];
        let places = Places {
            itself: format!("http://{to}/token"),
            elsewhere: format!("http://{to}/elsewhere"),
            other: format!("http://{from}/token"),
        };
        let state = Arc::new(State {
            issuer: format!("http://{at}"),
            places,
            script: Mutex::new(vec![Act::Read, Act::answer(OK_JSON, GOOD_BODY)]),
            count: watch::Sender::new(0),
            strayed: watch::Sender::new(0),
        });
        let serving = [(metadata, Role::Metadata), (endpoint, Role::Endpoint), (other, Role::Other)]
            .map(|(listener, role)| tokio::spawn(serve(listener, role, Arc::clone(&state))).abort_handle());
        Self { state, serving }
    }

    /// Behaves so from now on.
    pub fn behaves(&self, behaviour: &Misbehaviour) {
        self.state.script.lock().expect("no test panicked here").clone_from(&behaviour.script);
    }

    /// Its issuer identifier, whose metadata name the token endpoint.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.state.issuer
    }

    /// The URL of its token endpoint.
    #[must_use]
    pub fn token_endpoint(&self) -> &str {
        &self.state.places.itself
    }

    /// How often the token endpoint was asked, or called where it hangs up before it is asked.
    #[must_use]
    pub fn count(&self) -> u64 {
        *self.state.count.borrow()
    }

    /// Waits until the token endpoint was asked so often in all.
    pub async fn asked(&self, times: u64) {
        let mut count = self.state.count.subscribe();
        // The sender lives as long as this value.
        let _ = count.wait_for(|count| *count >= times).await;
    }

    /// How many requests came where none may come: to where a redirect leads.
    #[must_use]
    pub fn strayed(&self) -> u64 {
        *self.state.strayed.borrow()
    }
}

impl Drop for MisbehavingServer {
    fn drop(&mut self) {
        self.serving.iter().for_each(AbortHandle::abort);
    }
}

impl State {
    fn metadata(&self) -> String {
        let metadata = json!({
            "issuer": self.issuer,
            "token_endpoint": self.places.itself,
            "jwks_uri": format!("{}/jwks", self.issuer),
            "response_types_supported": [],
        });
        metadata.to_string()
    }
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound socket");
    (listener, address)
}

/// Serves until it is dropped, and its connections with it.
async fn serve(listener: TcpListener, role: Role, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        let state = Arc::clone(&state);
        connections.spawn(async move { converse(stream, role, &state).await });
        while connections.try_join_next().is_some() {}
    }
}

/// Answers one request. Heads say that the connection ends with it, so that no client sends a second one after it.
async fn converse(mut stream: TcpStream, role: Role, state: &State) {
    let reads = || state.script.lock().expect("no test panicked here").first().is_some_and(Act::reads);
    let path = match role {
        Role::Endpoint if !reads() => TOKEN.to_owned(),
        _ => match read(&mut stream).await {
            Some(path) => path,
            None => return,
        },
    };
    let script = match (role, &*path) {
        (Role::Metadata, WELL_KNOWN) => vec![Act::answer(OK_JSON, &state.metadata())],
        (Role::Metadata, _) => vec![Act::answer("HTTP/1.1 404 Not Found\r\n", "")],
        (Role::Endpoint, TOKEN) => {
            state.count.send_modify(|count| *count += 1);
            state.script.lock().expect("no test panicked here").clone()
        }
        (Role::Endpoint | Role::Other, _) => {
            state.strayed.send_modify(|count| *count += 1);
            vec![Act::answer(OK_JSON, GOOD_BODY)]
        }
    };
    for act in script.iter().filter(|act| !act.reads()) {
        if !act.play(&mut stream, &state.places).await {
            return;
        }
    }
    let _ = stream.shutdown().await;
}

/// The path of a request that was read to its end; `None` when the other side hangs up, or sends more than 64 KiB.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut piece).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&piece[..read]);
        if let Some(path) = whole(&bytes) {
            return Some(path);
        }
        if bytes.len() > 64 << 10 {
            return None;
        }
    }
}

/// The path, once the head and as much body as it announces are there.
fn whole(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let lower = head.to_ascii_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = length.map_or(0, |length| length.trim().parse().unwrap_or(0));
    (body.len() >= length).then(|| head.split(' ').nth(1).unwrap_or_default().to_owned())
}

const TOKEN: &str = "/token";
const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";
