//! A service that answers each request with what reached it, or with whatever a test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

/// An upstream; it ends with the test's process.
pub(crate) struct Upstream {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    seen: Mutex<usize>,
    released: Mutex<bool>,
    wake: Condvar,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        Self::answering(|head, body| ("text/plain", format!("{head}\n{body}")))
    }

    /// One that answers by head and body: with a media type and a text.
    pub(crate) fn answering(
        answers: impl Fn(&str, &str) -> (&'static str, String) + Send + Sync + 'static,
    ) -> Self {
        let answers = Arc::new(answers);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (shared, answers) = (Arc::clone(&shared), Arc::clone(&answers));
                std::thread::spawn(move || answer(&stream, &shared, &*answers));
            }
        });
        Self { address, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests have reached it.
    pub(crate) fn seen(&self) -> usize {
        *self.state.seen.lock().unwrap()
    }

    /// Lets the requests for `/slow` be answered.
    pub(crate) fn release(&self) {
        *self.state.released.lock().unwrap() = true;
        self.state.wake.notify_all();
    }
}

/// One request a connection.
fn answer(stream: &TcpStream, state: &State, answers: &dyn Fn(&str, &str) -> (&'static str, String)) {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    *state.seen.lock().unwrap() += 1;
    if head.starts_with("GET /slow ") {
        let released = state.released.lock().unwrap();
        drop(state.wake.wait_while(released, |released| !*released).unwrap());
    }
    let (media_type, told) = answers(&head, &String::from_utf8_lossy(&body));
    let mut stream = stream;
    // who asked may be gone
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{told}",
        told.len()
    );
}
