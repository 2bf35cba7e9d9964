//! A token endpoint that says what a test tells it to, and counts what it is asked.

use std::sync::{Arc, Mutex};

use countersign_client::token::Secret;
use countersign_client::{Builder, TokenSource};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The server; its tasks end with the test's runtime. Its tokens are `t1`, `t2` and so on.
pub(crate) struct Issuer {
    url: String,
    reply: Arc<Mutex<Reply>>,
    asked: watch::Sender<Vec<String>>,
    open: watch::Sender<bool>,
}

#[derive(Clone)]
pub(crate) enum Reply {
    /// A token, with this as `expires_in`; empty = without.
    Token(&'static str),
    /// A token that is bound to a key.
    Bound,
    /// A status, and header lines.
    Status(u16, &'static str),
}

impl Issuer {
    pub(crate) async fn start(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/token", listener.local_addr().unwrap());
        let reply = Arc::new(Mutex::new(reply));
        let issuer =
            Self { url, reply, asked: watch::Sender::new(Vec::new()), open: watch::Sender::new(true) };
        let (reply, asked, open) = (Arc::clone(&issuer.reply), issuer.asked.clone(), issuer.open.subscribe());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&reply), asked.clone(), open.clone()));
            }
        });
        issuer
    }

    pub(crate) fn reply(&self, reply: Reply) {
        *self.reply.lock().unwrap() = reply;
    }

    /// Whether it answers, or holds its answers back until it is told to.
    pub(crate) fn open(&self, open: bool) {
        self.open.send_replace(open);
    }

    /// How often it was asked.
    pub(crate) fn count(&self) -> usize {
        self.asked.borrow().len()
    }

    /// Waits until it was asked so often.
    pub(crate) async fn asked(&self, times: usize) {
        let mut asked = self.asked.subscribe();
        asked.wait_for(|asked| asked.len() >= times).await.unwrap();
    }

    /// The whole requests.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.asked.borrow().clone()
    }

    /// What makes a source of its tokens.
    pub(crate) fn source(&self) -> Builder {
        TokenSource::at(&self.url).client_secret("svc", Secret::new("hush-hush".to_owned()))
    }
}

async fn serve(
    mut stream: TcpStream,
    reply: Arc<Mutex<Reply>>,
    asked: watch::Sender<Vec<String>>,
    mut open: watch::Receiver<bool>,
) {
    let Some(request) = read(&mut stream).await else { return };
    let reply = reply.lock().unwrap().clone();
    let mut number = 0;
    asked.send_modify(|asked| {
        asked.push(request);
        number = asked.len();
    });
    drop(open.wait_for(|open| *open).await);
    let (status, headers, body) = match reply {
        Reply::Token("") => (200, "", format!(r#"{{"access_token":"t{number}","token_type":"Bearer"}}"#)),
        Reply::Token(life) => {
            let body = format!(r#"{{"access_token":"t{number}","token_type":"Bearer","expires_in":{life}}}"#);
            (200, "", body)
        }
        Reply::Bound => {
            (200, "", format!(r#"{{"access_token":"t{number}","token_type":"DPoP","expires_in":300}}"#))
        }
        Reply::Status(status, headers) => (status, headers, String::new()),
    };
    let head = format!("HTTP/1.1 {status} x\r\ncontent-type: application/json\r\n{headers}");
    let rest = format!("content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    // a client that has heard enough hangs up
    drop(stream.write_all(format!("{head}{rest}").as_bytes()).await);
    drop(stream.shutdown().await);
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
