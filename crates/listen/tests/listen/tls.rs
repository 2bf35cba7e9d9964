//! TLS from outside: what is offered, what is refused, what a changed certificate does.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use countersign_listen::tls::{self, Files, Reload, Tls};
use countersign_listen::{Limits, Listener};
use rustls::time_provider::TimeProvider;
use rustls::{
    ClientConfig, HandshakeKind, NamedGroup, ProtocolVersion, RootCertStore, SupportedProtocolVersion,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::harness::{Peer, Running, soon};

/// A development certificate, and callers who trust its authority.
pub(crate) struct Dev {
    pub(crate) tls: Tls,
    pub(crate) ca: PathBuf,
    pub(crate) files: Files,
    folder: tempfile::TempDir,
}

/// The time of all these handshakes.
#[derive(Debug)]
struct Then;

impl TimeProvider for Then {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(NOW))
    }
}

pub(crate) fn dev() -> Dev {
    let folder = tempfile::tempdir().unwrap();
    let dev = tls::dev::certificate(folder.path(), &[], SystemTime::UNIX_EPOCH + NOW).unwrap();
    Dev { tls: Tls::load(dev.files.clone()).unwrap(), ca: dev.ca, files: dev.files, folder }
}

impl Dev {
    pub(crate) fn config(&self, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.ca).unwrap()).unwrap();
        ClientConfig::builder_with_details(Arc::new(tls::provider()), Arc::new(Then))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth()
    }

    pub(crate) async fn connect(&self, server: &Running) -> Peer<TlsStream<TcpStream>> {
        self.connect_with(server, |_| {}).await.unwrap()
    }

    pub(crate) async fn connect_with(
        &self,
        server: &Running,
        set: impl FnOnce(&mut ClientConfig),
    ) -> std::io::Result<Peer<TlsStream<TcpStream>>> {
        let mut config = self.config(rustls::ALL_VERSIONS);
        set(&mut config);
        connect(server, Arc::new(config), "localhost").await
    }
}

pub(crate) async fn connect(
    server: &Running,
    config: Arc<ClientConfig>,
    name: &'static str,
) -> std::io::Result<Peer<TlsStream<TcpStream>>> {
    let tcp = TcpStream::connect(server.address).await?;
    let name = ServerName::try_from(name).unwrap();
    soon(TlsConnector::from(config).connect(name, tcp)).await.map(Peer)
}

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// FAPI 2.0 section 5.2.1, BCP 195: 1.3 is preferred, 1.2 is there.
#[tokio::test]
async fn tls_1_3_and_1_2_are_spoken() {
    let fixture = dev();
    let server = Running::start(Limits::default(), Some(fixture.tls.clone()));
    let cases = [
        (rustls::ALL_VERSIONS, ProtocolVersion::TLSv1_3),
        (&[&rustls::version::TLS13][..], ProtocolVersion::TLSv1_3),
        (&[&rustls::version::TLS12][..], ProtocolVersion::TLSv1_2),
    ];
    for (versions, expected) in cases {
        for name in ["localhost", "127.0.0.1", "::1"] {
            let config = Arc::new(fixture.config(versions));
            let mut peer = connect(&server, config, name).await.unwrap();
            assert_eq!(peer.0.get_ref().1.protocol_version(), Some(expected));
            peer.say(GET).await.until("GET / 127.0.0.1 body 0").await;
        }
    }
}

#[tokio::test]
async fn the_key_exchange_withstands_quantum_computers() {
    let fixture = dev();
    let server = Running::start(Limits::default(), Some(fixture.tls.clone()));
    let peer = fixture.connect(&server).await;
    let group = peer.0.get_ref().1.negotiated_key_exchange_group().unwrap().name();
    assert_eq!(group, NamedGroup::X25519MLKEM768);
}

#[tokio::test]
async fn a_second_handshake_is_resumed() {
    let fixture = dev();
    let server = Running::start(Limits::default(), Some(fixture.tls.clone()));
    for versions in [&[&rustls::version::TLS13][..], &[&rustls::version::TLS12][..]] {
        let config = Arc::new(fixture.config(versions));
        let mut kinds = Vec::new();
        for _ in 0..2 {
            let mut peer = connect(&server, Arc::clone(&config), "localhost").await.unwrap();
            peer.say(GET).await.until("body 0").await; // the tickets come with the answer
            kinds.push(peer.0.get_ref().1.handshake_kind().unwrap());
        }
        assert_eq!(kinds[1], HandshakeKind::Resumed, "{kinds:?}");
    }
}

#[tokio::test]
async fn a_stranger_to_the_authority_or_another_name_does_not_connect() {
    let (fixture, other) = (dev(), dev());
    let server = Running::start(Limits::default(), Some(fixture.tls.clone()));
    assert!(other.connect_with(&server, |_| {}).await.is_err());
    let config = Arc::new(fixture.config(rustls::ALL_VERSIONS));
    assert!(connect(&server, config, "example.com").await.is_err());
    server.until(|c| c.handshake_failures == 2 && c.open == 0).await;
}

/// A ClientHello of this version with these cipher suites, and what it needs to be understood.
fn client_hello(version: [u8; 2], suites: &[u16]) -> Vec<u8> {
    let suites: Vec<u8> = suites.iter().flat_map(|s| s.to_be_bytes()).collect();
    let groups = b"\x00\x0a\x00\x06\x00\x04\x00\x17\x00\x1d"; // supported_groups: P-256, X25519
    let points = b"\x00\x0b\x00\x02\x01\x00"; // ec_point_formats: uncompressed
    let signatures = b"\x00\x0d\x00\x08\x00\x06\x04\x03\x08\x04\x04\x01"; // ECDSA, PSS and PKCS#1 with SHA-256
    let extended_master_secret = b"\x00\x17\x00\x00";
    let extensions = [&groups[..], points, signatures, extended_master_secret].concat();
    let body = [
        &version[..],
        &[7; 32],
        &[0],
        &u16::try_from(suites.len()).unwrap().to_be_bytes(),
        &suites,
        &[1, 0],
        &u16::try_from(extensions.len()).unwrap().to_be_bytes(),
        &extensions,
    ]
    .concat();
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    let handshake = [&[1], &length[1..], &body].concat();
    [&[0x16, 3, 1], &u16::try_from(handshake.len()).unwrap().to_be_bytes()[..], &handshake].concat()
}

/// FAPI 2.0 section 5.2.1: TLS 1.0 and 1.1, CBC and static RSA are refused, seen from outside.
#[tokio::test]
async fn old_versions_and_weak_suites_are_refused() {
    const PROTOCOL_VERSION: u8 = 70;
    const HANDSHAKE_FAILURE: u8 = 40;
    let fixture = dev();
    let server = Running::start(Limits::default(), Some(fixture.tls.clone()));
    let good = 0xc02b; // ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    let cases: [([u8; 2], &[u16], u8); 7] = [
        ([3, 0], &[good], PROTOCOL_VERSION),
        ([3, 1], &[good], PROTOCOL_VERSION),
        ([3, 2], &[good], PROTOCOL_VERSION),
        ([3, 3], &[0xc009, 0xc023, 0xc013, 0xc027], HANDSHAKE_FAILURE), // ECDHE with CBC
        ([3, 3], &[0x009c, 0x009d, 0x002f], HANDSHAKE_FAILURE),         // static RSA
        ([3, 3], &[0x009e, 0x0033], HANDSHAKE_FAILURE),                 // finite-field DHE
        ([3, 3], &[0x0005, 0x000a, 0x0001], HANDSHAKE_FAILURE),         // RC4, 3DES, NULL
    ];
    for (version, suites, alert) in cases {
        let mut peer = server.connect().await;
        let heard = peer.say(client_hello(version, suites)).await.rest().await;
        assert_eq!(heard.first(), Some(&0x15), "{version:?} {suites:x?}: no alert in {heard:x?}");
        assert_eq!(heard[5..7], [2, alert], "{version:?} {suites:x?}");
    }
    // and the same hello with a good suite is taken, so the refusals are about what they seem to be
    let mut peer = server.connect().await;
    peer.say(client_hello([3, 3], &[good])).await;
    assert_eq!(soon(tokio::io::AsyncReadExt::read_u8(&mut peer.0)).await.unwrap(), 0x16);
}

#[tokio::test]
async fn plain_http_on_a_tls_port_fails_without_harm() {
    let fixture = dev();
    let server = Running::start(Limits::default(), Some(fixture.tls.clone()));
    let mut peer = server.connect().await;
    peer.say(GET).await.rest().await;
    server.until(|c| c.handshake_failures == 1 && c.requests == 0).await;
}

#[tokio::test]
async fn a_changed_certificate_serves_new_connections_and_leaves_the_old_alone() {
    let mut fixture = dev();
    let server = Running::start(Limits::default(), Some(fixture.tls.clone()));
    let mut before = fixture.connect(&server).await;
    before.say(GET).await.until("body 0").await;

    // another authority, another certificate, in the same files
    let other = dev();
    fs::copy(&other.files.key, fixture.folder.path().join("key.pem")).unwrap();
    fs::copy(&other.files.cert, fixture.folder.path().join("cert.pem")).unwrap();
    fixture.ca = other.ca.clone();
    // by hand or by the listener's own follower, whoever comes first
    let reloaded = fixture.tls.reload_if_changed();
    assert!(matches!(reloaded, Reload::Reloaded | Reload::Unchanged), "{reloaded:?}");
    let mut after = fixture.connect(&server).await;
    after.say(GET).await.until("body 0").await;
    before.say(GET).await.until("body 0").await;

    fs::write(&fixture.files.cert, "broken").unwrap();
    let refused = fixture.tls.reload_if_changed();
    assert!(matches!(refused, Reload::Refused(_) | Reload::Unchanged), "{refused:?}");
    fixture.connect(&server).await.say(GET).await.until("body 0").await;
}

#[tokio::test]
async fn a_serving_listener_follows_the_files_by_itself() {
    let fixture = dev();
    let listener = Listener::bind(&["127.0.0.1:0".parse().unwrap()]).unwrap().with_tls(fixture.tls.clone());
    let service = tower::service_fn(|_| async {
        Ok::<_, std::convert::Infallible>(http::Response::new(http_body_util::Empty::<bytes::Bytes>::new()))
    });
    let address = listener.local_addrs()[0];
    let serving = tokio::spawn(listener.serve(service, std::future::pending()));
    let other = dev();
    fs::copy(&other.files.key, &fixture.files.key).unwrap();
    fs::copy(&other.files.cert, &fixture.files.cert).unwrap();
    let config = Arc::new(other.config(rustls::ALL_VERSIONS));
    // until the listener has noticed, callers who trust only the new authority are turned away
    soon(async {
        loop {
            let tcp = TcpStream::connect(address).await.unwrap();
            let name = ServerName::try_from("localhost").unwrap();
            if TlsConnector::from(Arc::clone(&config)).connect(name, tcp).await.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    serving.abort();
}

const NOW: Duration = Duration::from_secs(1_800_000_000);
