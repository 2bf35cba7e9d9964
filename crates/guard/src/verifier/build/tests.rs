use countersign_client::ClientAuth;
use countersign_client::token::Secret;
use countersign_proto::jose::JwkSet;

use super::*;

const ISSUER: &str = "https://issuer.example";
const API: &str = "https://orders.example";

fn trusted() -> TrustedIssuer {
    TrustedIssuer::discover(ISSUER, API).jwks(none())
}

fn none() -> JwkSet {
    std::iter::empty().collect()
}

fn auth() -> ClientAuth {
    ClientAuth::client_secret_basic("guard", Secret::new("secret".to_owned()))
}

fn error(builder: VerifierBuilder) -> String {
    builder.build().err().map(|error| error.to_string()).unwrap_or_default()
}

/// Design rule 7: what is missing or given twice is said, not guessed.
#[test]
fn what_is_missing_is_said() {
    let other = || TrustedIssuer::discover("https://other.example", API);
    for (builder, expected) in [
        (Verifier::builder(trusted()).issuer(trusted().or_audience("x")), "given twice"),
        (Verifier::builder(TrustedIssuer::discover(ISSUER, "").jwks(none())), "audience"),
        (Verifier::builder(trusted().or_audience("")), "audience"),
        (Verifier::builder(trusted().algorithms(&[])), "no algorithm"),
        (Verifier::builder(trusted().leeway(61)), "leeway"),
        (Verifier::builder(trusted().endpoints_at("https://x.example")), "endpoints_at"),
        (Verifier::builder(trusted()).proof_algorithms(&[]), "DPoP proofs"),
        (Verifier::builder(trusted()).require_bound(BoundBy::Dpop), "public URL"),
        (Verifier::builder(trusted()).demand_nonce(), "public URL"),
        (Verifier::builder(trusted()).require_bound(BoundBy::Any), "takes_certificates"),
        (
            Verifier::builder(trusted()).require_bound(BoundBy::Any).public_url(API).without_proofs(),
            "give a public URL",
        ),
        (Verifier::builder(trusted()).cached_tokens((1 << 20) + 1), "at most 1048576"),
        (Verifier::builder(trusted()).issuer(other()), "runtime"),
    ] {
        let error = error(builder);
        assert!(error.contains(expected), "{error}");
    }
    for builder in [
        Verifier::builder(trusted().leeway(60)),
        Verifier::builder(trusted()).issuer(other().jwks(none())),
        Verifier::builder(trusted()).require_bound(BoundBy::Any).public_url(API),
        Verifier::builder(trusted()).require_bound(BoundBy::Any).takes_certificates(),
        Verifier::builder(trusted()).require_bound(BoundBy::Mtls),
        Verifier::builder(trusted()).require_bound(BoundBy::Dpop).public_url(API),
        Verifier::builder(trusted()).require_bound(BoundBy::Dpop).or_url(API),
    ] {
        assert_eq!(error(builder), "");
    }
}

/// Plain HTTP goes to loopback alone, judged on the parsed host, or where it is called dangerous (threats 4).
#[tokio::test]
async fn urls_are_judged() {
    for (issuer, is_good) in [
        ("https://issuer.example/realms/a", true),
        ("http://localhost:8080/realms/a", true),
        ("http://127.0.0.1:8080", true),
        ("http://[::1]:8080", true),
        ("http://issuer.example", false),
        ("http://localhost.evil.example", false),
        ("http://localhost:80@evil.example", false),
        ("https://user:secret@issuer.example", false),
        ("http://127.0.0.1.evil.example", false),
        ("file:///etc/passwd", false),
        ("data:application/json,{}", false),
        ("issuer.example", false),
        ("", false),
    ] {
        let builder = || Verifier::builder(TrustedIssuer::discover(issuer, API));
        assert_eq!(builder().build().is_ok(), is_good, "{issuer}");
        let keys = TrustedIssuer::discover(ISSUER, API).jwks_uri(issuer);
        assert_eq!(Verifier::builder(keys).build().is_ok(), is_good, "{issuer}");
        let introspected = TrustedIssuer::discover(ISSUER, API).introspect(Some(issuer.to_owned()), auth());
        assert_eq!(Verifier::builder(introspected).build().is_ok(), is_good, "{issuer}");
        let introspected = TrustedIssuer::discover(issuer, API).introspect(None, auth());
        assert_eq!(Verifier::builder(introspected).build().is_ok(), is_good, "{issuer}");
    }
    let plain = TrustedIssuer::discover("http://issuer.example", API);
    let error = error(Verifier::builder(plain.clone()));
    assert!(error.starts_with("the issuer http://issuer.example:"), "{error}");
    assert!(Verifier::builder(plain.danger_plain_http()).build().is_ok());
}

#[tokio::test]
async fn one_issuer_alone_is_asked_about_tokens() {
    let asked = |issuer: &str| TrustedIssuer::discover(issuer, API).introspect(None, auth());
    let two = Verifier::builder(asked(ISSUER)).issuer(asked("https://other.example"));
    assert!(matches!(two.build(), Err(BuildError::TwoIntrospected)));
    assert!(
        Verifier::builder(asked(ISSUER))
            .issuer(TrustedIssuer::discover("https://o.example", API))
            .build()
            .is_ok()
    );
}

/// The public URL is scheme, host, port and path, and nothing else.
#[test]
fn public_urls_are_brought_into_one_form() {
    for (url, expected) in [
        ("https://api.example", Some("https://api.example")),
        ("HTTPS://API.example:443/", Some("https://api.example")),
        ("https://api.example/v1/", Some("https://api.example/v1")),
        ("http://localhost:8081", Some("http://localhost:8081")),
        ("https://user@api.example", None),
        ("ftp://api.example", None),
        ("api.example", None),
        ("/v1", None),
    ] {
        assert_eq!(public_url(url).ok().as_deref(), expected, "{url}");
    }
}
