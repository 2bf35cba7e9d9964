use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::ForbiddenAddress;

/// A server that answers one request with `bytes` and returns what it read.
async fn answering(bytes: &'static [u8]) -> (Endpoint, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/token?x=1", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = vec![0; 4096];
        let count = stream.read(&mut read).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        String::from_utf8_lossy(&read[..count]).into_owned()
    });
    (Endpoint::parse(&url).unwrap(), served)
}

fn small() -> HttpClient {
    HttpClient::new(Settings { max_body: 8, timeout: Duration::from_millis(300), ..Settings::default() })
}

#[tokio::test]
async fn an_answer_is_read_whole_whatever_its_status() {
    let (endpoint, served) =
        answering(b"HTTP/1.1 418 no\r\ncontent-type: Text/Plain; charset=x\r\ncontent-length: 3\r\n\r\nabc")
            .await;
    let answer = small().send(&endpoint, Request::new(Bytes::new())).await.unwrap();
    assert_eq!(answer.status, 418);
    assert_eq!(&answer.body[..], b"abc");
    assert!(answer.is("text/plain") && !answer.is("text/html"));
    let request = served.await.unwrap();
    assert!(request.starts_with("GET /token?x=1 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("user-agent: countersign/"), "{request}");
}

/// Threats 5 "a server that answers without end".
#[tokio::test]
async fn a_body_beyond_the_bound_is_refused() {
    let (endpoint, _) =
        answering(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n123456789\r\n").await;
    let error = small().send(&endpoint, Request::new(Bytes::new())).await.unwrap_err();
    assert!(matches!(error, HttpError::TooLarge { max: 8, .. }), "{error}");
}

/// A head that is too large is HTTP still, and no question of TLS.
#[tokio::test]
async fn a_head_beyond_the_bound_is_no_other_protocol() {
    let many = "x: y\r\n".repeat(500);
    let head: &'static str = Box::leak(format!("HTTP/1.1 200 OK\r\n{many}\r\n").into_boxed_str());
    let (endpoint, _) = answering(head.as_bytes()).await;
    let error = small().send(&endpoint, Request::new(Bytes::new())).await.unwrap_err();
    assert!(matches!(error, HttpError::Exchange { .. }), "{error}");
}

/// A connection of HTTP/2 that is dead without having been closed, as a firewall leaves it, is not used again.
#[tokio::test]
async fn a_dead_connection_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (silence, silent) = tokio::sync::watch::channel(0);
    let relays = tokio::spawn(async move {
        for number in 1.. {
            let (mut outside, _) = listener.accept().await.unwrap();
            let (mut inside, served) = tokio::io::duplex(64 * 1024);
            let service = hyper::service::service_fn(|_| async {
                Ok::<_, std::convert::Infallible>(Response::new(Full::new(Bytes::from_static(b"ok"))))
            });
            tokio::spawn(
                hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                    .serve_connection(hyper_util::rt::TokioIo::new(served), service),
            );
            let mut silent = silent.clone();
            tokio::spawn(async move {
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut outside, &mut inside) => {}
                    () = async { drop(silent.wait_for(|silent| *silent >= number).await) } => {}
                }
                std::future::pending::<()>().await;
            });
        }
    });
    let client: Client<_, Full<Bytes>> = builder().http2_only(true).build(HttpConnector::new());
    let ask = || timeout(Duration::from_secs(5), client.get(url.parse().unwrap()));
    assert_eq!(ask().await.unwrap().unwrap().status(), 200);
    silence.send_replace(1);
    tokio::time::pause();
    tokio::time::sleep(2 * ALIVE + Duration::from_secs(5)).await;
    tokio::time::resume();
    assert_eq!(ask().await.unwrap().unwrap().status(), 200, "over a new connection");
    relays.abort();
}

/// A redirect would carry a secret to a place that nobody named.
#[tokio::test]
async fn a_redirect_is_an_answer_like_any_other() {
    let (endpoint, _) =
        answering(b"HTTP/1.1 307 x\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").await;
    let answer = small().send(&endpoint, Request::new(Bytes::new())).await.unwrap();
    assert_eq!(answer.status, 307);
}

#[tokio::test]
async fn silence_ends_at_the_timeout_and_a_closed_port_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let endpoint = Endpoint::parse(&url).unwrap();
    let error = small().send(&endpoint, Request::new(Bytes::new())).await.unwrap_err();
    assert!(matches!(error, HttpError::Timeout { .. }), "{error}");
    drop(listener);
    let error = small().send(&endpoint, Request::new(Bytes::new())).await.unwrap_err().to_string();
    assert!(error.contains("cannot connect to http://127.0.0.1:") && error.contains("refused"), "{error}");
}

/// Threats 2 "DNS rebinding": a name that a document holds is judged by what it resolves to, when it is called.
#[tokio::test]
async fn a_name_from_a_document_leads_to_public_addresses_alone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/keys", listener.local_addr().unwrap().port());
    let issuer = Endpoint::parse("https://issuer.example").unwrap();
    let named = Endpoint::named_in_document(&url, &issuer).unwrap();
    let error = small().send(&named, Request::new(Bytes::new())).await.unwrap_err();
    let HttpError::Forbidden { why: ForbiddenAddress(ip), .. } = error else { panic!("{error}") };
    assert!(ip.is_loopback(), "{ip}");
    // the same host is called where the operator named it
    let operator = Endpoint::parse(&url).unwrap();
    let asked = tokio::spawn(async move { small().send(&operator, Request::new(Bytes::new())).await });
    listener.accept().await.unwrap();
    assert!(asked.await.unwrap().is_err());
}

/// The variables that other clients read for a proxy change nothing. They belong to a process, so this starts itself.
#[tokio::test]
async fn proxy_variables_are_not_read() {
    const NAMES: [&str; 4] = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
    if std::env::var_os(NAMES[0]).is_some_and(|value| value == "http://127.0.0.1:9") {
        let (endpoint, _) = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        assert_eq!(small().send(&endpoint, Request::new(Bytes::new())).await.unwrap().status, 200);
        return;
    }
    let ran = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "http::tests::proxy_variables_are_not_read"])
        .envs(NAMES.map(|name| (name, "http://127.0.0.1:9")))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success() && text.contains("1 passed"), "{text}");
}

/// The head is bounded, the body is not: what a person streams may take as long as it does.
#[tokio::test]
async fn an_opened_answer_is_bounded_to_its_head() {
    let (endpoint, _) = answering(b"HTTP/1.1 404 no\r\ncontent-length: 20\r\n\r\n1234567890").await;
    let answer = small().open(&endpoint, Request::new(Full::default())).await.unwrap();
    assert_eq!(answer.status(), 404);
    let mut body = answer.into_body();
    let frame = body.frame().await.unwrap().unwrap();
    assert_eq!(frame.data_ref().unwrap().len(), 10, "more than `max_body`, and not whole");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let error = small().open(&endpoint, Request::new(Full::default())).await.unwrap_err();
    assert!(matches!(error, HttpError::Timeout { .. }), "{error}");
}
