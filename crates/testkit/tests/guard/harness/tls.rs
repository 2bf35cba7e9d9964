//! TLS that asks for certificates, and callers who have one or none.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use countersign_listen::tls::{self, Tls};
use countersign_testkit::{Answer, clock::EPOCH};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Ask;

/// A server's certificate of a local authority, and who trusts that.
pub(crate) struct Authority {
    pub(crate) tls: Tls,
    ca: PathBuf,
    _folder: tempfile::TempDir,
}

/// A client's certificate with its key.
pub(crate) struct Identity {
    pub(crate) der: CertificateDer<'static>,
    key: KeyPair,
}

#[derive(Debug)]
struct Then;

impl TimeProvider for Then {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(epoch()))
    }
}

impl Authority {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dev = tls::dev::certificate(folder.path(), &[], SystemTime::UNIX_EPOCH + epoch()).unwrap();
        let tls = Tls::load(dev.files).unwrap().asking_for_client_certificates().unwrap();
        Self { tls, ca: dev.ca, _folder: folder }
    }

    /// Makes a request over TLS, with this certificate if any.
    pub(crate) async fn ask(&self, at: SocketAddr, ask: &Ask, identity: Option<&Identity>) -> Answer {
        let tcp = TcpStream::connect(at).await.unwrap();
        let connector = TlsConnector::from(Arc::new(self.config(identity)));
        let stream = connector.connect(ServerName::try_from("localhost").unwrap(), tcp).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let request: Request<Full<Bytes>> = ask.request(&ask.target);
        let (head, body) = sender.send_request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        connection.abort();
        Answer { status: head.status, headers: head.headers, body }
    }

    fn config(&self, identity: Option<&Identity>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.ca).unwrap()).unwrap();
        let config = ClientConfig::builder_with_details(Arc::new(tls::provider()), Arc::new(Then))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        match identity {
            None => config.with_no_client_auth(),
            Some(Identity { der, key }) => {
                let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
                config.with_client_auth_cert(vec![der.clone()], key).unwrap()
            }
        }
    }
}

impl Identity {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["client.example".to_owned()]).unwrap();
        Self { der: params.self_signed(&key).unwrap().der().clone(), key }
    }
}

fn epoch() -> Duration {
    Duration::from_secs(EPOCH.0.try_into().unwrap())
}
