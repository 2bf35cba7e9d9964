//! TLS that ends at the guard: both HTTP versions, a certificate that changes, callers' certificates.

use countersign_proto::jose::CertificateThumbprint;
use rcgen::CertifiedKey;
use serde_json::json;

use super::issued::Issuer;
use super::upstream::Upstream;
use crate::harness::{User, http, until};

/// A certificate for localhost, and its key, as files.
fn pair(user: &User, name: &str) -> (String, String, CertifiedKey<rcgen::KeyPair>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let cert = user.write(&format!("{name}.crt"), &made.cert.pem()).display().to_string();
    let key = user.write(&format!("{name}.key"), &made.signing_key.serialize_pem()).display().to_string();
    (cert, key, made)
}

/// What curl says: version of HTTP and status.
fn curl(user: &User, port: &str, token: &str, words: &[&str]) -> String {
    let url = format!("https://localhost:{port}/orders");
    let bearer = format!("Authorization: Bearer {token}");
    let mut command = user.command("curl");
    command.args(["--silent", "--output", "/dev/null", "--write-out", "%{http_version} %{http_code}"]);
    command.args(["--noproxy", "*", "--max-time", "20", "--header", &bearer]).args(words).arg(url);
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

/// HTTP/2 and HTTP/1.1 over the same port; a new certificate is taken up without a restart.
#[test]
fn both_http_versions_and_a_new_certificate() {
    let user = User::new();
    let (issuer, upstream) = (Issuer::new(&user, "a"), Upstream::start());
    let (cert, key, _) = pair(&user, "old");
    let words = ["--upstream", &upstream.url(), "--tls-cert", &cert, "--tls-key", &key];
    let guard = user.guard("proxy", &[&issuer.flags()[..], &words].concat());
    let (address, token) = (guard.address(), issuer.token(|_| {}));
    let port = address.rsplit(':').next().unwrap();
    assert_eq!(curl(&user, port, &token, &["--cacert", &cert, "--http2"]), "2 200");
    assert_eq!(curl(&user, port, &token, &["--cacert", &cert, "--http1.1"]), "1.1 200");
    assert_eq!(curl(&user, port, "x", &["--cacert", &cert, "--http2"]), "2 401");

    let (new_cert, new_key, _) = pair(&user, "new");
    std::fs::rename(&new_key, &key).unwrap();
    std::fs::copy(&new_cert, user.home().join("authority.pem")).unwrap();
    std::fs::rename(&new_cert, &cert).unwrap();
    until("the new certificate is served", || {
        curl(&user, port, &token, &["--cacert", "authority.pem", "--http2"]) == "2 200"
    });
}

/// T-8705-04: a token that is bound to a certificate needs that very one, shown on this connection; who need not show one
/// is not turned away.
#[test]
fn a_token_bound_to_a_certificate_needs_it() {
    let user = User::new();
    let (issuer, upstream) = (Issuer::new(&user, "a"), Upstream::start());
    let (cert, key, _) = pair(&user, "server");
    let (mine, my_key, made) = pair(&user, "mine");
    let (other, other_key, _) = pair(&user, "other");
    let thumbprint = CertificateThumbprint::of_der(made.cert.der()).to_string();
    let words =
        ["--upstream", &upstream.url(), "--tls-cert", &cert, "--tls-key", &key, "--client-certs", "ask"];
    let words = [&issuer.flags()[..], &words].concat();
    let guard = user.guard("proxy", &words);
    let (bound, free) =
        (issuer.token(|claims| claims["cnf"] = json!({ "x5t#S256": thumbprint })), issuer.token(|_| {}));
    let address = guard.address();
    let port = address.rsplit(':').next().unwrap();
    let call =
        |token: &str, words: &[&str]| curl(&user, port, token, &[&["--cacert", &cert], words].concat());
    for version in ["--http1.1", "--http2"] {
        assert!(call(&bound, &[version]).ends_with("401"), "no certificate");
        assert!(
            call(&bound, &[version, "--cert", &other, "--key", &other_key]).ends_with("401"),
            "another one"
        );
        assert!(call(&bound, &[version, "--cert", &mine, "--key", &my_key]).ends_with("200"), "its own");
        assert!(call(&free, &[version]).ends_with("200"), "a token that is not bound");
    }
    // a header is no certificate, unless somebody said so
    let forged = format!("Client-Cert: :{}:", base64_of(made.cert.der()));
    assert!(call(&bound, &["--header", &forged]).ends_with("401"));

    let strict = user.guard("proxy", &[&words[..], &["--require-bound", "mtls"]].concat());
    let address = strict.address();
    let port = address.rsplit(':').next().unwrap();
    assert!(curl(&user, port, &free, &["--cacert", &cert]).ends_with("401"));
}

/// T-8705-06, RFC 9440: a proxy on this machine hands on the certificate that it was shown, in a header that ends here.
#[test]
fn a_proxy_on_this_machine_hands_certificates_on() {
    let user = User::new();
    let (issuer, upstream) = (Issuer::new(&user, "a"), Upstream::start());
    let made = rcgen::generate_simple_self_signed(["client".to_owned()]).unwrap();
    let thumbprint = CertificateThumbprint::of_der(made.cert.der()).to_string();
    let bound = issuer.token(|claims| claims["cnf"] = json!({ "x5t#S256": thumbprint }));
    let url = upstream.url();
    let words =
        [&issuer.flags()[..], &["--upstream", &url, "--client-certs-from-header", "Client-Cert"]].concat();
    let guard = user.guard("proxy", &words);
    let call = |more: &str| {
        let head = format!("GET /orders HTTP/1.1\r\nauthorization: Bearer {bound}{more}");
        http(&guard.address(), &head, "")
    };
    assert_eq!(call("").0, 401);
    let handed_on = format!("\r\nclient-cert: :{}:", base64_of(made.cert.der()));
    let (status, reached) = call(&handed_on);
    assert!(status == 200 && !reached.to_ascii_lowercase().contains("client-cert"), "{reached}");
    assert_eq!(call(&format!("{handed_on}{handed_on}")).0, 400, "whose is the second?");
    let deaf = user.guard("proxy", &[&issuer.flags()[..], &["--upstream", &url]].concat());
    let head = format!("GET /orders HTTP/1.1\r\nauthorization: Bearer {bound}{handed_on}");
    assert_eq!(http(&deaf.address(), &head, "").0, 401, "nobody said that headers tell certificates");
}

fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
