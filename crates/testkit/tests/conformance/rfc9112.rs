//! RFC 9112: HTTP/1.1 as it comes over the wire.

use countersign_testkit::TestServer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// RFC 9112 §3.2: no host, two hosts, or one that is none: 400, before anything is read into it.
#[tokio::test]
async fn a_request_names_one_host() {
    let server = TestServer::start().await;
    for (version, hosts, status) in [
        ("1.1", "Host: localhost\r\n", "200"),
        ("1.1", "Host: [::1]:8080\r\n", "200"),
        ("1.0", "", "200"),
        ("1.1", "", "400"),
        ("1.1", "Host: a\r\nHost: b\r\n", "400"),
        ("1.1", "Host: a\r\nHost: a\r\n", "400"),
        ("1.0", "Host: a\r\nHost: b\r\n", "400"),
        ("1.1", "Host: a b/@\r\n", "400"),
        ("1.1", "Host: user@a\r\n", "400"),
    ] {
        let head =
            format!("GET /realms/system/oauth2/jwks HTTP/{version}\r\n{hosts}Connection: close\r\n\r\n");
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer.split(' ').nth(1), Some(status), "{head}{answer}");
        assert!(answer.contains("x-request-id"), "{head}{answer}");
    }
}
