//! What the guard costs above the bare signature, and what it costs where a token comes again.
//!
//! `cargo bench -p countersign-guard --bench verify` first prints a table of ratios, ours to the bare aws-lc-rs
//! verification, each pair measured in alternation so that a busy machine slows both alike (the figure is the median of
//! the pairs' ratios), then criterion's absolute times. Targets: uncached at most 1.10; cached under 0.5 µs.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may panic and has to print")]

#[path = "../../proto/benches/ratio/mod.rs"]
mod ratio;

use std::hint::black_box;
use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm,
};
use countersign_guard::{Presented, TrustedIssuer, Verifier};
use countersign_proto::jose::{Algorithm, EncodedHeader, SigningKey, compact};
use countersign_proto::time::{Clock, UnixTime};
use criterion::Criterion;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method};

use ratio::{Operation, ratio, time};

const ISSUER: &str = "https://id.example/realms/orders";
const API: &str = "https://orders.example";
const NOW: i64 = 1_800_000_000;

/// One algorithm: a token in its header, judged by a verifier that keeps tokens, by one that does not, and bare.
struct Case {
    algorithm: Algorithm,
    headers: HeaderMap,
    input: Vec<u8>,
    signature: Vec<u8>,
    public: ParsedPublicKey,
    keeping: Verifier,
    forgetting: Verifier,
}

struct Still;

impl Clock for Still {
    fn now(&self) -> UnixTime {
        UnixTime(NOW)
    }
}

fn main() {
    let cases = [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256].map(Case::new);
    println!("{:8} {:>9} {:>10}", "", "uncached", "cached, ns");
    for case in &cases {
        let uncached = ratio(case.judge(&case.forgetting), case.bare());
        let mut cached = case.judge(&case.keeping);
        let nanoseconds = time(&mut cached, 100_000).as_nanos() / 100_000;
        println!("{:8} {uncached:9.3} {nanoseconds:10}", case.algorithm.as_str());
    }
    let mut criterion = Criterion::default().configure_from_args();
    for case in &cases {
        let mut group = criterion.benchmark_group(case.algorithm.as_str());
        for (name, mut operation) in [
            ("bare", case.bare()),
            ("uncached", case.judge(&case.forgetting)),
            ("cached", case.judge(&case.keeping)),
        ] {
            group.bench_function(name, |bencher| bencher.iter(&mut operation));
        }
        group.finish();
    }
    criterion.final_summary();
}

impl Case {
    fn new(algorithm: Algorithm) -> Self {
        let key = SigningKey::generate(algorithm, "2027-01").unwrap();
        let payload = format!(
            r#"{{"iss":"{ISSUER}","sub":"billing","client_id":"billing","aud":"{API}","scope":"orders:read orders:write","iat":{NOW},"exp":{},"jti":"0192f0c1-7a3e-7c66-9d7f-3a1b2c4d5e6f"}}"#,
            NOW + 3600
        );
        let token =
            compact::sign(&EncodedHeader::of(&key, Some("at+jwt")), payload.as_bytes(), &key).unwrap();
        let (input, signature) = token.rsplit_once('.').unwrap();
        let kind: &'static dyn VerificationAlgorithm = match algorithm {
            Algorithm::EdDSA => &ED25519,
            Algorithm::RS256 => &RSA_PKCS1_2048_8192_SHA256,
            _ => &ECDSA_P256_SHA256_FIXED,
        };
        let public = ParsedPublicKey::new(kind, key.public_jwk().spki_der().unwrap()).unwrap();
        let jwks = || [key.public_jwk().clone()].into_iter().collect();
        let verifier = |tokens| {
            let issuer = TrustedIssuer::discover(ISSUER, API).jwks(jwks());
            Verifier::builder(issuer).cached_tokens(tokens).clock(Arc::new(Still)).build().unwrap()
        };
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::try_from(format!("Bearer {token}")).unwrap());
        Self {
            algorithm,
            headers,
            input: input.as_bytes().to_vec(),
            signature: countersign_proto::jose::base64url::decode(signature).unwrap(),
            public,
            keeping: verifier(10_000),
            forgetting: verifier(0),
        }
    }

    fn judge<'a>(&'a self, verifier: &'a Verifier) -> Operation<'a> {
        Box::new(move || {
            let presented = Presented::at(&Method::GET, "/orders/1", black_box(&self.headers));
            black_box(verifier.judge(&presented).unwrap().unwrap());
        })
    }

    fn bare(&self) -> Operation<'_> {
        Box::new(|| self.public.verify_sig(black_box(&self.input), &self.signature).unwrap())
    }
}
