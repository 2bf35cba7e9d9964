//! What our layer costs above the bare signature.
//!
//! `cargo bench -p countersign-proto` first prints a table of ratios, ours to the bare aws-lc-rs call, each pair measured
//! in alternation so that a busy machine slows both alike (the figure is the median of the pairs' ratios), then
//! criterion's absolute times. Targets: `sign` at most 1.02, `token` and `verify` at most 1.10 (`verify` with RS256: 1.15).
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may panic and has to print")]

mod ratio;

use std::hint::black_box;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
        KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use countersign_proto::jose::{
    AccessToken, Algorithm, EncodedHeader, Rules, SigningKey, StaticKeys, compact, verify,
};
use criterion::Criterion;

use ratio::{Operation, ratio};

const ISSUER: &str = "https://auth.example/realms/orders";
const API: &str = "https://orders.example";
const NOW: i64 = 1_800_000_000;

/// One algorithm, ours and bare, over the same key and the same message.
struct Case {
    algorithm: Algorithm,
    ours: SigningKey,
    header: EncodedHeader,
    payload: String,
    token: String,
    keys: StaticKeys,
    rules: Rules,
    bare: Bare,
    public: ParsedPublicKey,
}

enum Bare {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

fn main() {
    let cases = [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256].map(Case::new);
    println!("{:8} {:>8} {:>8} {:>8}", "ratio", "sign", "token", "verify");
    for case in &cases {
        let sign = ratio(case.sign(), case.bare_sign());
        let token = ratio(case.token(), case.bare_sign());
        let verify = ratio(case.verify(), case.bare_verify());
        println!("{:8} {sign:8.3} {token:8.3} {verify:8.3}", case.algorithm.as_str());
    }
    let mut criterion = Criterion::default().configure_from_args();
    for case in &cases {
        let mut group = criterion.benchmark_group(case.algorithm.as_str());
        for (name, mut operation) in [
            ("bare sign", case.bare_sign()),
            ("sign", case.sign()),
            ("token", case.token()),
            ("bare verify", case.bare_verify()),
            ("verify", case.verify()),
        ] {
            group.bench_function(name, |bencher| bencher.iter(&mut operation));
        }
        group.finish();
    }
    criterion.final_summary();
}

impl Case {
    fn new(algorithm: Algorithm) -> Self {
        let ours = SigningKey::generate(algorithm, "2027-01-es256").unwrap();
        let der = ours.to_pkcs8().unwrap();
        let payload = format!(
            r#"{{"iss":"{ISSUER}","sub":"billing-service","client_id":"billing-service","aud":"{API}","scope":"orders:read orders:write","iat":{NOW},"exp":{},"jti":"0192f0c1-7a3e-7c66-9d7f-3a1b2c4d5e6f"}}"#,
            NOW + 3600
        );
        let header = EncodedHeader::of(&ours, Some("at+jwt"));
        let token = compact::sign(&header, payload.as_bytes(), &ours).unwrap();
        let (bare, public) = match algorithm {
            Algorithm::EdDSA => {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).unwrap();
                let public = ParsedPublicKey::new(&ED25519, pair.public_key()).unwrap();
                (Bare::Ed25519(pair), public)
            }
            Algorithm::RS256 => {
                let pair = RsaKeyPair::from_pkcs8(&der).unwrap();
                let public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key()).unwrap();
                (Bare::Rsa(pair), public)
            }
            _ => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).unwrap();
                let public = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key()).unwrap();
                (Bare::Ecdsa(pair), public)
            }
        };
        let keys = StaticKeys::new(ISSUER, &[ours.public_jwk().clone()].into_iter().collect());
        let rules = Rules::access_token(ISSUER, API, &Algorithm::ALL);
        Self { algorithm, ours, header, payload, token, keys, rules, bare, public }
    }

    fn input(&self) -> &[u8] {
        self.token.rsplit_once('.').unwrap().0.as_bytes()
    }

    fn sign(&self) -> Operation<'_> {
        let mut out = Vec::with_capacity(512);
        Box::new(move || {
            out.clear();
            self.ours.sign(black_box(self.input()), &mut out).unwrap();
            black_box(&out);
        })
    }

    fn token(&self) -> Operation<'_> {
        Box::new(|| {
            let mut out = Vec::new();
            compact::write(&self.header, black_box(self.payload.as_bytes()), &self.ours, &mut out).unwrap();
            black_box(out);
        })
    }

    fn verify(&self) -> Operation<'_> {
        Box::new(|| {
            black_box(verify::<AccessToken>(black_box(&self.token), &self.keys, &self.rules, NOW).unwrap());
        })
    }

    fn bare_sign(&self) -> Operation<'_> {
        let random = SystemRandom::new();
        match &self.bare {
            Bare::Ecdsa(pair) => Box::new(move || {
                black_box(pair.sign(&random, black_box(self.input())).unwrap());
            }),
            Bare::Ed25519(pair) => Box::new(|| {
                black_box(pair.sign(black_box(self.input())));
            }),
            Bare::Rsa(pair) => {
                let mut out = [0; 256];
                Box::new(move || {
                    pair.sign(&RSA_PKCS1_SHA256, &random, black_box(self.input()), &mut out).unwrap();
                    black_box(&out);
                })
            }
        }
    }

    fn bare_verify(&self) -> Operation<'_> {
        let (input, signature) = self.token.rsplit_once('.').unwrap();
        let signature = countersign_proto::jose::base64url::decode(signature).unwrap();
        Box::new(move || self.public.verify_sig(black_box(input.as_bytes()), &signature).unwrap())
    }
}
